"""How many tokens a text has, and what they cost, for where an endpoint does not say itself.

`estimate` needs nothing. `count` loads a tokenizer, which may want the network: it is only used where somebody asks.

>>> estimate("four bytes a token")
5
"""

from __future__ import annotations

import threading
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from master_autogen.pool import Price

if TYPE_CHECKING:
    from tiktoken import Encoding

LOAD_LIMIT_S = 5.0
"""tiktoken fetches its tables without a time limit of its own; on a network that swallows packets it would hang."""


def estimate(text: str) -> int:
    """A quarter of the UTF-8 bytes, rounded up: right within a third for English prose."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def count(text: str, encoding: str = "o200k_base") -> int | None:
    """tiktoken's count; None where its tables cannot be had (tried once, for at most 5 seconds)."""
    encoder = _encoder(encoding)
    return None if encoder is None else len(encoder.encode_ordinary(text))


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """US dollars; None where no price is known."""
    if price is None:
        return None
    return (price.prompt * prompt_tokens + price.completion * completion_tokens) / 1_000_000


@lru_cache(maxsize=8)
def _encoder(name: str) -> Encoding | None:
    """The cache remembers a failure too, so that only the first text waits."""
    found: SimpleQueue[Encoding | None] = SimpleQueue()
    threading.Thread(target=_load, args=(name, found), daemon=True, name="tiktoken").start()
    try:
        return found.get(timeout=LOAD_LIMIT_S)
    except Empty:
        return None


def _load(name: str, found: SimpleQueue[Encoding | None]) -> None:
    import tiktoken

    try:
        found.put(tiktoken.get_encoding(name))
    except (OSError, ValueError):  # no network (requests' errors are OSErrors), a broken table, no such encoding
        found.put(None)
