"""The hub: in reach, out of reach, and what is asked of `datasets`. Nothing here leaves 127.0.0.1."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from master_autogen.errors import UserError
from master_autogen.seeds import hub, load_seeds

WAYS = (
    "give a local file (--seeds FILE), or load it once, whole, where there is a network and set HF_HUB_OFFLINE=1 to use "
    "that cache"
)
REFUSED = f"127.0.0.1:1: [Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"


def unreachable(name: str, why: str) -> str:
    return f"{name} is no file here and the Hugging Face hub cannot be reached ({why}): {WAYS}"


class AlwaysForbidden(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")


@pytest.fixture
def hub_in_reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), AlwaysForbidden)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `datasets.load_dataset` was asked for; it has three rows, or raises what is put into `asked`."""
    import datasets

    asked: list[Any] = []

    def load_dataset(*args: object, **options: object) -> list[dict[str, str]]:
        if asked:
            raise asked[0]
        asked.append((args, options))
        return [{"question": f"What is {n} + 1?", "answer": f"The answer is {n + 1}."} for n in range(3)]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return asked


def error(source: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load_seeds(source, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "name"),
    [("orca-math", "microsoft/orca-math-word-problems-200k"), ("teknium/OpenHermes-2.5",) * 2, ("in/seeds",) * 2],
)
def test_out_of_reach_is_one_line_with_the_two_ways_out(asked: list[Any], source: str, name: str) -> None:
    assert error(source) == unreachable(name, REFUSED)
    assert asked == [], "datasets, with its half minute of retries, is not even asked"


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("nonsense", "HF_ENDPOINT: unknown url type: 'nonsense'"),
        ("http://[::1", "HF_ENDPOINT: Invalid IPv6 URL"),
        ("http://user:secret@127.0.0.1:1", REFUSED),
    ],
)
def test_a_bad_address_is_out_of_reach_and_its_password_is_not_shown(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, endpoint: str, why: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert error("in/seeds") == unreachable("in/seeds", why)


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def getaddrinfo(*_: object) -> list[Any]:
        answer.wait(60)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(hub, "PROBE_S", 0.05)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    assert error("in/seeds") == unreachable("in/seeds", "hub.invalid: no answer in 0.05 s")
    answer.set()


def test_a_certificate_that_only_the_hubs_client_may_know_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def urlopen(*_: object, **__: object) -> None:
        raise urllib.error.URLError(ssl.SSLCertVerificationError("self-signed"))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    assert hub._unreachable("https://hub.invalid") is None


@pytest.mark.usefixtures("hub_in_reach")
def test_with_a_limit_the_set_is_streamed_and_rows_are_counted(asked: list[Any]) -> None:
    found = load_seeds("orca-math", limit=2, split="test")
    assert asked == [(("microsoft/orca-math-word-problems-200k", None), {"split": "test", "streaming": True})]
    assert [(seed.kind, seed.answer) for seed in found.seeds] == [("math", "1"), ("math", "2")]
    assert {seed.source for seed in found.seeds} == {"microsoft/orca-math-word-problems-200k"}
    assert found.source == "orca-math"


@pytest.mark.usefixtures("hub_in_reach")
def test_without_a_limit_the_whole_set_is_loaded_and_a_configuration_may_be_named(asked: list[Any]) -> None:
    found = load_seeds("owner/name:main", columns={"instruction": "answer", "response": "question"})
    assert asked == [(("owner/name", "main"), {"split": "train", "streaming": False})]
    assert [seed.source for seed in found.seeds] == ["owner/name:main"] * 3


@pytest.mark.usefixtures("hub_in_reach")
def test_the_hub_id_of_a_preset_stands_for_the_preset(asked: list[Any]) -> None:
    seed = load_seeds("microsoft/orca-math-word-problems-200k").seeds[0]
    assert (seed.kind, seed.licence) == ("math", "MIT")


@pytest.mark.usefixtures("hub_in_reach")
def test_what_the_hub_does_not_give(asked: list[Any]) -> None:
    asked.append(ValueError("Unknown split \"tset\".\nShould be one of ['train']."))
    assert error("owner/name", split="tset") == (
        "the hub does not give owner/name (ValueError: Unknown split \"tset\". Should be one of ['train'].): check the name "
        "and the split; a private or gated data set needs HF_TOKEN"
    )
    asked[0] = ConnectionError("Couldn't reach 'owner/name' on the Hub")
    assert error("owner/name") == unreachable("owner/name", "ConnectionError: Couldn't reach 'owner/name' on the Hub")


def test_offline_without_a_cache_is_the_same_line_at_once(tmp_path: Path) -> None:
    code = (
        "import os; os.environ.update(HF_HUB_OFFLINE='1', HF_HOME='hf')\n"
        "from master_autogen.seeds import load_seeds\n"
        "try: load_seeds('owner/name', limit=1)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    root = Path(hub.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
    )
    why = unreachable("owner/name", "HF_HUB_OFFLINE is set and the cache does not hold it")
    assert done.stdout == f"UserError {why}\n"
