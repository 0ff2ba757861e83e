"""A run as a page: its structure, numbers that are the log's, lessons that are all there, and text that stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.log import (
    Database,
    LogWriter,
    get_run,
    lesson_totals,
    mark_episode,
    open_log,
    run_lessons,
    totals,
)
from master_autogen.report import report
from tests.cli_kit import cli, write_inputs
from tests.html_kit import Page
from tests.test_log_rows import RUN, call, episode, lesson, plan, planned_log, turn

HOSTILE = (
    "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> --> {{ 7 * 7 }} \u202eevil\u202c \0\x1b[2J "
    "\u2028\u2029\ud83d &lt;b&gt; \U0001f600 'quoted' \"twice\""
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A run of two rounds of two lessons each, with a base and a candidate."""
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli(*write_inputs(folder), "--rounds", 2).exit_code == 0
    with closing(open_log(folder / "a.db")) as db:
        yield db


@pytest.fixture
def page(played: Database, tmp_path: Path) -> Page:
    report(played, None, tmp_path / "report.html")
    return Page(tmp_path / "report.html")


def test_every_element_is_closed_and_every_id_is_there_once(page: Page) -> None:
    assert page.open == []
    ids = [has["id"] for _, has in page.elements if "id" in has]
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(ids)
    assert [has["lang"] for tag, has in page.elements if tag == "html"] == ["en"]
    assert page.named("h1") == [f"Run {page.named('title')[0].removeprefix('Run ')}"]


def test_it_has_these_sections(page: Page) -> None:
    assert [has["id"] for tag, has in page.elements if tag == "section"] == [
        "numbers", "selection", "grades", "checks", "costs", "judge", "lessons",
    ]  # fmt: skip


def test_nothing_comes_from_elsewhere(page: Page) -> None:
    assert {address for address in page.addresses if not address.startswith("#")} == {"data:,"}
    assert "url(" not in page.html
    assert "@import" not in page.html
    assert not [tag for tag, _ in page.elements if tag in ("iframe", "object", "embed", "img", "base")]


def test_its_policy_lets_its_own_script_and_style_run_and_no_other(page: Page) -> None:
    [policy] = [str(has["content"]) for tag, has in page.elements if has.get("http-equiv") == "Content-Security-Policy"]
    [style] = page.named("style")
    [script] = [
        text
        for (tag, has), text in zip(page.elements, page.texts, strict=True)
        if tag == "script" and "type" not in has
    ]
    for name, text in (("script", script), ("style", style)):
        known = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{known}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not [has for _, has in page.elements if "style" in has or any(name.startswith("on") for name in has)]


def test_the_scripts_put_no_data_into_markup(page: Page) -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser"):
        assert word not in page.html


def test_every_control_has_a_name(page: Page) -> None:
    labelled = page.html.split('<form id="filters"')[1].split("</form>")[0]
    controls = re.findall(r"<(?:input|select)\b", labelled)
    assert len(controls) == len(re.findall(r"<label[^>]*>[\w ]+<(?:input|select)\b", labelled)) == 6


def test_the_numbers_are_those_of_the_log(page: Page, played: Database) -> None:
    run = get_run(played)
    sums, lessons = totals(played, run.id), lesson_totals(played, run.id)
    tables = page.tables
    counts = lessons.statuses["quiz"]
    assert tables["numbers", "Lessons by scenario"] == [
        ["Scenario", "Accepted", "Rejected", "Failed", "All"],
        ["Quiz", str(counts["accepted"]), str(counts.get("rejected", 0)), str(counts.get("failed", 0)), "4"],
        ["All", str(counts["accepted"]), str(counts.get("rejected", 0)), str(counts.get("failed", 0)), "4"],
    ]
    assert tables["checks", "By check"][-1][1:4] == [
        str(sum(getattr(row, name) for row in sums.checks)) for name in ("passed", "failed", "could_not_tell")
    ]
    tokens = (run.prompt_tokens, run.completion_tokens)
    for by in ("By purpose, agent and model", "By round"):
        head, total = tables["costs", by][0], tables["costs", by][-1]
        row = dict(zip(head, total, strict=True))
        assert (row["Calls"], row["Failed"]) == (f"{run.calls:,}", f"{run.failed_calls:,}")
        assert (row["Tokens in"], row["Tokens out"]) == tuple(f"{count:,}" for count in tokens)
    large = dict(zip(page.named("dt")[:7], page.named("b")[:7], strict=True))
    assert large == {
        "Lessons accepted": str(counts["accepted"]),
        "Seeds": "4",
        "Episodes played": "8",
        "Turns asked again": str(sum(row.asked_again for row in sums.checks)),
        "Calls": f"{run.calls:,}",
        "Tokens": f"{sum(tokens):,}",
        "Cost": "no price" if run.cost is None else f"${run.cost:.4f}",
    }


