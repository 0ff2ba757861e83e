"""Training formats by name: each one a pure function from a sample to the row that a trainer reads.

A new format is a function and a line in `FORMATS`. What trainers make of each was read in their code in 2026; the tests
hold these rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from master_autogen.errors import UserError
from master_autogen.export.sample import Refused, Sample, SampleTurn, WrongTurn

Row = dict[str, Any]

_ROLES = {"human": "user", "gpt": "assistant"}


def sharegpt(sample: Sample) -> Row:
    """`system` is there also when it is empty: LLaMA-Factory raises KeyError for a row without a declared column."""
    return {"conversations": _from_value(sample.turns), "system": sample.system, **_provenance(sample)}


def messages(sample: Sample) -> Row:
    """OpenAI's messages, as TRL and Axolotl take them."""
    return {"messages": _system(sample) + _role_content(sample.turns), **_provenance(sample)}


def prompt_completion(sample: Sample) -> Row:
    """TRL's, with loss on the completion alone, which is the last turn: no chat template has to mark it."""
    return {
        "prompt": _system(sample) + _role_content(sample.turns[:-1]),
        "completion": _role_content(sample.turns[-1:]),
        **_provenance(sample),
    }


def alpaca(sample: Sample) -> Row:
    """LLaMA-Factory learns the answers in `history` as it does `output`."""
    texts = [turn.text for turn in sample.turns]
    return {
        "instruction": texts[-2],
        "input": "",
        "output": texts[-1],
        "system": sample.system,
        "history": [list(pair) for pair in zip(texts[:-2:2], texts[1:-2:2], strict=True)],
        **_provenance(sample),
    }


def axolotl(sample: Sample) -> Row:
    """Messages that say each for itself whether they are learned (`message_field_training: train`)."""
    system = [message | {"train": False} for message in _system(sample)]
    said = [
        message | {"train": turn.side == "gpt" and place not in sample.masked}
        for place, (turn, message) in enumerate(zip(sample.turns, _role_content(sample.turns), strict=True))
    ]
    return {"messages": system + said, **_provenance(sample)}


def preference(sample: Sample) -> Row:
    """TRL's: what the student was asked, the corrected answer chosen, the wrong one rejected."""
    prompt, chosen, rejected = _both_answers(sample)
    return {
        "prompt": _system(sample) + _role_content(prompt),
        "chosen": _role_content([chosen]),
        "rejected": _role_content([rejected]),
        **_provenance(sample),
    }


def preference_sharegpt(sample: Sample) -> Row:
    """The same for LLaMA-Factory (`ranking: true`)."""
    prompt, chosen, rejected = _both_answers(sample)
    return {
        "conversations": _from_value(prompt),
        "chosen": _from_value([chosen])[0],
        "rejected": _from_value([rejected])[0],
        "system": sample.system,
        **_provenance(sample),
    }


def _both_answers(sample: Sample) -> tuple[tuple[SampleTurn, ...], SampleTurn, SampleTurn]:
    """The turns before the wrong answer, the answer that was learned instead, and the wrong one."""
    if sample.label == "confirmation":
        raise Refused("its first answer is right, so there is nothing to prefer")
    if not sample.masked:
        raise Refused("no wrong answer stands in it, so there is nothing to prefer")
    wrong = sample.masked[0]
    right = next(i for i in range(wrong + 2, len(sample.turns), 2) if i not in sample.masked)
    return sample.turns[:wrong], sample.turns[right], sample.turns[wrong]


def _system(sample: Sample) -> list[Row]:
    return [{"role": "system", "content": sample.system}] if sample.system else []


def _role_content(turns: tuple[SampleTurn, ...] | list[SampleTurn]) -> list[Row]:
    return [{"role": _ROLES[turn.side], "content": turn.text} for turn in turns]


def _from_value(turns: tuple[SampleTurn, ...] | list[SampleTurn]) -> list[Row]:
    return [{"from": turn.side, "value": turn.text} for turn in turns]


def _provenance(sample: Sample) -> Row:
    """`id` and `meta`: the same keys in every row, because `datasets` takes the columns from the first 10 MB."""
    left_out = {"id", "system", "turns", "masked", "fresh"}
    return {"id": sample.id, "meta": sample.model_dump(mode="json", exclude=left_out)}


@dataclass(frozen=True)
class Format:
    """`row` makes one row of a sample. `wrong_turns`: what it can say of a wrong turn, its default first.
    `dataset_info`, where there is one, is how LLaMA-Factory is told to read the file, without the file's name.
    `folder`: a `datasets` folder of Parquet files, not a file of JSON lines. `originals`: whether an original pair can
    be a row. `told`: what a trainer has to be told."""

    row: Callable[[Sample], Row]
    told: str
    wrong_turns: tuple[WrongTurn, ...] = ("inline", "train")
    dataset_info: Mapping[str, Any] | None = None
    folder: bool = False
    originals: bool = True


_TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "system_tag": "system",
}

FORMATS: Mapping[str, Format] = {
    "sharegpt": Format(
        sharegpt,
        "LLaMA-Factory: name the data set in `dataset:`; loss on every gpt turn.",
        dataset_info={
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": _TAGS,
        },
    ),
    "messages": Format(messages, "TRL: `SFTConfig(assistant_only_loss=True)`; else it learns the user's turns too."),
    "prompt-completion": Format(
        prompt_completion, "TRL: loss on the completion, which is the last turn.", wrong_turns=("inline", "mask")
    ),
    "alpaca": Format(
        alpaca,
        "LLaMA-Factory: name the data set in `dataset:`; loss on `output` and on the answers in `history`.",
        dataset_info={
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "system": "system",
                "history": "history",
            },
        },
    ),
    "preference": Format(preference, "TRL: `DPOTrainer`.", wrong_turns=("mask",), originals=False),
    "preference-sharegpt": Format(
        preference_sharegpt,
        "LLaMA-Factory: name the data set in `dataset:`, `stage: dpo`.",
        wrong_turns=("mask",),
        originals=False,
        dataset_info={
            "formatting": "sharegpt",
            "ranking": True,
            "columns": {
                "messages": "conversations",
                "chosen": "chosen",
                "rejected": "rejected",
                "system": "system",
            },
            "tags": _TAGS,
        },
    ),
    "axolotl": Format(
        axolotl,
        "Axolotl: `type: chat_template`, `field_messages: messages`, `message_field_training: train`.",
        wrong_turns=("inline", "mask", "train"),
    ),
    "hf": Format(
        axolotl,
        "`datasets.load_dataset(FOLDER)`; `messages`, each with a flag `train` that says whether it is to be learned.",
        wrong_turns=("inline", "mask", "train"),
        folder=True,
    ),
}


def wrong_turn_of(name: str, asked: WrongTurn | None) -> WrongTurn:
    """What becomes of wrong turns in the format `name`. Raises `UserError` where it cannot say what is asked."""
    able = FORMATS[name].wrong_turns
    if asked is None or asked in able:
        return asked or able[0]
    others = ", ".join(other for other, format in FORMATS.items() if asked in format.wrong_turns)
    own = " or ".join(able)
    raise UserError(f"format {name} cannot express --wrong-turn {asked}, only {own}; the formats that can: {others}")
