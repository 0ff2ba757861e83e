"""Errors written for the person at the keyboard.

`UserError` says what is wrong, which one (file, line, row) and what to do. It is turned into a message once, in `cli`.
`CallError` is what a model client raises when one attempt failed: the recorder logs it and decides whether to retry.
"""

from __future__ import annotations

from typing import Any, Literal

CallErrorKind = Literal[
    "connection",  # refused, reset, name not found
    "timeout",  # the client's own deadline passed
    "rate_limit",  # HTTP 429
    "server",  # HTTP 5xx
    "request",  # HTTP 4xx other than 429: asking again cannot help
    "setup",  # the key is refused, its credit spent: no call would fare better, so the run ends and says what to mend
    "bad_reply",  # not JSON, no choices, no text
    "refusal",  # the model's own refusal field, or a content filter
    "script",  # a scripted or recorded client has no reply for this request
]

RETRYABLE: frozenset[CallErrorKind] = frozenset({"connection", "timeout", "rate_limit", "server", "bad_reply"})


class UserError(Exception):
    """Something the user can mend; the text is shown as it is, without a traceback, with exit code 2."""


def user_error_in(group: BaseExceptionGroup[BaseException]) -> UserError | None:
    """The first error of the user in what tasks have raised; None where there is a fault of another kind beside it."""
    theirs, others = group.split(UserError)
    if theirs is None or others is not None:
        return None
    first: BaseException = theirs
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, UserError)
    return first


class BudgetSpent(UserError):
    """A call was not made because the run's budget is spent; the same run goes on with a larger one."""


class EndpointDown(UserError):
    """A call was not made because its endpoint is dead; a run goes on with the lesson when somebody can play it."""


class CallError(Exception):
    """One attempt at a model call that gave nothing usable.

    `http_status` and `retry_after` (seconds) come from the endpoint where it gave them; `text` is the raw reply, if
    any.
    """

    def __init__(
        self,
        kind: CallErrorKind,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: float | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.http_status = http_status
        self.retry_after = retry_after
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles by its parts: the default would call it with the message alone."""
        return _call_error, (self.kind, str(self), self.http_status, self.retry_after, self.text)

    @property
    def retryable(self) -> bool:
        return self.kind in RETRYABLE


class NotSent(CallError):
    """Nothing was attempted: the endpoint is known to be dead."""


def _call_error(
    kind: CallErrorKind, message: str, http_status: int | None, retry_after: float | None, text: str | None
) -> CallError:
    return CallError(kind, message, http_status=http_status, retry_after=retry_after, text=text)
