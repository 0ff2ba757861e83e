"""The phrasings of a language, read from `scenarios/wording/`: data that a teacher edits without Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from master_autogen.draws import draw
from master_autogen.prompts import fill
from master_autogen.yaml_files import read_yaml, shipped

Phrases = list[str]


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prompt(Schema):
    """The system message of an act, and the user message that opens its request."""

    system: str
    user: str


class Verb(Schema):
    """An operation as a verb: add, adds, added, adding; `sum` is what a pupil does with a and b."""

    base: str
    third: str
    past: str
    done: str
    ing: str
    sum: Phrases


class Example(Schema):
    """A question with a pupil's wrong answer, to show a model how a pupil errs."""

    question: str
    answer: str


class Own(Schema):
    """The pupil's own error: shown examples, and the words that a pupil may use besides the question's."""

    prompt: Prompt
    examples: list[Example] = Field(min_length=3)
    words: list[str]


class Misconception(Schema):
    """What is said of a mistake: by the teacher (`where`, `why` by operation or `any`), by who made it (`admit`), by a
    peer to their face (`doubt`) and by who weighs the debate (`weigh`)."""

    where: Phrases
    why: dict[str, Phrases]
    admit: Phrases
    doubt: Phrases
    weigh: Phrases


class Conversion(Schema):
    """`factor` of a small unit make one large unit; each by the words for it, the one to be said first."""

    factor: int
    large: list[str] = Field(min_length=1)
    small: list[str] = Field(min_length=1)


class Forms(Schema):
    """How a sentence around a sum may be built anew. `prose`: any words before the sum, `long`: many of them; `cause`:
    "..., so ..."; `start`: the sum comes first; `bare`: only the sum and what it counts; `copied`: a sum of more than
    two numbers, bare."""

    prose: Phrases
    long: Phrases
    cause: Phrases
    start: Phrases
    bare: Phrases
    copied: Phrases


class English(Schema):
    """A whole wording file."""

    prompts: dict[str, Prompt]
    own: Own
    ordinals: Phrases
    where: str
    many_steps: str
    operations: dict[str, Verb]
    openers: dict[str, Phrases]
    strip_openers: list[str]
    function_words: list[str]
    unit_stops: list[str]
    unit_drops: list[str]
    comparing: list[str]
    keywords: dict[str, list[str]]
    conversions: list[Conversion]
    forms: Forms
    same: list[list[str]]
    lists: dict[str, Phrases]
    concepts: dict[str, Phrases]
    mistakes: dict[str, Misconception]


@cache
def english() -> English:
    """The English wording, read once."""
    return read_yaml(shipped("wording", "english.yaml"), English)


def pick(options: Sequence[str], count: int, *key: object) -> tuple[str, ...]:
    """`count` of `options` (all, if there are fewer), drawn for `key`, in drawn order."""
    ranked = sorted(range(len(options)), key=lambda i: draw(*key, i, options[i]))
    return tuple(options[i] for i in ranked[:count])


def filled(options: Sequence[str], values: Mapping[str, object], count: int, *key: object) -> tuple[str, ...]:
    """`count` of the templates `options`, drawn and filled; without repetitions."""
    return tuple(dict.fromkeys(fill(option, values) for option in pick(options, count, *key)))
