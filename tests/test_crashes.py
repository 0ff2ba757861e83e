"""Runs killed at any moment: the same command goes on, asks nothing again that was on disk, and ends as if nobody had
killed it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.log import get_run, lesson_rows, open_log
from tests.crashes import Command, Death, contents, crashes, moments, sound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGKILL")


def series(folder: Path, runs: int, kills: int, *, gently: bool = False) -> list[Death]:
    """Plays a run that nobody kills, and as many as asked for that are killed (or `gently` stopped, by Ctrl-C) so
    often; all have to end alike."""
    deaths: list[Death] = []
    with crashes() as killing:
        whole, usual = killing.undisturbed(folder / "whole")
        assert all(whole.values())  # there is something of everything to be lost
        assert {origin for *_, origin in whole["origins"]} == {"base", "selection", "memory_bank"}
        for number in range(runs):
            at = moments(f"run {number}", kills, len(usual))
            found = killing.killed(folder / str(number), at, usual, gently=gently)
            assert [death.wrongly for death in found] == [0] * kills
            after = contents(folder / str(number) / "log.db")
            assert [table for table in whole if after[table] != whole[table]] == []
            deaths += found
    return deaths


def test_ten_kills(tmp_path: Path) -> None:
    deaths = series(tmp_path, runs=2, kills=5)
    assert any(death.again for death in deaths)  # else nothing was under way at any of the kills


def test_three_stops(tmp_path: Path) -> None:
    series(tmp_path, runs=1, kills=3, gently=True)


@pytest.mark.slow
def test_fifty_stops(tmp_path: Path) -> None:
    series(tmp_path, runs=10, kills=5, gently=True)


@pytest.mark.slow
def test_a_hundred_kills(tmp_path: Path) -> None:
    deaths = series(tmp_path, runs=20, kills=5)
    again = [death.again for death in deaths]
    print(f"asked again a kill: at most {max(again)}, {sum(again) / len(again):.1f} on average")


# Ctrl-C and SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_drops_the_calls_in_flight_and_keeps_the_rest(tmp_path: Path, number: signal.Signals) -> None:
    with crashes() as killing:
        whole, _ = killing.undisturbed(tmp_path / "whole")
        killing.write_inputs(tmp_path / "stopped")
        killing.witness.forget()
        killing.witness.answers = 100
        going = killing.command(tmp_path / "stopped")
        killing.until(lambda: sum(r.answered is not None for r in killing.witness.requests) == 100)
        time.sleep(0.3)  # until all that can be asked has been
        hang = len(killing.witness.requests) - 100
        going.send(number)
        assert going.wait(5) == 130  # the calls have 20 s
        said = " ".join(going.said.read_text().split())
        log = tmp_path / "stopped" / "log.db"
        sound(log)
        with closing(open_log(log, readonly=True)) as db:
            run = get_run(db)
            calls = db.execute("SELECT status, error, count(*) FROM calls GROUP BY 1, 2 ORDER BY 1").fetchall()
        assert run.status == "stopped"
        done = run.lessons.get("accepted", 0)
        assert run.lessons == {"accepted": done, "pending": 6 - done}  # of round 1
        assert said.endswith(
            f"Stopped. {done} lessons of run {run.id} done and kept in log.db; the same command goes on."
        )
        assert calls == [("error", "cancelled", calls[0][2]), ("ok", None, 100)]
        assert calls[0][2] >= hang > 0  # those that waited for their turn were begun too

        killing.witness.answers = 10**9
        assert killing.command(tmp_path / "stopped").wait() == 0
        after = contents(log)
        assert [table for table in whole if after[table] != whole[table]] == []


LOCAL = (
    sys.executable, "-c", "from master_autogen.cli import main; main()", "run", "error_correction", "--pool", "local",
    "--limit", "1", "--candidates", "0", "--log", "log.db",
)  # fmt: skip


def interrupted(folder: Path, times: int) -> tuple[int, str, str]:
    """A run on the embedded model that gets Ctrl-C so often while it works: exit code, output, errors."""
    with subprocess.Popen(LOCAL, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        while not calls(folder / "log.db") and going.poll() is None:
            time.sleep(0.01)
        for _ in range(times):
            time.sleep(0.02)  # two signals at the same time would be one
            going.send_signal(signal.SIGINT)
        out, err = going.communicate(timeout=60)
    return going.returncode, out, err


def calls(log: Path) -> int:
    if not log.exists():
        return 0
    with closing(sqlite3.connect(log)) as db:
        planned = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'calls'").fetchone()[0]
        return int(db.execute("SELECT count(*) FROM calls").fetchone()[0]) if planned else 0


@pytest.mark.local
def test_the_embedded_engine_ends_well(tmp_path: Path) -> None:
    code, out, err = interrupted(tmp_path, 1)
    assert (code, err) == (130, "")
    assert "Stopped. 0 lessons of run " in out
    sound(tmp_path / "log.db")
    (tmp_path / "log.db").unlink()
    code, out, err = interrupted(tmp_path, 2)
    assert code == 130
    left = "\nStopped at once. What is written to log.db is kept; the same command goes on.\n"
    assert err == left or (err == "" and "Stopped. 0 lessons of run " in out)  # where one was enough
    sound(tmp_path / "log.db")
    done = subprocess.run(LOCAL, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "; it was begun before." in done.stdout


# Two runs on one log, and a disk that will not have it


def test_a_second_run_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    with crashes() as killing:
        killing.write_inputs(tmp_path)
        killing.witness.answers = 150
        going = killing.command(tmp_path)
        log = (tmp_path / "log.db").resolve()
        killing.until(lambda: sum(r.answered is not None for r in killing.witness.requests) == 150)
        with closing(open_log(log, readonly=True)) as db:
            killing.until(lambda: bool(get_run(db).lessons.get("accepted")))
            episode = next(
                row.selected_episode_id for row in lesson_rows(db, get_run(db).id) if row.status == "accepted"
            )
        refused = f"another run is writing the log {log}; wait until it ends, or name another file with --log"
        for more in ((), ("--random-seed", "1")):  # the same run, and another one
            second = Command(tmp_path, *killing.arguments, *more, said="second")
            assert second.wait() == 2
            assert second.said.read_text().splitlines()[-1] == f"Error: {refused}"
        for reader in (("runs", "show"), ("replay", str(episode)), ("export", "--to", "lessons.jsonl")):
            reading = Command(tmp_path, *reader, "--log", "log.db", said="read")
            assert reading.wait() == 0, reading.said.read_text()
        assert (tmp_path / "lessons.jsonl").stat().st_size
        assert going.alive
        going.send(signal.SIGINT)
        assert going.wait() == 130
        killing.witness.answers = 10**9
        assert killing.command(tmp_path).wait() == 0
        sound(log)


def test_a_full_disk_is_said_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with crashes() as killing:
        whole, _ = killing.undisturbed(tmp_path / "whole")
        mend = {
            20_000: "name another file with --log",  # there is no room for the tables
            400_000: "mend that and give the same command again, it goes on from what is written",
        }
        for room, how in mend.items():
            folder = tmp_path / str(room)
            killing.write_inputs(folder)
            going = Command(folder, *killing.arguments, largest_file=room)
            assert going.wait() == 2
            told = f"Error: cannot write the log log.db: disk I/O error; {how}"
            assert going.said.read_text().splitlines()[-1] == told
            sound(folder / "log.db")
        assert killing.command(folder).wait() == 0
        after = contents(folder / "log.db")
        assert [table for table in whole if after[table] != whole[table]] == []
