"""Who plays what: the casts of a lesson, and the similar question of an analogy."""

from master_autogen.casting.casts import cast_lesson, check_cast
from master_autogen.casting.plans import draw_key, plan_lesson
from master_autogen.casting.similar import OPENING_SHARE, Likeness, SimilarQuestions, is_opening, likeness
from master_autogen.casting.standins import NobodyLeft, stand_ins

__all__ = [
    "OPENING_SHARE",
    "Likeness",
    "NobodyLeft",
    "SimilarQuestions",
    "cast_lesson",
    "check_cast",
    "draw_key",
    "is_opening",
    "likeness",
    "plan_lesson",
    "stand_ins",
]
