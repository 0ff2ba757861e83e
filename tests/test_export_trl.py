"""Exports as TRL itself takes them: its own functions read the rows, put the chat template on, and say what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from master_autogen.export import Options
from master_autogen.export import export as export_run
from tests.test_export import LESSONS, logged, rows_of
from tests.test_export_formats import ASKED, INLINE, RIGHT, SHOWN, WRONG

pytestmark = pytest.mark.slow

TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "<assistant>{% generation %}{{ message['content'] }}</s>{% endgeneration %}"
    "{% else %}<{{ message['role'] }}>{{ message['content'] }}</s>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """A tokenizer that needs no download: every byte is a token."""
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("trl")
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    made = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab={sign: number for number, sign in enumerate(alphabet)}, merges=[])
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, chat_template=TEMPLATE)


def first_row(tmp_path: Path, format: str, **options: Any) -> dict[str, Any]:
    log = logged(tmp_path / "log.db", LESSONS)
    export_run(log, "r1", format, tmp_path / "t.jsonl", Options(**options))
    return rows_of(tmp_path / "t.jsonl")[0]


def test_messages_are_learned_in_the_assistants_turns_alone(tmp_path: Path, tokenizer: Any) -> None:
    from trl.data_utils import apply_chat_template, is_conversational

    row = first_row(tmp_path, "messages")
    assert is_conversational(row)
    text = apply_chat_template({"messages": row["messages"]}, tokenizer)["text"]
    assert text.index(INLINE) < text.index(RIGHT)
    made = tokenizer.apply_chat_template(row["messages"], return_dict=True, return_assistant_tokens_mask=True)
    learned = [i for i, mask in zip(made["input_ids"], made["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(learned) == f"{RIGHT}</s>"


@pytest.mark.parametrize("wrong_turn", ["inline", "mask"])
def test_of_prompt_completion_the_corrected_answer_is_the_completion(
    tmp_path: Path, tokenizer: Any, wrong_turn: str
) -> None:
    from trl.data_utils import apply_chat_template, is_conversational

    row = first_row(tmp_path, "prompt-completion", wrong_turn=wrong_turn)
    assert is_conversational(row)
    found = apply_chat_template({"prompt": row["prompt"], "completion": row["completion"]}, tokenizer)
    assert found["completion"] == f"{RIGHT}</s>"
    said = (
        f"<user>{INLINE}</s>" if wrong_turn == "inline" else f"<user>{ASKED}</s><assistant>{WRONG}</s><user>{SHOWN}</s>"
    )
    assert found["prompt"].endswith(f"{said}<assistant>")


def test_of_a_preference_the_corrected_answer_is_chosen(tmp_path: Path, tokenizer: Any) -> None:
    from trl.data_utils import apply_chat_template, is_conversational

    row = first_row(tmp_path, "preference")
    assert is_conversational(row)
    found = apply_chat_template({name: row[name] for name in ("prompt", "chosen", "rejected")}, tokenizer)
    assert (found["chosen"], found["rejected"]) == (f"{RIGHT}</s>", f"{WRONG}</s>")
    assert found["prompt"].endswith(f"<user>{ASKED}</s><assistant>")


def test_trl_leaves_sharegpts_names_as_they_are(tmp_path: Path, tokenizer: Any) -> None:
    """Which templates do not know: `messages` is the format for TRL, `sharegpt` that for LLaMA-Factory."""
    from trl.data_utils import maybe_convert_to_chatml

    shared = first_row(tmp_path, "sharegpt")
    converted = maybe_convert_to_chatml({"conversations": shared["conversations"]})["messages"]
    assert [(turn["role"], turn["content"]) for turn in converted] == [("human", INLINE), ("gpt", RIGHT)]
