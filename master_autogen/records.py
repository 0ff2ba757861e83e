"""The nouns that walk through the house, frozen and picklable: what is planned, what was played, what it was worth.

A lesson is planned (`LessonPlan`, with one `EpisodePlan` a cast), played (`Episode` of `Turn`s), checked
(`CheckResult`), graded (`Grade`) and comes back as a `Lesson`. Every attempt at a model is a `Call`. Records know no
models, no files.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["math", "code", "choice", "general"]
"""What a seed asks for; also the task type that selection learns by."""
Side = Literal["human", "gpt", "hidden"]
MadeBy = Literal["model", "worded", "template"]
Origin = Literal["base", "selection", "memory_bank"]
EpisodeStatus = Literal["pending", "complete", "rejected", "failed"]
LessonStatus = Literal["pending", "running", "accepted", "rejected", "failed", "cancelled"]
Purpose = Literal["turn", "judge", "score", "embed"]
Basis = Literal["dual", "single", "judge"]
Verdict = Literal["better", "tie", "worse"]
Label = Literal["correction", "confirmation"]
"""What an error correction turned out to be: code found the first answer wrong, or right."""
CodeCheck = Literal["off", "bwrap", "rlimit"]
"""How programs that models wrote are run to check them: not at all, in a bubblewrap sandbox, or under limits alone."""
Act = Literal[
    "pose", "err", "correct", "revise", "state", "challenge", "conclude", "solve", "pose_similar", "solve_similar"
]
"""What a phase does in a lesson, for worded agents: code has to know what there is to say."""

SHORT = 5
"""Words that the answer of a general seed may have to be compared by them."""

KINDS: tuple[Kind, ...] = ("math", "code", "choice", "general")

PROVIDERS: dict[str, str] = {
    "embedded": "the small model that comes with the extra `local`, in this process",
    "openai": "any OpenAI-compatible endpoint, by the lean client",
    "scripted": "replies by rules from the pool file; no model at all",
    "autogen_ext.models.openai.OpenAIChatCompletionClient": "AutoGen's OpenAI client",
    "autogen_ext.models.openai.AzureOpenAIChatCompletionClient": "AutoGen's Azure client",
    "autogen_ext.models.anthropic.AnthropicChatCompletionClient": "AutoGen's Anthropic client",
    "autogen_ext.models.ollama.OllamaChatCompletionClient": "AutoGen's Ollama client",
    "autogen_ext.models.replay.ReplayChatCompletionClient": "AutoGen's replay client",
}
"""The allow-list: a pool file that names anything else is refused before anything is imported."""

CHECKS: dict[str, str] = {
    "not_empty": "the turn says something",
    "complete": "the turn is not cut off in mid-sentence or by the token limit",
    "one_speaker": "the turn speaks for one person and carries no name tags",
    "no_meta": "the turn does not talk about being a model, its prompt or a reference solution, and does not refuse",
    "same_language": "the turn is in the language of the question",
    "not_repeated": "the turn does not say an earlier turn again, nor a sentence three times over",
    "on_topic": "the turn shares content with the question or what was said about it",
    "no_leak": "the final answer is not given away (numbers of the question are no leak)",
    "no_calculation": "no equation is worked out and no result stated",
    "no_echo": "at most 60 % of the turn is what the teacher said, word for word",
    "weighs_debate": "the turn takes up what the others said",
    "wrong_answer": "the final answer is verifiably wrong",
    "right_answer": "the final answer is verifiably right",
    "sound_steps": "every equation that can be checked is true",
    "majority": "the conclusion is verified or, where it cannot be, what most of the debaters say",
}
"""Checks by name, so that a scenario file can be refused before anything runs; the code is in `checks`."""


MISCONCEPTIONS: dict[str, str] = {
    "operation": "another operation with the right numbers (adds where one subtracts)",
    "misread": "a number of the question read as another (42 for 24, 15 for 50)",
    "carry": "the carry forgotten in a sum or product (48 + 36 = 74)",
    "borrow": "the smaller digit taken from the larger in each column (52 - 18 = 46)",
    "times_table": "the neighbour in the times table (8 * 7 = 63)",
    "zeros": "a zero lost or one too many (20 * 30 = 60)",
    "off_by_one": "the starting number counted too (18 - 7 = 12)",
    "used_twice": "an amount added or taken away a second time",
    "left_out": "one of three or more amounts ignored",
    "brackets": "brackets overlooked ((8 + 4) * 2 worked out as 8 + 4 * 2)",
    "left_to_right": "worked out from left to right where a product comes first (5 + 3 * 2 = 16)",
    "stopped_early": "the last step forgotten, so that a result on the way is given as the answer",
    "skipped_step": "a step left out: a number of the question stands where its result belongs",
    "step_order": "two steps in the wrong order (takes away before multiplying)",
    "percent": "a percentage taken for a plain amount (20% off 90 is 70)",
    "percent_base": "a percentage taken of the wrong whole (of all where it is of the rest)",
    "part": "the part that goes away taken for the rest that stays",
    "comparison": "a difference taken for the amount (5 more than Ann is 5)",
    "additive": "times as many taken for more (3 times as many as 12 is 15)",
    "unit": "a unit not converted (hours used where minutes are needed)",
}
"""Mistakes that code can plant in a worked solution, by name, so that a scenario file can be refused before anything
runs; the rules are in `wording.malrules`."""


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its fields alone, in half the time that pydantic takes: lessons come from worker processes."""
        return _unpickled, (self.__class__, self.__dict__)


