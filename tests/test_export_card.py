"""The dataset card beside an export, and both on the Hugging Face Hub."""

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from master_autogen.errors import UserError
from master_autogen.export import Options
from master_autogen.export import export as export_run
from master_autogen.export.hub import push_to_hub
from tests.test_export import DEBATE, LESSONS, logged
from tests.test_export_options import seeds
from tests.test_export_sample import CORRECTION, PENS, accepted, right

# --- the card ---


def test_the_card_says_where_it_is_from(tmp_path: Path) -> None:
    lesson = accepted("error_correction", CORRECTION, checks=[right(3, attempt=2)])
    log = logged(tmp_path / "log.db", [lesson, accepted("debate", DEBATE, seed=seeds(1)[0])])
    export_run(log, None, "sharegpt", tmp_path / "pens.jsonl", Options(max_tokens=500))
    text = (tmp_path / "pens.md").read_text()
    assert text.startswith(
        "---\n"
        'license: "cc-by-4.0"\n'
        'task_categories: ["text-generation"]\n'
        'tags: ["synthetic", "master-autogen"]\n'
        'size_categories: ["n<1K"]\n'
        'configs: [{"config_name": "default", "data_files": [{"split": "train", "path": "pens.jsonl"}]}]\n'
        "---\n\n# pens\n\n2 lesson rows of run `r1`"
    )
    for line in (
        "- A student's wrong attempt is told inside the next human turn and is not learned.",
        "- 100% of the learned turns are by a model.",
        "- 2 lessons in, 2 rows out, 0 refused.",
        "| bundled | CC-BY-4.0 | 1 |",
        "| not said | not said | 1 |",
        "master-autogen export r1 --format sharegpt --to pens.jsonl --max-tokens 500",
    ):
        assert line in text.splitlines()


def test_what_is_in_a_card_is_text(tmp_path: Path) -> None:
    seed = PENS.model_copy(update={"source": "<script>a|b</script>\n# no", "licence": "x: [y]"})
    log = logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=seed)])
    export_run(log, None, "sharegpt", tmp_path / "t.jsonl")
    text = (tmp_path / "t.md").read_text()
    assert "<script>" not in text
    assert 'license: "other"' in text.splitlines()
    assert "| &#60;script&#62;a&#124;b&#60;/script&#62; # no | x: &#91;y&#93; | 1 |" in text.splitlines()
    assert "\n# no" not in text


@pytest.mark.parametrize(
    ("licences", "told"),
    [
        (["CC BY-SA 4.0"], "cc-by-sa-4.0"),
        (["CC  BY 4.0"], "cc-by-4.0"),
        (["cc_by_4.0", "CC-BY-4.0"], "cc-by-4.0"),
        (["MIT"], "mit"),
        (["Apache-2.0", "MIT"], "other"),
        (["mixed, by upstream source; see the data set's card"], "other"),
        ([""], "other"),
    ],
)
def test_the_licence_is_one_that_the_hub_knows(tmp_path: Path, licences: list[str], told: str) -> None:
    asked = [seed.model_copy(update={"licence": licence}) for seed, licence in zip(seeds(2), licences, strict=False)]
    log = logged(tmp_path / "log.db", [accepted("error_correction", CORRECTION, seed=seed) for seed in asked])
    export_run(log, None, "messages", tmp_path / "t.jsonl")
    assert (tmp_path / "t.md").read_text().splitlines()[1] == f'license: "{told}"'


# --- --push-to-hub ---


class Hub:
    """What would be asked of the Hub."""

    asked: list[tuple[str, Any]]

    def __init__(self, **more: object) -> None:
        assert more == {"library_name": "master-autogen"}

    def create_repo(self, name: str, **more: object) -> str:
        type(self).asked = [("create", (name, more))]
        return f"https://hub/datasets/{name}"

    def create_commit(self, name: str, operations: list[Any], **more: object) -> None:
        assert more.pop("commit_message") in ("4 lessons", "12 lessons")
        assert (name, more) == ("me/pens", {"repo_type": "dataset"})
        self.asked += [(added.path_in_repo, Path(added.path_or_fileobj).read_bytes()) for added in operations]


@pytest.mark.parametrize(
    ("format", "to", "files"),
    [
        ("sharegpt", "t.jsonl", ["t.jsonl", "dataset_info.json", "README.md"]),
        ("hf", "set", ["data/train-00000-of-00001.parquet", "README.md"]),
    ],
)
def test_pushed_files_are_those_that_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, to: str, files: list[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    result = export_run(logged(tmp_path / "log.db", LESSONS), None, format, tmp_path / to)
    assert push_to_hub(result, "me/pens", private=True) == "https://hub/datasets/me/pens"
    (_, created), *uploads = Hub.asked
    assert created == ("me/pens", {"repo_type": "dataset", "private": True, "exist_ok": True})
    assert [name for name, _ in uploads] == files
    assert uploads[-1][1].decode().startswith("---\nlicense: ")


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    result = export_run(logged(tmp_path / "log.db", LESSONS), None, "sharegpt", tmp_path / "t.jsonl")
    with pytest.raises(UserError, match=r"^--push-to-hub a/b/c: .* name it OWNER/NAME$"):
        push_to_hub(result, "a/b/c")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ValueError("Invalid metadata in README.md.\n- no such licence"),
            "the Hugging Face Hub refused me/pens (Invalid metadata in README.md. - no such licence); the export is in ",
        ),
        (OSError("refused"), "the Hugging Face Hub cannot be reached (OSError); the export is in "),
    ],
)
def test_what_the_hub_does_not_take_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    monkeypatch.setattr(Hub, "create_commit", refuse)
    result = export_run(logged(tmp_path / "log.db", LESSONS), None, "sharegpt", tmp_path / "t.jsonl")
    with pytest.raises(UserError) as caught:
        push_to_hub(result, "me/pens")
    assert str(caught.value) == f"{told}{tmp_path}/t.jsonl"


def test_a_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked by the Hub's own client, whose errors are those of the library that it stands on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    result = export_run(logged(tmp_path / "log.db", LESSONS), None, "sharegpt", tmp_path / "t.jsonl")
    with pytest.raises(UserError) as caught:
        push_to_hub(result, "me/pens")
    told = r"the Hugging Face Hub cannot be reached \(Connect(ion)?Error\); the export is in "
    assert re.fullmatch(told + re.escape(f"{tmp_path}/t.jsonl"), str(caught.value))
