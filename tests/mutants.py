"""Break the code on purpose, one rule at a time, and see that a test notices.

    python tests/mutants.py            # all; a few minutes
    python tests/mutants.py selection  # those whose file or rule has this word

Each mutant is a copy of the tree with one place changed, as `mutants.yaml` has it. A mutant that no test notices is a
rule that no test holds; it is printed, and the exit status is 1. A mutant whose place is gone from the code is one too:
change it with the code.

All are forked from one process that has read the libraries, which takes longer than most of the tests. Python keeps one
such process for a program, so this is a program of its own: another's may have read this tree's code already.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parent.parent
MUTANTS = Path(__file__).with_name("mutants.yaml")
LONGEST_S = 60
CANNOT_RUN = 3  # any of pytest's statuses above 1: nothing was tested
AT_ONCE = 2 * (os.cpu_count() or 1)  # those that take long mostly wait
LIBRARIES = [
    "autogen_agentchat.teams",
    "hypothesis",
    "numpy",
    "pytest",
    "pytest_asyncio",
    "sqlite_utils",
    "uvloop",
    "yaml",
]


class Mutant(NamedTuple):
    rule: str
    file: str
    old: str
    new: str
    test: str


_PROCESSES = multiprocessing.get_context("forkserver")


def mutants() -> list[Mutant]:
    return [Mutant(**entry) for entry in yaml.safe_load(MUTANTS.read_text(encoding="utf-8"))]


def misplaced(mutant: Mutant, tree: Path = ROOT) -> str | None:
    """Why the mutant cannot be made in a tree; None if it can."""
    path = tree / "master_autogen" / mutant.file
    found = path.read_text(encoding="utf-8").count(mutant.old) if path.is_file() else 0
    return None if found == 1 else f"its place stands {found} times in {mutant.file}"


def _survives(mutant: Mutant, folder: Path) -> str | None:
    """Why the mutant counts as one that no test noticed; None if one did."""
    tree = folder / "tree"
    shutil.copytree(
        ROOT, tree, ignore=shutil.ignore_patterns(".*", "outputs", "__pycache__", "*.egg-info"), symlinks=True
    )
    if (why := misplaced(mutant, tree)) is not None:
        return why
    path = tree / "master_autogen" / mutant.file
    path.write_text(path.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
    printed = folder / "printed"
    tested = _PROCESSES.Process(target=_test, args=(tree, mutant.test, printed))
    tested.start()
    tested.join(LONGEST_S)
    if tested.exitcode is None:
        os.killpg(tested.pid or 0, signal.SIGKILL)
        tested.join()
        return None  # a test that hangs has noticed
    if tested.exitcode == 1:
        return None
    why = (
        f"cannot run ({tested.exitcode}): {printed.read_text(encoding='utf-8')[-300:]}" if tested.exitcode else "passes"
    )
    return f"{mutant.test} {why}"


def _test(tree: Path, test: str, printed: Path) -> None:
    """In a process of its own, which ends with pytest's exit status: run a test of that tree."""
    import pytest

    os.setsid()
    with printed.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]  # this tree's, not the copy's
    import master_autogen

    if Path(master_autogen.__file__).is_relative_to(tree):
        status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", f"tests/{test}"]))
    else:
        print(f"{master_autogen.__file__} was read, and not the mutant's")
        status = CANNOT_RUN
    sys.stdout.flush()
    os._exit(status)  # what a broken program leaves running must not change what was found


def main(words: list[str]) -> int:
    chosen = [m for m in mutants() if all(word in f"{m.rule} {m.file}" for word in words)]
    survivors = 0
    _PROCESSES.set_forkserver_preload(LIBRARIES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for mutant, why in zip(chosen, pool.map(_tried, chosen), strict=True):
            survivors += why is not None
            told = (
                f"SURVIVES  {mutant.file}: {mutant.rule} ({why})" if why else f"noticed   {mutant.file}: {mutant.rule}"
            )
            print(told, flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants noticed")
    return 1 if survivors else 0


def _tried(mutant: Mutant) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        return _survives(mutant, Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