_set = object.__setattr__


def _unpickled(cls: type[Record], fields: dict[str, Any]) -> Record:
    made = cls.__new__(cls)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", set(fields))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


class Seed(Record):
    """An instruction with its reference response.

    `answer` is the checkable final answer, where there is one: of kind `code`, the tests (Python's `assert` statements,
    with what they need) that a right program passes. `kind` is what is asked for, and the task type that selection
    learns by. `source` and `licence` go into exports and their cards.
    """

    instruction: str
    response: str
    answer: str | None = None
    kind: Kind = "general"
    source: str = ""
    licence: str = ""

    @cached_property
    def id(self) -> str:
        """First 16 hex digits of SHA-256 over NFC instruction, NUL, response."""
        text = unicodedata.normalize("NFC", self.instruction) + "\0" + self.response
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def checkable(self) -> bool:
        """Whether code can compare answers with this seed's. A general seed's answer is compared by its words, so it
        has to be a name or a term: at most `SHORT` words, on one line."""
        if self.answer is None or not self.answer.strip():
            return False
        if self.kind == "general":
            return len(self.answer.split()) <= SHORT and "\n" not in self.answer.strip()
        return self.kind in ("math", "choice")

    def checkable_by(self, code_check: CodeCheck) -> bool:
        """`checkable`, or a programming seed with tests where programs are run."""
        return self.checkable or (self.kind == "code" and self.answer is not None and code_check != "off")


class Pair(Record):
    """The `instruction`-side and the `response`-side agent of a cast, by name: what selection chooses (Star-Agents,
    arXiv 2411.14497, eq. 2)."""

    instruction: str
    response: str

    def __str__(self) -> str:
        return f"{self.instruction} + {self.response}"


class Cast(Record):
    """Who plays: `agents` by role, among them the `pair`. `origin` says how it was chosen: a base, drawn by selection,
    or told by the memory bank. `probability` is the pair's when it was drawn; None for a base pair."""

    pair: Pair
    agents: Mapping[str, str]
    origin: Origin
    probability: float | None = None


class EpisodePlan(Record):
    """One conversation to play: its `id` (the lesson's, a point, the slot) and `cast`; `slot` 0 is the base, 1 to M are
    the candidates."""

    id: str
    slot: int
    cast: Cast


class LessonPlan(Record):
    """One seed in one scenario: all that a worker needs to play it, besides the scenario and the pool.

    `id` is a hash of `run_id`, `round` (from 1), `scenario` and `seed`. `similar` is the second question of an analogy.
    `episodes` are the base and its candidates. All that is drawn hangs on `random_seed`.
    """

    id: str
    run_id: str
    round: int
    scenario: str
    seed: Seed
    similar: Seed | None = None
    episodes: tuple[EpisodePlan, ...]
    random_seed: int = 0

    @property
    def task_type(self) -> Kind:
        return self.seed.kind


class Turn(Record):
    """One utterance that counts.

    `idx` is its place in the episode, from 0; `phase`, `role` and `agent` say who spoke when; `side` is its side in a
    sample and `train` whether a sample trains on its `text`. `made_by`: a model, a model wording what code laid down,
    or a template. `attempts` is how often it was asked for; `truncated`, whether the token limit cut it; `thought` what
    a reasoning model thought before it spoke; `notes` what code knows of it (the planted misconception, for one).
    """

    idx: int
    phase: str
    role: str
    agent: str
    text: str
    side: Side
    train: bool
    made_by: MadeBy = "model"
    attempts: int = 1
    truncated: bool = False
    thought: str | None = None
    notes: Mapping[str, str] = Field(default_factory=dict)


class CheckResult(Record):
    """What the check `name` found: `passed` is None where it could not tell, `detail` says what it saw. `attempt`
    counts from 1; an attempt that was asked again keeps its results. `turn_idx` is None for a check of a whole
    episode."""

    name: str
    turn_idx: int | None
    passed: bool | None
    detail: str = ""
    attempt: int = 1


