"""Grades against numbers worked out by hand: eq. 4 to 7 of Star-Agents, and what is decided where they are silent."""

import math

import pytest

from master_autogen.errors import UserError
from master_autogen.grading.composite import basis, pi, selected
from master_autogen.grading.difficulty import (
    RunningScale,
    RunningScales,
    TurnScore,
    episode_ifd,
    gap,
    pi_dual,
    pi_dual_paper,
    same_tokens,
    too_short,
)
from master_autogen.grading.quality import (
    Quality,
    Reply,
    Vote,
    found_wrong,
    panel,
    pi_llm,
    read_reply,
    read_rubric,
    response_format,
    verdict,
)
from master_autogen.records import Cast, CheckResult, Episode, EpisodeStatus, Grade, Pair, Turn
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


def test_the_papers_own_normaliser_turns_the_order_round_where_no_gap_is_positive() -> None:
    assert pi_dual_paper([0.1, 0.4, 0.2]) == pytest.approx([0.25, 1.0, 0.5])
    assert pi_dual_paper([-0.1, -0.4]) == pytest.approx([1.0, 4.0])  # the worse candidate gets four times as much
    assert pi_dual_paper([0.01, -0.3]) == pytest.approx([1.0, -30.0])  # no probability survives that
    assert pi_dual_paper([0.0, -0.2]) == [None, None]  # a division by zero
    assert pi_dual_paper([]) == []
    # The same lessons by the clipped gap: nothing above 1, nothing below 0, nothing for what nobody finds hard.
    assert pi_dual([gap(0.3, 0.4), gap(0.3, 0.7)]) == [0.0, 0.0]
    assert pi_dual([gap(0.41, 0.4), gap(0.4, 0.7)]) == pytest.approx([1.0, 0.0])


def test_the_running_scale_is_a_large_gap_of_earlier_rounds() -> None:
    scale = RunningScale()
    scale.add([i / 10 for i in range(20, 1, -1)])
    assert scale.value is None
    scale.add([0.0, -0.5])
    assert scale.value is None  # only positive gaps count
    # 0.1, 0.2 ... 2.0: the 0.95 quantile lies at 0.95 * 19 = 18.05, so 1.9 + 0.05 * 0.1.
    scale.add([0.1])
    assert scale.value == pytest.approx(1.905)
    scales = RunningScales()
    scales.add({"token": [0.5] * 20, "byte": [0.1] * 3})
    assert scales.values == {"token": 0.5}


def test_a_lesson_of_small_gaps_keeps_its_size_under_a_running_scale() -> None:
    assert pi_dual([0.01, 0.02]) == pytest.approx([0.5, 1.0])
    assert pi_dual([0.01, 0.02], scale=0.5) == pytest.approx([0.02, 0.04])


def test_ifd_by_the_byte_does_not_hang_on_the_tokenizer() -> None:
    # The same text and the same likelihoods, which one tokenizer cuts in 2 and the other in 4.
    two = TurnScore(after_history=math.log(1 / 8), alone=math.log(1 / 128), tokens=2, utf8_bytes=8)
    four = two._replace(tokens=4)
    assert (two.ifd, four.ifd) == (pytest.approx(0.25), pytest.approx(0.5))  # a gap where there is none
    assert two.ifd_by("byte") == four.ifd_by("byte") == pytest.approx(16 ** (-1 / 8))
    assert not same_tokens([two], [four])
    assert same_tokens([two], [two._replace(alone=0.0)])
    assert not same_tokens([two], [two._replace(context_tokens=30)])  # a short turn may be cut alike by chance
    # Weighted by bytes: (8 * 16**(-1/8) + 24 * 1) / 32.
    even = TurnScore(after_history=-3.0, alone=-3.0, tokens=1, utf8_bytes=24)
    assert episode_ifd([two, even], "byte") == pytest.approx((8 * 16 ** (-1 / 8) + 24) / 32)


def test_what_was_said_earlier_helps_by_itself() -> None:
    # 2 tokens: 1/8 after everything, 1/32 after the last human turn alone, 1/128 by itself.
    turn = TurnScore(math.log(1 / 8), math.log(1 / 128), 2, after_last=math.log(1 / 32))
    assert turn.context_gain("token") == pytest.approx(0.5)
    assert turn.ifd == pytest.approx(0.25)
    assert turn._replace(after_last=None).context_gain("token") is None


def test_an_answer_of_a_few_tokens_is_too_short() -> None:
    assert too_short(7) == "answer of 7 tokens is too short to measure"
    assert too_short(8) is None


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


WIN, LOSS, TIE = Vote("a", "better", "better"), Vote("b", "worse", "worse"), Vote("c", "better", "worse")
UNREAD = Vote("d", None, "better", "unreadable: no JSON object in the reply")


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([WIN], 1.0),
        ([WIN, WIN, LOSS], 1.0),
        ([LOSS, UNREAD, LOSS], 0.0),
        ([WIN, UNREAD, UNREAD], 1.0),  # those that could not be read abstain
        ([WIN, LOSS], 0.5),
        ([WIN, LOSS, TIE], 0.5),
        ([WIN, WIN, LOSS, TIE], 0.5),  # two of four are no majority
        ([UNREAD], None),
    ],
)
def test_a_panel_says_what_more_than_half_of_it_says(votes: list[Vote], expected: float | None) -> None:
    assert panel(votes).pi_llm == expected


