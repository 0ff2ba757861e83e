"""`runs show` on the judge: what it said, how the order and length moved it, and whether people agree."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from master_autogen.cli.judge import agreement, print_judge, read_labels
from master_autogen.errors import UserError
from master_autogen.grading.judges import JudgeRow, judge_rows
from master_autogen.grading.quality import Vote, panel, settled
from master_autogen.records import Grade, Verdict

WIN, LOSS, FLIP, UNREAD = ("better", "better"), ("worse", "worse"), ("better", "worse"), (None, "tie")


def graded(number: int, *votes: tuple[Verdict | None, Verdict | None], longer_by: int = 0) -> Grade:
    found = panel([Vote(f"judge{i}", ab, ba, "unread" if ab is None else None) for i, (ab, ba) in enumerate(votes)])
    detail = {**found.detail, "longer_by": longer_by}
    return Grade(episode_id=f"e{number}", evaluator="j", basis="judge", pi_llm=found.pi_llm, detail=detail)


GRADES = [
    *(graded(n, WIN, longer_by=30) for n in range(5)),
    *(graded(n, LOSS, longer_by=-30) for n in range(5, 10)),
    graded(10, FLIP, longer_by=99),
    graded(11, FLIP, longer_by=-99),
    graded(12, UNREAD),
    Grade(episode_id="e13", evaluator="j", basis="judge", pi_llm=0.0, detail=settled("worse", "says 3").detail),
]


def shown(grades: list[Grade], **more: object) -> str:
    to = Console(width=200, file=io.StringIO())
    print_judge(to, grades, **more)  # type: ignore[arg-type]
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def test_a_judge_is_counted_over_the_pairs_it_was_shown() -> None:
    # 12 pairs read, of which the order decided 2; of the 10 decided ones the longer was always chosen.
    [row] = judge_rows(GRADES)
    assert row == JudgeRow("judge0", 13, 5, 2, 5, 1, pytest.approx(2 / 12), pytest.approx(1.0))


def test_each_judge_of_a_panel_has_a_row() -> None:
    rows = judge_rows([graded(0, WIN, LOSS), graded(1, WIN, UNREAD)])
    assert [(r.judge, r.better, r.worse, r.unread, r.length) for r in rows] == [
        ("judge0", 2, 0, 0, None),
        ("judge1", 0, 1, 1, None),
    ]


def test_people_agree_or_not() -> None:
    same: dict[str, Verdict] = {**{f"e{n}": "better" for n in range(5)}, **{f"e{n}": "worse" for n in range(5, 10)}}
    found = agreement(GRADES, same | {"e12": "tie", "e13": "worse", "e99": "tie"})
    assert (found.kappa, found.pairs, found.unjudged) == (pytest.approx(1.0), 10, 3)
    assert found.interval == (pytest.approx(1.0), pytest.approx(1.0))


def test_what_is_shown() -> None:
    labels: dict[str, Verdict] = {"e0": "better", "e5": "better", "e10": "tie", "e99": "tie"}
    lines = [line.rstrip() for line in shown(GRADES, families=["llama"], labels=labels).splitlines()]
    assert lines[1] == "judge   pairs  better  tie  worse  unread  flips  length"
    assert lines[3] == "judge0     13       5    2      5       1    17%    1.00"
    assert lines[4] == "1 pair settled by checks, without a judge"
    assert lines[5].startswith("Beware: the judge is of the same model family as agents it judges (llama)")
    # Better-better, worse-better, tie-tie: 2/3 agree; by chance 1/3 * 2/3 + 0 + 1/3 * 1/3 = 1/3; so 1/2.
    told = "Agreement with people: kappa 0.50 over 3 pairs; 1 labelled episode not judged in this run"
    assert told in lines
    assert shown([], families=[]) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"episode": "a", "verdict": "better"}\nno\n', ":2: not JSON: Expecting value"),
        ('{"episode": "a", "verdict": "good"}', ":1: expected a line like "),
        ('["a", "better"]', ":1: expected a line like "),
        (
            '{"episode": "a", "verdict": "tie"}\n\n{"episode": "a", "verdict": "tie"}',
            ":3: episode a has a verdict already",
        ),
        ("\n", ": holds no verdict"),
        ('\n{"n": ' + "9" * 5000 + "}", ":2: not JSON that can be read: Exceeds the limit "),
        ("[" * 100_000, ":1: not JSON that can be read: "),
    ],
)
def test_labels_that_cannot_be_read_are_named_by_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_labels(path)
    assert str(caught.value).startswith(f"{path}{why}")


def test_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps({"episode": f"e{n}", "verdict": "tie", "by": "me"}) + "\n" for n in range(2)))
    assert read_labels(path) == {"e0": "tie", "e1": "tie"}


def test_labels_are_read_as_seeds_are(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(
        '\ufeff{"episode": "a", "verdict": "tie", "note": "a\u2028b"}\r\n{"episode": "b", "verdict": "worse"}'.encode()
    )
    assert read_labels(path) == {"a": "tie", "b": "worse"}
