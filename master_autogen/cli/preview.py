"""What `run --preview` prints: the first lesson's prompts, then what all of it would come to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from master_autogen.cli.terminal import cell, counted, duration, heading, money, plain, short_count, table

if TYPE_CHECKING:
    from master_autogen.pipeline import Inputs
    from master_autogen.pipeline.preview import Preview


def print_preview(to: Console, inputs: Inputs, log: Path, concurrency: int) -> None:
    from master_autogen.pipeline.preview import preview

    found = preview(inputs, concurrency=concurrency, latencies=_latencies(log))
    _print_prompts(to, found)
    _print_loads(to, found, inputs)


def _latencies(log: Path) -> dict[str, list[float]]:
    """Seconds of earlier calls in this log, by model."""
    from master_autogen.log import call_latencies, open_log

    if not log.exists():
        return {}
    with closing(open_log(log, readonly=True)) as db:
        return call_latencies(db)


def _print_prompts(to: Console, found: Preview) -> None:
    plan = found.first
    heading(to, f"The first lesson: {plan.scenario}")
    to.print(Padding(Text(plain(plan.seed.instruction)), (0, 0, 0, 2)))
    for prompt in found.prompts:
        to.print()
        to.print(Text(f"{prompt.phase}: {prompt.role}, played by {prompt.agent}", style="bold"))
        to.print(Padding(Text(plain(prompt.prompt).strip(), style="dim"), (0, 0, 0, 2)))
        if prompt.ask:
            to.print(Padding(Text(plain(prompt.ask).strip()), (0, 0, 0, 2)))
    to.print()


def _print_loads(to: Console, found: Preview, inputs: Inputs) -> None:
    heading(to, f"{counted(found.lessons, 'lesson')} in {counted(found.rounds, 'round')}, at a guess")
    numbers = ("calls", "prompt tokens", "reply tokens", "cost")
    made = table("model", *numbers, right=numbers, wide=("model",))
    costs = [load.cost for load in found.loads.values()]
    for model, load in found.loads.items():
        cost = None if load.cost is None else money(load.cost)
        made.add_row(
            model, f"{load.calls:,}", short_count(load.prompt_tokens), short_count(load.completion_tokens), cell(cost)
        )
    if len(found.loads) > 1:
        made.add_section()
        total = None if None in costs else money(sum(cost for cost in costs if cost is not None))
        loads = found.loads.values()
        sums = (sum(load.prompt_tokens for load in loads), sum(load.completion_tokens for load in loads))
        calls = f"{sum(load.calls for load in loads):,}"
        made.add_row("all", calls, short_count(sums[0]), short_count(sums[1]), cell(total))
    to.print(made)
    by = "calls as long as those in the log" if found.latency_known else "calls of 2 seconds, as none is known"
    to.print(Text(f"About {duration(found.seconds)}, with {by}.", style="dim"))
    to.print(Text("Turns as long as the references; nothing is asked again. Nothing was asked.", style="dim"))
