"""What went wrong with a call, as a `CallError`: from an HTTP status, or from whatever a foreign client raised.

Foreign exceptions are known by the names of their classes, so that no other client's library has to be imported.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import math
import time
from collections.abc import Awaitable, Iterable, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import quote

from autogen_core import CancellationToken

from master_autogen.errors import BudgetSpent, CallError, CallErrorKind
from master_autogen.keys import SHORTEST

T = TypeVar("T")

LONGEST_MESSAGE = 300  # characters of an endpoint's own words that an error repeats
LONGEST_TEXT = 20_000  # characters of a raw reply that are kept
SECRET = "[key]"  # what stands in a secret's place

# In this order: a timeout is a connection error to some libraries.
_KINDS_BY_NAME: tuple[tuple[frozenset[str], CallErrorKind], ...] = (
    (frozenset({"APITimeoutError", "TimeoutException", "TimeoutError"}), "timeout"),
    (frozenset({"APIConnectionError", "TransportError", "ConnectionError", "ClientConnectionError"}), "connection"),
    (frozenset({"ContentFilterFinishReasonError"}), "refusal"),
    (
        frozenset({"LengthFinishReasonError", "APIResponseValidationError", "ValidationError", "JSONDecodeError"})
        | {"IndexError"},  # AutoGen's OpenAI client, where there are no choices
        "bad_reply",
    ),
)


def kind_of_status(status: int) -> CallErrorKind:
    """408 says that a gateway gave up waiting, so it is the server's matter although it is a 4xx. 429 may say that
    credit is spent, but it is no use to look for that in it: what means so at OpenAI is a limit a minute elsewhere."""
    if status == 429:
        return "rate_limit"
    if status in (401, 402):
        return "setup"
    return "server" if status >= 500 or status == 408 else "request"


def retry_after(header: str | None, now: float | None = None) -> float | None:
    """Seconds to wait, from a Retry-After header (seconds or an HTTP date); None where it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - (time.time() if now is None else now)
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def short(text: str) -> str:
    """On one line, and no longer than a message should be."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` without these secrets, in plain, as JSON, as HTML, as a part of an address or in base64. A short one
    ("none") is no secret, and a part of other words."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            for form in _forms(secret):
                text = text.replace(form, SECRET)
    return text


def scrub_all(value: Any, secrets: Sequence[str]) -> Any:
    """`scrub` for every text of a JSON value but those of the log-probabilities, which are pieces of words."""
    if isinstance(value, str):
        return scrub(value, secrets)
    if isinstance(value, list):
        return [scrub_all(item, secrets) for item in value]
    if isinstance(value, dict):
        return {key: item if "logprobs" in key else scrub_all(item, secrets) for key, item in value.items()}
    return value


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """How a secret may stand in a text; the longest first, for one may hold another."""
    as_json = json.dumps(secret)[1:-1]
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    found = {secret, as_json, secret.replace("/", "\\/"), as_json.replace("/", "\\/"), html.escape(secret)}
    return tuple(sorted({*found, quote(secret, safe=""), quote(secret), encoded}, key=len, reverse=True))


def scrubbed(error: CallError, secrets: Iterable[str]) -> CallError:
    """The same error without these secrets, and only then shortened: the half of a key is a secret too."""
    secrets = tuple(secrets)
    return CallError(
        error.kind,
        short(scrub(str(error), secrets)),
        http_status=error.http_status,
        retry_after=error.retry_after,
        text=None if error.text is None else scrub(error.text, secrets)[:LONGEST_TEXT],
    )


def as_call_error(error: Exception, secrets: Iterable[str] = ()) -> CallError:
    """Any exception of a client as a `CallError`; what nobody knows is of kind `request`, which is not tried again."""
    if isinstance(error, CallError):
        return error
    message = f"{type(error).__name__}: {error}"
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        wait = retry_after(headers.get("retry-after"))
        failed = CallError(kind_of_status(status), message, http_status=status, retry_after=wait)
        return scrubbed(failed, secrets)
    names = {cls.__name__ for cls in type(error).__mro__}
    kind = next((kind for known, kind in _KINDS_BY_NAME if names & known), None)
    return scrubbed(CallError(kind or "request", message), secrets)


async def guarded(call: Awaitable[T], token: CancellationToken | None = None, secrets: Iterable[str] = ()) -> T:
    """Await a client's call: what it raises comes out as `CallError`, and as CancelledError only if we were cancelled.

    A CancelledError that a client raises of itself would leave AutoGen's runtime waiting for ever.
    """
    try:
        return await call
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if (task is not None and task.cancelling()) or (token is not None and token.is_cancelled()):
            raise
        raise CallError("connection", "the client cancelled its own call") from None
    except BudgetSpent:
        raise
    except Exception as error:
        raise as_call_error(error, secrets) from error


LEFT_THE_LINE = "cancelled while it waited for its turn"


async def in_line(turn: Awaitable[T]) -> T:
    """Await a call's turn. Cancelled meanwhile, it says so: nothing was sent, and nobody can bill for it."""
    try:
        return await turn
    except asyncio.CancelledError:
        raise asyncio.CancelledError(LEFT_THE_LINE) from None


async def all_of(calls: Iterable[Awaitable[T]]) -> list[T]:
    """As `asyncio.gather`, but what one raises comes out when all have ended: a call that is being made is not
    forgotten for another's failure."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return cast(list[T], found)
