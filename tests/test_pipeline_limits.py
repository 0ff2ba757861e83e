"""Budgets are kept to the calls in flight, targets count in lesson order, and a preview asks nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from master_autogen.engines.local import play_all
from master_autogen.errors import BudgetSpent, UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.log import get_run, lesson_rows, open_log
from master_autogen.pipeline import Inputs, run
from master_autogen.pipeline.limits import Budget, Spending, Target, check_budget, read_budget
from master_autogen.pipeline.preview import preview
from master_autogen.pool import Price, Scorers, read_pool
from master_autogen.records import Lesson, LessonPlan, Seed
from master_autogen.scenario import read_scenario
from tests.cli_kit import POOL, cli, lines, write_inputs
from tests.endpoint import MockEndpoint, completion
from tests.kit import APPLES, plan, scripted_answer, scripted_pool


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- budgets ---


@pytest.mark.parametrize(
    ("text", "amount", "unit", "told"),
    [
        ("5usd", 5.0, "usd", "5 usd"),
        (" 0.5 USD", 0.5, "usd", "0.5 usd"),
        ("$", None, None, ""),
        ("2Mtok", 2_000_000, "tok", "2,000,000 tokens"),
        ("500ktok", 500_000, "tok", "500,000 tokens"),
        ("1500tok", 1500, "tok", "1,500 tokens"),
        ("5", None, None, ""),
        ("0usd", None, None, ""),
        ("-1usd", None, None, ""),
        ("5eur", None, None, ""),
        ("1e9usd", None, None, ""),
    ],
)
def test_a_budget_is_money_or_tokens(text: str, amount: float | None, unit: Any, told: str) -> None:
    if amount is None:
        with pytest.raises(UserError) as caught:
            read_budget(text)
        assert str(caught.value) == f"--budget: {text!r} is no budget; write it as 5usd, 0.5usd, 2Mtok or 500ktok"
        return
    assert read_budget(text) == Budget(amount=amount, unit=unit)
    assert str(read_budget(text)) == told


def test_a_budget_in_dollars_needs_prices() -> None:
    with pytest.raises(UserError) as caught:
        check_budget(read_budget("5usd"), scripted_pool())
    assert str(caught.value) == (
        "--budget 5 usd: pool 'scripted' has no price for model 'careful'; give it one (price: {prompt: …, completion: "
        "…}, in dollars a million tokens), or give the budget in tokens, as 2Mtok"
    )
    pool = scripted_pool()
    priced = {
        name: model.model_copy(update={"price": Price(prompt=1, completion=2)}) for name, model in pool.models.items()
    }
    check_budget(read_budget("5usd"), pool.model_copy(update={"models": priced}))
    check_budget(read_budget("5Mtok"), pool)
    scored = {"models": {**priced, "large": pool.models["careful"]}, "scorers": Scorers(large="large")}
    with pytest.raises(UserError, match=r"^--budget 5 usd: pool 'scripted' has no price for model 'large'; "):
        check_budget(read_budget("5usd"), pool.model_copy(update=scored))


class Slow:
    """Answers as the scripted pool would, after a while, at 100 tokens a call; counts those it has answered."""

    def __init__(self) -> None:
        self.answered = 0

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        self.answered += 1
        usage = {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}
        return web.json_response(completion(await scripted_answer(body), usage=usage))


def inputs(environ: dict[str, str], seeds: int) -> Inputs:
    asked = [
        Seed(instruction=f"What is {n} + {n}?", response=f"{n} + {n} = {2 * n}. The answer is {2 * n}.",
             answer=str(2 * n), kind="math")
        for n in range(11, 11 + seeds)
    ]  # fmt: skip
    return Inputs(
        scenarios=[read_scenario("error_correction")],
        pool=read_pool("endpoint", environ),
        seeds=asked,
        rubric=read_rubric("pairwise"),
        candidates=1,
    )


def environ_of(endpoint: MockEndpoint) -> dict[str, str]:
    return {"MASTER_AUTOGEN_BASE_URL": endpoint.base_url, "MASTER_AUTOGEN_MODELS": "one", "OPENAI_API_KEY": "k"}


async def test_a_budget_is_passed_by_no_more_than_the_calls_in_flight() -> None:
    server = Slow()
    async with MockEndpoint(server) as endpoint:
        environ = environ_of(endpoint)
        what = inputs(environ, 12)
        pool = what.pool
        narrow = {
            name: model.model_copy(update={"limits": model.limits.model_copy(update={"concurrency": 4})})
            for name, model in pool.models.items()
        }
        what = Inputs(**(what.__dict__ | {"pool": pool.model_copy(update={"models": narrow})}))
        log = Path("a.db")
        with pytest.raises(BudgetSpent, match=r"^the budget of 3,000 tokens is spent \(3,\d00 tokens\)$"):
            await run(what, log, concurrency=12, budget=read_budget("3ktok"), environ=environ)
        assert 30 <= server.answered <= 30 + 4  # four are in flight
        with closing(open_log(log, readonly=True)) as db:
            stopped = get_run(db)
        assert stopped.status == "stopped"
        assert stopped.prompt_tokens + stopped.completion_tokens == 100 * server.answered == 100 * stopped.calls
        before = server.answered
        with pytest.raises(BudgetSpent):
            await run(what, log, concurrency=12, budget=read_budget("3ktok"), environ=environ)
        assert server.answered == before  # what was spent before counts, so nothing is asked
        await run(what, log, concurrency=12, budget=read_budget("1Mtok"), environ=environ)
        with closing(open_log(log, readonly=True)) as db:
            assert get_run(db).lessons == {"accepted": 12}
            asked = get_run(db).calls
        assert asked == server.answered
        await run(what, Path("b.db"), concurrency=12, environ=environ)
        assert server.answered == 2 * asked  # stopped and gone on with, it cost as many calls as in one go


def test_dollars_are_counted_by_the_pools_prices() -> None:
    spending = Spending(Budget(amount=0.01, unit="usd"))
    call = json.loads('{"prompt_tokens": 10, "completion_tokens": 5}')
    one = _call(cost=0.004, **call)
    for _ in range(2):
        spending.allow()
        spending.add(one)
    spending.allow()
    spending.add(_call(cost=None, **call))
    spending.add(one)
    with pytest.raises(BudgetSpent, match=r"^the budget of 0\.01 usd is spent \(0\.0120 usd\)$"):
        spending.allow()


def _call(**changes: Any) -> Any:
    from tests.test_replay import call

    return call(1, 0, 1, "x", **changes)


def test_the_command_line_says_how_to_go_on() -> None:
    command = [*write_inputs(Path()), "--rounds", 2]
    stopped = cli(*command, "--budget", "60tok")
    assert stopped.exit_code == 3
    assert "Stopped: the budget of 60 tokens is spent (" in stopped.output
    assert "the same command with more of it goes on." in " ".join(stopped.output.split())
    assert cli(*command, "--budget", "1Mtok").exit_code == 0
    with closing(open_log(Path("a.db"))) as db:
        assert get_run(db).lessons == {"accepted": 4}


# --- targets ---


def test_accepted_lessons_count_in_lesson_order() -> None:
    plans = [plan(read_scenario("error_correction"), scripted_pool(), seed=APPLES, position=n) for n in range(4)]
    plans = [made.model_copy(update={"id": f"l{n}"}) for n, made in enumerate(plans)]
    target = Target(2)
    target.plan([plan.id for plan in plans], {})
    for n, status in ((3, "accepted"), (1, "accepted"), (0, "rejected")):
        assert not target.reached
        target.add(Lesson(plan=plans[n], status=status))  # type: ignore[arg-type]
    assert not target.reached  # the third is still being played
    target.add(Lesson(plan=plans[2], status="accepted"))
    assert target.reached
    assert target.beyond == ["l3"]


def statuses() -> list[tuple[str, str | None]]:
    with closing(open_log(Path("a.db"))) as db:
        return [(row.status, row.reason) for row in lesson_rows(db, get_run(db).id)]


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_run_goes_on_until_its_target(concurrency: int) -> None:
    """Base and candidate `wrong` fail; every lesson is accepted where the base is right."""
    command = [*write_inputs(Path(), seeds=12), "--seeds-per-round", 5, "--target", 7, "--concurrency", concurrency]
    assert cli(*command).exit_code == 0
    beyond = ("cancelled", "beyond the target")
    assert statuses() == [("accepted", None)] * 7 + [beyond] * 3
    told = cli(*command)
    assert "was played to its end before" in told.output


def test_the_same_lessons_are_chosen_however_many_are_in_flight() -> None:
    """And selection learns from them alone, whatever came of those beyond the target that were in flight."""
    chosen, learnt = [], []
    for concurrency in (1, 5, 16):
        Path("a.db").unlink(missing_ok=True)
        command = [*write_inputs(Path(), base="wrong", seeds=12), "--target", 3, "--concurrency", concurrency]
        assert cli(*command).exit_code == 0
        with closing(open_log(Path("a.db"))) as db:
            rows = lesson_rows(db, get_run(db).id)
            after = "SELECT pair_response, pulls, reward_sum, probability FROM selections WHERE round = 2 ORDER BY 1"
            learnt.append(db.conn.execute(after).fetchall())
        chosen.append([(row.position, row.status) for row in rows])
    assert chosen[0] == chosen[1] == chosen[2]
    assert learnt[0] == learnt[1] == learnt[2] != []
    assert sum(status == "accepted" for _, status in chosen[0]) == 3


@pytest.mark.parametrize("before", [{}, {"l0": True}])
async def test_a_target_that_is_reached_ends_a_round_though_the_budget_is_spent(before: dict[str, bool]) -> None:
    plans = [plan(read_scenario("error_correction"), scripted_pool(), seed=APPLES, position=n) for n in range(3)]
    plans = [made.model_copy(update={"id": f"l{n}"}) for n, made in enumerate(plans)]
    target = Target(1)
    target.plan([plan.id for plan in plans], before)
    started: list[str] = []

    async def play(plan: LessonPlan) -> Lesson:
        if plan.id == "l1":
            raise BudgetSpent("the budget is spent")
        await asyncio.sleep(0.01)
        return Lesson(plan=plan, status="accepted")

    waiting = [plan for plan in plans if plan.id not in before]
    begun: Callable[[LessonPlan], None] = lambda plan: started.append(plan.id)  # noqa: E731
    await play_all(waiting, play, concurrency=2, started=begun, done=target.add, enough=lambda: target.reached)
    assert (target.reached, target.beyond) == (True, ["l1", "l2"])
    assert started == ([] if before else ["l0", "l1"])


def test_where_the_seeds_end_first_the_target_is_missed_and_the_run_ends() -> None:
    assert cli(*write_inputs(Path()), "--target", 9).exit_code == 0
    assert statuses() == [("accepted", None)] * 4


# --- preview ---


def test_a_preview_asks_nothing_and_writes_nothing() -> None:
    command = [*write_inputs(Path()), "--rounds", 2]
    told = lines(cli(*command, "--preview").output)
    assert not Path("a.db").exists()
    assert told[:9] == [
        "The first lesson: quiz",
        "  What is 11 + 11?",
        "",
        "ask: asker, played by host",
        "  Ask for the first step.",
        "",
        "solve: solver, played by right",
        "  Solve it. A solution: 11 + 11 = 22. The answer is 22.",
        "",
    ]
    assert told[9] == "4 lessons in 2 rounds, at a guess"
    assert told[-2:] == [
        "About 1 s, with calls of 2 seconds, as none is known.",
        "Turns as long as the references; nothing is asked again. Nothing was asked.",
    ]


def test_a_previews_numbers_by_hand() -> None:
    """Prompts of 23 and 53 bytes are 6 and 14 tokens, the question's 16 are 4, a turn is the reference's 31: 8 tokens."""
    write_inputs(Path(), seeds=1)
    pool = read_pool("tiny.yaml")
    seed = Seed(instruction="What is 11 + 11?", response="11 + 11 = 22. The answer is 22.", answer="22", kind="math")
    alone = Inputs(scenarios=[read_scenario("quiz.yaml")], pool=pool, seeds=[seed], candidates=0)
    found = preview(alone)
    load = found.loads["knows"]
    assert (load.calls, load.prompt_tokens, load.completion_tokens) == (2, (6 + 4) + (14 + 4 + 8), 16)
    assert load.cost == pytest.approx((36 * 1 + 16 * 2) / 1e6)
    assert found.seconds == pytest.approx(2 * 2.0 / 16)
    assert preview(alone, latencies={"knows": [0.1, 0.5, 9.0]}).seconds == pytest.approx(2 * 0.5 / 16)
    judged = POOL.replace("BASE", "right").replace(
        "  wrong: {model: guesses}\n", "  wrong: {model: guesses}\n  judge: {model: knows}\n"
    )
    Path("judged.yaml").write_text(judged + "judge: judge\n")
    more = Inputs(
        scenarios=alone.scenarios, pool=read_pool("judged.yaml"), seeds=[seed], candidates=1,
        rubric=read_rubric("pairwise"),
    )  # fmt: skip
    assert sum(load.calls for load in preview(more).loads.values()) == 2 + 2 + 2
