"""What `import master_autogen` offers: light to import, complete, annotated, documented, and true about its errors."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import master_autogen as ma
from master_autogen import api

HEAVY = ("aiohttp", "autogen_core", "click", "datasets", "numpy", "pydantic", "sqlite_utils", "yaml")
FUNCTIONS = [name for name in api.__all__ if inspect.isfunction(getattr(ma, name))]
CLASSES = [name for name in api.__all__ if inspect.isclass(getattr(ma, name))]


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, inspect, master_autogen; from master_autogen import errors; inspect.unwrap(master_autogen)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
        "print(master_autogen.Seed.__name__, 'pydantic' in sys.modules)"
    )
    assert in_a_new_process(code) == "[]\nSeed True"


def test_a_star_gives_all_of_it_and_dir_names_it() -> None:
    code = "from master_autogen import *; print(sorted(n for n in dir() if not n.startswith('__')))"
    assert in_a_new_process(code) == str(sorted(api.__all__))
    assert dir(ma) == sorted([*api.__all__, "__version__"])
    assert len(FUNCTIONS) + len(CLASSES) == len(api.__all__)


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError) as raised:
        ma.lessons  # noqa: B018
    assert str(raised.value) == (
        "module 'master_autogen' has no attribute 'lessons'; dir(master_autogen) names what there is"
    )


def test_no_name_is_that_of_a_room() -> None:
    rooms = {path.stem for path in Path(ma.__path__[0]).iterdir()}
    assert rooms & set(api.__all__) == set()


def public_methods(name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, and the methods and properties that a class of ours has itself."""
    thing = getattr(ma, name)
    if inspect.isfunction(thing):
        yield name, thing
        return
    for key, value in vars(thing).items():
        found = value.fget if isinstance(value, property) else value
        ours = inspect.isfunction(found) and str(found.__module__).startswith("master_autogen")
        ours = ours and found.__name__ != "<lambda>"  # a field's default
        if ours and (key == "__init__" or not key.startswith("_")):
            yield f"{name}.{key}", found


@pytest.mark.parametrize("name", api.__all__)
def test_every_signature_is_annotated(name: str) -> None:
    for where, function in public_methods(name):
        if where.endswith(".__init__") and dataclasses.is_dataclass(getattr(ma, name)):
            continue
        signature = inspect.signature(function)
        bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"]
        assert (bare, signature.return_annotation is signature.empty) == ([], False), where


@pytest.mark.parametrize("name", api.__all__)
def test_every_name_is_documented(name: str) -> None:
    text = vars(getattr(ma, name)).get("__doc__") if name in CLASSES else getattr(ma, name).__doc__
    assert text is not None
    assert len(text.split()) >= 5
    assert not text.startswith(f"{name}("), "what dataclasses write where nobody wrote anything"


def fields(name: str) -> list[str]:
    thing = getattr(ma, name)
    if dataclasses.is_dataclass(thing):
        return [field.name for field in dataclasses.fields(thing)]
    return list(getattr(thing, "model_fields", {}))


@pytest.mark.parametrize("name", [name for name in CLASSES if fields(name)])
def test_every_field_of_a_record_is_in_its_docstring(name: str) -> None:
    text = getattr(ma, name).__doc__
    assert [field for field in fields(name) if not re.search(rf"\b{field}\b", text)] == []


def scripted(**changes: object) -> ma.Inputs:
    settings: dict[str, Any] = {"scenarios": [ma.read_scenario("debate")], "seeds": ma.bundled().seeds[:1]}
    return ma.Inputs(pool=ma.read_pool("scripted"), candidates=0, **(settings | changes))


def bare_stage() -> tuple[ma.Stage, ma.LessonPlan]:
    """An endpoint whose key is in no variable."""
    pool = ma.read_pool("scripted")
    keyless = ma.ModelSpec(
        provider="openai", model="m", base_url="http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY", price=None
    )
    pool = pool.model_copy(update={"models": dict.fromkeys(pool.models, keyless)})
    scenario = ma.read_scenario("debate")
    plan = ma.plan_lesson(scenario, pool, ma.bundled().seeds[0])
    return ma.Stage(scenario, pool, ma.build_clients(pool, environ={}), print), plan


def analogy() -> ma.LessonPlan:
    return ma.plan_lesson(ma.read_scenario("analogical_reasoning"), ma.read_pool("scripted"), ma.bundled().seeds[0])


