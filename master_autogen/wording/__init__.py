"""Worded agents: code writes what has to be said, a small model chooses the words under a grammar, checks verify it.

`script` turns an act and the facts of the episode into attempts to ask the model for, and a template to fall back on.
`plant` gives a wrong solution with a known mistake, in a student's words. Nothing here calls a model.

What a role may not see is in none of its requests, the grammar included: the wrong solution of a pupil is made from the
worked one, but holds neither its answer nor any of its results from the mistake on.
"""

from __future__ import annotations

from master_autogen.wording.facts import Accepted, Attempt, Facts, Said, Script
from master_autogen.wording.planted import Planted, plant
from master_autogen.wording.script import can_play, script

__all__ = ["Accepted", "Attempt", "Facts", "Planted", "Said", "Script", "can_play", "plant", "script"]