def test_tables_that_group_the_same_results_come_to_the_same_sums(page: Page) -> None:
    tables = page.tables
    for by, first in (("By check", 1), ("By phase", 3), ("By agent and role", 3)):
        _, *rows, total = tables["checks", by]
        for column in range(first, len(total)):
            assert sum(int(row[column]) for row in rows) == int(total[column])
        assert total[first:] == tables["checks", "By check"][-1][1:]
    for by in ("By scenario", "By agent on the instruction side", "By agent on the response side", "By round"):
        assert sum(int(row[1]) for row in tables["grades", by][1:]) == 4


def test_every_lesson_is_there_as_it_was_played(page: Page, played: Database) -> None:
    lessons = list(run_lessons(played, get_run(played).id))
    assert [found["id"] for found in page.lessons] == [lesson.plan.id for lesson in lessons]
    assert [found["id"] for found in page.index] == [lesson.plan.id for lesson in lessons]
    for found, was in zip(page.lessons, lessons, strict=True):
        assert [[turn["text"] for turn in e["turns"]] for e in found["episodes"]] == [
            [turn.text for turn in e.turns] for e in was.episodes
        ]
        assert [e["selected"] for e in found["episodes"]] == [
            e.id == was.selected_episode_id for e in was.plan.episodes
        ]
    assert "All 4 lessons of the run." in page.html


def test_only_so_many_are_shown_and_the_rule_is_said(played: Database, tmp_path: Path) -> None:
    result = report(played, None, tmp_path / "few.html", most=3)
    page = Page(tmp_path / "few.html")
    assert (result.lessons, result.shown, len(page.lessons), len(page.index)) == (4, 3, 3, 3)
    assert result.size == (tmp_path / "few.html").stat().st_size
    assert (
        "3 of 4 lessons: of each scenario and status 10 or all there are, the rest in proportion, chosen by the hashes of "
        "their ids. The numbers above are of all lessons."
    ) in page.html
    assert page.tables["numbers", "Lessons by scenario"][-1][-1] == "4"


