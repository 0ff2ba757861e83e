"""Every format, row by row, and what trainers do with it as their code says: who is learned, who is not."""

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.export import FORMATS, Options, Refused, make_sample
from master_autogen.export import export as export_run
from master_autogen.export.formats import wrong_turn_of
from master_autogen.export.writers import features
from master_autogen.records import Lesson
from master_autogen.scenario import read_scenario
from tests.test_export import ANALOGY, DEBATE, LESSONS, SYSTEMS, logged, rows_of
from tests.test_export_sample import CORRECTION, CUPS, accepted

ASKED = "A pen costs $3. What do 4 pens cost?\n\nThis calls for multiplication."
WRONG = "4 + 3 = 7. The answer is 7."
SHOWN = "You added. Each pen costs the same."
RIGHT = "I had added. 4 x 3 = 12. The answer is 12."
INLINE = f"{ASKED}\n\nThis is my first try:\n{WRONG}\n\n{SHOWN}"
FIRST = ("A pen costs $3. What do 4 pens cost?\n\nThink of equal groups.", "4 x 3 = 12. The answer is 12.")
SECOND = (
    "A cup costs $5. What do 6 cups cost?\n\nGroups again, other numbers.",
    "Equal groups: 6 x 5 = 30. The answer is 30.",
)
SYSTEM = {"role": "system", "content": SYSTEMS[0]}


@pytest.fixture
def log(tmp_path: Path) -> Database:
    return logged(tmp_path / "log.db", LESSONS)


def correction() -> Lesson:
    return accepted("error_correction", CORRECTION)


def row(format: str, wrong_turn: Any = None, lesson: Lesson | None = None) -> dict[str, Any]:
    lesson = lesson or correction()
    sample = make_sample(lesson, read_scenario(lesson.plan.scenario), wrong_turn_of(format, wrong_turn))
    made = FORMATS[format].row(sample)
    return {key: value for key, value in made.items() if key not in ("id", "meta")}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def test_prompt_completion_learns_the_last_turn_alone() -> None:
    assert row("prompt-completion") == {"prompt": [SYSTEM, user(INLINE)], "completion": [assistant(RIGHT)]}
    assert row("prompt-completion", "mask") == {
        "prompt": [SYSTEM, user(ASKED), assistant(WRONG), user(SHOWN)],
        "completion": [assistant(RIGHT)],
    }


def test_alpaca_has_earlier_answers_in_its_history() -> None:
    lesson = accepted("analogical_reasoning", ANALOGY, similar=CUPS)
    assert row("alpaca", lesson=lesson) == {
        "instruction": SECOND[0],
        "input": "",
        "output": SECOND[1],
        "system": SYSTEMS[2],
        "history": [list(FIRST)],
    }
    assert row("alpaca") == {
        "instruction": INLINE, "input": "", "output": RIGHT, "system": SYSTEMS[0], "history": []
    }  # fmt: skip


def test_axolotl_says_of_each_turn_whether_it_is_learned() -> None:
    def flags(wrong_turn: Any) -> list[tuple[str, bool]]:
        return [(message["content"], message["train"]) for message in row("axolotl", wrong_turn)["messages"]]

    system = (SYSTEMS[0], False)
    assert flags("inline") == [system, (INLINE, False), (RIGHT, True)]
    assert flags("mask") == [system, (ASKED, False), (WRONG, False), (SHOWN, False), (RIGHT, True)]
    assert flags("train") == [system, (ASKED, False), (WRONG, True), (SHOWN, False), (RIGHT, True)]


def test_preference_chooses_the_corrected_answer() -> None:
    assert row("preference") == {
        "prompt": [SYSTEM, user(ASKED)],
        "chosen": [assistant(RIGHT)],
        "rejected": [assistant(WRONG)],
    }
    assert row("preference-sharegpt") == {
        "conversations": [{"from": "human", "value": ASKED}],
        "chosen": {"from": "gpt", "value": RIGHT},
        "rejected": {"from": "gpt", "value": WRONG},
        "system": SYSTEMS[0],
    }


def test_a_lesson_without_a_wrong_answer_has_no_preference() -> None:
    with pytest.raises(Refused, match=r"^no wrong answer stands in it, so there is nothing to prefer$"):
        row("preference", lesson=accepted("debate", DEBATE))
    lesson = accepted("error_correction", CORRECTION)
    confirmed = tuple(episode.model_copy(update={"label": "confirmation"}) for episode in lesson.episodes)
    with pytest.raises(Refused, match=r"^its first answer is right, so there is nothing to prefer$"):
        row("preference", lesson=lesson.model_copy(update={"episodes": confirmed}))


@pytest.mark.parametrize("format", ["sharegpt", "messages", "alpaca"])
def test_train_makes_the_wrong_answer_a_turn_like_any_other(format: str) -> None:
    made = json.dumps(row(format, "train"), ensure_ascii=False)
    assert WRONG in made
    assert "This is my first try" not in made
    said = make_sample(correction(), read_scenario("error_correction"), "train")
    assert said.made_by == ("worded", "model")
    assert said.masked == ()


