"""The door to `datasets`: rows of Parquet files and of data sets on the Hugging Face hub.

It is imported late, for it is slow. Without a network it retries for 24 s before it gives up, so the hub is first asked
whether it is there.
"""

from __future__ import annotations

import glob
import os
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from master_autogen.errors import UserError
from master_autogen.seeds.records import Row

PROBE_S = 3.0
"""How long the hub may take to answer at all, in seconds."""

PARQUET_ROWS = 1000
"""Rows of a Parquet file that are read at a time."""

Cells = Mapping[str, object]


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a local Parquet file; nothing is copied into a cache."""

    def cells() -> Iterator[Cells]:
        from datasets import load_dataset

        # data_files are patterns to datasets, so brackets in a path have to be escaped. Without a batch size the first
        # group of rows gives it, which may be empty.
        yield from load_dataset(
            "parquet", data_files=glob.escape(str(path)), split="train", streaming=True, batch_size=PARQUET_ROWS
        )

    return _numbered(cells(), lambda error: UserError(f"{path} cannot be read as Parquet ({_brief(error)})"))


def hub_rows(name: str, split: str, *, streaming: bool) -> Iterator[Row]:
    """The rows of a data set `owner/name` or `owner/name:configuration` on the hub, or in the cache when offline.

    `streaming` reads no more than is asked for and keeps nothing; without it the whole set goes into the cache.
    Raises `UserError` at once if the hub is out of reach.
    """
    why = None if _offline() else _unreachable(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    if why:
        raise _out_of_reach(name, why)
    hub_id, _, configuration = name.partition(":")

    def cells() -> Iterator[Cells]:
        from datasets import load_dataset

        yield from load_dataset(hub_id, configuration or None, split=split, streaming=streaming)

    return _numbered(cells(), lambda error: _not_given(name, error))


def _numbered(rows: Iterator[Cells], explain: Callable[[Exception], UserError]) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except Exception as error:  # the hub's client, fsspec and pyarrow have no common base for what they raise
            raise explain(error) from error
        yield Row(number, cells)


def _not_given(name: str, error: Exception) -> UserError:
    if isinstance(error, ConnectionError):  # OfflineModeIsEnabled is one, too
        return _out_of_reach(
            name, "HF_HUB_OFFLINE is set and the cache does not hold it" if _offline() else _brief(error)
        )
    hint = "check the name and the split; a private or gated data set needs HF_TOKEN"
    return UserError(f"the hub does not give {name} ({_brief(error)}): {hint}")


def _out_of_reach(name: str, why: str) -> UserError:
    ways = (
        "give a local file (--seeds FILE), or load it once, whole, where there is a network and set HF_HUB_OFFLINE=1 "
        "to use that cache"
    )
    return UserError(f"{name} is no file here and the Hugging Face hub cannot be reached ({why}): {ways}")


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}{'...' if len(text) > 200 else ''}"


def _offline() -> bool:
    switches = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"))
    return any(switch.upper() in ("1", "ON", "YES", "TRUE") for switch in switches)


def _unreachable(endpoint: str) -> str | None:
    """Why nothing answers at `endpoint`, or None. Any HTTP reply counts as an answer; proxies are used as set up."""
    try:
        address = urlsplit(endpoint)
    except ValueError as error:
        return f"HF_ENDPOINT: {error}"
    host = address.netloc.rpartition("@")[2]  # without a password that the address may hold
    bare = address._replace(netloc=host).geturl()
    found: list[str | None] = []
    # In a thread, because a name server that does not answer holds getaddrinfo beyond every timeout.
    thread = threading.Thread(target=lambda: found.append(_ask(bare)), daemon=True)
    thread.start()
    thread.join(PROBE_S)
    why = found[0] if found else f"no answer in {PROBE_S:g} s"
    return f"{host or 'HF_ENDPOINT'}: {why}" if why else None


def _ask(endpoint: str) -> str | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=PROBE_S):
            return None
    except (urllib.error.HTTPError, HTTPException):
        return None
    except urllib.error.URLError as error:
        # A certificate that urllib does not know may well be known to the hub's own client.
        return None if isinstance(error.reason, ssl.SSLError) else str(error.reason)
    except (OSError, ValueError) as error:
        return str(error)
