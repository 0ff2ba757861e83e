"""Where the files of an export lie: its sets, and the card beside them. Knows no samples and writes nothing."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

Split = Literal["train", "test"]

_TRAIN = re.compile(r"(?<![^-._ 0-9])train(ing)?(?![^-._ 0-9])")
"""The word as `datasets` finds it in the name of a file, whose rows it then takes for training."""


class Places(NamedTuple):
    """`sets` may be written, each as one file; all lie in `folder`."""

    folder: Path
    sets: Mapping[Split, Path]
    card: Path

    def data_file(self, split: Split) -> dict[str, str]:
        """Which file is which set, as `datasets` is told so. It takes the path for a pattern."""
        return {"split": split, "path": glob.escape(self.sets[split].relative_to(self.folder).as_posix())}


def file_places(to: Path) -> Places:
    """Those of an export to the file `to`."""
    return Places(to.parent, {"train": to, "test": _test_set(to)}, to.with_suffix(".md"))


def folder_places(to: Path) -> Places:
    """Those of an export to the folder `to`, by names that `datasets` knows."""
    sets: dict[Split, Path] = {
        "train": to / "data" / "train-00000-of-00001.parquet",
        "test": to / "data" / "test-00000-of-00001.parquet",
    }
    return Places(to, sets, to / "README.md")


def _test_set(to: Path) -> Path:
    """`test.jsonl` to `train.jsonl`, `pairs-test.jsonl` to `pairs.jsonl`. A name with both words would be read as rows
    for training and for tests."""
    stem, words = _TRAIN.subn("test", to.stem)
    return to.with_name(f"{stem if words else f'{to.stem}-test'}{to.suffix}")
