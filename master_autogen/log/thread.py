"""The thread that owns the only writing connection of a log and commits whatever waits.

It takes all that waits into one transaction: under load the transactions grow instead of the queue. A call's row waits
for others first, as each transaction takes the interpreter from the event loop a dozen times; alone, it is on disk
after some twenty milliseconds. While a log is written, threads get the interpreter from one another sooner than Python
has them wait. Knows rows and actions, no records.
"""

from __future__ import annotations

import atexit
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log.batch import Batch, Entry
from master_autogen.log.file import make_folder, open_for_writer
from master_autogen.log.lock import WriterLock

Action: TypeAlias = Callable[[Database], None]

_ITEMS_A_TRANSACTION = 500
_LINGER_S = 0.02  # of the 50 ms that a row may take to disk; saves a tenth of a busy run's processor time
_MOST_WAITING = 5_000
"""Items; where the disk is slower than the models for so long, callers wait, lest the queue fill the memory."""
_PAUSE_S = 0.01
_SWITCH_S = 0.0002
"""How long a thread may keep the interpreter from others. With Python's own 5 ms a transaction, which gives it back a
dozen times, takes 60 ms beside a busy event loop, and 5 with this."""


@dataclass(frozen=True)
class _Job:
    """`done` is None where nobody waits; a waited-for job that is refused (ValueError, UserError) harms no other."""

    action: Action
    done: Future[None] | None = None


class _Stop:
    """The last item of the queue."""


_Item: TypeAlias = Entry | _Job | _Stop


class _QuickSwitches:
    """The interpreter's switch interval, `_SWITCH_S` from the first `begin` until the last `end`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._writers = 0
        self._before = 0.0

    def begin(self) -> None:
        with self._lock:
            if not self._writers:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(_SWITCH_S, self._before))
            self._writers += 1

    def end(self) -> None:
        with self._lock:
            self._writers -= 1
            if not self._writers:
                sys.setswitchinterval(self._before)


_quick_switches = _QuickSwitches()


class WriterThread:
    """Started with the lock and the log in hand; `stop` gives both back.

    Once a write failed (disk full), everything raises that UserError; the file stays sound.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        make_folder(path)
        self._lock = WriterLock(path.resolve())
        try:
            self._db = open_for_writer(path)
        except BaseException:
            self._lock.release()
            raise
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._batch = Batch()
        self._failure: Exception | None = None
        self._stopping = Lock()
        self._putting = Lock()  # what was put before the end is written, what is put after it is refused
        self._stopped = self._closed = False
        # a daemon, so that a forgotten stop() does not keep the interpreter alive; atexit writes what waits
        self._thread = Thread(target=self._work, name="log writer", daemon=True)
        _quick_switches.begin()
        self._thread.start()
        atexit.register(self.stop)

    # --- for the callers' threads ---

    def put_entry(self, entry: Entry) -> None:
        """Write this in a coming transaction, with others."""
        self._put(entry)

    def put(self, action: Action) -> None:
        """Run `action` inside a coming transaction."""
        self._put(_Job(action))

    def wait_for(self, action: Action) -> None:
        """Run `action` and return when it is on disk; what it refuses (ValueError, UserError) is raised here alone."""
        done: Future[None] = Future()
        self._put(_Job(action, done))
        done.result()

    def raise_failure(self) -> None:
        if isinstance(self._failure, UserError):
            raise UserError(str(self._failure)) from self._failure.__cause__
        if self._failure is not None:
            raise RuntimeError(f"the writer of the log {self._path} stopped") from self._failure

    def stop(self) -> None:
        """Write what waits, close the file, free the lock. Again is nothing; interrupted as it waits, again goes on."""
        with self._stopping:
            if self._closed:
                return
            with self._putting:
                if not self._stopped:
                    self._queue.put(_Stop())
                    self._stopped = True
            self._thread.join()
            self._closed = True
            atexit.unregister(self.stop)
            _quick_switches.end()
            self._db.close()
            self._lock.release()

    def _put(self, item: Entry | _Job) -> None:
        self.raise_failure()
        with self._putting:
            if self._stopped:
                raise ValueError(f"the log {self._path} is closed")
            self._queue.put(item)
        if self._queue.qsize() > _MOST_WAITING:
            time.sleep(_PAUSE_S)

    # --- in the thread ---

    def _work(self) -> None:
        while True:
            items = self._take()
            work = [item for item in items if not isinstance(item, _Stop)]
            self._commit(work)
            if len(work) < len(items):
                return

    def _take(self) -> list[_Item]:
        items = [self._queue.get()]
        if isinstance(items[0], Entry):
            time.sleep(_LINGER_S)
        while len(items) < _ITEMS_A_TRANSACTION:
            try:
                items.append(self._queue.get_nowait())
            except Empty:
                break
        return items

    def _commit(self, items: Sequence[Entry | _Job]) -> None:
        refused: dict[Future[None], Exception] = {}
        if self._failure is None:
            try:
                with self._db.atomic():
                    self._write(items, refused)
            except sqlite3.Error as error:
                self._failure = UserError(
                    f"cannot write the log {self._path}: {error}; mend that and give the same command again, "
                    "it goes on from what is written"
                )
                self._failure.__cause__ = error
            except Exception as error:  # noqa: BLE001 - the next caller gets it; unheard, all would wait for ever
                self._failure = error
        for item in items:
            if isinstance(item, _Job) and item.done is not None:
                problem = self._failure or refused.get(item.done)
                if problem is None:
                    item.done.set_result(None)
                else:
                    item.done.set_exception(problem)

    def _write(self, items: Sequence[Entry | _Job], refused: dict[Future[None], Exception]) -> None:
        for item in items:
            if not isinstance(item, _Job):
                self._batch.add(self._db, item)
                continue
            self._batch.write(self._db)
            if item.done is None:
                item.action(self._db)
                continue
            try:
                with self._db.atomic():
                    item.action(self._db)
            except (UserError, ValueError) as error:
                refused[item.done] = error
        self._batch.write(self._db)
