"""Files take their place whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.files import check_writable, replacing


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    with replacing(path) as file:
        file.write(b"one")
        assert not path.exists()
    with replacing(path) as file:
        file.write(b"two")
        assert path.read_bytes() == b"one"
    assert [found.name for found in path.parent.iterdir()] == ["page.html"]
    assert path.read_bytes() == b"two"


def test_what_goes_wrong_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"before")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("page.html", b"before")]


def test_folders_are_made_only_for_what_is_put_there(tmp_path: Path) -> None:
    def fail() -> None:
        with replacing(tmp_path / "new" / "page.html"), replacing(tmp_path / "new" / "data" / "rows.html"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError), replacing(tmp_path / "new" / ("n" * 300) / "page.html"):
        pass
    assert list(tmp_path.iterdir()) == []
    with replacing(tmp_path / "new" / "page.html", empty=False):
        (tmp_path / "new" / "other").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "other"]


def test_nothing_takes_no_place_where_it_need_not(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"before")
    with replacing(path, empty=False):
        pass
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("page.html", b"before")]
    with replacing(path):
        pass
    assert path.read_bytes() == b""


def test_places_where_no_file_can_be_are_named(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    for to, told in (
        (tmp_path, f"{tmp_path} is a folder; name a file in it with --to"),
        (Path("/dev/null"), "/dev/null is no plain file; name another with --to"),
        (tmp_path / "plain" / "a", f"{tmp_path}/plain is no folder; name another place with --to"),
    ):
        with pytest.raises(UserError) as error:
            check_writable(to)
        assert str(error.value) == told
    check_writable(tmp_path / "missing" / "a")
