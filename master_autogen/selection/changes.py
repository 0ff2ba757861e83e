"""What rounds have shown since the last change: sums of rewards that are forgotten when the rewards speak of another
world than before.

After each round, the rewards since the last change are cut in two at several places, and the evidence for two worlds is
set against the evidence for one. Only arms that are drawn are watched: a pair that became better unseen stays unseen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from master_autogen.selection.gaussian import Floats, Prior, Sums, evidence, noise

# The evidence that makes a change, in natural logarithms: e^14 is a million to one. It is looked for at about eight
# places after every round, one lesson's candidates share the luck of its seed (so the evidence is up to twice too sure
# of itself), and a false alarm forgets all that a run has learnt. A change of all pairs passes it in some dozen
# lessons.
CHANGE = 14.0
# Rewards between two places where a change may be found: twenty lessons of five candidates.
CHUNK = 100


class Memory:
    """The rewards of one topic, or of many independent streams alike, round by round.

    `changes` counts the changes found, one number a stream.
    """

    def __init__(self, prior: Prior, streams: int = 1, *, change: float = CHANGE) -> None:
        arms = len(prior.covariance)
        nothing = Sums(*(np.zeros((streams, arms)) for _ in range(3)))
        self._prior = prior
        self._change = change
        self._sums = [nothing]  # after each chunk, from the first reward on
        self._forgotten = nothing
        self._since = np.zeros(streams, dtype=np.intp)  # the chunk after which the present world began
        self.changes = np.zeros(streams, dtype=np.intp)

    def known(self) -> Sums:
        """What is remembered: all since the last change."""
        return self._sums[-1].minus(self._forgotten)

    def fold(self, arms: NDArray[np.intp], rewards: Floats) -> None:
        """Take in a round: `arms` and `rewards` are (streams, rewards), in lesson order; NaN is no reward."""
        for begin in range(0, rewards.shape[1], CHUNK):
            self._add(arms[:, begin : begin + CHUNK], rewards[:, begin : begin + CHUNK])
        self._look_for_a_change()

    def _add(self, arms: NDArray[np.intp], rewards: Floats) -> None:
        there = ~np.isnan(rewards)
        values = np.where(there, rewards, 0.0)
        streams, width = self._sums[-1].pulls.shape
        places = (arms + width * np.arange(streams)[:, None]).ravel()
        added = (
            np.bincount(places, weights=column.ravel(), minlength=streams * width).reshape(streams, width)
            for column in (there.astype(float), values, values**2)
        )
        self._sums.append(Sums(*(old + new for old, new in zip(self._sums[-1], added, strict=True))))

    def _look_for_a_change(self) -> None:
        """Cut 1, 2, 4, 8 … chunks back; where two worlds explain a stream so much better, forget the first."""
        known, last = self.known(), len(self._sums) - 1
        cuts, back = [], 1
        while (at := last - back) > self._since.min():
            cuts.append(at)
            back *= 2
        if not cuts:
            return
        inside = np.array(cuts)[:, None] > self._since
        after = [
            now - np.stack(then) for now, *then in zip(self._sums[-1], *(self._sums[at] for at in cuts), strict=True)
        ]
        before = [np.where(inside[..., None], whole - part, 0.0) for whole, part in zip(known, after, strict=True)]
        # All worlds in one call, (1 + 2 cuts, streams, arms): each alone would take as long.
        worlds = [np.concatenate([[whole], *two]) for whole, *two in zip(known, before, after, strict=True)]
        found = evidence(Sums(*worlds), noise(known), self._prior)
        gains = np.where(inside, found[1 : len(cuts) + 1] + found[len(cuts) + 1 :] - found[0], 0.0)
        for stream in np.nonzero(gains.max(0) > self._change)[0]:
            self._forget(stream, cuts[gains[:, stream].argmax()])

    def _forget(self, stream: np.intp, until: int) -> None:
        kept = self._forgotten
        self._forgotten = Sums(*(column.copy() for column in kept))
        for column, past in zip(self._forgotten, self._sums[until], strict=True):
            column[stream] = past[stream]
        self._since[stream] = until
        self.changes[stream] += 1
