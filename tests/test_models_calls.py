"""Keys of requests: those of every log that was ever written, however they are worked out."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from master_autogen.models.calls import request_key

TEXTS = st.text(st.characters(), max_size=20)  # half surrogate pairs too
PLAIN = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


@given(st.dictionaries(TEXTS, JSON, max_size=5))
@example({"b": 1e-05, "a": {"d": 0.1, "c": [1e22, -0.0, float("inf"), float("nan")]}})
@example({"messages": [{"role": "user", "content": 'Say "é\\u2028\x00\x1f\x7f" \ud800'}]})
@example({"n": 2**64, "t": (1, "two")})
def test_a_key_is_the_hash_of_the_sorted_json(request_: dict[str, Any]) -> None:
    text = json.dumps(request_, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert request_key(request_) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@pytest.mark.parametrize("changed", [{"temperature": 0.21}, {"seed": 8}, {"stop": ["\n"]}])
def test_a_key_knows_every_setting(changed: dict[str, Any]) -> None:
    request = {"messages": [], "model": "m", "sampling": {"temperature": 0.2, "seed": 7}, "schema": None}
    other = request | {"sampling": {"temperature": 0.2, "seed": 7} | changed}
    assert request_key(request) != request_key(other)
