"""From the log back to people: an episode to be read, played again from its calls, or graded by somebody else."""

from master_autogen.log.conversation import ReplayTurn, Withdrawn, spoken, standing
from master_autogen.replay.reading import Replay, replay
from master_autogen.replay.regrading import Regraded, regrade
from master_autogen.replay.verifying import Difference, Verification, verify

__all__ = [
    "Difference",
    "Regraded",
    "Replay",
    "ReplayTurn",
    "Verification",
    "Withdrawn",
    "regrade",
    "replay",
    "spoken",
    "standing",
    "verify",
]
