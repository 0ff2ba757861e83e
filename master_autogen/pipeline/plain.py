"""A run from a notebook or a script, by a plain call."""

from __future__ import annotations

from pathlib import Path

from master_autogen.engines.anywhere import run_anywhere
from master_autogen.errors import user_error_in
from master_autogen.log import RunView, get_run, open_log
from master_autogen.pipeline.inputs import Inputs
from master_autogen.pipeline.limits import Budget
from master_autogen.pipeline.rounds import Watcher
from master_autogen.pipeline.run import AlreadyFinished, run


def play(
    inputs: Inputs,
    log: str | Path = "outputs/log.db",
    *,
    concurrency: int = 16,
    new: bool = False,
    watcher: Watcher | None = None,
    budget: Budget | None = None,
) -> RunView:
    """Play a run to its end and return what the log at `log` has of it: lessons by status, calls, tokens, cost in US
    dollars.

    As `run`, but no coroutine: it works in scripts and, where an event loop runs already, in notebooks. The same inputs
    are the same run: an unfinished one is gone on with, a finished one is not played again unless `new` says so.
    `concurrency` is lessons in flight. `watcher` is told how it goes, in notebooks from another thread.

    Raises `UserError` for inputs that cannot be played, a missing key or package and a log that cannot be written, and
    `BudgetSpent`, one of them, where the budget is spent. Interrupted, it leaves the run `stopped`, with all that was
    done kept.
    """
    path = Path(log)
    playing = run(inputs, path, concurrency=concurrency, new=new, watcher=watcher, budget=budget)
    try:
        run_id = run_anywhere(playing).run_id
    except AlreadyFinished as finished:
        run_id = finished.run_id
    except ExceptionGroup as group:  # what tasks raise comes out in a group
        error = user_error_in(group)
        if error is None:
            raise
        raise error from group
    db = open_log(path, readonly=True)
    try:
        return get_run(db, run_id)
    finally:
        db.close()
