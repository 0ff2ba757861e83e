"""Errors cross to other processes whole."""

import pickle

from master_autogen.errors import RETRYABLE, CallError


def test_a_call_error_survives_pickling() -> None:
    error = CallError("rate_limit", "too many", http_status=429, retry_after=1.5, text="{}")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, CallError)
    assert (copy.kind, str(copy), copy.http_status, copy.retry_after, copy.text) == (
        "rate_limit", "too many", 429, 1.5, "{}",
    )  # fmt: skip


def test_only_what_asking_again_can_help_is_retried() -> None:
    assert {"connection", "timeout", "rate_limit", "server", "bad_reply"} == RETRYABLE
    assert not CallError("request", "no").retryable