def test_what_a_format_cannot_express_names_those_that_can() -> None:
    cases = {
        (
            "sharegpt",
            "mask",
        ): "format sharegpt cannot express --wrong-turn mask, only inline or train; the formats that "
        "can: prompt-completion, preference, preference-sharegpt, axolotl, hf",
        (
            "prompt-completion",
            "train",
        ): "format prompt-completion cannot express --wrong-turn train, only inline or mask; "
        "the formats that can: sharegpt, messages, alpaca, axolotl, hf",
        (
            "preference",
            "inline",
        ): "format preference cannot express --wrong-turn inline, only mask; the formats that can: "
        "sharegpt, messages, prompt-completion, alpaca, axolotl, hf",
    }
    for (format, asked), message in cases.items():
        with pytest.raises(UserError) as caught:
            wrong_turn_of(format, asked)  # type: ignore[arg-type]
        assert str(caught.value) == message
    assert [wrong_turn_of(name, None) for name in FORMATS] == [
        "inline", "inline", "inline", "inline", "mask", "mask", "inline", "inline",
    ]  # fmt: skip


@pytest.mark.parametrize("format", [name for name, chosen in FORMATS.items() if not chosen.folder])
def test_datasets_reads_every_format_back(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    to = tmp_path / "train.jsonl"
    result = export_run(log, "r1", format, to)
    read = load_dataset("json", data_files=str(to), split="train", cache_dir=str(tmp_path / "cache"))
    assert list(read) == rows_of(to)
    assert result.rows == len(read)
    assert result.rows + sum(result.refused.values()) == 4


def test_a_folder_of_parquet_is_read_back_with_its_splits(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    result = export_run(log, "r1", "hf", tmp_path / "set", Options(wrong_turn="mask"))
    parquet = tmp_path / "set" / "data" / "train-00000-of-00001.parquet"
    assert result.also == (parquet, tmp_path / "set" / "README.md")
    read = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert list(read) == ["train"]
    assert [message["train"] for message in read["train"][0]["messages"]] == [False, False, False, False, True]
    assert read["train"]["meta"][3]["pi"] is None
    assert read["train"]["meta"][0]["verified"] is True


def test_a_folder_of_parquet_loses_nothing_of_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    first = LESSONS[0]
    episodes = tuple(episode.model_copy(update={"label": "correction"}) for episode in first.episodes)
    log = logged(tmp_path / "log.db", [first.model_copy(update={"episodes": episodes}), *LESSONS[1:]])
    export_run(log, "r1", "hf", tmp_path / "set")
    export_run(log, "r1", "axolotl", tmp_path / "t.jsonl")
    rows = rows_of(tmp_path / "t.jsonl")
    assert rows[0]["meta"]["label"] == "correction"
    assert set(features()["meta"]) == set(rows[0]["meta"])
    assert list(load_dataset(str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache"))) == rows


def test_a_folder_is_wanted_and_no_file(log: Database, tmp_path: Path) -> None:
    (tmp_path / "set").write_text("text")
    for name in ("set.jsonl", "set.parquet", "set"):
        with pytest.raises(UserError) as caught:
            export_run(log, "r1", "hf", tmp_path / name)
        assert str(caught.value) == (
            f"{tmp_path}/{name}: this format is a folder of Parquet files; name a folder, such as {tmp_path}/set-hf"
        )


@pytest.mark.parametrize(("name", "title"), [(".", "v1.0"), ("../v2.1", "v2.1"), ("../v1.0", "v1.0")])
def test_a_folder_may_have_any_name(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, title: str
) -> None:
    (tmp_path / "v1.0").mkdir()
    monkeypatch.chdir(tmp_path / "v1.0")
    export_run(log, "r1", "hf", Path(name))
    assert (tmp_path / title / "data" / "train-00000-of-00001.parquet").is_file()
    text = (tmp_path / title / "README.md").read_text()
    assert f"\n# {title}\n" in text
    assert f"--to {Path(name).name or '.'}\n" in text


# --- the rules of LLaMA-Factory's converters, as their code has them ---


@pytest.mark.parametrize(("format", "wrong_turn"), [("sharegpt", "inline"), ("sharegpt", "train")])
def test_llama_factory_keeps_every_sharegpt_row(log: Database, tmp_path: Path, format: str, wrong_turn: Any) -> None:
    """It drops a row, with a line in its log, where sides do not alternate or do not come out even."""
    export_run(log, "r1", format, tmp_path / "t.jsonl", Options(wrong_turn=wrong_turn))
    info = json.loads((tmp_path / "dataset_info.json").read_text())["t"]
    tags, columns = info["tags"], info["columns"]
    for made in rows_of(tmp_path / "t.jsonl"):
        said = made[columns["messages"]]
        sides = [turn[tags["role_tag"]] for turn in said]
        assert sides == [tags["user_tag"], tags["assistant_tag"]] * (len(said) // 2)
        assert all(turn[tags["content_tag"]].strip() for turn in said)
        assert columns["system"] in made


def test_llama_factory_finds_every_declared_column(log: Database, tmp_path: Path) -> None:
    for format, chosen in FORMATS.items():
        if chosen.dataset_info is None:
            continue
        export_run(log, "r1", format, tmp_path / f"{format}.jsonl")
        info = json.loads((tmp_path / "dataset_info.json").read_text())[format]
        assert info["file_name"] == f"{format}.jsonl"
        for made in rows_of(tmp_path / f"{format}.jsonl"):
            assert set(info["columns"].values()) <= set(made)
