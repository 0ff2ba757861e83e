"""HTTP as servers really speak it: against a raw socket that says, byte for byte, what the test wants said."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme

from master_autogen.errors import CallError
from master_autogen.models import wire
from master_autogen.models.wire import Wire

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Counts connections; `asked` are the requests as they came."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.connections = 0
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError):  # the client has closed it
            await self.talk(reader, writer)
        writer.close()

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        self.asked.append(head + await reader.readexactly(length))
        return self.asked[-1]


@asynccontextmanager
async def served(
    *said: bytes, scheme: str = "http", tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Server, Wire]]:
    """A server that answers each request with the next of `said`, and then closes the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while replies:
            await server.request(reader)
            writer.write(replies.pop(0))
            await writer.drain()

    replies = list(said)
    server = Server(talk)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    asking = Wire(f"{scheme}://{'localhost' if tls else '127.0.0.1'}:{port}/v1", most_bytes=1000)
    try:
        yield server, asking
    finally:
        await asking.close()
        listening.close()


def packed(content: bytes) -> bytes:
    """Without the time in it, so that a test has the same name whenever it is collected."""
    return gzip.compress(content, mtime=0)


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def post(asking: Wire, body: bytes = b"{}", timeout_s: float = 5.0) -> wire.Reply:
    return await asking.exchange("POST", "/v1/chat", b"Content-Type: application/json\r\n", body, timeout_s=timeout_s)


async def test_what_is_sent_and_what_comes_back() -> None:
    async with served(reply(b"yes", "X-Two: 1", "X-TWO: 2")) as (server, asking):
        assert await asking.exchange("POST", "/v 1/ü", b"A: b\r\n", b"body", timeout_s=5) == (
            200,
            {b"x-two": b"2", b"content-length": b"3"},
            b"yes",
        )
        host = server.asked[0].partition(b"Host: ")[2].partition(b"\r\n")[0]
    assert host.startswith(b"127.0.0.1:")
    assert server.asked == [
        b"POST /v%201/%C3%BC HTTP/1.1\r\nHost: " + host + b"\r\nA: b\r\nContent-Length: 4\r\n\r\nbody"
    ]


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (reply(b""), b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n1;x=y\r\n!\r\n0\r\n\r\n", b"yes!"),
        (b"HTTP/1.1 100 Continue\r\nContent-Type: x/y\r\n\r\n" + reply(b"yes"), b"yes"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(b"yes"), b"yes"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nof old", b"of old"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (reply(packed(b"yes"), "Content-Encoding: gzip"), b"yes"),
        (reply(packed(b"yes"), "Content-Encoding:  GZip "), b"yes"),
        (reply(packed(b"y") + packed(b"es"), "Content-Encoding: gzip"), b"yes"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\nContent-Encoding: br\r\n\r\n",
            b"yes",
        ),
        (reply(zlib.compress(b"yes"), "Content-Encoding: deflate"), b"yes"),
        (reply(zlib.compress(b"yes", wbits=-15), "Content-Encoding: deflate"), b"yes"),
        (reply(b"yes", "Content-Encoding: identity"), b"yes"),
    ],
)
async def test_replies_as_servers_send_them(said: bytes, body: bytes) -> None:
    async with served(said) as (_, asking):
        assert (await post(asking)).body == body


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"", "the connection was closed before there was a reply"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection was closed before the reply was whole"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "the connection was closed before the reply was whole"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
            "the connection was closed before the reply was whole",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the reply is not HTTP/1.1: Expected HTTP/, RTSP/ or ICE/"),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            "the reply is not HTTP/1.1: it changes the protocol",
        ),
    ],
)
async def test_what_is_no_whole_reply(said: bytes, message: str) -> None:
    async with served(said) as (_, asking):
        with pytest.raises(ConnectionError) as caught:
            await post(asking)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (reply(b"x" * 1001), "the reply is longer than 1,000 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, "the reply is longer than 1,000 bytes"),
        (reply(packed(b" " * 1001), "Content-Encoding: gzip"), "the reply is longer than 1,000 bytes"),
        (
            reply(b"not packed", "Content-Encoding: gzip"),
            "the reply cannot be unpacked (Error -3 while decompressing data: incorrect header check)",
        ),
        (
            reply(packed(b"yes" * 99)[:-9], "Content-Encoding: gzip"),
            "the reply cannot be unpacked: its end is missing",
        ),
        (reply(b"yes", "Content-Encoding: br"), "the reply is packed by 'br', which nobody asked for"),
    ],
)
async def test_what_cannot_be_read(said: bytes, message: str) -> None:
    async with served(said) as (_, asking):
        with pytest.raises(CallError) as caught:
            await post(asking)
    assert (caught.value.kind, str(caught.value)) == ("bad_reply", message)


