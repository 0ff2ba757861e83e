"""Every notebook runs from top to bottom, offline, and says what is stored in it.

`python tests/test_notebooks.py` stores what the notebooks say now.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MEASURED = ("prototype_a_role",)
"""Those with numbers that an engine has measured: they are good to some digits, and may differ between processors."""


def played(path: Path, folder: Path) -> Any:
    """The notebook with what its cells say when they are run, in `folder`; what one cell prints in one piece."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, record_timing=False, resources={"metadata": {"path": str(folder)}}).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            others = [output for output in cell.outputs if output.output_type != "stream"]
            stream = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []
            cell.outputs = stream + others
    notebook.metadata["language_info"] = {"name": "python"}  # without the version of whoever ran it
    return notebook


def said(notebook: Any, measured: bool) -> list[str]:
    """What each code cell says; numbers with a decimal point as `#` where they are measured."""
    cells = [
        "\n".join(
            o["text"] if o.output_type == "stream" else json.dumps(o["data"], sort_keys=True) for o in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    return [re.sub(r"\d+\.\d+", "#", text) for text in cells] if measured else cells


@pytest.mark.local
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_what_is_stored_in_it(path: Path, tmp_path: Path) -> None:
    measured = path.stem in MEASURED
    stored = said(nbformat.read(path, as_version=4), measured)
    assert said(played(path, tmp_path), measured) == stored
    assert sum(map(len, stored)) > 500


def test_the_notebooks_are_these_and_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in NOTEBOOKS}
    assert list(sizes) == ["first_run", "prototype_a_role", "read_the_log", "write_a_scenario"]
    assert max(sizes.values()) < 40_000


if __name__ == "__main__":
    for notebook_path in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as scratch:
            nbformat.write(played(notebook_path, Path(scratch)), notebook_path)
