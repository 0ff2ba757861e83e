"""Cores that may be used, in a made-up /proc and /sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from master_autogen.models.cores import usable_cores


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight processors on four cores, of which this process may use the first six."""
    for cpu in range(8):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(6)))
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_two_threads_of_one_core_are_one(machine: Path) -> None:
    assert usable_cores(machine) == 3


def test_processors_are_counted_where_no_cores_are_told(machine: Path, tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "nowhere") == 6


@pytest.mark.parametrize(
    ("own", "above", "cores"),
    [
        ("max 100000", "max 100000", 3),
        ("250000 100000", "max 100000", 2),
        ("max 100000", "150000 100000", 1),
        ("50000 100000", "max 100000", 1),
        ("900000 100000", "max 100000", 3),
    ],
)
def test_a_control_group_and_the_one_above_limit_it(machine: Path, own: str, above: str, cores: int) -> None:
    write(machine / "proc/self/cgroup", "0::/box/inner\n")
    write(machine / "sys/fs/cgroup/box/cpu.max", above + "\n")
    write(machine / "sys/fs/cgroup/box/inner/cpu.max", own + "\n")
    assert usable_cores(machine) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 3), ("200000", 2)])
def test_control_groups_of_the_first_version(machine: Path, quota: str, cores: int) -> None:
    write(machine / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota + "\n")
    write(machine / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert usable_cores(machine) == cores
