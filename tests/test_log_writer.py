"""The writer: what is on disk when, what is replaced, what happens when the disk will not have it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from typing import Any

import pytest

from master_autogen.errors import UserError
from master_autogen.log import LogWriter, get_lesson, get_run, lesson_calls, open_log, run_lessons, selection_history
from master_autogen.log.batch import CallRow
from master_autogen.log.thread import WriterThread
from master_autogen.log.views import RunStatus
from tests.test_log_rows import LONG, OTHER, RUN, call, episode, lesson, plan, planned_log, selection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a second connection sees."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_planned_round_is_on_disk_on_return(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log.db") as log:
        log.begin_run(RUN)
        log.plan_round("run1", [plan(2), plan(1)], [selection()])
        assert rows(
            log.path, "SELECT id, position, status, similar_seed_id IS NULL FROM lessons ORDER BY position"
        ) == [
            ("run1-1-2", 0, "pending", 1),
            ("run1-1-1", 1, "pending", 0),
        ]
        assert rows(
            log.path, "SELECT slot, is_base, origin, probability, status FROM episodes ORDER BY id LIMIT 2"
        ) == [
            (0, 1, "base", None, "pending"),
            (1, 0, "selection", 0.25, "pending"),
        ]
        assert rows(log.path, "SELECT count(*) FROM seeds") == [(3,)]
        assert rows(log.path, "SELECT probability, pulls, reward_sum, rule FROM selections") == [
            (0.5, 3, 1.25, "thompson")
        ]


def test_a_commit_does_not_wait_for_the_disk_to_turn(tmp_path: Path) -> None:
    for _ in ("made", "found"):
        with LogWriter(tmp_path / "log.db") as log:
            assert log._thread._db.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL


def test_planning_again_changes_nothing(path: Path) -> None:
    tables = ("seeds", "lessons", "episodes", "selections")
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
        log.flush()
        before = [rows(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
        log.plan_round("run1", [plan(3), plan(1), plan(2)], [selection(probability=0.9)])
        assert [rows(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables] == before


def test_a_lesson_with_the_id_of_another_is_refused_whole_and_harms_no_other(path: Path) -> None:
    one, other = plan(9, run_id="run2"), plan(8, run_id="run2")
    refusal = "run run2, round 1: a lesson has the id of another, and ids are hashes; give another --random-seed, "
    with LogWriter(path) as log:
        log.begin_run(RUN.model_copy(update={"id": "run2"}))
        for met in (plan(1), other.model_copy(update={"id": one.id})):
            with pytest.raises(UserError, match=f"^{refusal}which makes other ids$"):
                log.plan_round("run2", [one, met], [])
        log.put_call(call())
    assert [found.plan.id for found in run_lessons(open_log(path), "run2")] == []
    assert lesson_calls(open_log(path), "run1-1-1") == [call()]


def test_calls_are_on_disk_after_flush(path: Path) -> None:
    with LogWriter(path) as log:
        for number in range(250):
            log.put_call(call(number))
        log.flush()
        assert rows(path, "SELECT count(*), count(DISTINCT id) FROM calls") == [(250, 250)]


def test_a_text_that_calls_share_is_stored_once(path: Path) -> None:
    own = [{"role": "user", "source": "a", "content": LONG + " Another."}]
    with LogWriter(path) as log:
        log.put_call(call(1))
        log.flush()
        log.put_call(call(2))
        log.put_call(call(3, request={"messages": own}))
    with LogWriter(path) as log:
        log.put_call(call(4))
    assert rows(path, "SELECT text FROM texts ORDER BY length(text)") == [(LONG,), (LONG + " Another.",)]
    assert rows(path, f"SELECT count(*) FROM calls WHERE request LIKE '%{LONG[:30]}%'") == [(0,)]


def test_a_call_of_the_same_id_replaces_the_earlier_one(path: Path) -> None:
    with LogWriter(path) as log:
        log.put_call(call(text="first"))
        log.put_call(call(text="second"))
        log.flush()
        log.put_call(call(text="third"))
    assert [found.text for found in lesson_calls(open_log(path), "run1-1-1")] == ["third"]


def test_what_the_caller_changes_later_is_not_written(path: Path) -> None:
    messages = [{"role": "user", "source": "a", "content": "Hello."}]
    with LogWriter(path) as log:
        log.put_call(call(request={"messages": messages}))
        messages.append({"role": "user", "source": "b", "content": "Later."})
    assert len(lesson_calls(open_log(path), "run1-1-1")[0].request["messages"]) == 1


def test_a_started_lesson_is_running(path: Path) -> None:
    with LogWriter(path) as log:
        log.start_lesson("run1-1-1")
    assert rows(path, "SELECT status, started > 0, ended FROM lessons WHERE id = 'run1-1-1'") == [("running", 1, None)]


@pytest.mark.parametrize("status", ["stopped", "failed"])
def test_in_a_run_that_has_ended_no_lesson_is_running(path: Path, status: RunStatus) -> None:
    with LogWriter(path) as log:
        log.start_lesson("run1-1-1")
        log.end_run("run1", status)
    assert rows(path, "SELECT status, started FROM lessons WHERE id = 'run1-1-1'") == [("pending", None)]


def test_in_a_run_that_is_begun_again_no_lesson_is_running(path: Path) -> None:
    with LogWriter(path) as log:
        log.start_lesson("run1-1-1")
        log.begin_run(RUN)
    assert rows(path, "SELECT status, started FROM lessons WHERE id = 'run1-1-1'") == [("pending", None)]


def test_finishing_twice_is_finishing_once(path: Path) -> None:
    tables = ("lessons", "episodes", "turns", "checks", "grades", "turns_fts")
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
        log.flush()
        before = [rows(path, f"SELECT count(*) FROM {table}") for table in tables]
        log.finish_lesson(lesson())
    assert [rows(path, f"SELECT count(*) FROM {table}") for table in tables] == before
    assert get_lesson(open_log(path), "run1-1-1") == lesson()


def test_a_later_finish_takes_the_place_of_the_earlier_one(path: Path) -> None:
    cancelled = lesson(
        status="cancelled", reason="budget", selected_episode_id=None, grades=(), episodes=(episode(plan(), 2),)
    )
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
        log.finish_lesson(cancelled)
    assert get_lesson(open_log(path), "run1-1-1") == cancelled
    assert rows(path, "SELECT DISTINCT episode_id FROM turns") == [("run1-1-1-e2",)]
    assert rows(path, "SELECT count(*) FROM turns_fts WHERE turns_fts MATCH 'four'") == [(1,)]


def test_grades_that_were_not_measured_are_null_with_a_reason(path: Path) -> None:
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
    assert rows(path, "SELECT pi, pi_llm, ifd_small, missing_reason FROM grades ORDER BY episode_id") == [
        (0.5, 0.5, None, None),
        (None, None, None, "no verdict"),
    ]


def test_a_check_of_a_whole_episode_has_turn_minus_one(path: Path) -> None:
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
    assert rows(path, "SELECT name FROM checks WHERE turn_idx = -1 AND episode_id = 'run1-1-1-e0'") == [("complete",)]


def test_an_episode_or_grade_of_another_lesson_is_refused_at_once(path: Path) -> None:
    with LogWriter(path) as log:
        with pytest.raises(ValueError, match=r"^episode run1-1-2-e0 is not in the plan of lesson run1-1-1$"):
            log.finish_lesson(lesson(episodes=(episode(plan(2), 0),)))
        with pytest.raises(ValueError, match=r"^grade of episode run1-1-2-e1, which is not in the plan of lesson"):
            log.finish_lesson(lesson(grades=lesson(2).grades))


def test_a_lesson_that_was_never_planned_stops_the_writer(path: Path) -> None:
    log = LogWriter(path)
    log.start_lesson("nowhere")
    with pytest.raises(ValueError, match=r"^'nowhere' was never planned or begun in this log$"):
        log.flush()
    with pytest.raises(RuntimeError, match=r"^the writer of the log .* stopped$"):
        log.put_call(call())
    with pytest.raises(RuntimeError):
        log.close()


def test_an_unfinished_run_is_opened_again(path: Path) -> None:
    with LogWriter(path) as log:
        log.end_run("run1", "stopped")
        assert get_run(open_log(path)).status == "stopped"
        log.begin_run(RUN.model_copy(update={"started": 2000.0}))
    run = get_run(open_log(path))
    assert (run.status, run.started, run.ended) == ("running", 1000.0, None)


def test_a_finished_run_is_not_opened_again(path: Path) -> None:
    with LogWriter(path) as log:
        log.end_run("run1", "finished")
        with pytest.raises(UserError) as refusal:
            log.begin_run(RUN)
        assert str(refusal.value) == f"run run1 in {path} is finished; start another with --new"
        log.flush()
    run = get_run(open_log(path))
    assert run.status == "finished"
    assert run.ended is not None


def test_a_run_that_never_began_cannot_end(path: Path) -> None:
    with LogWriter(path) as log, pytest.raises(ValueError, match=r"^'run9' was never planned or begun in this log$"):
        log.end_run("run9", "finished")


def test_selections_alone(path: Path) -> None:
    with LogWriter(path) as log:
        log.record_selections([selection(OTHER, round_number=2)])
    assert [row.round for row in selection_history(open_log(path), "run1")] == [1, 1, 2]


def fail_when_full(log: LogWriter) -> None:
    """As if the disk had no room for one page more."""
    db = log._thread._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")


def test_a_full_disk_is_told_by_every_later_call_and_the_file_stays_sound(path: Path) -> None:
    log = LogWriter(path)
    log.put_call(call())
    log.flush()
    fail_when_full(log)
    for number in range(2, 40):
        try:
            log.put_call(call(number, text=LONG * 50))
        except UserError:
            break
    told = (
        f"cannot write the log {path}: database or disk is full; mend that and give the same command again, "
        "it goes on from what is written"
    )
    for writing in (log.flush, lambda: log.put_call(call(99)), lambda: log.start_lesson("run1-1-1"), log.close):
        with pytest.raises(UserError) as refusal:
            writing()
        assert str(refusal.value) == told
    db = open_log(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert lesson_calls(db, "run1-1-1")[0] == call()
    LogWriter(path).close()


def test_an_error_in_the_body_is_not_hidden_by_closing(path: Path) -> None:
    def body() -> None:
        with LogWriter(path) as log:
            log.put_call(call())
            raise KeyError("mine")

    with pytest.raises(KeyError):
        body()
    assert lesson_calls(open_log(path), "run1-1-1") == [call()]


def test_closed_is_closed(path: Path) -> None:
    log = LogWriter(path)
    log.close()
    log.close()
    with pytest.raises(ValueError, match=r"^the log .*log\.db is closed$"):
        log.put_call(call())


def test_a_writer_left_open_writes_what_waits_when_the_program_ends(path: Path) -> None:
    code = f"from tests.test_log_rows import call; from master_autogen.log import LogWriter; LogWriter({str(path)!r}).put_call(call())"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert lesson_calls(open_log(path), "run1-1-1") == [call()]


def test_a_writer_whose_closing_was_interrupted_can_be_closed_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, thread = sys.getswitchinterval(), WriterThread(path)

    def interrupted(timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(thread._thread, "join", interrupted)
        with pytest.raises(KeyboardInterrupt):
            thread.stop()
    thread.stop()
    assert sys.getswitchinterval() == usual
    WriterThread(path).stop()  # its lock is free


def test_what_is_put_as_the_log_is_closed_is_written_or_refused(path: Path) -> None:
    """Between the question whether the log is open and the queue there is no room for closing it."""
    thread, did = WriterThread(path), Event()
    put, closing = thread._queue.put, Thread(target=thread.stop, daemon=True)

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(queue, name)

        def put(self, item: Any) -> None:
            if not closing.ident:
                closing.start()
                closing.join(0.3)
            put(item)

    queue, thread._queue = thread._queue, Slow()  # type: ignore[assignment]
    thread.put(lambda db: did.set())
    closing.join(10)
    assert did.is_set()


def test_threads_switch_sooner_as_long_as_a_log_is_written(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    with LogWriter(tmp_path / "one.db"):
        assert sys.getswitchinterval() == pytest.approx(0.0002)
        with LogWriter(tmp_path / "two.db"):
            assert sys.getswitchinterval() == pytest.approx(0.0002)
        assert sys.getswitchinterval() == pytest.approx(0.0002)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_callers_wait_where_the_thread_falls_far_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("master_autogen.log.thread._MOST_WAITING", 3)
    in_hand, go_on, paused = Event(), Event(), list[float]()
    sleep = time.sleep

    def stalled(self: WriterThread, items: Sequence[CallRow]) -> None:
        in_hand.set()
        go_on.wait(60)
        commit(self, items)

    def noted(seconds: float) -> None:
        if current_thread() is main_thread():
            paused.append(seconds)
        sleep(seconds)

    commit = WriterThread._commit
    monkeypatch.setattr(WriterThread, "_commit", stalled)
    monkeypatch.setattr("master_autogen.log.thread.time.sleep", noted)
    log = LogWriter(path)
    log.start_lesson("run1-1-1")
    assert in_hand.wait(60)
    for number in range(5):
        log.put_call(call(number))
    go_on.set()
    log.close()
    assert paused == [0.01, 0.01]  # at the fourth and the fifth that wait
    assert rows(path, "SELECT count(*) FROM calls") == [(5,)]


CHILD = """
import sys
from master_autogen.log import LogWriter
from tests.test_log_rows import call, lesson
log = LogWriter(sys.argv[1])
for number in range(10**9):
    log.put_call(call(number, text=f"{number} " * 200))
    if number % 10 == 0:
        log.finish_lesson(lesson())
    if number == 500:
        log.flush()
        print("on disk", flush=True)
"""


def test_a_log_is_sound_after_its_writer_was_killed_in_mid_writing(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "on disk\n"
        child.kill()
    with LogWriter(path) as log:
        log.begin_run(RUN)
    db = open_log(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.execute("INSERT INTO turns_fts(turns_fts) VALUES ('integrity-check')")  # raises where index and turns disagree
    calls = lesson_calls(db, "run1-1-1")
    assert len(calls) >= 501
    assert [found.seq for found in calls] == list(range(len(calls)))
    assert get_lesson(db, "run1-1-1") == lesson()
