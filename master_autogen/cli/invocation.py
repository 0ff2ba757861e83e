"""One playing of a run from the command line: say what begins, show how it goes, print what came of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from rich.text import Text

from master_autogen.cli.end import facts, print_next, print_seeds, print_summary
from master_autogen.cli.groups import INTERRUPTED
from master_autogen.cli.progress import Bar, Display, Lines, Nothing, Tally, Watch
from master_autogen.cli.request import ENDPOINT, announced, only_words, where_seeds_went
from master_autogen.cli.summary import summarise
from master_autogen.cli.terminal import console, counted, duration
from master_autogen.errors import BudgetSpent

if TYPE_CHECKING:
    from master_autogen.pipeline import Inputs
    from master_autogen.pipeline.limits import Budget
    from master_autogen.pipeline.run import EngineName
    from master_autogen.seeds import SeedSet

BUDGET_SPENT = 3
"""The exit code of a run that its budget stopped."""

NOTHING = "Nothing was begun."
SHOW_CURSOR = b"\x1b[?25h"  # the bar has hidden it

ENDED = ("accepted", "rejected", "failed")


class Invocation:
    """Plays `inputs` once; `play` returns the exit code."""

    def __init__(
        self,
        inputs: Inputs,
        loaded: SeedSet,
        log: Path,
        *,
        pool: str,
        concurrency: int,
        new: bool,
        quiet: bool,
        budget: Budget | None = None,
        engine: EngineName = "local",
        workers: int = 1,
    ) -> None:
        self._inputs = inputs
        self._loaded = loaded
        self._log = log
        self._pool = pool  # as it was typed: a name or a file
        self._concurrency = concurrency
        self._new = new
        self._quiet = quiet
        self._budget = budget
        self._engine = engine
        self._workers = workers
        self._console = console()
        self._tally = Tally()
        self._run_id = ""  # not known before the run has begun

    def play(self) -> int:
        """0; 1 where every lesson failed; 3 where the budget is spent; 130 where Ctrl-C (or SIGTERM) stopped it."""
        from master_autogen.engines.loop import run_to_end
        from master_autogen.pipeline import AlreadyFinished, run
        from master_autogen.pipeline.inputs import sort_out

        if not self._quiet:
            self._announce()
        display, shown = self._display()
        watch = Watch(self._tally, display, self._say_begun)
        try:
            with shown:
                outcome = run_to_end(
                    run(
                        self._inputs,
                        self._log,
                        concurrency=self._concurrency,
                        new=self._new,
                        watcher=watch,
                        budget=self._budget,
                        engine=self._engine,
                        workers=self._workers,
                    ),
                    leave=self._leave,
                )
        except AlreadyFinished as finished:
            self._say(f"Run {finished.run_id} was played to its end before; --new plays it once more.")
            return self._end(finished.run_id, sort_out(self._inputs)[1])
        except KeyboardInterrupt:
            return self._stopped("Stopped.", "the same command goes on", INTERRUPTED)
        except BudgetSpent as spent:
            said = str(spent)
            return self._stopped(f"Stopped: {said}.", "the same command with more of it goes on", BUDGET_SPENT)
        again = "; it was begun before" if outcome.resumed else ""
        self._say(f"Run {outcome.run_id} is finished after {duration(self._tally.seconds)}{again}.")
        return self._end(outcome.run_id, outcome.not_played)

    def _announce(self) -> None:
        facts(self._console, announced(self._inputs, self._loaded))
        if only_words(self._inputs.pool):
            self._console.print()
            self._console.print(
                "Code lays these lessons down and checks them; a small model finds the words. With your own models:"
            )
            self._console.print(Text(f"  {ENDPOINT}", style="cyan"), soft_wrap=True)
            self._console.print()

    def _display(self) -> tuple[Display, AbstractContextManager[object]]:
        if self._quiet:
            return Nothing(), nullcontext()
        if self._console.is_terminal:
            bar = Bar(self._console)
            return bar, bar
        return Lines(self._console), nullcontext()

    def _say(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, style="bold"))
        self._console.print()

    def _say_begun(self, run_id: str, resumed: bool) -> None:
        from master_autogen.log import lesson_counts, open_log

        self._run_id = run_id
        going_on = ""
        if resumed:
            with closing(open_log(self._log, readonly=True)) as db:
                lessons = lesson_counts(db, run_id)
            done = sum(count for status, count in lessons.items() if status in ENDED)
            going_on = f", begun before: {done} of {counted(sum(lessons.values()), 'planned lesson')} done"
        if not self._quiet:
            facts(self._console, {"Run": f"{run_id}{going_on}", "Log": str(self._log)})
            self._console.print()

    def _stopped(self, said: str, how: str, code: int) -> int:
        from master_autogen.log import lesson_counts, open_log

        kept = NOTHING
        if self._run_id:
            with closing(open_log(self._log, readonly=True)) as db:
                lessons = lesson_counts(db, self._run_id)
            done = sum(count for status, count in lessons.items() if status in ENDED)
            kept = f"{counted(done, 'lesson')} of run {self._run_id} done and kept in {self._log}; {how}."
        self._say(f"{said} {kept}")
        return code

    def _leave(self) -> NoReturn:
        """The end at once, with nothing put away: for the log as if the process were killed. No buffer and no lock is
        touched, as whoever holds one may never give it back."""
        kept = f"What is written to {self._log} is kept; the same command goes on." if self._run_id else NOTHING
        with suppress(OSError):
            if self._console.is_terminal:
                os.write(1, SHOW_CURSOR)
            os.write(2, f"\nStopped at once. {kept}\n".encode())
        os._exit(INTERRUPTED)

    def _end(self, run_id: str, not_played: Mapping[str, int]) -> int:
        from master_autogen.log import open_log

        with closing(open_log(self._log, readonly=True)) as db:
            summary = summarise(db, run_id)
        print_summary(self._console, summary)
        played = summary.lessons.seeds
        read, left_out = where_seeds_went(self._loaded, self._inputs.seeds, not_played, played)
        print_seeds(self._console, read, played, left_out)
        print_next(self._console, summary, self._log)
        if {status for counts in summary.lessons.statuses.values() for status in counts} == {"failed"}:
            asked = f"master-autogen models check --pool {self._pool}"
            click.echo(f"Every lesson failed. `{asked}` asks each model for one token.", err=True)
            return 1
        return 0