def empty_log(folder: Path) -> Any:
    return ma.open_log(folder / "log.db", create=True)


WRONG: dict[str, Callable[[Path], object]] = {
    "build_clients": lambda _: ma.build_clients(ma.read_pool("scripted")).chat("nobody"),
    "build_team": lambda _: ma.build_team(*bare_stage(), bare_stage()[1].episodes[0]),
    "export_run": lambda folder: ma.export_run(empty_log(folder), None, "sharegpt", folder / "a.jsonl"),
    "get_episode": lambda folder: ma.get_episode(empty_log(folder), "0"),
    "get_lesson": lambda folder: ma.get_lesson(empty_log(folder), "0"),
    "get_run": lambda folder: ma.get_run(empty_log(folder)),
    "load_seeds": lambda folder: ma.load_seeds(str(folder / "none.jsonl")),
    "mark_episode": lambda folder: ma.mark_episode(Path(empty_log(folder) and folder / "log.db"), "0", "accept"),
    "new_scenario": lambda _: ma.new_scenario("Not A Name"),
    "open_log": lambda folder: ma.open_log(folder / "none.db"),
    "own_checks": lambda folder: ma.own_checks([folder / "none.py"]).__enter__(),
    "plan_lesson": lambda _: analogy(),
    "play": lambda folder: ma.play(scripted(rule="none"), folder / "log.db"),
    "play_episode": lambda _: asyncio.run(ma.play_episode(*bare_stage(), bare_stage()[1].episodes[0])),
    "play_lesson": lambda _: asyncio.run(ma.play_lesson(*bare_stage())),
    "read_pool": lambda _: ma.read_pool("nobody"),
    "read_rubric": lambda _: ma.read_rubric("nobody"),
    "read_scenario": lambda _: ma.read_scenario("nothing"),
    "regrade": lambda folder: ma.regrade(folder / "none.db", "0", ma.read_pool("scripted"), None),
    "register": lambda _: ma.register("not a name", "nothing")(lambda turn: ma.CheckFinding(passed=None)),
    "replay_episode": lambda folder: ma.replay_episode(empty_log(folder), "0"),
    "run": lambda folder: asyncio.run(ma.run(scripted(rule="none"), folder / "log.db")),
    "verify": lambda folder: ma.verify(empty_log(folder), "0"),
}
"""A wrong use of each function that raises `UserError`; the others raise none."""


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_use_is_a_user_error(name: str, tmp_path: Path) -> None:
    with pytest.raises((ma.UserError, ExceptionGroup)) as raised:
        WRONG[name](tmp_path)
    if isinstance(raised.value, ExceptionGroup):
        assert raised.value.split(ma.UserError)[1] is None


def test_who_raises_user_errors_says_so_and_nobody_else_does() -> None:
    assert {name for name in FUNCTIONS if "UserError" in str(getattr(ma, name).__doc__)} == set(WRONG)


def test_play_gives_the_run_as_the_log_has_it_and_plays_nothing_twice(tmp_path: Path) -> None:
    first = ma.play(scripted(), tmp_path / "log.db")
    assert (first.status, dict(first.lessons)) == ("finished", {"accepted": 1})
    again = ma.play(scripted(), tmp_path / "log.db")
    assert (again.id, again.calls) == (first.id, first.calls)
    anew = ma.play(scripted(), tmp_path / "log.db", new=True)
    assert anew.id == f"{first.id}-2"


async def test_what_plays_works_where_a_loop_runs_already(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    run = ma.play(scripted(), log)
    db = ma.open_log(log)
    (lesson,) = ma.run_lessons(db, run.id)
    assert ma.verify(db, lesson.plan.id).difference is None
    assert len(ma.regrade(log, lesson.plan.id, ma.read_pool("scripted"), None).added) == 1


def test_a_lesson_can_only_be_planned_with_all_its_parts() -> None:
    with pytest.raises(ma.UserError) as raised:
        analogy()
    assert str(raised.value) == (
        "scenario 'analogical_reasoning' needs a second question beside the seed's; give it as `similar`"
    )
    pool = ma.read_pool("scripted").model_copy(update={"fixed": {}})
    with pytest.raises(ma.UserError) as raised:
        ma.plan_lesson(ma.read_scenario("debate"), pool, ma.bundled().seeds[0])
    assert str(raised.value) == (
        "pool 'scripted' has nobody for the role 'student_a' of scenario 'debate': "
        "name an agent under `fixed`, as in `fixed: {student_a: teacher_one}`"
    )
