"""Clients that cannot be asked, for playing from recorded calls: no key, no package, no weights, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage

from master_autogen.errors import CallError
from master_autogen.models.client import PlainClient
from master_autogen.models.providers import Clients
from master_autogen.pool import Pool


class SilentClient(PlainClient):
    """Stands where a recorder wants a client. Raises `CallError` whatever is asked."""

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        raise CallError("script", f"model {self.model!r} was asked, but only recorded calls may be used")


class SilentClients(Clients):
    """The clients of a pool, none of which can be asked."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, {})

    def chat(self, name: str) -> ChatCompletionClient:
        return SilentClient(self.model(name), family=self.spec(name).family)
