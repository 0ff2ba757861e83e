"""Where an export may be put: files that are whole or not there, and the list of data sets beside them."""

import json
import os
from pathlib import Path

import pytest
from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.export import FORMATS, Options
from master_autogen.export import export as export_run
from master_autogen.records import Seed
from tests.test_export import LESSONS, logged, rows_of
from tests.test_export_sample import CORRECTION, PENS, accepted, right


@pytest.fixture
def log(tmp_path: Path) -> Database:
    return logged(tmp_path / "log.db", LESSONS)


def test_errors_say_what_to_do(log: Database, tmp_path: Path) -> None:
    cases = [
        ("r1", "parquet", "t.jsonl", f"no format 'parquet'; there are: {', '.join(FORMATS)}"),
        ("r1", "sharegpt", "", f"{tmp_path} is a folder; name a file in it, such as {tmp_path}/train.jsonl"),
        (
            "r1",
            "sharegpt",
            "t.json",
            f"{tmp_path}/t.json: an export is JSON Lines, and trainers go by the name; name a file that ends in "
            f".jsonl, such as {tmp_path}/t.jsonl",
        ),
        ("r7", "sharegpt", "t.jsonl", f"no run 'r7' in {tmp_path}/log.db; `master-autogen runs list` shows them"),
        ("r1", "sharegpt", "log.db/new/t.jsonl", f"{tmp_path}/log.db is no folder; name another place with --to"),
        (
            "r1",
            "messages",
            "n" * 250 + ".jsonl",
            f"cannot write {tmp_path}/{'n' * 250}.jsonl: File name too long; name another file with --to",
        ),
    ]
    before = sorted(path.name for path in tmp_path.iterdir())
    for run_id, format, name, message in cases:
        with pytest.raises(UserError) as caught:
            export_run(log, run_id, format, tmp_path / name)
        assert str(caught.value) == message
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_pipe_is_not_replaced(log: Database, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.jsonl")
    with pytest.raises(UserError, match=r"t\.jsonl is no plain file; name another with --to$"):
        export_run(log, "r1", "messages", tmp_path / "t.jsonl")


def test_nothing_accepted(tmp_path: Path) -> None:
    rejected = {"status": "rejected", "reason": "revise: right_answer", "selected_episode_id": None}
    log = logged(tmp_path / "log.db", [lesson.model_copy(update=rejected) for lesson in LESSONS[:2]])
    to = tmp_path / "t.jsonl"
    with pytest.raises(UserError) as caught:
        export_run(log, None, "sharegpt", to)
    assert str(caught.value) == (
        "run r1 has no accepted lesson to export (2 rejected); `master-autogen runs show r1` says why"
    )
    assert not to.exists()
    before = sorted(tmp_path.rglob("*"))
    for format, name in (("sharegpt", "new/sets/t.jsonl"), ("hf", "new/set")):
        with pytest.raises(UserError, match="has no accepted lesson to export"):
            export_run(log, None, format, tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_where_all_are_refused_the_old_files_stay(tmp_path: Path) -> None:
    lesson = accepted("error_correction", CORRECTION[:3])
    log = logged(tmp_path / "log.db", [lesson])
    to, info = tmp_path / "t.jsonl", tmp_path / "dataset_info.json"
    to.write_text("old\n")
    info.write_text("{}")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(UserError) as caught:
        export_run(log, None, "sharegpt", to)
    assert str(caught.value) == (
        "no accepted lesson of run r1 can be exported: the last turn is not one to train on (1)"
    )
    assert (to.read_text(), info.read_text()) == ("old\n", "{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_interrupted_export_leaves_the_old_file(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "t.jsonl"
    to.write_text("old\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    calls: list[str] = []

    def interrupted(row: object) -> bytes:
        calls.append("row")
        if len(calls) == 3:
            raise KeyboardInterrupt
        return b"half\n"

    monkeypatch.setattr("master_autogen.export.writers.json_line", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_run(log, "r1", "sharegpt", to)
    assert to.read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_link_stays_a_link(log: Database, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    to = tmp_path / "t.jsonl"
    to.symlink_to(tmp_path / "data" / "real.jsonl")
    export_run(log, "r1", "messages", to)
    assert to.is_symlink()
    assert len(rows_of(tmp_path / "data" / "real.jsonl")) == 4


# --- the card ---


@pytest.mark.parametrize(("format", "name", "card"), [("messages", "t.jsonl", "t.md"), ("hf", "set", "set/README.md")])
@pytest.mark.parametrize("edit", ["all", "in the middle", "at the end", "without its last line"])
def test_what_a_person_wrote_stays(log: Database, tmp_path: Path, format: str, name: str, card: str, edit: str) -> None:
    path = tmp_path / card
    export_run(log, None, format, tmp_path / name)
    export_run(log, None, format, tmp_path / name)  # onto its own card
    written = path.read_text()
    mine = {
        "all": "My notes.\n",
        "in the middle": written.replace("## How it was checked", "My words.\n\n## How it was checked"),
        "at the end": written + "My words.\n",
        "without its last line": "".join(written.splitlines(keepends=True)[:-1]),
    }[edit]
    path.write_text(mine)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as caught:
        export_run(log, None, format, tmp_path / name, Options(test_share=0.5))
    assert str(caught.value) == (
        f"{path} was written or changed by hand, and the card of an export would take its place; "
        "move it away, or name another place with --to"
    )
    assert path.read_text() == mine
    assert sorted(tmp_path.rglob("*")) == before


def test_a_card_that_cannot_be_read(log: Database, tmp_path: Path) -> None:
    (tmp_path / "t.md").mkdir()
    with pytest.raises(UserError) as caught:
        export_run(log, None, "messages", tmp_path / "t.jsonl")
    assert str(caught.value) == f"cannot read {tmp_path}/t.md: Is a directory; name another file with --to"


def test_the_name_of_a_file_need_not_be_unicode(log: Database, tmp_path: Path) -> None:
    to = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl"))
    for _ in range(2):
        export_run(log, None, "messages", to)
    assert "\n# caf\\udce9\n" in to.with_suffix(".md").read_text(encoding="utf-8")


# --- dataset_info.json ---


def test_other_entries_stay(log: Database, tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    others = {
        "日本": {"hf_hub_url": "a/b"},
        "t": {"file_name": "t.jsonl", "ranking": True},
        "z": {"file_name": "z.json"},
    }
    info.write_text(json.dumps(others, ensure_ascii=False), encoding="utf-8")
    export_run(log, "r1", "sharegpt", tmp_path / "t.jsonl")
    found = json.loads(info.read_text(encoding="utf-8"))
    assert list(found) == ["日本", "t", "z"]
    assert found == others | {"t": {"file_name": "t.jsonl", **(FORMATS["sharegpt"].dataset_info or {})}}
    export_run(log, "r1", "sharegpt", tmp_path / "u.jsonl")
    assert json.loads(info.read_text(encoding="utf-8")) == found | {"u": found["t"] | {"file_name": "u.jsonl"}}


def test_an_entry_goes_when_the_file_becomes_another_format(log: Database, tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    export_run(log, "r1", "sharegpt", tmp_path / "a.jsonl")
    export_run(log, "r1", "sharegpt", tmp_path / "b.jsonl")
    export_run(log, "r1", "messages", tmp_path / "a.jsonl")
    assert list(json.loads(info.read_text())) == ["b"]
    before = info.read_bytes()
    export_run(log, "r1", "messages", tmp_path / "c.jsonl")
    assert info.read_bytes() == before


def test_a_row_that_knows_its_pi_comes_first(tmp_path: Path) -> None:
    """Else `datasets` would take the column for one of nulls, and fail at the first number after 10 MB."""
    seeds = [PENS.model_copy(update={"instruction": f"{i}"}) for i in range(4)]
    checks = ([], [], [right(3, attempt=2)], [right(3, attempt=2)])
    lessons = [
        accepted("error_correction", CORRECTION, seed=Seed.model_validate(seed.model_dump()), checks=found, pi=pi)
        for seed, found, pi in zip(seeds, checks, (None, 0.5, 0.25, 0.75), strict=True)
    ]
    export_run(logged(tmp_path / "log.db", lessons), None, "messages", tmp_path / "t.jsonl")
    assert [row["meta"]["pi"] for row in rows_of(tmp_path / "t.jsonl")] == [0.25, None, 0.5, 0.75]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": ',
            " is not JSON (Expecting value: line 1 column 7 (char 6)); "
            "mend it, or name a file in another folder with --to",
        ),
        (
            "[]",
            " is not a list of data sets by name (a JSON object); mend it, or name a file in another folder with --to",
        ),
        (
            '{"t": {"file_name": "t.json"}}',
            " has an entry 't' for other data than t.jsonl; name another file with --to",
        ),
        ('{"t": {"hf_hub_url": "a/t"}}', " has an entry 't' for other data than t.jsonl; name another file with --to"),
    ],
)
def test_a_dataset_info_that_is_not_ours_to_change(log: Database, tmp_path: Path, text: str, message: str) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text(text)
    with pytest.raises(UserError) as caught:
        export_run(log, "r1", "sharegpt", tmp_path / "t.jsonl")
    assert str(caught.value) == f"{info}{message}"
    assert info.read_text() == text
    assert not (tmp_path / "t.jsonl").exists()