def test_the_same_log_gives_the_same_bytes(played: Database, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        report(played, None, tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_lesson_takes_little_room(page: Page, played: Database) -> None:
    shell = len(page.html) - sum(len(json.dumps(found)) for found in page.lessons)
    assert shell < 80_000
    assert all(len(json.dumps(found)) < 10_000 for found in page.lessons)


# --- text that is not what it seems ---


@pytest.fixture
def hostile(tmp_path: Path) -> Page:
    """A log where everything that a model or a file may say is hostile."""
    log = planned_log(tmp_path / "log.db")
    said = (turn(0, HOSTILE, agent=HOSTILE, notes={HOSTILE: HOSTILE}, thought=HOSTILE), turn(1, HOSTILE))
    played = episode(plan(), 0, turns=said, status="rejected", reason=HOSTILE)
    with LogWriter(log) as writer:
        messages = [{"role": "system", "content": HOSTILE}]
        writer.put_call(call(1, turn=0, text=HOSTILE, request={"messages": messages}))
        writer.put_call(call(2, purpose="judge", text=HOSTILE, model=HOSTILE, agent=HOSTILE))
        writer.finish_lesson(
            lesson(episodes=(played,), grades=(), status="rejected", reason=HOSTILE, selected_episode_id=None)
        )
    with closing(open_log(log)) as db:
        report(db, None, tmp_path / "hostile.html")
    return Page(tmp_path / "hostile.html")


def test_hostile_text_ends_no_element_and_begins_none(hostile: Page) -> None:
    assert hostile.open == []
    assert [has.get("type") for tag, has in hostile.elements if tag == "script"] == ["application/json"] * 4 + [None]
    assert "img" not in {tag for tag, _ in hostile.elements}
    assert "<!--" not in hostile.html
    assert hostile.html.count("alert(1)") == hostile.html.count("alert(1)\\u003c/script") + hostile.html.count(
        "alert(1)&lt;/script"
    )


def test_hostile_text_comes_back_letter_by_letter(hostile: Page) -> None:
    [found] = [found for found in hostile.lessons if found["status"] == "rejected"]
    [first, _] = found["episodes"][0]["turns"]
    assert (first["text"], first["agent"], first["thought"], first["notes"]) == (
        *(HOSTILE,) * 3,
        {HOSTILE: HOSTILE},
    )
    assert found["texts"][first["cue"]] == HOSTILE
    assert found["reason"] == HOSTILE


def test_hostile_text_in_tables_is_escaped_and_what_cannot_be_seen_is_named(hostile: Page) -> None:
    [[_, reason, _]] = hostile.tables["numbers", "Why lessons were not accepted"][1:]
    assert reason == (
        "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> --> {{ 7 * 7 }} ⟨202E⟩evil⟨202C⟩ "
        "⟨0000⟩⟨001B⟩[2J \u2028\u2029⟨D83D⟩ &lt;b&gt; \U0001f600 'quoted' \"twice\""
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", hostile.html)


# --- refusals and oddities ---


def test_a_lesson_that_was_not_played_is_shown_as_planned(hostile: Page) -> None:
    assert [(found["id"], found["status"]) for found in hostile.index] == [
        ("run1-1-3", "pending"), ("run1-1-1", "rejected"), ("run1-1-2", "pending"),
    ]  # fmt: skip
    assert [e["standing"] for e in hostile.lessons[0]["episodes"]] == ["not played"] * 3
    assert hostile.tables["numbers", "Lessons by scenario"][-1] == ["All", "0", "1", "0", "2", "3"]


def test_a_section_without_anything_says_so(hostile: Page) -> None:
    assert "This run played no candidates." in hostile.html
    assert "No judge was asked." in hostile.html


def test_what_a_person_said_is_there(tmp_path: Path) -> None:
    log = planned_log(tmp_path / "log.db")
    with LogWriter(log) as writer:
        writer.finish_lesson(lesson())
    mark_episode(log, "run1-1-1-e0", "accept", "clearer")
    with closing(open_log(log)) as db:
        report(db, "run1", tmp_path / "report.html")
    found = Page(tmp_path / "report.html").lessons[1]
    assert [e["mark"] for e in found["episodes"]] == [{"mark": "accept", "note": "clearer"}, None, None]
    assert [e["standing"] for e in found["episodes"]] == [
        "not selected: a candidate was better than this base", "selected", "failed: timeout",
    ]  # fmt: skip


def test_what_cannot_be_written_is_said_and_changes_nothing(played: Database, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    (tmp_path / "folder.html").mkdir()
    for to, told in (
        (tmp_path / "report.pdf", f"{tmp_path}/report.pdf: a report is a web page; name a file that ends in .html, such as {tmp_path}/report.html"),
        (tmp_path / "folder.html", f"{tmp_path}/folder.html is a folder; name a file in it with --to"),
        (tmp_path / "plain" / "a.html", f"{tmp_path}/plain is no folder; name another place with --to"),
    ):  # fmt: skip
        with pytest.raises(UserError) as error:
            report(played, None, to)
        assert str(error.value) == told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.html", "plain"]


def test_a_run_without_lessons_has_no_report(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log.db") as log:
        log.begin_run(RUN)
    with (
        closing(open_log(tmp_path / "log.db")) as db,
        pytest.raises(UserError, match=r"^run run1 has no lessons yet; there is nothing to report$"),
    ):
        report(db, None, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
