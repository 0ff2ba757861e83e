"""Who plays what: the casts of a lesson, and the similar question of an analogy."""

from master_autogen.casting.casts import cast_lesson, check_cast
from master_autogen.casting.plans import draw_key, plan_lesson
from master_autogen.casting.similar import OPENING_SHARE, SimilarQuestions, is_opening
from master_autogen.casting.standins import NobodyLeft, stand_ins

__all__ = [
    "OPENING_SHARE",
    "NobodyLeft",
    "SimilarQuestions",
    "cast_lesson",
    "check_cast",
    "draw_key",
    "is_opening",
    "plan_lesson",
    "stand_ins",
]
