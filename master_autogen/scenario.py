"""What a scenario file may say, all of it checked before anything runs: roles, phases, private facts, sides, prompts.

A scenario is the play: who speaks in which order, what each phase may see beyond the public history, and which turns
become which side of a training sample. `read_scenario` finds every fault of a file at once, by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from master_autogen.prompts import TemplateFault, fill, variables
from master_autogen.records import CHECKS, KINDS, MISCONCEPTIONS, Act, Kind, Side
from master_autogen.yaml_files import Fault, Located, find, locate, parse

PRIVATE = ("reference", "answer", "similar_question", "similar_reference", "similar_answer")
"""Facts that a phase sees only where its `sees` grants them."""
PUBLIC = ("question", "title", "phase", "exchange", "confirmed")
"""Facts that every prompt may use; `title` is the speaker's, `exchange` counts a debate's exchanges from 1, `confirmed`
is true once a first answer turned out right and the lesson goes on as a confirmation."""
WRONG_ON_PURPOSE = ("err", "state")
"""Acts in which a worded agent says a mistake that code has planted."""

SAMPLE = "Lena has 3 bags of 4 apples. How many apples does she have?"
"""Stands for what a prompt is filled with, when it is tried."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Fact = Literal["reference", "answer", "similar_question", "similar_reference", "similar_answer"]


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(Schema):
    """A part: its `title` is what the others call it, `about` what it does. `continues` names a role whose turns this
    one takes for its own: a reviser is another model than the weak first answerer, and the same student."""

    title: str = Field(min_length=1)
    about: str = ""
    continues: str | None = None


class Phase(Schema):
    """One step: which `role` speaks, with which `prompt`, seeing which private facts, and what becomes of the turn.

    `name` is the phase's own, `act` what it does in a lesson, for worded agents. `prompt` is the system message; `ask`,
    where there is one, closes the request. `sees` are the private facts granted. `opens_with` puts the similar question
    verbatim before what is said. `about` says which question the checks take for the turn's. `side` is the turn's in a
    sample and `train` whether samples train on it; `quote` is how an untrained student turn stands inside the next
    human turn of a sample. `retries` is how often the speaker may be asked again when one of the `checks` fails;
    `on_failure` says whether the episode is then rejected or goes on. A check of the answer that could not tell has
    failed too, where the seed is one that can be checked. `exchange` counts those of a debate, from 1.

    `if_right` is what becomes of a turn that fails `wrong_answer` to the end: `plant` puts a planted mistake in its
    place, and where none fits does as `confirm`: the lesson goes on as a confirmation, if it is in the share that the
    scenario's `confirmations` keeps. `misconceptions` are those to plant, all that fit if empty.
    """

    name: Name
    role: str
    act: Act | None = None
    sees: list[Fact] = Field(default_factory=list)
    opens_with: Literal["similar_question"] | None = None
    about: Literal["question", "similar_question"] = "question"
    side: Side
    train: bool = False
    prompt: str = Field(min_length=1)
    ask: str = ""
    quote: str = "{{ text }}"
    checks: list[str] = Field(default_factory=list)
    retries: int = Field(2, ge=0, le=10)
    on_failure: Literal["reject", "keep"] = "reject"
    if_right: Literal["plant", "confirm", "reject"] = "reject"
    misconceptions: list[str] = Field(default_factory=list)
    exchange: int = Field(1, ge=1, description="set by `exchanges`, not in a file")


class Exchanges(Schema):
    """Phases that are played several times over: a debate."""

    exchanges: int = Field(ge=1, le=5)
    phases: list[Phase] = Field(min_length=1)


def _form(item: Any) -> str:
    has_exchanges = "exchanges" in item if isinstance(item, dict) else isinstance(item, Exchanges)
    return "[exchanges]" if has_exchanges else "[phase]"


# Told apart by their keys, so that a wrong key is reported once and not for both forms. The tags are in square brackets
# because `yaml_files` leaves such parts out of the place it names.
Step = Annotated[Annotated[Phase, Tag("[phase]")] | Annotated[Exchanges, Tag("[exchanges]")], Discriminator(_form)]


class PairRoles(Schema):
    """The roles of the (instruction-side, response-side) pair that selection casts."""

    instruction: str
    response: str