async def test_a_connection_is_used_again_and_again() -> None:
    async with served(*[reply(str(i).encode()) for i in range(5)]) as (server, asking):
        assert [(await post(asking)).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "first",
    [
        reply(b"yes", "Connection: close"),
        reply(b"yes") + b"HTTP/1.1 200 OK\r\n",  # more than was asked for
        reply(b"yes") + b"\r\nHTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",
    ],
)
async def test_a_connection_that_cannot_be_trusted_is_not_used_again(first: bytes) -> None:
    async with served(first, reply(b"two")) as (server, asking):
        assert [(await post(asking)).body for _ in range(2)] == [b"yes", b"two"]
    assert server.connections == 2


async def test_what_a_server_says_unasked_ends_the_connection() -> None:
    async with served(reply(b"one"), reply(b"two")) as (server, asking):
        await post(asking)
        [idle] = asking._free
        idle.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        assert (await post(asking)).body == b"two"
    assert server.connections == 2


async def test_an_idle_connection_is_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(reply(b"one"), reply(b"two"), reply(b"three")) as (server, asking):
        await post(asking)
        await post(asking)
        assert server.connections == 1
        monkeypatch.setattr(wire, "KEEP_S", 0.0)
        await post(asking)
    assert server.connections == 2


async def test_a_server_that_closes_an_idle_connection_does_no_harm() -> None:
    async with served(reply(b"one")) as (server, asking):
        await post(asking)
        while asking._free[0].open:  # the server has nothing more to say on it
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionError, match="closed before there was a reply"):
            await post(asking)
    assert server.connections == 2


async def test_a_connection_that_the_server_is_closing_is_not_used_again() -> None:
    async with served(reply(b"one"), reply(b"two")) as (server, asking):
        await post(asking)
        asking._free[0].eof_received()  # as asyncio says it, a turn before the connection is lost
        assert (await post(asking)).body == b"two"
    assert server.connections == 2


async def test_a_connection_that_is_closed_as_it_is_made_is_an_error_of_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So it goes behind a proxy whose server is gone: uvloop tells of the end before anything was asked."""
    async with served() as (_, asking):
        connect = asking._connect

        async def closing() -> wire._Connection:
            connection = await connect()
            connection.eof_received()
            return connection

        monkeypatch.setattr(asking, "_connect", closing)
        with pytest.raises(ConnectionResetError, match=r"^the connection was closed$"):
            await post(asking)
        assert (asking._free, asking._every) == ([], set())


async def test_a_second_reply_changes_nothing_of_the_first() -> None:
    first = b"HTTP/1.1 429 No\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno"
    async with served(first + first.replace(b"After: 1", b"After: 999")) as (_, asking):
        assert (await post(asking)).header("retry-after") == "1"


async def test_who_waits_for_a_reply_hears_that_the_connections_are_closed() -> None:
    async with served(b"") as (server, asking):
        server.talk = _says_and_waits(server)
        waiting = asyncio.create_task(post(asking, timeout_s=60))
        while not server.asked:
            await asyncio.sleep(0.01)
        await asking.close()
        with pytest.raises(ConnectionResetError, match=r"^the connection was closed$"):
            await asyncio.wait_for(waiting, 5)


async def test_many_at_once_have_a_connection_each() -> None:
    async with served(*[reply(b"yes")] * 20) as (server, asking):
        assert [r.body for r in await asyncio.gather(*(post(asking) for _ in range(10)))] == [b"yes"] * 10
        assert len(asking._free) == 10
    assert server.connections == 10


async def test_the_deadline_ends_the_connection() -> None:
    async with served(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", reply(b"late")) as (server, asking):
        server.talk = _says_and_waits(server)
        with pytest.raises(TimeoutError):
            await post(asking, timeout_s=0.05)
        assert (asking._free, asking._every) == ([], set())


def _says_and_waits(server: Server) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await reader.read()

    return talk


async def test_who_is_cancelled_leaves_no_connection_and_no_timer() -> None:
    async with served() as (server, asking):
        server.talk = _says_and_waits(server)
        waiting = asyncio.create_task(post(asking))
        while not server.asked:
            await asyncio.sleep(0.01)
        [connection] = asking._every
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert connection._timer.cancelled()
        assert (asking._free, asking._every) == ([], set())


async def test_tls_and_a_certificate_that_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with served(reply(b"secret"), scheme="https", tls=context) as (_, stranger):
        with pytest.raises(ssl.SSLCertVerificationError):
            await post(stranger)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with served(reply(b"secret"), scheme="https", tls=context) as (server, knows):
        assert (await post(knows)).body == b"secret"
    assert server.connections == 1
