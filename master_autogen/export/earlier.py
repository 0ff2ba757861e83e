"""What already lies where an export is to be put: what an earlier one left there, and what is a person's own."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from master_autogen.errors import UserError
from master_autogen.export.places import Places, Split
from master_autogen.files import cannot

_MARK = "<!-- master-autogen export "


def marked(text: str) -> bytes:
    """`text` with a last line that says that it is from here, and all of it."""
    content = _bytes(text)
    return content + f"{_MARK}{_sum(content)} -->\n".encode()


def earlier_sets(places: Places) -> set[Split]:
    """The sets that an earlier export wrote to the same places, as its card says. Raises `UserError` where the card is
    a person's."""
    content = _read(places.card)
    text, mark, rest = content.rpartition(_MARK.encode())
    if content and mark + rest != f"{_MARK}{_sum(text)} -->\n".encode():
        raise UserError(
            f"{places.card} was written or changed by hand, and the card of an export would take its place; "
            "move it away, or name another place with --to"
        )
    named = {split for split in places.sets if _bytes(json.dumps(places.data_file(split), ensure_ascii=False)) in text}
    return {split for split in named if not _has_own_card(split, places)}


def _has_own_card(split: Split, places: Places) -> bool:
    """Whether the file is that of another export by now."""
    card = places.sets[split].with_suffix(".md")
    return card != places.card and os.path.exists(card)


def check_free(path: Path, to: Path) -> None:
    """Raises `UserError` where a file is at `path` that no earlier export to `to` put there."""
    if os.path.lexists(path):
        raise UserError(
            f"{path} is there already and is no test set of {to}; move it away, or name another place with --to"
        )


def remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot("remove", path, error) from error


def _bytes(text: str) -> bytes:
    return text.encode(errors="backslashreplace")  # names of files may be no Unicode


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if os.path.exists(path) else b""
    except OSError as error:
        raise cannot("read", path, error) from error
