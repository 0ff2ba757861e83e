"""Grades against numbers worked out by hand: eq. 4 to 7 of Star-Agents, and what is decided where they are silent."""

import math

import pytest

from master_autogen.errors import UserError
from master_autogen.grading.composite import basis, pi, selected
from master_autogen.grading.difficulty import TurnScore, episode_ifd, gap, pi_dual
from master_autogen.grading.quality import Reply, pi_llm, read_reply, read_rubric, response_format, verdict
from master_autogen.records import Cast, Episode, EpisodeStatus, Grade, Pair
from master_autogen.yaml_files import names


def test_ifd_is_equation_4() -> None:
    # A two-token answer: P = 1/2 and 1/4 after the question, 1/8 and 1/16 by itself.
    # Perplexities: sqrt(2 * 4) = sqrt 8 and sqrt(8 * 16) = sqrt 128; their ratio is sqrt(1/16) = 0.25.
    turn = TurnScore(math.log(1 / 2) + math.log(1 / 4), math.log(1 / 8) + math.log(1 / 16), 2)
    assert turn.ifd == pytest.approx(0.25)


def test_an_episode_weighs_its_turns_by_tokens() -> None:
    one = TurnScore(after_history=-1.0, alone=-1.0, tokens=1)  # IFD 1
    three = TurnScore(after_history=-3.0, alone=-3.0 - 3 * math.log(2), tokens=3)  # IFD 1/2
    assert episode_ifd([one, three]) == pytest.approx((1 * 1 + 3 * 0.5) / 4)
    assert episode_ifd([]) is None


def test_a_negative_gap_is_none() -> None:
    assert gap(0.7, 0.4) == pytest.approx(0.3)
    assert gap(0.4, 0.7) == 0.0


def test_pi_dual_is_equation_5_without_its_sign_defect() -> None:
    assert pi_dual([0.1, 0.4, 0.2]) == pytest.approx([0.25, 1.0, 0.5])
    assert pi_dual([0.0, 0.0]) == [0.0, 0.0]  # the paper's formula divides by zero here
    assert pi_dual([0.1, 0.9], scale=0.5) == pytest.approx([0.2, 1.0])
    assert pi_dual([]) == []


@pytest.mark.parametrize(
    ("ab", "ba", "expected"),
    [
        ("better", "better", 1.0),
        ("worse", "worse", 0.0),
        ("tie", "tie", 0.5),
        ("better", "worse", 0.5),  # the judge prefers a place, not a lesson
        ("better", "tie", 0.5),  # a win that does not survive the swap
        (None, "better", None),
        ("worse", None, None),
    ],
)
def test_pi_llm_is_equation_6_over_both_orders(ab: str | None, ba: str | None, expected: float | None) -> None:
    assert pi_llm(ab, ba) == expected  # type: ignore[arg-type]


def test_a_place_becomes_a_verdict_on_the_candidate() -> None:
    assert [verdict(place, "second") for place in ("first", "second", "tie")] == ["worse", "better", "tie"]  # type: ignore[arg-type]


def test_pi_is_equation_7_by_basis() -> None:
    assert [basis(True, True), basis(True, False), basis(False, True), basis(False, False)] == [
        "dual",
        "single",
        "single",
        "judge",
    ]
    assert pi("dual", quality=0.5, dual=0.6, ifd=None) == (pytest.approx(0.3), None)
    assert pi("single", quality=1.0, dual=None, ifd=1.4) == (1.0, None)  # clipped: over 1 the pair does not fit
    assert pi("single", quality=0.5, dual=None, ifd=0.5) == (0.25, None)
    assert pi("judge", quality=1.0, dual=None, ifd=None) == (1.0, None)
    assert pi("judge", quality=None, dual=None, ifd=None) == (None, "no_verdict")
    assert pi("single", quality=1.0, dual=None, ifd=None) == (None, "no_difficulty")


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ('{"reason": "clearer", "better": "first"}', "first"),
        ('```json\n{"better": "tie", "reason": ""}\n```', "tie"),
        ('Let me see. {"reason": "x", "better": "second"} That is all.', "second"),
    ],
)
def test_a_reply_is_read(text: str, better: str) -> None:
    reply = read_reply(text)
    assert isinstance(reply, Reply)
    assert reply.better == better


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The first one is better.", "no JSON object in the reply"),
        ('{"better": "A"}', "better: Input should be 'first', 'second' or 'tie'"),
        ('{"reason": "x"}', "better: Field required"),
        ('{"better": }', "not JSON: Expecting value"),
    ],
)
def test_an_unreadable_reply_is_no_tie(text: str, why: str) -> None:
    assert read_reply(text) == why


def test_the_schema_is_closed_and_asks_for_both_fields() -> None:
    schema = response_format()["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["reason", "better"]


def test_every_shipped_judge_is_sound() -> None:
    assert [read_rubric(name).name for name in names("judges")] == names("judges") == ["pairwise"]


def test_a_judge_file_that_hides_a_lesson_is_refused(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "j.yaml").write_text("name: j\nprompt: Judge.\nask: '{{ first }} {{ secnd }}'\nagain: again\n")
    with pytest.raises(UserError) as caught:
        read_rubric("j.yaml")
    assert str(caught.value) == (
        "j.yaml:3: ask: does not show the second lesson: {{ second }}\n"
        "j.yaml:3: ask: {{ secnd }}: no such variable; there are: first, question, reference, second"
    )


def _episode(slot: int, status: EpisodeStatus = "complete") -> Episode:
    cast = Cast(pair=Pair(instruction="t", response="s"), agents={}, origin="base" if slot == 0 else "selection")
    return Episode(id=f"x.{slot}", lesson_id="x", run_id="r", cast=cast, is_base=slot == 0, status=status)


def _grade(slot: int, worth: float | None) -> Grade:
    return Grade(episode_id=f"x.{slot}", evaluator="e", pi=worth, basis="judge")


@pytest.mark.parametrize(
    ("episodes", "grades", "expected"),
    [
        ([_episode(0), _episode(1), _episode(2)], [_grade(1, 0.4), _grade(2, 0.6)], "x.2"),
        ([_episode(0), _episode(1), _episode(2)], [_grade(1, 0.6), _grade(2, 0.6)], "x.1"),
        ([_episode(0), _episode(1, "rejected"), _episode(2)], [_grade(1, 0.9), _grade(2, 0.1)], "x.2"),
        ([_episode(0), _episode(1)], [_grade(1, 0.0)], "x.0"),
        ([_episode(0), _episode(1)], [_grade(1, None)], "x.0"),
        ([_episode(0, "rejected"), _episode(1)], [_grade(1, 0.0)], None),
        ([_episode(0)], [], "x.0"),
    ],
)
def test_what_is_selected(episodes: list[Episode], grades: list[Grade], expected: str | None) -> None:
    best = selected(episodes, grades)
    assert (best.id if best else None) == expected
