"""A run against an endpoint on a bad day (benchmarks/faults.py, small and without the clock): every fault that the server
counted is a row of the log, and no lesson fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from master_autogen.log import open_log
from tests.endpoint import RATES, Faulty, MockEndpoint
from tests.kit import scripted_answer

ROOT = Path(__file__).parent.parent
KINDS = {"429": "rate_limit", "500": "server", "broken": "bad_reply", "drop": "connection", "hang": "timeout"}


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import faults

    return faults


async def test_every_fault_is_a_row_and_no_lesson_fails(faults: ModuleType, tmp_path: Path) -> None:
    rates = {fault: 1.5 * rate for fault, rate in RATES.items()}
    server = Faulty(scripted_answer, rates, retry_after="0.05")
    async with MockEndpoint(server) as endpoint:
        _, lessons, counts = await faults.play(endpoint.base_url, 25, tmp_path / "log.db", deadline_s=1.5)
    assert all(server.counts[fault] for fault in RATES), server.counts  # drawn by hash: the same in every run
    assert [lesson.status for lesson in lessons] == ["accepted"] * 25
    assert {e.status for lesson in lessons for e in lesson.episodes} == {"complete"}
    met = Counter({KINDS.get(fault, fault): n for fault, n in server.counts.items() if fault != "none"})
    assert counts.calls - Counter(ok=counts.calls["ok"]) == met
    assert counts.calls.total() == len(endpoint.requests) == server.counts.total()
    assert counts.calls["ok"] == server.counts["none"]
    assert counts.warnings == []
    db = open_log(tmp_path / "log.db")
    rows = Counter(
        kind or ("truncated" if finish == "length" else "ok")
        for kind, finish in db.conn.execute("SELECT detail ->> 'kind', finish_reason FROM calls")
    )
    waits = {row[0] for row in db.conn.execute("SELECT detail ->> 'retry_after' FROM calls WHERE http_status = 429")}
    db.close()
    assert rows == counts.calls
    assert waits == {0.05}
    # What was cut off was asked for again: nothing of it is left in any lesson.
    assert not any(turn.truncated for lesson in lessons for e in lesson.episodes for turn in e.turns)


@pytest.mark.slow
def test_the_benchmark_runs() -> None:
    command = [sys.executable, "benchmarks/faults.py", "--lessons", "2", "--repeats", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    [pair] = told["runs"]
    assert pair["faultless"]["lessons"] == {"accepted": 2}
    assert pair["faultless"]["calls"] == {"ok": 20}
    assert told["ratio"] == pair["faulty"]["seconds"] / pair["faultless"]["seconds"]


def test_the_report(faults: ModuleType) -> None:
    plain = faults.Result(10.0, {"accepted": 3}, {"complete": 6}, {"ok": 30}, {"none": 30})
    calls, met = (
        {"ok": 27, "truncated": 1, "server": 2, "timeout": 1},
        {"none": 27, "500": 2, "hang": 1, "truncated": 1},
    )
    faulty = faults.Result(13.0, {"accepted": 2, "failed": 1}, {"complete": 5, "failed": 1}, calls, met)
    assert faults.report([(plain, faulty)]).splitlines() == [
        "run       seconds   calls  of them failed  truncated   lessons: accepted  rejected  failed   faults met",
        "faultless    10.0      30               0          0                   3         0       0            0",
        "faulty       13.0      31               3          1                   2         0       1            4",
        "times the faultless run: 1.30 (median of 1, 1.30 to 1.30; at most 1.5 is wanted)",
        "lessons that failed: 1 (0 is wanted)",
    ]
