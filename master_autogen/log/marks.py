"""What people said of episodes: accept or reject, over whatever the selection chose."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log.file import open_log
from master_autogen.log.lock import WriterLock
from master_autogen.log.read import get_episode
from master_autogen.log.sql import fetch
from master_autogen.records import Episode, Record

Mark = Literal["accept", "reject"]


class EpisodeMark(Record):
    """A person's word on an episode, `episode_id` of `lesson_id`: the `mark`, and in a `note` why."""

    episode_id: str
    lesson_id: str
    mark: Mark
    note: str


def mark_episode(path: Path, episode_id: str, mark: Mark | None, note: str = "") -> Episode:
    """Say of the episode of this id (or beginning of one) in the log at `path` that it is to be taken, or not; None
    takes that back. The last word counts. Returns the episode.

    UserError where there is no such episode, it cannot be taken (no whole conversation), or a run is writing the log.
    """
    lock = WriterLock(path.resolve())
    try:
        db = open_log(path)
        try:
            episode = get_episode(db, episode_id).episode
            if mark == "accept" and episode.status in ("pending", "failed"):
                raise UserError(f"episode {episode.id} is {episode.status}: there is no whole conversation to accept")
            with db.atomic():
                db.execute("DELETE FROM marks WHERE episode_id = ?", (episode.id,))
                if mark is not None:
                    values = (episode.id, mark, note, time.time())
                    db.execute("INSERT INTO marks (episode_id, mark, note, marked) VALUES (?, ?, ?, ?)", values)
            return episode
        finally:
            db.close()
    finally:
        lock.release()


def run_marks(db: Database, run_id: str) -> Mapping[str, EpisodeMark]:
    """The marks of a run's episodes, by episode id, in lesson order."""
    found = fetch(
        db,
        "SELECT episode_id, lesson_id, mark, note FROM marks JOIN episodes ON episodes.id = episode_id "
        "JOIN lessons ON lessons.id = lesson_id WHERE lessons.run_id = ? ORDER BY round, position, slot",
        (run_id,),
    )
    return {row["episode_id"]: EpisodeMark.model_validate(row) for row in found}
