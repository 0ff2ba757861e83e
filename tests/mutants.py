"""Break the code on purpose, one rule at a time, and see that a test notices.

    python tests/mutants.py            # all; a few minutes
    python tests/mutants.py selection  # those whose file or rule has this word

Each mutant is a copy of the tree with one place changed, as `mutants.yaml` has it. A mutant that no test notices is a
rule that no test holds; it is printed, and the exit status is 1. A mutant whose place is gone from the code is one too:
change it with the code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parent.parent
MUTANTS = Path(__file__).with_name("mutants.yaml")
LONGEST_S = 60
AT_ONCE = os.cpu_count() or 1


class Mutant(NamedTuple):
    rule: str
    file: str
    old: str
    new: str
    test: str


def mutants() -> list[Mutant]:
    return [Mutant(**entry) for entry in yaml.safe_load(MUTANTS.read_text(encoding="utf-8"))]


def _survives(mutant: Mutant, folder: Path) -> str | None:
    """Why the mutant counts as one that no test noticed; None if one did."""
    tree = folder / "tree"
    shutil.copytree(
        ROOT, tree, ignore=shutil.ignore_patterns(".*", "outputs", "__pycache__", "*.egg-info"), symlinks=True
    )
    path = tree / "master_autogen" / mutant.file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text.count(mutant.old) != 1:
        return f"its place stands {text.count(mutant.old)} times in {mutant.file}"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{mutant.test}"]
    try:
        done = subprocess.run(
            command, cwd=tree, env=_environment(tree), capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return None  # a test that hangs has noticed
    if done.returncode == 1:
        return None
    return f"{mutant.test} passes" if done.returncode == 0 else f"{mutant.test} cannot run: {done.stdout[-300:]}"


def _environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def main(words: list[str]) -> int:
    chosen = [m for m in mutants() if all(word in f"{m.rule} {m.file}" for word in words)]
    survivors = 0
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
