"""A selected episode as a sample: sides alternate, what is not trained on is told, what is unsound is refused."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from master_autogen.export import FORMATS, Refused, SampleTurn, make_sample
from master_autogen.records import Cast, CheckResult, Episode, EpisodePlan, Grade, Lesson, LessonPlan, Pair, Seed, Turn
from master_autogen.scenario import Scenario, read_scenario

PENS = Seed(
    instruction="A pen costs $3. What do 4 pens cost?",
    response="4 x 3 = 12. The answer is 12.",
    answer="12",
    kind="math",
    source="bundled",
    licence="CC-BY-4.0",
)
CUPS = Seed(
    instruction="A cup costs $5. What do 6 cups cost?",
    response="6 x 5 = 30. The answer is 30.",
    answer="30",
    kind="math",
    source="shop.jsonl",
    licence="MIT",
)
PAIR = Pair(instruction="kind", response="steady")


def turn(idx: int, phase: str, role: str, text: str, **more: object) -> Turn:
    """A turn as the shipped scenarios have them: `revise`, `conclude`, `solve*` and `respond` are trained on."""
    trained = phase in ("revise", "conclude", "solve", "solve_similar", "respond")
    fields = {"side": "gpt" if trained or phase == "err" else "human", "train": trained} | more
    return Turn.model_validate({"idx": idx, "phase": phase, "role": role, "agent": "kind", "text": text} | fields)


def right(idx: int, passed: bool | None = True, attempt: int = 1) -> CheckResult:
    return CheckResult(name="right_answer", turn_idx=idx, passed=passed, attempt=attempt)


def accepted(
    scenario: str,
    turns: Sequence[Turn],
    *,
    seed: Seed = PENS,
    similar: Seed | None = None,
    checks: Sequence[CheckResult] = (),
    pi: float | None = 0.75,
    run_id: str = "r1",
) -> Lesson:
    """A lesson with a base that is not selected and a candidate, made of `turns`, that is."""
    name = f"{run_id}/1/{scenario}/{seed.id}"
    base = EpisodePlan(id=f"{name}.0", slot=0, cast=Cast(pair=PAIR, agents={"a": "weak"}, origin="base"))
    cast = Cast(pair=PAIR, agents={"a": "kind", "b": "steady"}, origin="selection", probability=0.5)
    candidate = EpisodePlan(id=f"{name}.1", slot=1, cast=cast)
    plan = LessonPlan(
        id=name, run_id=run_id, round=1, scenario=scenario, seed=seed, similar=similar, episodes=(base, candidate)
    )
    common = {"lesson_id": name, "run_id": run_id, "status": "complete"}
    weak = turn(0, turns[0].phase, turns[0].role, "base")
    return Lesson(
        plan=plan,
        status="accepted",
        selected_episode_id=candidate.id,
        episodes=(
            Episode(id=base.id, cast=base.cast, is_base=True, turns=(weak,), **common),
            Episode(id=candidate.id, cast=cast, is_base=False, turns=tuple(turns), checks=tuple(checks), **common),
        ),
        grades=(
            Grade(episode_id=base.id, evaluator="judge", pi=0.1, basis="judge"),
            Grade(episode_id=candidate.id, evaluator="judge", pi=pi, basis="judge"),
        ),
    )


CORRECTION = (
    turn(0, "pose", "teacher", "This calls for multiplication."),
    turn(1, "err", "slow_student", "4 + 3 = 7. The answer is 7.", made_by="worded"),
    turn(2, "correct", "teacher", "You added. Each pen costs the same."),
    turn(3, "revise", "student", "I had added. 4 x 3 = 12. The answer is 12.", attempts=2),
)


@pytest.mark.parametrize("label", ["correction", "confirmation", None])
def test_what_the_lesson_turned_out_to_be_is_told(label: str | None) -> None:
    lesson = accepted("error_correction", CORRECTION)
    episodes = [episode.model_copy(update={"label": label}) for episode in lesson.episodes]
    sample = make_sample(lesson.model_copy(update={"episodes": tuple(episodes)}), read_scenario("error_correction"))
    assert FORMATS["messages"].row(sample)["meta"]["label"] == (label or "")


def test_the_wrong_attempt_is_told_in_the_human_turn() -> None:
    sample = make_sample(accepted("error_correction", CORRECTION), read_scenario("error_correction"))
    assert sample.turns == (
        SampleTurn(
            "human",
            "A pen costs $3. What do 4 pens cost?\n\n"
            "This calls for multiplication.\n\n"
            "This is my first try:\n4 + 3 = 7. The answer is 7.\n\n"
            "You added. Each pen costs the same.",
        ),
        SampleTurn("gpt", "I had added. 4 x 3 = 12. The answer is 12."),
    )
    assert sample.made_by == ("model",)


def test_hidden_and_silent_turns_leave_no_trace() -> None:
    hidden = CORRECTION[0].model_copy(update={"side": "hidden", "text": "a secret\0"})
    silent = CORRECTION[2].model_copy(update={"text": " \n"})
    lesson = accepted("error_correction", (hidden, CORRECTION[1], silent, CORRECTION[3]))
    human = make_sample(lesson, read_scenario("error_correction")).turns[0].text
    assert human == f"{PENS.instruction}\n\nThis is my first try:\n4 + 3 = 7. The answer is 7."


def test_question_and_trained_turns_keep_every_character() -> None:
    seed = PENS.model_copy(update={"instruction": "  {{ text }} \\frac{1}{2}\r\n\u2028"})
    turns = (turn(0, "pose", "teacher", "Go."), turn(1, "solve", "student", " {% x %}\t12 "))
    sides = make_sample(accepted("analogical_reasoning", turns, seed=seed), read_scenario("analogical_reasoning")).turns
    assert sides == (("human", "  {{ text }} \\frac{1}{2}\r\n\u2028\n\nGo."), ("gpt", " {% x %}\t12 "))


@pytest.mark.parametrize(
    ("checks", "verified"),
    [
        ([], None),
        ([right(3, attempt=2)], True),
        ([right(3, False), right(3, True, attempt=2)], True),  # the first attempt was asked again
        ([right(3, True), right(3, False, attempt=2)], False),
        ([right(3, True)], None),  # nobody looked at the attempt that counts
        ([right(3, None, attempt=2)], None),
        ([right(1, False), right(3, True, attempt=2)], True),  # the wrong attempt is not what is taught
    ],
)
def test_verified(checks: list[CheckResult], verified: bool | None) -> None:
    lesson = accepted("error_correction", CORRECTION, checks=checks)
    assert make_sample(lesson, read_scenario("error_correction")).verified is verified


@pytest.mark.parametrize(("second", "verified"), [(True, True), (False, False), (None, None)])
def test_an_analogy_is_verified_by_both_answers(second: bool | None, verified: bool | None) -> None:
    turns = (
        turn(0, "pose", "teacher", "Multiply."),
        turn(1, "solve", "student", "12"),
        turn(2, "pose_similar", "teacher", "Now cups."),
        turn(3, "solve_similar", "student", "30"),
    )
    lesson = accepted("analogical_reasoning", turns, similar=CUPS, checks=[right(1), right(3, second)])
    assert make_sample(lesson, read_scenario("analogical_reasoning")).verified is verified


P, E, C, R = CORRECTION


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((P, E, C), "the last turn is not one to train on"),
        ((P, E, C, R, P), "the last turn is not one to train on"),
        ((P, R, R), "revise: nothing is said to the student before this trained turn"),
        ((P, R.model_copy(update={"text": " \n"})), "revise: the trained turn is empty"),
        (
            (P, R.model_copy(update={"phase": "admit"})),
            "the scenario error_correction has no phase 'admit' any more",
        ),
        (
            (P, R.model_copy(update={"role": "pupil"})),
            "the scenario error_correction has no role 'pupil' any more",
        ),
        ((P, R.model_copy(update={"text": "12\0"})), "a NUL character in the text"),
        ((P.model_copy(update={"text": "\ud800"}), R), "a lone surrogate in the text"),
    ],
)
def test_refused(turns: tuple[Turn, ...], reason: str) -> None:
    with pytest.raises(Refused) as caught:
        make_sample(accepted("error_correction", turns), read_scenario("error_correction"))
    assert str(caught.value) == reason


@pytest.mark.parametrize("field", ["instruction", "source", "licence"])
def test_a_seed_that_cannot_be_written_is_refused(field: str) -> None:
    seed = PENS.model_copy(update={field: "a\udc80"})
    with pytest.raises(Refused, match=r"^a lone surrogate in the text$"):
        make_sample(accepted("error_correction", CORRECTION, seed=seed), read_scenario("error_correction"))


def test_refused_where_the_selected_episode_was_not_played() -> None:
    lesson = accepted("error_correction", CORRECTION).model_copy(update={"selected_episode_id": "other"})
    with pytest.raises(Refused, match=r"^the lesson has no selected episode that was played$"):
        make_sample(lesson, read_scenario("error_correction"))


# --- any scenario at all ---

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["human", "gpt", "trained", "hidden"]),
        st.sampled_from(["{{ text }}", "{{ title }}: {{ text }}", "I tried:\n{{ text }}"]),
        st.sampled_from(["", "The answer is 7.", "$x^2$ {{ text }}"]),
    ),
    min_size=1,
    max_size=9,
)


def built(steps: list[tuple[str, str, str]], opens: bool) -> tuple[Scenario, list[Turn]]:
    """A scenario with one phase a step, and its turns; each turn's text holds a mark that no other has."""
    phases: list[dict[str, object]] = []
    turns: list[Turn] = []
    for i, (what, quote, text) in enumerate(steps):
        side = "gpt" if what == "trained" else what
        phase = {"name": f"p{i}", "role": "who", "side": side, "train": what == "trained", "quote": quote}
        phases.append(phase | {"prompt": "Speak."})
        turns.append(turn(i, f"p{i}", "who", f"<{i}> {text}".strip(), side=side, train=what == "trained"))
    head = {"name": "any", "title": "Any", "summary": "", "roles": {"who": {"title": "Sam"}}}
    pair = {"instruction": "who", "response": "who"}
    data = head | {"pair": pair, "opens_with_question": opens, "phases": phases}
    return Scenario.model_validate(data), turns


