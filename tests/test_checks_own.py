"""A user's own checks: registered by name, refused by name, guarded when they fail, and gone with their context."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from master_autogen.checks import REGISTRY, SLOW, CheckFinding, CheckInput, Seed, check, own_checks, register
from master_autogen.errors import UserError
from master_autogen.records import CHECKS

TURN = CheckInput(target=Seed(instruction="How much?", response="5 euros"), text="5", role="student", phase="say")
FILE = """\
from master_autogen.checks import CheckFinding, CheckInput, register


@register("mentions_unit", "the answer names its unit", slow=True)
def mentions_unit(turn: CheckInput) -> CheckFinding:
    return CheckFinding(passed="euro" in turn.text, detail="names no euros")
"""


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    with own_checks(()):
        yield


def never(turn: CheckInput) -> CheckFinding:
    return CheckFinding(passed=False, detail=f"said {turn.text}")


def test_a_registered_check_is_known_by_its_name() -> None:
    assert register("never", " it never passes ")(never) is never
    assert (CHECKS["never"], "never" in SLOW) == ("it never passes", False)
    assert check("never", TURN) == CheckFinding(passed=False, detail="said 5")


def test_the_same_function_takes_its_own_place() -> None:
    register("never", "it never passes", slow=True)(never)
    register("never", "it does not pass")(never)
    assert (CHECKS["never"], "never" in SLOW) == ("it does not pass", False)


@pytest.mark.parametrize(
    ("name", "meaning", "told"),
    [
        ("Mine", "m", "'Mine' is no name for a check: small letters, digits and _, as in mentions_unit"),
        ("", "m", "'' is no name for a check: small letters, digits and _, as in mentions_unit"),
        ("mine", " ", "check 'mine' needs a meaning: what a turn has that passes, in a few words"),
        ("not_empty", "m", "there is a check 'not_empty' already (the turn says something); choose another name"),
    ],
)
def test_names_that_cannot_be_taken(name: str, meaning: str, told: str) -> None:
    before = dict(REGISTRY)
    with pytest.raises(UserError) as refused:
        register(name, meaning)(never)
    assert str(refused.value) == told
    assert before == REGISTRY


async def later(turn: CheckInput) -> CheckFinding:
    return never(turn)


@pytest.mark.parametrize("function", [later, lambda: None, lambda turn, more: None, "never"])
def test_functions_that_are_no_checks(function: Any) -> None:
    with pytest.raises(UserError) as refused:
        register("odd", "it is odd")(function)
    assert str(refused.value) == "check 'odd' has to be a plain function of one argument, the CheckInput"


def test_a_check_that_raises_has_not_told() -> None:
    @register("mentions_unit", "the answer names its unit")
    def broken(turn: CheckInput) -> CheckFinding:
        raise ValueError("no unit")

    assert check("mentions_unit", TURN) == CheckFinding(passed=None, detail="mentions_unit: ValueError: no unit")


def test_a_check_that_gives_something_else_has_not_told() -> None:
    @register("yes", "it says yes")
    def yes(turn: CheckInput) -> Any:
        return True

    assert check("yes", TURN) == CheckFinding(passed=None, detail="yes: gave bool, not a CheckFinding")


def test_a_file_of_checks_is_known_while_its_context_lasts(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    names = list(CHECKS)
    with own_checks([path]) as [own]:
        assert own == (str(path), sha256(FILE.encode()).hexdigest(), ("mentions_unit",))
        assert list(CHECKS) == [*names, "mentions_unit"] == list(REGISTRY)
        assert "mentions_unit" in SLOW
        assert check("mentions_unit", TURN).detail == "names no euros"
    assert list(CHECKS) == names == list(REGISTRY)
    assert "mentions_unit" not in SLOW
    with own_checks([path]):
        assert "mentions_unit" in CHECKS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "{path} registers no check; put @register(name, meaning) before a function"),
        ("x = 1\ny = (2\n", "{path}:2: SyntaxError: '(' was never closed"),
        ("def f():\n    return 1 / 0\n\nf()\n", "{path}:2: ZeroDivisionError: division by zero"),
        ("import nosuchmodule\n", "{path}:1: ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("import sys\nsys.exit(3)\n", "{path}:2: SystemExit: 3"),
        (
            FILE.replace("mentions_unit", "not_empty"),
            "{path}:4: there is a check 'not_empty' already (the turn says something); choose another name",
        ),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    before = dict(REGISTRY)
    with pytest.raises(UserError) as refused, own_checks([path]):
        pass
    assert str(refused.value) == told.format(path=path)
    assert before == REGISTRY


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UserError) as refused, own_checks([Path("nosuch.py")]):
        pass
    assert str(refused.value) == "--checks: there is no file nosuch.py; it is a Python file of your own"
