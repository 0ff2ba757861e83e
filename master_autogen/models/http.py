"""The lean client for OpenAI-compatible endpoints: one POST, one deadline, one `CallError`.

How many calls are in flight is found from the endpoint's answers, and an endpoint that is dead is not asked until it is
back. The client never retries (the recorder does, so that each attempt is a row of the log), follows no redirect (it
would carry the key elsewhere) and reads no proxy settings: behind a proxy, use AutoGen's OpenAI client.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from os import environ as os_environ
from typing import Any, TypeVar
from urllib.parse import urlsplit

from autogen_core.models import CreateResult, LLMMessage
from pydantic_core import to_json

from master_autogen.errors import CallError, NotSent, UserError
from master_autogen.models.client import CONTEXT_TOKENS, PlainClient
from master_autogen.models.failures import kind_of_status, retry_after, scrub, scrub_all, scrubbed, short
from master_autogen.models.health import Health
from master_autogen.models.messages import as_dicts
from master_autogen.models.replies import endpoint_message, parse, read_chat
from master_autogen.models.slots import AdaptiveSlots
from master_autogen.models.wire import Reply, Wire, said_of
from master_autogen.pool import Limits, ModelSpec

T = TypeVar("T")

CONFIG_KEYS = frozenset({"context_tokens", "scoring", "start"})
"""What `config` of a model of provider `openai` may hold; `scoring` and `start` are for `HttpScorer`."""

MAX_BYTES = 64_000_000
"""Of a reply's body; with the log-probabilities of a long prompt it may have millions."""

OPENAI_KEY = "OPENAI_API_KEY"
REACH_S = 5.0


