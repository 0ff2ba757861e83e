"""How many cores this process may really use: those it is bound to, counted once where two threads share one, and no
more than its control group pays for (a container's CPU limit)."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> int:
    """Physical cores, at least 1. `root` is where `proc` and `sys` are."""
    try:
        bound = os.sched_getaffinity(0)
    except AttributeError:  # not on Linux: nothing below is there either
        return max(1, os.cpu_count() or 1)
    topology = root / "sys/devices/system/cpu"
    siblings = {_text(topology / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in bound}
    return max(1, int(min(len(siblings), _quota(root))))


def _quota(root: Path) -> float:
    """Cores' worth of time that the control group and those above it allow; infinite where none says so."""
    quota = float("inf")
    groups = root / "sys/fs/cgroup"
    own = next((line[3:] for line in _text(root / "proc/self/cgroup").split() if line.startswith("0::")), "/")
    group = groups / own.strip("/")
    for folder in (group, *group.parents):
        if folder == groups.parent:
            break
        most, _, period = _text(folder / "cpu.max").partition(" ")
        if most.isdigit() and period.isdigit():
            quota = min(quota, int(most) / int(period))
    most, period = (_text(groups / f"cpu/cpu.cfs_{name}_us") for name in ("quota", "period"))
    if most.isdigit() and period.isdigit():  # version 1; -1 stands for no limit
        quota = min(quota, int(most) / int(period))
    return quota


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
