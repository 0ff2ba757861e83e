"""What no file may hold: keys. They come from the environment; what stands in a pool file is logged and sent.

>>> held_key({"models": [{"model": "sk-1234567890ab"}]}, {"OPENAI_API_KEY": "sk-1234567890ab"})
(('models', 0, 'model'), 'OPENAI_API_KEY')
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SHORTEST = 12
"""Characters; a shorter value, as in OPENAI_API_KEY=none, is no secret."""

Place = tuple[str | int, ...]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOLDS_KEY = re.compile(r"(?:API_?KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_NAMES = re.compile(
    r"(?:x?api)?key|(?:proxy)?authorization|bearer|passw(?:or)?d|(?:client)?secret|(?:access|auth)?token", re.IGNORECASE
)


def is_variable(text: str) -> bool:
    """Whether this may be the name of an environment variable; most keys may not."""
    return _VARIABLE.fullmatch(text) is not None


def sendable(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings that a request can hold and the log can keep. Raises ValueError."""
    try:
        json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"cannot be sent as JSON ({error})") from None
    return settings


def keyless(settings: dict[str, Any]) -> dict[str, Any]:
    """`sendable` settings none of which is named like a key. Raises ValueError."""
    for place, _ in _texts(sendable(settings), ()):
        for name in place:
            if isinstance(name, str) and _NAMES.fullmatch(re.sub(r"[-_ ]", "", name)):
                raise ValueError(f"{name!r} would be logged; keys come from the environment, see api_key_env")
    return settings


def held_key(data: object, environ: Mapping[str, str]) -> tuple[Place, str] | None:
    """Where in `data` the value of a variable stands that is named like a key, and the variable's name."""
    keys = {name: value for name, value in environ.items() if len(value) >= SHORTEST and _HOLDS_KEY.search(name)}
    for place, text in _texts(data, ()):
        for name, value in keys.items():
            if value in text:
                return place, name
    return None


def _texts(value: object, at: Place) -> Iterator[tuple[Place, str]]:
    """Every text with its place."""
    if isinstance(value, str):
        yield at, value
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from _texts(item, (*at, key if isinstance(key, int) else str(key)))
