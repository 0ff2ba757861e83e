"""Read an OpenAI-compatible chat reply: text, thought, usage, why it ended. Knows JSON; knows nothing of the network.

>>> split_thought("<think>6 * 7 is 42.</think>42")
('6 * 7 is 42.', '42')
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from autogen_core.models import ChatCompletionTokenLogprob, CreateResult, FinishReasons, RequestUsage, TopLogprob
from pydantic_core import from_json

from master_autogen.errors import CallError

_FINISH: dict[str, FinishReasons] = {
    "stop": "stop",
    "end_turn": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "function_calls": "function_calls",
    "tool_calls": "function_calls",
}
_MOST_TOKENS = 2**40  # no endpoint counts so many; a column of the log holds no more than 2**63
_THINK = re.compile(r"\s*<think>(.*?)(?:</think>|\Z)", re.DOTALL)


def parse(raw: bytes, content_type: str = "") -> dict[str, Any]:
    """The JSON object of a reply's body. Raises `CallError` of kind `bad_reply` that keeps the raw text."""
    try:
        reply = from_json(raw)
    except ValueError:  # among others what it refuses and JSON allows: half a surrogate pair
        try:
            reply = json.loads(raw)
        except (ValueError, RecursionError):
            raise bad_reply(f"the reply is not JSON (content type {content_type or 'unknown'})", raw) from None
    if not isinstance(reply, dict):
        raise bad_reply(f"the reply is JSON, but a {type(reply).__name__} and not an object", raw)
    return reply


def read_chat(reply: Mapping[str, Any], raw: bytes = b"") -> CreateResult:
    """The result of a /chat/completions reply. Raises `CallError`: `bad_reply` or `refusal`."""
    choice = first_choice(reply, raw)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise bad_reply("the reply's first choice has no message", raw)
    finish = _finish(choice.get("finish_reason"))
    content, refusal = _content(message.get("content"), raw), message.get("refusal")
    if not content and (refusal or finish == "content_filter"):
        raise CallError("refusal", f"refused: {refusal or 'by a content filter'}", text=_text(raw))
    thought, said = split_thought(content or "")
    thoughts = [part for part in (_reasoning(message), thought) if part]
    if content is None and not thoughts:
        raise bad_reply("the reply's content is null", raw)
    return CreateResult(
        finish_reason=finish,
        content=_encodable(said),
        usage=usage_of(reply),
        cached=False,
        logprobs=_logprobs(choice.get("logprobs"), raw),
        thought=_encodable("\n\n".join(thoughts)) if thoughts else None,
    )


def first_choice(reply: Mapping[str, Any], raw: bytes = b"") -> dict[str, Any]:
    choices = reply.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    said = endpoint_message(reply)
    raise bad_reply(f"the reply has no choices{': ' + said if said else ''}", raw)


def endpoint_message(reply: object) -> str:
    """What an endpoint says of an error, in any of the usual forms; "" where it says nothing."""
    if not isinstance(reply, Mapping):
        return ""
    said = reply.get("error", reply.get("message", reply.get("detail")))
    if isinstance(said, Mapping):
        said = said.get("message", said)
    return "" if said is None else str(said)


def split_thought(content: str) -> tuple[str | None, str]:
    """(thought, text). A thought cut off by the token limit leaves no text; one without its opening tag (chat
    templates that open it themselves) ends at the closing tag."""
    if "think>" not in content:
        return None, content
    opened = _THINK.match(content)
    if opened:
        return opened[1].strip() or None, content[opened.end() :].strip()
    before, closing, after = content.partition("</think>")
    if closing and "<think>" not in before:
        return before.strip() or None, after.strip()
    return None, content


def _content(content: object, raw: bytes) -> str | None:
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part["text"]) for part in content if isinstance(part.get("text"), str))
    raise bad_reply(f"the reply's content is not text but of type {type(content).__name__}", raw)


def _reasoning(message: Mapping[str, Any]) -> str | None:
    """Two names for one thing; some endpoints send both."""
    found = message.get("reasoning_content") or message.get("reasoning")
    return found if isinstance(found, str) else None


def _finish(reason: object) -> FinishReasons:
    return _FINISH.get(reason.lower(), "unknown") if isinstance(reason, str) else "unknown"


def usage_of(reply: Mapping[str, Any]) -> RequestUsage:
    """0 and 0 where the endpoint does not say, as in AutoGen's own clients."""
    usage = reply.get("usage")
    known = usage if isinstance(usage, dict) else {}
    counts = [known.get("prompt_tokens"), known.get("completion_tokens")]
    prompt, completion = (n if isinstance(n, int) and 0 < n < _MOST_TOKENS else 0 for n in counts)
    return RequestUsage(prompt_tokens=prompt, completion_tokens=completion)


def _logprobs(logprobs: object, raw: bytes) -> list[ChatCompletionTokenLogprob] | None:
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not tokens:
        return None
    try:
        return [
            ChatCompletionTokenLogprob(
                token=token["token"],
                logprob=token["logprob"],
                top_logprobs=[
                    TopLogprob(logprob=top["logprob"], bytes=top.get("bytes"))
                    for top in token.get("top_logprobs") or ()
                ],
                bytes=token.get("bytes"),
            )
            for token in tokens
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise bad_reply(f"the reply's logprobs cannot be read ({type(error).__name__}: {error})", raw) from None


def _encodable(text: str) -> str:
    """Half a surrogate pair, which JSON can hold and UTF-8 cannot, becomes "?": it would break the log."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def bad_reply(message: str, raw: bytes) -> CallError:
    """Keeps the raw text, whole: whoever knows the secrets has to take them out before it is shortened."""
    return CallError("bad_reply", message, text=_text(raw))
