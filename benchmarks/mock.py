"""An OpenAI-compatible endpoint for benchmarks: every reply after the same latency, at next to no cost of its own.

    python benchmarks/mock.py --latency-ms 100        # prints its address, serves until its standard input ends

It speaks HTTP/1.1 from an asyncio protocol, because a server framework would be what is measured. A reply is a function
of the request's bytes: a verdict where JSON is asked for, else some sentences. `GET /stats` tells how many requests
there were and how many at once, and starts counting anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import zlib
from typing import cast

import uvloop

LENGTH = re.compile(rb"(?i)\r\ncontent-length:\s*(\d+)")
_NOUNS = """
garden soil water root leaf pot bed sun shade rain mulch compost hose can bucket barrel ground plant seedling tomato
bean herb flower hedge
"""
_KINDS = "dry wet deep sandy heavy light young old small broad cool warm early late loose firm"
_DOES = "needs holds keeps takes gives finds loses wants feeds cools shades dries fills drains covers reaches"
NOUNS, KINDS, DOES = _NOUNS.split(), _KINDS.split(), _DOES.split()
SENTENCES = (
    "The {kind} {noun} {does} some {other} long before a {such} {third} {makes} it.",
    "Think of what a {such} {noun} {does} and how the {third} {makes} its {other}.",
    "That is why {such} {other} {does} so much, and a {kind} {noun} {makes} {third} for it.",
    "I would look at the {noun} first, because {kind} {other} {does} what the {third} {makes}.",
    "Where a {noun} is {kind}, its {other} {does} the {third} and {makes} more {such} {noun} later.",
    "So the {other} {does} this {kind} {noun}, and with the {third} it {makes} a {such} start.",
)
"""No run of five words stands in two of them but by chance, so that nothing sounds like an echo: a turn that is asked
again would be a call more than others make."""
VERDICTS = tuple(json.dumps({"reason": "Its reasons are clearer.", "better": b}) for b in ("first", "second", "tie"))


def reply(body: bytes) -> bytes:
    """A whole HTTP response."""
    drawn = zlib.crc32(body)
    if b'"response_format"' in body:
        text = VERDICTS[drawn % len(VERDICTS)]
    else:
        text = " ".join(sentence(drawn, place) for place in range(4))
    document = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "mock",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": None, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": len(body) // 4, "completion_tokens": 60, "total_tokens": len(body) // 4 + 60},
    }
    return response(json.dumps(document).encode())


def sentence(drawn: int, place: int) -> str:
    chance = zlib.crc32(b"%d" % place, drawn)
    n, k, d = chance, chance >> 9, chance >> 18
    return SENTENCES[(drawn + place) % len(SENTENCES)].format(
        noun=NOUNS[n % 24],
        other=NOUNS[(n // 24) % 24],
        third=NOUNS[(n // 576) % 24],
        kind=KINDS[k % 16],
        such=KINDS[(k // 16) % 16],
        does=DOES[d % 16],
        makes=DOES[(d // 16) % 16],
    )


def response(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(content),
        content,
    )


class Counts:
    """Requests answered and under way, and the most that were under way at once."""

    def __init__(self) -> None:
        self.requests = self.now = self.most = 0

    def begin(self) -> None:
        self.requests += 1
        self.now += 1
        self.most = max(self.most, self.now)

    def taken(self) -> bytes:
        found = json.dumps({"requests": self.requests, "most_at_once": self.most}).encode()
        self.requests = self.most = 0
        return found


class Connection(asyncio.Protocol):
    """One client's connection; one request at a time, as HTTP clients do."""

    def __init__(self, latency_s: float, counts: Counts) -> None:
        self._latency_s = latency_s
        self._counts = counts
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(rest) < length:
            return
        self._received = rest[length:]
        if head.startswith(b"GET /stats"):
            self._write(response(self._counts.taken()))
            return
        self._counts.begin()
        asyncio.get_running_loop().call_later(self._latency_s, self._answer, reply(rest[:length]))

    def _answer(self, content: bytes) -> None:
        self._counts.now -= 1
        self._write(content)

    def _write(self, content: bytes) -> None:
        if self._transport is not None:
            self._transport.write(content)


async def serve(port: int, latency_s: float) -> None:
    loop = asyncio.get_running_loop()
    counts = Counts()
    server = await loop.create_server(lambda: Connection(latency_s, counts), "127.0.0.1", port, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # whoever started this holds the other end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--latency-ms", type=float, default=100.0)
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, arguments.latency_ms / 1000))


if __name__ == "__main__":
    main()
