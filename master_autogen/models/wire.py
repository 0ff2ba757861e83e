"""HTTP/1.1 to one address, and no more of HTTP than an endpoint of models needs: connections that are kept, a whole
request out, a whole reply in.

    wire = Wire("https://host")
    reply = await wire.exchange("POST", "/v1/models", b"Content-Type: application/json\\r\\n", body, timeout_s=60)

Why not a client library: aiohttp alone takes five times as long a call as all of this (0.20 and 0.04 ms), and the wait
for models is to be the only wait of a run. What is hard about HTTP, reading replies, is left to llhttp (`httptools`),
TLS to the standard library. It follows no redirects, keeps no cookies, reads no proxy settings and knows no keys.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple, cast
from urllib.parse import quote, urlsplit

import httptools

from master_autogen.errors import CallError

KEEP_S = 15.0
"""An idle connection is not used again after so long: servers and gateways close them too, and a request that crosses
with the closing is lost."""

_OF_PATHS = "/%?:@!$&'()*+,;=~"
_SAY_THEIR_LENGTH = {b"content-length", b"transfer-encoding"}
_PACKED = (b"gzip", b"x-gzip", b"deflate")
_GZIP = b"\x1f\x8b"


@lru_cache(maxsize=64)
def _head(method: str, path: str) -> bytes:
    return f"{method} {quote(path, safe=_OF_PATHS)} HTTP/1.1\r\n".encode()


class Reply(NamedTuple):
    """`headers` by their names in small letters, as they came; of several with one name, the last."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def header(self, name: str) -> str | None:
        """What the header of this name, in small letters, says."""
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")


