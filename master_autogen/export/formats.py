"""Training formats by name: each one a pure function from a sample to the row that a trainer reads.

A new format is a function and a line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from master_autogen.export.sample import Sample

Row = dict[str, Any]

_ROLES = {"human": "user", "gpt": "assistant"}


def sharegpt(sample: Sample) -> Row:
    """`system` is there also when it is empty: LLaMA-Factory raises KeyError for a row without a declared column."""
    return {
        "conversations": [{"from": turn.side, "value": turn.text} for turn in sample.turns],
        "system": sample.system,
        **_provenance(sample),
    }


def messages(sample: Sample) -> Row:
    """OpenAI's messages, as TRL and Axolotl take them."""
    system = [{"role": "system", "content": sample.system}] if sample.system else []
    said = [{"role": _ROLES[turn.side], "content": turn.text} for turn in sample.turns]
    return {"messages": system + said, **_provenance(sample)}


def _provenance(sample: Sample) -> Row:
    """`id` and `meta`: the same keys in every row, because `datasets` takes the columns from the first 10 MB."""
    left_out = {"id", "system", "turns"}
    return {"id": sample.id, "meta": sample.model_dump(mode="json", exclude=left_out)}


@dataclass(frozen=True)
class Format:
    """`row` makes one JSON line. `dataset_info`, where there is one, is how LLaMA-Factory is told to read the file,
    without the file's name."""

    row: Callable[[Sample], Row]
    dataset_info: Mapping[str, Any] | None = None


FORMATS: Mapping[str, Format] = {
    "sharegpt": Format(
        sharegpt,
        dataset_info={
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "system_tag": "system",
            },
        },
    ),
    "messages": Format(messages),
}
