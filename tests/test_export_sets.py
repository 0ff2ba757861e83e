"""Training and test sets as `datasets` reads them, and what an export does with the files of an earlier one."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest
from datasets import load_dataset
from sqlite_utils import Database

from master_autogen.draws import unit
from master_autogen.errors import UserError
from master_autogen.export import Options
from master_autogen.export import export as export_run
from master_autogen.export.hub import push_to_hub
from master_autogen.export.places import file_places
from tests.test_export import logged
from tests.test_export_card import Hub
from tests.test_export_options import seeds
from tests.test_export_sample import CORRECTION, accepted

QUESTIONS = 12
HELD = [seed.id for seed in seeds(QUESTIONS) if unit("test split", seed.instruction) < 0.4]
LEARNED = [seed.id for seed in seeds(QUESTIONS) if seed.id not in HELD]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    return logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=s) for s in seeds(QUESTIONS)])


def read(folder: Path, tmp_path: Path) -> dict[str, list[str]]:
    """The seeds of each split, as `datasets` finds them."""
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    return {split: [meta["seed_id"] for meta in found[split]["meta"]] for split in found}


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("train.jsonl", "test.jsonl"),
        ("pens-train.v2.jsonl", "pens-test.v2.jsonl"),
        ("training.jsonl", "test.jsonl"),
        ("pairs.jsonl", "pairs-test.jsonl"),
        ("trains.jsonl", "trains-test.jsonl"),
        ("Trainspotting.jsonl", "Trainspotting-test.jsonl"),
    ],
)
def test_the_name_of_a_test_set(name: str, test: str) -> None:
    assert file_places(Path("sets") / name).sets == {"train": Path("sets") / name, "test": Path("sets") / test}


@pytest.mark.parametrize("name", ["train.jsonl", "pens-train.jsonl"])
def test_a_folder_with_a_name_for_training_is_read_as_both_sets(log: Database, tmp_path: Path, name: str) -> None:
    export_run(log, None, "sharegpt", tmp_path / "sets" / name, Options(test_share=0.4))
    assert read(tmp_path / "sets", tmp_path) == {"train": LEARNED, "test": HELD}


@pytest.mark.parametrize("name", ["pairs.jsonl", "train.jsonl", "test.jsonl", "a[b]*.jsonl"])
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_what_is_pushed_is_read_as_both_sets(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, share: float
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    result = export_run(log, None, "sharegpt", tmp_path / "sets" / name, Options(test_share=share))
    push_to_hub(result, "me/pens")
    (tmp_path / "hub").mkdir()
    for place, content in Hub.asked[1:]:
        (tmp_path / "hub" / place).write_bytes(content)
    whole = {"train": [seed.id for seed in seeds(QUESTIONS)]}
    assert read(tmp_path / "hub", tmp_path) == ({"train": LEARNED, "test": HELD} if share else whole)


def test_the_card_says_how_to_read_both_sets(log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_run(log, None, "sharegpt", tmp_path / "pairs.jsonl", Options(test_share=0.4))
    told = 'datasets.load_dataset("json", data_files={"train": "pairs.jsonl", "test": "pairs-test.jsonl"})'
    assert f"\n```python\n{told}\n```\n" in (tmp_path / "pairs.md").read_text()
    monkeypatch.chdir(tmp_path)
    found = eval(told, {"datasets": datasets})
    assert {split: len(found[split]) for split in found} == {"train": len(LEARNED), "test": len(HELD)}
    export_run(log, None, "sharegpt", tmp_path / "whole.jsonl")
    assert "load_dataset" not in (tmp_path / "whole.md").read_text()


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_the_card_of_a_folder_names_its_files(log: Database, tmp_path: Path, share: float) -> None:
    export_run(log, None, "hf", tmp_path / "set", Options(test_share=share))
    whole = {"train": [seed.id for seed in seeds(QUESTIONS)]}
    assert read(tmp_path / "set", tmp_path) == ({"train": LEARNED, "test": HELD} if share else whole)


# --- sets without a row ---


@pytest.mark.parametrize(("format", "name"), [("sharegpt", "t.jsonl"), ("hf", "set")])
def test_a_test_set_without_a_row_is_not_there(log: Database, tmp_path: Path, format: str, name: str) -> None:
    to = tmp_path / "sets" / name
    export_run(log, None, format, to, Options(test_share=0.4))
    result = export_run(log, None, format, to, Options(test_share=0.001))
    test = to.with_name("t-test.jsonl") if format == "sharegpt" else to / "data" / "test-00000-of-00001.parquet"
    assert (result.rows, result.test_rows, result.removed) == (QUESTIONS, 0, (test,))
    folder = to.parent if format == "sharegpt" else to
    assert not any("test" in found for found in names(folder))
    assert read(folder, tmp_path) == {"train": [seed.id for seed in seeds(QUESTIONS)]}
    card = folder / ("t.md" if format == "sharegpt" else "README.md")
    assert "a test set" not in card.read_text()
    if format == "sharegpt":
        assert list(json.loads((folder / "dataset_info.json").read_text())) == ["t"]


@pytest.mark.parametrize(("format", "name"), [("sharegpt", "t.jsonl"), ("hf", "set")])
def test_a_training_set_without_a_row_is_refused(log: Database, tmp_path: Path, format: str, name: str) -> None:
    with pytest.raises(UserError) as caught:
        export_run(log, None, format, tmp_path / "sets" / name, Options(test_share=0.999))
    assert str(caught.value) == (
        "no row of run r1 is left to train on: the test set would have 12; give a smaller --test-share"
    )
    assert names(tmp_path / "sets") == []


# --- an earlier export in the same place ---


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("format", ["sharegpt", "messages"])
def test_without_a_test_set_the_earlier_one_goes(log: Database, tmp_path: Path, format: str) -> None:
    sets = tmp_path / "sets"
    export_run(log, None, "sharegpt", sets / "other.jsonl", Options(test_share=0.4))
    export_run(log, None, "sharegpt", sets / "train.jsonl", Options(test_share=0.4))
    result = export_run(log, None, format, sets / "train.jsonl")
    assert result.removed == (sets / "test.jsonl",)
    others = ["dataset_info.json", "other-test.jsonl", "other.jsonl", "other.md"]
    assert names(sets) == [*others, "train.jsonl", "train.md"]
    listed = ["other", "other-test"] + ["train"] * (format == "sharegpt")
    assert list(json.loads((sets / "dataset_info.json").read_text())) == listed
    assert export_run(log, None, format, sets / "train.jsonl").removed == ()


def test_a_folder_loses_the_earlier_test_set(log: Database, tmp_path: Path) -> None:
    """Not where nothing could be written in its place."""
    to = tmp_path / "set"
    test = to / "data" / "test-00000-of-00001.parquet"
    export_run(log, None, "hf", to, Options(test_share=0.4))
    with pytest.raises(UserError, match="longer than 1 tokens"):
        export_run(log, None, "hf", to, Options(max_tokens=1))
    assert read(to, tmp_path) == {"train": LEARNED, "test": HELD}
    assert export_run(log, None, "hf", to).removed == (test,)
    assert names(to) == ["README.md", "data/train-00000-of-00001.parquet"]
    assert read(to, tmp_path) == {"train": [seed.id for seed in seeds(QUESTIONS)]}


@pytest.mark.parametrize("card", [True, False])
def test_a_set_of_another_export_stays(log: Database, tmp_path: Path, card: bool) -> None:
    """By its name alone it could be the test set."""
    test = tmp_path / "sets" / "test.jsonl"
    export_run(log, None, "sharegpt", test)
    if not card:
        test.with_suffix(".md").unlink()
    before = test.read_bytes()
    assert export_run(log, None, "sharegpt", tmp_path / "sets" / "train.jsonl").removed == ()
    with pytest.raises(UserError) as caught:
        export_run(log, None, "sharegpt", tmp_path / "sets" / "train.jsonl", Options(test_share=0.4))
    assert str(caught.value) == (
        f"{test} is there already and is no test set of {tmp_path}/sets/train.jsonl; "
        "move it away, or name another place with --to"
    )
    assert test.read_bytes() == before
    assert set(json.loads((tmp_path / "sets" / "dataset_info.json").read_text())) == {"test", "train"}


def test_a_test_set_that_became_an_export_of_its_own_stays(log: Database, tmp_path: Path) -> None:
    export_run(log, None, "sharegpt", tmp_path / "train.jsonl", Options(test_share=0.4))
    export_run(log, None, "sharegpt", tmp_path / "test.jsonl")
    before = (tmp_path / "test.jsonl").read_bytes()
    with pytest.raises(UserError, match=r"/test\.jsonl is there already and is no test set of "):
        export_run(log, None, "sharegpt", tmp_path / "train.jsonl", Options(test_share=0.4))
    assert export_run(log, None, "sharegpt", tmp_path / "train.jsonl").removed == ()
    assert (tmp_path / "test.jsonl").read_bytes() == before
    assert set(json.loads((tmp_path / "dataset_info.json").read_text())) == {"test", "train"}


def test_a_test_set_takes_the_place_of_the_earlier_one(log: Database, tmp_path: Path) -> None:
    to = tmp_path / "pairs.jsonl"
    for share in (0.4, 0.4, 0.9):
        result = export_run(log, None, "sharegpt", to, Options(test_share=share))
        assert result.removed == ()
        assert len((tmp_path / "pairs-test.jsonl").read_text().splitlines()) == result.test_rows