class Endpoint:
    """One base URL with its key and its limits: takes JSON to it and brings JSON back, or raises `CallError`.

    May be shared by any number of clients, and by one event loop after the other.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        key_name: str = OPENAI_KEY,
        limits: Limits | None = None,
    ) -> None:
        """`key_name` is the environment variable that the key is from; errors name it. Raises ValueError for what is
        no address, or no key that a header can hold."""
        self.base_url = _checked(base_url)
        self._path = urlsplit(self.base_url).path
        self._key = f"the key in {key_name}" if api_key else f"a call without a key (none is in {key_name})"
        self._secrets = (api_key,) if api_key else ()
        self._headers = b"Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: master-autogen\r\n"
        if api_key:
            if not api_key.isascii() or not api_key.isprintable():
                raise ValueError(f"{self._key} has a character that no header can hold")
            self._headers += f"Authorization: Bearer {api_key}\r\n".encode()
        self._wire = Wire(self.base_url, most_bytes=MAX_BYTES)
        self._limits = limits or Limits()
        self._slots = AdaptiveSlots(self._limits.concurrency)
        self._health = Health()
        self.allow: Callable[[], None] = lambda: None
        """Asked when a slot is free, before anything is sent; may raise `BudgetSpent`."""
        self._ever_answered = False

    async def reach(self) -> str | None:
        """Why nobody answers at the address, or None if somebody does; no request is made."""
        parts = urlsplit(self.base_url)
        try:
            async with asyncio.timeout(REACH_S):
                _, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
                )
        except TimeoutError:
            return f"no answer within {REACH_S:g} s"
        except OSError as error:
            return said_of(error)
        writer.close()
        return None

    async def down(self) -> str | None:
        """Why the endpoint counts as dead, or None. Now and then this looks whether it is back: whoever answers below
        500 when asked for its models is."""
        if self._health.may_look():
            self._health.looked(await self._is_back())
        return None if self._health.dead is None else f"{self.base_url} is down: {self._health.dead}"

    async def _is_back(self) -> bool:
        try:
            soon = min(REACH_S, self._limits.timeout_s)
            return (
                await self._wire.exchange("GET", self._path + "/models", self._headers, timeout_s=soon)
            ).status < 500
        except (CallError, OSError):
            return False

    async def post(
        self, path: str, body: Mapping[str, Any], read: Callable[[dict[str, Any], bytes], T], *, beside_v1: bool = False
    ) -> T:
        """What `read` makes of the reply (as JSON, and as it came) to POST base_url + path.

        The deadline runs from when a slot is free, and covers the whole reply. `beside_v1`: the path stands beside the
        address's /v1, not under it. Raises `CallError`, also what `read` raises of it, without the key and shortened;
        `NotSent` where the endpoint is dead.
        """
        path = (self._path.removesuffix("/v1") if beside_v1 else self._path) + path
        sent = await self._slots.take()
        try:
            if self._health.dead is not None and (why := await self.down()) is not None:
                raise NotSent("connection", short(scrub(why, self._secrets)), retry_after=self._health.wait_s)
            self.allow()
            start = time.perf_counter()
            try:
                made = await self._attempt(path, body, read)
            except CallError as error:
                self._health.failed(error)
                if _overloaded(error):
                    self._slots.throttle.refused(sent)
                raise
            self._ever_answered = True
            self._health.answered()
            self._slots.throttle.answered(sent, time.perf_counter() - start)
            return made
        finally:
            self._slots.free()

    async def _attempt(self, path: str, body: Mapping[str, Any], read: Callable[[dict[str, Any], bytes], T]) -> T:
        try:
            headers = b"Content-Type: application/json\r\n" + self._headers
            sent, timeout_s = _as_json(body), self._limits.timeout_s
            reply = await self._wire.exchange("POST", path, headers, sent, timeout_s=timeout_s)
            if reply.status >= 300:
                raise _failed(reply)
            content_type = (reply.header("content-type") or "").partition(";")[0].strip()
            return read(self._without_key(parse(reply.body, content_type)), reply.body)
        except TimeoutError:
            waited = f"no whole reply from {self.base_url} within {self._limits.timeout_s:g} s"
            raise CallError("timeout", waited) from None
        except CallError as error:
            raise scrubbed(self._of_setup(error), self._secrets) from None
        except OSError as error:
            failed = CallError("connection", f"no connection to {self.base_url}: {said_of(error)}")
            raise scrubbed(failed, self._secrets) from None

    def _without_key(self, reply: Any) -> Any:
        """A careless gateway may repeat the key in what is no error."""
        try:
            return scrub_all(reply, self._secrets) if self._secrets else reply
        except RecursionError:
            raise CallError("bad_reply", "the reply is nested too deeply to be read") from None

    def _of_setup(self, error: CallError) -> CallError:
        """A refused key and spent credit are the user's to mend. 403 is one only where nothing was ever answered: later
        on it is said of single requests, by a moderator for one."""
        refused = error.http_status == 401 or (error.http_status == 403 and not self._ever_answered)
        if not refused and error.kind != "setup":
            return error
        what = "refuses" if refused else "has no credit left for"
        said = f"{self.base_url} {what} {self._key} ({error})"
        return CallError("setup", said, http_status=error.http_status, text=error.text)

    async def close(self) -> None:
        await self._wire.close()


def endpoint_of(spec: ModelSpec, *, name: str = "", environ: Mapping[str, str] = os_environ) -> Endpoint:
    """The endpoint of a model. Raises `UserError` where its key is not set or its entry cannot be read."""
    name = name or spec.model
    unknown = sorted(set(spec.config) - CONFIG_KEYS)
    if unknown:
        known = ", ".join(sorted(CONFIG_KEYS))
        raise UserError(f"model {name!r}: config has {', '.join(unknown)}, but only {known} are known")
    key_name = spec.api_key_env or OPENAI_KEY
    key = environ.get(key_name, "").strip()
    if spec.api_key_env and not key:
        raise UserError(
            f"model {name!r} takes its key from the environment variable {spec.api_key_env}, which is not set. "
            f"Set it: export {spec.api_key_env}=…"
        )
    try:
        return Endpoint(spec.base_url or "", api_key=key or None, key_name=key_name, limits=spec.limits)
    except ValueError as error:
        raise UserError(f"model {name!r}: {error}") from None


class HttpClient(PlainClient):
    """A chat client for one model of an endpoint; `extra_create_args` are sent as they are, whatever they are.

    Chain-of-thought, in a field of its own or between <think> tags, comes back as `thought`.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        name: str = "",
        environ: Mapping[str, str] = os_environ,
        endpoint: Endpoint | None = None,
    ) -> None:
        context_tokens = spec.config.get("context_tokens", CONTEXT_TOKENS)
        if not isinstance(context_tokens, int):
            raise UserError(f"model {name or spec.model!r}: config.context_tokens is {context_tokens!r}, not a number")
        super().__init__(spec.model or name, family=spec.family, context_tokens=context_tokens)
        self._endpoint = endpoint or endpoint_of(spec, name=name, environ=environ)

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        body = {"model": self.model, **args, "messages": as_dicts(messages)}
        return await self._endpoint.post("/chat/completions", body, read_chat)

    async def close(self) -> None:
        await self._endpoint.close()


def _checked(base_url: str) -> str:
    """Raises ValueError for what is no http address, and for a password in it, which would end up in the log."""
    url = urlsplit(base_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"base_url {base_url!r} is no http:// or https:// address")
    if url.username or url.password:
        raise ValueError(f"base_url for {url.hostname} holds a user name or password; name a variable in api_key_env")
    return base_url.rstrip("/")


def _as_json(body: Mapping[str, Any]) -> bytes:
    try:
        return to_json(body)  # a quarter of json's time
    except ValueError:  # half a surrogate pair, which JSON can hold and UTF-8 cannot
        return json.dumps(body).encode()


def _overloaded(error: CallError) -> bool:
    return error.kind in ("rate_limit", "timeout") or error.http_status == 503


def _failed(reply: Reply) -> CallError:
    """What a status of 300 and above means."""
    status = reply.status
    if status < 400:
        moved = f"HTTP {status}: moved to {reply.header('location') or 'nowhere'}; put the new address in base_url"
        return CallError("request", moved, http_status=status)
    try:
        said = endpoint_message(parse(reply.body))
    except CallError:
        said = ""
    text = reply.body.decode("utf-8", "replace")
    return CallError(
        kind_of_status(status),
        f"HTTP {status}: {said or text or 'no explanation'}",
        http_status=status,
        retry_after=retry_after(reply.header("retry-after")),
        text=text,
    )