class Scenario(Schema):
    """A whole scenario file, checked: its `name`, `title` and `summary`, the `kinds` of seed it is played on, its
    `roles`, the `pair` of them that selection casts, and its `phases`. `script` is these in the order they are played.

    `opens_with_question`: the question is said to everyone first, verbatim, and opens the sample. `similar`: lessons
    need a second question that is like the first. `system` is the system text of the samples. `confirmations` is the
    share of the seeds, by hash, whose right first answer may make a confirmation; of the others it is rejected.
    """

    name: Name
    title: str
    summary: str
    kinds: list[Kind] = Field(default_factory=lambda: list(KINDS), min_length=1)
    roles: dict[Name, Role] = Field(min_length=1)
    pair: PairRoles
    opens_with_question: bool = True
    similar: bool = False
    system: str = ""
    confirmations: float = Field(0.0, ge=0, le=1)
    phases: list[Step] = Field(min_length=1)

    @property
    def script(self) -> tuple[Phase, ...]:
        return tuple(phase for _, phase in self.walk())

    def walk(self) -> Iterator[tuple[tuple[str | int, ...], Phase]]:
        """Every phase as it is played, with the place in the file that it comes from."""
        for i, item in enumerate(self.phases):
            if isinstance(item, Phase):
                yield ("phases", i), item
                continue
            for n in range(1, item.exchanges + 1):
                for j, phase in enumerate(item.phases):
                    name = phase.name if n == 1 else f"{phase.name}_{n}"
                    yield ("phases", i, "phases", j), phase.model_copy(update={"name": name, "exchange": n})

    @property
    def outside_pair(self) -> list[str]:
        """The roles that selection does not cast, in the order of the file."""
        return [role for role in self.roles if role not in (self.pair.instruction, self.pair.response)]


def read_scenario(name: str) -> Scenario:
    """The scenario of this name or path. Raises `UserError` with every fault of the file, by line."""
    return parse(locate(find("", name)), Scenario, _faults)


def _faults(scenario: Scenario, doc: Located) -> Iterator[Fault]:
    """What pydantic cannot see: names that lead nowhere, roles nobody plays, prompts that lack what they use."""
    roles = set(scenario.roles)
    for side, role in (("instruction", scenario.pair.instruction), ("response", scenario.pair.response)):
        if role not in roles:
            yield doc.fault(("pair", side), f"no role {role!r}; there are: {', '.join(scenario.roles)}")
    if scenario.pair.instruction == scenario.pair.response:
        yield doc.fault(("pair", "response"), "is the role of the instruction side; a pair is of two roles")
    for name, role_spec in scenario.roles.items():
        if role_spec.continues is not None and role_spec.continues not in roles - {name}:
            yield doc.fault(("roles", name, "continues"), f"no other role {role_spec.continues!r}")
    speakers = {phase.role for phase in scenario.script}
    for role in scenario.roles:
        if role not in speakers:
            yield doc.fault(("roles", role), "unused role: no phase has it speak")
    seen: dict[str, tuple[str | int, ...]] = {}
    for at, phase in scenario.walk():
        if seen.setdefault(phase.name, at) != at:
            yield doc.fault((*at, "name"), f"two phases are named {phase.name!r}")
        if (*at, "exchange") in doc.lines:
            yield doc.fault((*at, "exchange"), "is counted by `exchanges`; leave it out")
        yield from _phase_faults(scenario, phase, at, doc)
    yield from _shape_faults(scenario, doc)


