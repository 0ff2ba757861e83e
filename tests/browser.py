"""A headless Chromium for tests, over its own DevTools protocol: no driver, no library besides aiohttp.

async with page(path.as_uri()) as tab:
    await tab.press("j")
    assert await tab.js("document.title") == "Run 1"
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1400,900",
)  # fmt: skip
LONGEST_S = 30.0
MISSING = "needs a Chromium: `apt-get install chromium`, or CHROMIUM=/path/to/one"


def chromium() -> str | None:
    """The browser to test with, where there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page. `requests` are the addresses it asked for, `complaints` what it wrote to its console."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self._socket = socket
        self._ids = itertools.count(1)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; what the browser tells meanwhile is kept."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            told = json.loads((await asyncio.wait_for(self._socket.receive(), LONGEST_S)).data)
            if told.get("id") == number:
                assert "error" not in told, told
                return dict(told["result"])
            self._hear(told)

    def _hear(self, told: dict[str, Any]) -> None:
        found = told.get("params", {})
        match told.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(found["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(found["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(found["entry"]["text"])
            case "Page.javascriptDialogOpening":
                self.dialogs.append(found["message"])

    async def js(self, expression: str) -> Any:
        """The value of an expression, promises awaited."""
        result = await self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(LONGEST_S):
            while not await self.js(expression):
                await asyncio.sleep(0.02)

    async def press(self, *keys: str) -> None:
        """Press keys by their names, such as "j", "Enter", "ArrowDown"."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "End": 35, "Home": 36}
            named = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
            await self.send("Input.dispatchKeyEvent", type="keyDown", **named, **text)
            await self.send("Input.dispatchKeyEvent", type="keyUp", **named)

    async def write(self, text: str) -> None:
        """Type a text where the cursor is."""
        await self.send("Input.insertText", text=text)

    async def screenshot(self, to: Path) -> None:
        found = await self.send("Page.captureScreenshot")
        to.write_bytes(base64.b64decode(found["data"]))

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """The size of the window, and which colours its user prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def open(self, address: str) -> None:
        await self.send("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")


@asynccontextmanager
async def page(address: str) -> AsyncIterator[Tab]:
    """A tab of a new browser with a profile of its own, at `address`; both end with the block."""
    binary = chromium()
    assert binary is not None, MISSING
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            binary, *FLAGS, f"--user-data-dir={profile}", "about:blank", stderr=asyncio.subprocess.PIPE
        )
        try:
            port = await asyncio.wait_for(_port(process), LONGEST_S)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                    [target] = [found for found in await reply.json() if found["type"] == "page"]
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    tab = Tab(socket)
                    for domain in ("Page", "Runtime", "Network", "Log"):
                        await tab.send(f"{domain}.enable")
                    await tab.open(address)
                    yield tab
        finally:
            process.terminate()
            await process.wait()


async def _port(process: asyncio.subprocess.Process) -> str:
    """The browser says on stderr where it listens: "DevTools listening on ws://127.0.0.1:37123/devtools/…"."""
    assert process.stderr is not None
    async for line in process.stderr:
        if b"DevTools listening on ws://" in line:
            return line.decode().split("ws://127.0.0.1:")[1].split("/")[0]
    raise AssertionError("the browser ended before it listened")
