"""From options to what is played: sizes, columns, judges, and where each seed went."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from master_autogen.cli import request
from master_autogen.cli.request import (
    Size,
    announced,
    how_graded,
    judge_of,
    only_words,
    read_columns,
    size,
    where_seeds_went,
)
from master_autogen.cli.run import KINDS
from master_autogen.errors import UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.pipeline import Inputs
from master_autogen.pool import Scorers, read_pool
from master_autogen.records import KINDS as ALL_KINDS
from master_autogen.records import Seed
from master_autogen.scenario import read_scenario
from master_autogen.seeds import Refusal, SeedSet
from master_autogen.yaml_files import names
from tests.kit import scripted_pool
from tests.test_log_rows import seed


@pytest.mark.parametrize(
    ("asked", "played"),
    [
        (("bundled", None, None, None, None), Size(4, 2, None, 1)),
        (("bundled", 8, None, None, None), Size(8, None, None, 2)),
        (("bundled", None, 3, None, None), Size(None, 3, None, 2)),
        (("bundled", None, None, 5, None), Size(None, None, 5, 2)),
        (("bundled", None, None, None, 0), Size(None, None, None, 0)),
        (("mine.jsonl", None, None, None, None), Size(None, None, None, 2)),
        (("mine.jsonl", 9, 3, 3, 1), Size(9, 3, 3, 1)),
    ],
)
def test_a_first_look_is_small_and_everything_else_is_as_asked(asked: tuple[Any, ...], played: Size) -> None:
    assert size(*asked) == played


def test_columns_are_read_as_a_mapping() -> None:
    assert read_columns(None) is None
    assert read_columns("instruction=q, response = the answer") == {"instruction": "q", "response": "the answer"}


@pytest.mark.parametrize("text", ["question", "=q", "instruction=", "instruction=q,", ""])
def test_columns_that_are_not_pairs_are_refused(text: str) -> None:
    with pytest.raises(
        UserError, match=r"^--columns: '\w*=?\w*' is not FIELD=COLUMN, as in instruction=question,response="
    ):
        read_columns(text)


def test_the_kinds_of_the_option_are_those_of_the_records() -> None:
    assert KINDS == ALL_KINDS


def test_the_scenarios_of_a_first_look_are_there() -> None:
    assert set(request.SCENARIOS) <= set(names(""))


def test_the_judge_is_the_pools_unless_another_is_named(tmp_path: Path) -> None:
    pool = scripted_pool()
    verified = pool.model_copy(update={"judge": "verifier"})
    assert judge_of(pool, None) == read_rubric("pairwise")
    assert judge_of(pool, "pairwise") == read_rubric("pairwise")
    assert judge_of(pool, "verifier") is None
    assert judge_of(verified, None) is None
    assert judge_of(verified, "verifier") is None
    with pytest.raises(UserError, match=r"^--judge pairwise: pool 'scripted' has no agent that judges; name one"):
        judge_of(verified, "pairwise")


def test_how_a_run_grades_is_said_in_words() -> None:
    pool, rubric = scripted_pool(), read_rubric("pairwise")
    one = pool.model_copy(update={"scorers": Scorers(small="hasty")})
    none = pool.model_copy(update={"scorers": Scorers(), "judge": "verifier"})
    assert how_graded(pool, rubric, 2) == (
        "pi = pi_llm x pi_dual, difficulty by two scorers (hasty, careful); pi_llm by judge, by the file pairwise"
    )
    assert how_graded(one, rubric, 2) == (
        "pi = pi_llm x IFD, difficulty by one scorer (hasty); pi_llm by judge, by the file pairwise"
    )
    assert how_graded(none, None, 2) == "pi = pi_llm, no scorer; pi_llm by the verifier: verdicts from checks alone"
    assert how_graded(pool, rubric, 0) == "pi is not measured: without candidates there is nothing to compare"


def test_a_pool_that_only_words_is_known() -> None:
    assert only_words(read_pool("local", {}))
    assert not only_words(scripted_pool())


def test_every_row_that_was_read_is_accounted_for() -> None:
    seeds = tuple(seed(n) for n in range(6))
    refused = tuple(Refusal(where=f"a.jsonl:{n}", why="no answer") for n in (2, 5))
    loaded = SeedSet(seeds=seeds, source="a.jsonl", duplicates=3, refused=refused)
    read, left_out = where_seeds_went(loaded, seeds, {"over --limit": 2}, played=3)
    assert read == 11
    assert left_out == {
        "over --limit": 2,
        "the same seed once more": 3,
        "refused; the first at a.jsonl:2: no answer": 2,
        "no lesson planned: beyond the last round, or no similar question": 1,
    }
    assert read == 3 + sum(left_out.values())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The limits that `load_seeds` is given."""
    limits: list[int | None] = []

    def load(source: str, *, limit: int | None, **rest: object) -> list[Seed]:
        limits.append(limit)
        return []

    monkeypatch.setattr("master_autogen.seeds.load_seeds", load)
    return limits


@pytest.mark.parametrize(
    ("source", "limit", "most"),
    [("bundled", 4, None), (__file__, 4, None), ("owner/name", 4, 16), ("owner/name", None, None)],
)
def test_a_file_is_read_whole_and_the_hub_only_as_far_as_needed(
    asked: list[int | None], source: str, limit: int | None, most: int | None
) -> None:
    request.read_seeds(source, None, None, "train", None, limit)
    assert asked == [most]


def test_a_judge_of_the_same_family_is_told_before_the_run_begins() -> None:
    seeds = (seed(1),)
    loaded = SeedSet(seeds=seeds, source="a.jsonl")
    usual = Inputs(
        scenarios=[read_scenario("debate")], pool=scripted_pool(), seeds=seeds, rubric=read_rubric("pairwise")
    )
    assert announced(usual, loaded)["Beware"] == (
        "the judge is of the same model family as agents it judges (scripted), and such judges prefer their own kind; "
        "name another under `judge` in the pool file"
    )
    assert "Beware" not in announced(replace(usual, rubric=None), loaded)
    assert "Beware" not in announced(replace(usual, candidates=0), loaded)


def test_seeds_without_any_answer_to_check_are_told_before_the_run_begins() -> None:
    bare = seed(1).model_copy(update={"answer": None})
    tested = bare.model_copy(update={"kind": "code", "answer": "assert f(1) == 2"})
    told = (
        "no seed has an answer that code can check, so wrong ones are not found out; name their column, as in --columns "
        "instruction=question,response=solution,answer=result (programs are run with --code-check)"
    )
    usual = Inputs(scenarios=[read_scenario("debate")], pool=scripted_pool(), seeds=[bare, tested])
    loaded = SeedSet(seeds=(bare, tested), source="a.jsonl")
    assert announced(usual, loaded)["Unread"] == told
    assert "Unread" not in announced(replace(usual, code_check="rlimit"), loaded)
    assert "Unread" not in announced(replace(usual, seeds=[bare, seed(2)]), loaded)