def _phase_faults(scenario: Scenario, phase: Phase, at: tuple[str | int, ...], doc: Located) -> Iterator[Fault]:
    if phase.role not in scenario.roles:
        yield doc.fault((*at, "role"), f"no role {phase.role!r}; there are: {', '.join(scenario.roles)}")
    for i, check in enumerate(phase.checks):
        if check not in CHECKS:
            own = "one of your own comes with --checks FILE.py"
            yield doc.fault((*at, "checks", i), f"no check {check!r}; there are: {', '.join(CHECKS)}; {own}")
    for i, misconception in enumerate(phase.misconceptions):
        if misconception not in MISCONCEPTIONS:
            there_are = ", ".join(MISCONCEPTIONS)
            yield doc.fault((*at, "misconceptions", i), f"no misconception {misconception!r}; there are: {there_are}")
    if phase.if_right != "reject" and "wrong_answer" not in phase.checks:
        yield doc.fault((*at, "if_right"), "needs the check wrong_answer; add it to `checks`")
    if phase.misconceptions and phase.if_right != "plant" and phase.act not in WRONG_ON_PURPOSE:
        yield doc.fault((*at, "misconceptions"), "nothing is planted in this phase; say `if_right: plant`")
    if phase.train and phase.side != "gpt":
        yield doc.fault((*at, "train"), "only a turn of side gpt can be trained on")
    wants_similar = "similar_question" in (phase.opens_with, phase.about) or any("similar" in f for f in phase.sees)
    if wants_similar and not scenario.similar:
        yield doc.fault(at, "uses the similar question; say `similar: true` for the scenario")
    shown = _shown(scenario, phase)
    quoted: list[Mapping[str, object]] = [{"text": SAMPLE, "title": shown[0]["title"]}]
    yield from _template_faults(phase.prompt, shown, (*at, "prompt"), doc)
    yield from _template_faults(phase.ask, shown, (*at, "ask"), doc)
    yield from _template_faults(phase.quote, quoted, (*at, "quote"), doc)
    used = _names(phase.prompt) | _names(phase.ask)
    for i, fact in enumerate(phase.sees):
        if fact not in used:
            yield doc.fault((*at, "sees", i), f"sees {fact!r}, but neither prompt nor ask uses it")


def _shown(scenario: Scenario, phase: Phase) -> list[Mapping[str, object]]:
    """What a phase's prompt may be filled with in a lesson: in a confirmation and not, with an answer and without."""
    title = scenario.roles[phase.role].title if phase.role in scenario.roles else ""
    return [
        dict(zip(PUBLIC, (SAMPLE, title, phase.name, phase.exchange, confirmed), strict=True))
        | {fact: answer if "answer" in fact else SAMPLE for fact in phase.sees}
        for confirmed in (False, True)
        for answer in ("12", "")
    ]


def _template_faults(
    template: str, shown: Sequence[Mapping[str, object]], at: tuple[str | int, ...], doc: Located
) -> Iterator[Fault]:
    """A template is filled with each of `shown`, for some faults are seen only then: `{{ question.foo }}`."""
    known = shown[0].keys()
    try:
        unknown = sorted(variables(template) - known)
        for values in () if unknown else shown:
            fill(template, values)
    except TemplateFault as error:
        line = f" (line {error.line} of the text)" if error.line else ""
        yield doc.fault(at, f"{error}{line}")
        return
    for name in unknown:
        hint = f"the phase does not see it; add it to `sees`: [{name}]" if name in PRIVATE else "no such variable"
        yield doc.fault(at, f"{{{{ {name} }}}}: {hint}; there are: {', '.join(sorted(known))}")


def _names(template: str) -> frozenset[str]:
    try:
        return variables(template)
    except TemplateFault:
        return frozenset()


def _shape_faults(scenario: Scenario, doc: Located) -> Iterator[Fault]:
    """A sample opens with a human turn, ends with a trained gpt turn, and has a human turn before each of these."""
    visible = [(at, phase) for at, phase in scenario.walk() if phase.side != "hidden"]
    if not visible or not any(phase.train for _, phase in visible):
        yield doc.fault(("phases",), "no turn is trained on: no sample can be made")
        return
    at, first = visible[0]
    if not scenario.opens_with_question and first.side != "human":
        yield doc.fault((*at, "side"), "the first visible turn opens the sample: its side is human")
    at, last = visible[-1]
    if not last.train:
        yield doc.fault((*at, "train"), "the last visible turn is what a sample teaches: side gpt, train true")
    for (_, before), (at, phase) in pairwise(visible):
        if before.train and phase.train:
            yield doc.fault((*at, "side"), "two trained turns in a row; a human turn has to stand between them")
    for (_, before), (at, phase) in pairwise(scenario.walk()):
        own = {phase.role, scenario.roles[phase.role].continues} if phase.role in scenario.roles else set()
        if before.role in own and not phase.ask:
            yield doc.fault(at, "follows a turn of its own speaker; `ask` has to say what is wanted")