def test_a_panel_keeps_what_each_judge_said() -> None:
    found = panel([WIN, TIE, UNREAD])
    assert (found.ab, found.ba) == ("better", "better")
    assert found.detail["judges"] == [
        {"judge": "a", "ab": "better", "ba": "better", "pi_llm": 1.0},
        {"judge": "c", "ab": "better", "ba": "worse", "pi_llm": 0.5},
        {"judge": "d", "ab": None, "ba": "better", "pi_llm": None, "missing": UNREAD.missing},
    ]
    nobody = panel([UNREAD, UNREAD._replace(judge="e", ba=None, missing="timeout: no reply")])
    assert (nobody.ab, nobody.ba, nobody.pi_llm) == (None, "better", None)
    assert nobody.missing == "d: unreadable: no JSON object in the reply; e: timeout: no reply"
    assert panel([UNREAD]).missing == UNREAD.missing
    assert Quality().pi_llm is None


def _checked(*found: tuple[int, bool | None, int]) -> Episode:
    """An episode of three turns, the middle one trained, each asked for twice; `found` are (turn, passed, attempt)."""
    turns = tuple(
        Turn(idx=i, phase="p", role="r", agent="a", text="t", side="gpt", train=i == 1, attempts=2) for i in range(3)
    )
    checks = tuple(
        CheckResult(name="right_answer", turn_idx=i, passed=p, attempt=n, detail="says 3") for i, p, n in found
    )
    return _episode(1).model_copy(update={"turns": turns, "checks": checks})


@pytest.mark.parametrize(
    ("checks", "wrong"),
    [
        ([(2, True, 2)], None),
        ([(2, False, 2)], "says 3"),
        ([(2, None, 2)], None),  # what could not be told is not wrong
        ([(2, False, 1), (2, True, 2)], None),  # the attempt that stands
        ([(0, False, 2), (2, True, 2)], None),  # neither final nor trained on
        ([(1, False, 2), (2, True, 2)], "says 3"),  # trained on
        ([], None),
    ],
)
def test_what_code_found_wrong(checks: list[tuple[int, bool | None, int]], wrong: str | None) -> None:
    assert found_wrong(_checked(*checks)) == wrong


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
        ('{"better": " First"}', "first"),
        ('The set {1, 2} matters.\n{"reason": "x", "better": "tie"}', "tie"),
        ('{"reason": "x", "better": "tie"}\nNote: {x}', "tie"),
        (r'On \left\{ x \right. {"reason": "x", "better": "tie"}', "tie"),
        ('{"better": "first"} No: {"better": "second"}', "second"),
        ('{"better": "first"} {"reason": "none"}', "first"),
    ],
)
def test_a_reply_is_read(text: str, better: str) -> None:
    reply = read_reply(text)
    assert isinstance(reply, Reply)
    assert reply.better == better


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (r"uses $\sqrt{2}$ and $\pi$", r"uses $\sqrt{2}$ and $\pi$"),
        (r"writes \( \frac{1}{2} \)", r"writes \( \frac{1}{2} \)"),
        (r"\beta \neq \rho, 2 \times \text{x}", r"\beta \neq \rho, 2 \times \text{x}"),
        (r"\underline{x} \u00e9", r"\underline{x} é"),
        (r"\\frac{1}{2} is \\sqrt{x}", r"\frac{1}{2} is \sqrt{x}"),
        (r"one\nthen two\tthree \"four\"", 'one\nthen two\tthree "four"'),
        ("line one\nline two", "line one\nline two"),
        (r"the set \{1, 2", r"the set \{1, 2"),
    ],
)
def test_the_reason_of_a_verdict_may_hold_latex(said: str, reason: str) -> None:
    assert read_reply(f'{{"reason": "{said}", "better": "first"}}') == Reply(reason=reason, better="first")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The first one is better.", "no JSON object in the reply"),
        ('{"better": "A"}', "better: Input should be 'first', 'second' or 'tie'"),
        ('{"reason": "x"}', "better: Field required"),
        ('{"better": }', "not JSON: Expecting value"),
        (r"The set \{1, 2\}.", "no JSON object in the reply"),
        ('{"better": "tie"', "no JSON object in the reply"),
        ('{"better": "A"} Note: {x}', "better: Input should be 'first', 'second' or 'tie'"),
        ('{"reason": "wrote {"better": "first"}", "better": "second"}', "not JSON: Expecting ',' delimiter"),
        ('{"verdict": {"better": "first"}}', "better: Field required"),
        ('{"better": "tie", "n": ' + "1" * 5000 + "}", "not JSON that can be read"),
        ('{"a":' * 100_000 + "}", "not JSON that can be read"),
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