@given(STEPS, st.booleans())
def test_sides_alternate_and_only_trained_turns_are_taught(steps: list[tuple[str, str, str]], opens: bool) -> None:
    scenario, turns = built(steps, opens)
    visible = [t for t in turns if t.side != "hidden"]
    before = [None if opens else True, *(t.train for t in visible)]
    sound = bool(visible) and visible[-1].train and not any(a and b for a, b in pairwise(before))
    lesson = accepted("any", turns)
    if not sound:
        with pytest.raises(Refused):
            make_sample(lesson, scenario)
        return
    sample = make_sample(lesson, scenario)
    assert [side for side, _ in sample.turns] == ["human", "gpt"] * (len(sample.turns) // 2)
    assert [text for side, text in sample.turns if side == "gpt"] == [t.text for t in turns if t.train]
    assert len(sample.made_by) == len(sample.turns) // 2
    told = "\n\n".join(text for side, text in sample.turns if side == "human")
    assert told.startswith(PENS.instruction) is opens
    for t in turns:
        assert (t.text in told) is (t.side != "hidden" and not t.train), t
    shared = FORMATS["sharegpt"].row(sample)["conversations"]
    spoken = [m for m in FORMATS["messages"].row(sample)["messages"] if m["role"] != "system"]
    assert len(shared) == len(spoken) == len(sample.turns)
    assert len(shared) % 2 == 0
    for t in visible:
        if not t.train:
            taught = [m["value"] for m in shared if m["from"] == "gpt"]
            taught += [m["content"] for m in spoken if m["role"] == "assistant"]
            assert not any(f"<{t.idx}>" in text for text in taught)