class Episode(Record):
    """One conversation as it was played: the `turns` that count, and all `checks`, of withdrawn attempts too, in order.

    `id`, `lesson_id` and `run_id` say where it belongs; `is_base`, that candidates are compared with it. `reason` says
    why its `status` is not `complete`. `cast` is who played, which is not who was drawn where an endpoint was dead (the
    plan keeps that). `label` is None where no first answer was checked.
    """

    id: str
    lesson_id: str
    run_id: str
    cast: Cast
    is_base: bool
    status: EpisodeStatus
    reason: str | None = None
    label: Label | None = None
    turns: tuple[Turn, ...] = ()
    checks: tuple[CheckResult, ...] = ()


class Grade(Record):
    """What one pair of evaluators, `evaluator`, found of the episode `episode_id`; a number that could not be measured
    is None, with `missing_reason`. Equations are those of Star-Agents (arXiv 2411.14497).

    `ifd_small`, `ifd_large` (eq. 4): perplexity of the trained turns after all that was said, over that of the turns
    alone, by the small and the large scorer: above 0, under 1 where the lesson helps; of several turns the mean by
    length. `pi_dual` (eq. 5), in [0, 1]: ifd_small - ifd_large, 0 if negative, over a gap that counts as large.
    `verdict_ab`, `verdict_ba`: what the judge says of the candidate against the base, in both orders. `pi_llm` (eq. 6):
    1 for better, 0 for worse, 0.5 for a tie or where the order changes the verdict. `pi` (eq. 7), what selection learns
    from and what the best candidate has most of: pi_llm x pi_dual by `basis` "dual", pi_llm x ifd (at most 1) by
    "single", pi_llm by "judge". `detail` has the judge's words, log-likelihoods in nats and the scale.
    """

    episode_id: str
    evaluator: str
    ifd_small: float | None = None
    ifd_large: float | None = None
    pi_dual: float | None = None
    verdict_ab: Verdict | None = None
    verdict_ba: Verdict | None = None
    pi_llm: float | None = None
    pi: float | None = None
    basis: Basis
    missing_reason: str | None = None
    detail: Mapping[str, Any] = Field(default_factory=dict)


class Lesson(Record):
    """A lesson with its outcome: the `plan`, the `episodes` that were played and their `grades`. Its `status` is
    `accepted` exactly if `selected_episode_id` is set; else `reason` says why not."""

    plan: LessonPlan
    status: LessonStatus
    reason: str | None = None
    selected_episode_id: str | None = None
    episodes: tuple[Episode, ...] = ()
    grades: tuple[Grade, ...] = ()


class Call(Record):
    """One attempt at a model, failures too.

    `id`, `run_id`, `lesson_id`, `episode_id` (None for what a whole lesson asks) and `seq` (its number there) say where
    it belongs. What it was for: (episode or lesson, `purpose`, `phase`, `agent`, `turn`, `attempt`, `tries`); `attempt`
    is how often the turn was asked for, `tries` how often this request was sent. `request` holds messages, `model`,
    sampling and schema, `request_key` is its hash. What came of it: `status`, `http_status`, `error`, `text`, `thought`
    (of a reasoning model), `finish_reason` and, of scorers, `detail`. `prompt_tokens` and `completion_tokens` are
    counted by the endpoint, or by us if `tokens_estimated`; `cost` is in US dollars, None where no price is known;
    `latency_s` is in seconds, `started` Unix time in seconds.
    """

    id: str
    run_id: str
    lesson_id: str
    episode_id: str | None
    seq: int
    purpose: Purpose
    phase: str
    agent: str
    model: str
    turn: int
    attempt: int
    tries: int
    request_key: str
    request: Mapping[str, Any]
    status: Literal["ok", "error"]
    http_status: int | None = None
    error: str | None = None
    text: str | None = None
    thought: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_estimated: bool = False
    cost: float | None = None
    latency_s: float
    started: float
    detail: Mapping[str, Any] = Field(default_factory=dict)


class SelectionRow(Record):
    """The `probability` of one `pair` in one `round` of a run, `run_id`, for one `scenario` and `task_type`, under
    `rule`.

    What earlier rounds had shown of the pair: `pulls` rewards that add up to `reward_sum`, and `low` to `high`, the 95
    % interval of their mean, None where nothing was seen. A round more than was played says what one more would be cast
    by. `note`: what is to be known of the whole topic's selection, as why another rule cast than was asked for.
    """

    run_id: str
    round: int
    scenario: str
    task_type: Kind
    pair: Pair
    probability: float
    pulls: int = 0
    reward_sum: float = 0.0
    rule: str
    low: float | None = None
    high: float | None = None
    note: str | None = None
