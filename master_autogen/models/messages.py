"""From AutoGen's messages to what is sent, hashed and logged: plain dicts of role and content.

Speakers' names are left out: many endpoints refuse the `name` field, and who said what is for the agents to word.

>>> as_dicts([SystemMessage(content="Teach."), UserMessage(content="Why?", source="student")])
[{'role': 'system', 'content': 'Teach.'}, {'role': 'user', 'content': 'Why?'}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from pydantic import BaseModel

JsonOutput = bool | type[BaseModel] | None

_ROLES = {SystemMessage: "system", UserMessage: "user", AssistantMessage: "assistant"}


def as_dicts(messages: Sequence[LLMMessage]) -> list[dict[str, str]]:
    """One {"role", "content"} a message. Raises ValueError for tool calls and images: the classroom has none."""
    return [
        {"role": _ROLES.get(type(message)) or _role(message), "content": _text(message.content)} for message in messages
    ]


def _role(message: LLMMessage) -> str:
    """For a class that somebody made of one of these."""
    for kind, role in _ROLES.items():
        if isinstance(message, kind):
            return role
    raise ValueError(f"{type(message).__name__} cannot be sent: the classroom uses no tools")


def _text(content: str | Sequence[object]) -> str:
    if isinstance(content, str):
        return content
    parts = [part for part in content if isinstance(part, str)]
    if len(parts) < len(content):
        raise ValueError("a message with an image or a tool call cannot be sent: the classroom speaks text alone")
    return "\n".join(parts)


def request_text(messages: Sequence[Mapping[str, str]]) -> str:
    """A whole request as one text, "role: content" line after line: what scripted rules are looked up in."""
    return "\n".join(f"{message['role']}: {message['content']}" for message in messages)


def with_schema(args: Mapping[str, Any], json_output: JsonOutput) -> dict[str, Any]:
    """`args` with `json_output` put in as a `response_format`. Raises ValueError where both are given."""
    if not json_output:
        return dict(args)
    if "response_format" in args:
        raise ValueError("json_output and response_format say the same thing twice: give one of them")
    if json_output is True:
        return {**args, "response_format": {"type": "json_object"}}
    schema = {"name": json_output.__name__, "strict": True, "schema": closed_schema(json_output)}
    return {**args, "response_format": {"type": "json_schema", "json_schema": schema}}


def closed_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a pydantic class in the strict form that endpoints enforce: every key named and required."""
    root = model.model_json_schema()
    return _closed(root, root)


def _closed(node: dict[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    node = _inlined(node, root)
    if node.get("default", "") is None:
        del node["default"]
    for key in ("$defs", "properties"):
        if key in node:
            node[key] = {name: _closed(inner, root) for name, inner in node[key].items()}
    for key in ("anyOf", "allOf"):
        if key in node:
            node[key] = [_closed(inner, root) for inner in node[key]]
    if isinstance(node.get("items"), dict):
        node["items"] = _closed(node["items"], root)
    if node.get("type") == "object":
        node.setdefault("additionalProperties", False)
    if "properties" in node:
        node["required"] = list(node["properties"])
    return node


def _inlined(node: dict[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """A copy; a reference with neighbours (a description, say) is replaced by what it names: strict forbids the two."""
    if "$ref" not in node or len(node) == 1:
        return dict(node)
    named: dict[str, Any] = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return named | {key: value for key, value in node.items() if key != "$ref"}
