"""Runs: rounds of lessons, each cast by what the grades of the rounds before have shown."""

from master_autogen.pipeline.inputs import Inputs
from master_autogen.pipeline.rounds import Watcher
from master_autogen.pipeline.run import AlreadyFinished, Outcome, run

__all__ = ["AlreadyFinished", "Inputs", "Outcome", "Watcher", "run"]
