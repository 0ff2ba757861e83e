"""YAML: every fault at once, by line; hostile documents refused; files looked up in order."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from master_autogen.errors import UserError
from master_autogen.yaml_files import find, names, read_yaml, shipped


class Pet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    age: int = Field(0, ge=0)
    toys: list[str] = []


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _read(text: str) -> Pet:
    Path("pet.yaml").write_text(text, encoding="utf-8")
    return read_yaml(Path("pet.yaml"), Pet)


def test_a_sound_file() -> None:
    assert _read("name: Rex\nage: 3\ntoys: [ball]\n") == Pet(name="Rex", age=3, toys=["ball"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nme: Rex\nage: -1\n", "pet.yaml:1: name: missing\npet.yaml:1: nme: unknown key\n"
         "pet.yaml:2: age: input should be greater than or equal to 0 (found -1)"),
        ("name: Rex\ntoys:\n  - ball\n  - [x]\n", "pet.yaml:4: toys.2: input should be a valid string (found ['x'])"),
        ("name: Rex\nname: Max\n", "pet.yaml:2: key 'name' stands twice"),
        ("- a\n", "pet.yaml:1: a mapping of keys was expected, found list"),
        ("", "pet.yaml:1: a mapping of keys was expected, found NoneType"),
        ("name: [\n", "pet.yaml:2: expected the node content, but found '<stream end>'"),
        ("name: !!python/object/apply:os.system [ls]\n",
         "pet.yaml:1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        ("name: &a [*a]\n", "pet.yaml:1: nested more than 40 deep, or an alias of itself"),
        ("name: " + "[" * 60 + "]" * 60, "pet.yaml:1: nested more than 40 deep, or an alias of itself"),
    ],
)  # fmt: skip
def test_faults_by_line(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        _read(text)
    assert str(caught.value) == message


def test_aliases_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(
        UserError, match=r"^pet\.yaml: [\d,]+ values once aliases are followed; a file may have 50,000$"
    ):
        _read("\n".join(lines))


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    Path("pet.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(UserError, match=r"^pet\.yaml: not UTF-8 text \(byte 6\)$"):
        read_yaml(Path("pet.yaml"), Pet)


def test_a_file_too_large() -> None:
    with pytest.raises(UserError, match=r"^pet\.yaml: 1,000,007 bytes; a YAML file may have 1,000,000$"):
        _read("name: " + "x" * 1_000_001)


def test_a_path_goes_first_then_the_folder_here_then_what_is_shipped() -> None:
    assert find("pools", "scripted") == shipped("pools", "scripted.yaml")
    Path("scenarios/pools").mkdir(parents=True)
    Path("scenarios/pools/scripted.yaml").write_text("name: mine")
    Path("scenarios/pools/own.yaml").write_text("name: mine")
    assert find("pools", "scripted") == Path("scenarios/pools/scripted.yaml")
    assert find("pools", "scenarios/pools/own.yaml") == Path("scenarios/pools/own.yaml")
    assert {"own", "scripted", "local"} <= set(names("pools"))


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("judges", "nobody", "no judge named 'nobody'; there are: pairwise (or give a path to a file)"),
        ("", "nowhere/x.yaml", "no file nowhere/x.yaml"),
    ],
)
def test_what_is_not_there(kind: str, name: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        find(kind, name)
    assert str(caught.value) == message