class Wire:
    """See the module. Replies of more than `most_bytes`, unpacked, are refused. Belongs to one event loop at a time; in
    another one it makes new connections."""

    def __init__(self, base_url: str, *, most_bytes: int) -> None:
        url = urlsplit(base_url)
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._most_bytes = most_bytes
        self._host_header = b"Host: %b\r\n" % url.netloc.encode("idna" if not url.netloc.isascii() else "ascii")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._free: list[_Connection] = []
        self._every: set[_Connection] = set()

    async def exchange(
        self, method: str, path: str, headers: bytes = b"", body: bytes = b"", *, timeout_s: float
    ) -> Reply:
        """The reply to one request, whole within `timeout_s`; `path` may hold any character, `headers` are whole lines.

        Raises TimeoutError, OSError where there is no connection or it breaks, `CallError` for a reply that is too long
        or cannot be unpacked. Cancelled, it closes the connection.
        """
        connection = self._kept()
        if connection is None:
            begun = time.monotonic()
            async with asyncio.timeout(timeout_s):
                connection = await self._connect()
            timeout_s -= time.monotonic() - begun
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        try:
            reply = await connection.ask(
                b"".join((_head(method, path), self._host_header, headers, length, body)), timeout_s
            )
        except BaseException:
            connection.end()
            raise
        if connection.reusable:
            connection.idle_since = connection.loop.time()
            self._free.append(connection)
        else:
            connection.end()
        return reply

    async def close(self) -> None:
        """Close every connection; what is asked next makes new ones."""
        for connection in list(self._every):
            connection.end()
        self._free.clear()
        self._every.clear()
        await asyncio.sleep(0)  # the transports close in the loop's next turn

    def _kept(self) -> _Connection | None:
        """The connection that was used last, as the others may wait long enough to be let go."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._free, self._every = loop, [], set()
        while self._free:
            connection = self._free.pop()
            if connection.open and loop.time() - connection.idle_since < KEEP_S:
                return connection
            connection.end()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: _Connection(loop, self._every, self._most_bytes),
            self._host,
            self._port,
            ssl=self._tls,
            server_hostname=self._host if self._tls else None,
        )
        return made


class _Connection(asyncio.Protocol):
    """One exchange at a time. While one is under way, `_asked` is its future."""

    def __init__(self, loop: asyncio.AbstractEventLoop, every: set[_Connection], most_bytes: int) -> None:
        self.loop = loop
        self.open = False
        self.reusable = False
        self.idle_since = 0.0
        self._every = every
        self._most_bytes = most_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._asked: asyncio.Future[Reply] | None = None

    def ask(self, request: bytes, timeout_s: float) -> asyncio.Future[Reply]:
        asked = self._asked = self.loop.create_future()
        # A timer of the loop, for asyncio.timeout() takes as long as sending and reading together.
        self._timer = self.loop.call_later(timeout_s, self._fail, TimeoutError())
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._received = 0
        self._headers_read = self.reusable = False
        if self.open:
            self._transport.write(request)
        else:
            self._fail(ConnectionResetError("the connection was closed"))
        return asked  # `_asked` is None by now where it has failed already

    def end(self) -> None:
        self.open = self.reusable = False
        asked, self._asked = self._asked, None
        if asked is not None:
            self._timer.cancel()
            if not asked.done():  # as it is where the exchange was cancelled
                asked.set_exception(ConnectionResetError("the connection was closed"))
        self._every.discard(self)
        with suppress(RuntimeError):  # its loop is closed
            self._transport.abort()

    # --- what the transport says ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True
        self._every.add(self)

    def data_received(self, data: bytes) -> None:
        if self._asked is None:
            self.end()  # nobody asked: a server that speaks first, or says more than a reply
            return
        self._received += len(data)
        if self._received > self._most_bytes:
            self._fail(_too_long(self._most_bytes))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(ConnectionError("the reply is not HTTP/1.1: it changes the protocol"))
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(f"the reply is not HTTP/1.1: {error}"))

    def eof_received(self) -> None:
        self.open = False  # the transport is told a turn of the loop before `connection_lost`

    def connection_lost(self, error: Exception | None) -> None:
        self.open = self.reusable = False
        self._every.discard(self)
        if self._asked is None:
            return
        if error is None and self._headers_read and not self._headers.keys() & _SAY_THEIR_LENGTH:
            self._done()  # a reply that ends with the connection
        else:
            why = "before the reply was whole" if self._received else "before there was a reply"
            self._fail(ConnectionResetError(f"the connection was closed {why}"))

    # --- what the parser says ---

    def on_message_begin(self) -> None:
        if self._asked is None:  # more than was asked for
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._asked is not None and not self._headers_read:  # else of another reply, or after the body
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._headers_read = True

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # 100 and 103 only announce the reply
            self._headers, self._headers_read = {}, False
            return
        self.reusable = self._parser.should_keep_alive()
        self._done()

    # --- how an exchange ends ---

    def _done(self) -> None:
        asked, self._asked = self._asked, None
        self._timer.cancel()
        if asked is None or asked.done():
            return
        try:
            body = _unpacked(b"".join(self._parts), self._headers.get(b"content-encoding", b""), self._most_bytes)
        except CallError as error:
            asked.set_exception(error)
            return
        asked.set_result(Reply(self._parser.get_status_code(), self._headers, body))

    def _fail(self, error: Exception) -> None:
        asked, self._asked = self._asked, None
        self._timer.cancel()
        self.reusable = False
        if asked is not None and not asked.done():
            asked.set_exception(error)


def _unpacked(body: bytes, packed_by: bytes, most_bytes: int) -> bytes:
    """Raises `CallError` for what cannot be unpacked, and for what is too long: packed, a few kilobytes may stand for
    gigabytes."""
    packed_by = packed_by.strip().lower()
    if packed_by in (b"", b"identity") or not body:
        return body
    if packed_by not in _PACKED:
        said = packed_by.decode("latin-1")
        raise CallError("bad_reply", f"the reply is packed by {said!r}, which nobody asked for")
    # 32: a gzip or zlib header, whichever there is. "deflate" without a header is deflate too, to some servers.
    raw = packed_by == b"deflate" and body[0] & 0x0F != 8
    unpacked = b""
    while True:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS if raw else 32 + zlib.MAX_WBITS)
        try:
            unpacked += unpack.decompress(body, most_bytes + 1 - len(unpacked))
        except zlib.error as error:
            raise CallError("bad_reply", f"the reply cannot be unpacked ({error})") from None
        if len(unpacked) > most_bytes:
            raise _too_long(most_bytes)
        if not unpack.eof:
            raise CallError("bad_reply", "the reply cannot be unpacked: its end is missing")
        body = unpack.unused_data
        if not body.startswith(_GZIP):  # which may come in several parts
            return unpacked


def _too_long(most_bytes: int) -> CallError:
    return CallError("bad_reply", f"the reply is longer than {most_bytes:,} bytes")


def said_of(error: OSError) -> str:
    """What went wrong, in words: asyncio's own text names the socket's address in Python's notation."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error) or type(error).__name__
