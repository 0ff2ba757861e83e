"""Full text search over what was said."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

from master_autogen.log.sql import fetch
from master_autogen.log.views import SearchHit

# As bytes, because FTS makes a text even of what is stored as bytes for its lone surrogates.
_HITS = """
SELECT run_id, lesson_id, episode_id, idx, role, CAST(snippet(turns_fts, 0, '[', ']', '...', 12) AS BLOB) AS snippet
FROM turns_fts JOIN turns ON turns.id = turns_fts.rowid JOIN episodes ON episodes.id = episode_id
WHERE turns_fts MATCH ? ORDER BY rank, turns.id LIMIT ?
"""


def search(db: Database, query: str, *, limit: int = 20) -> list[SearchHit]:
    """The turns that match, the best first: words in any English form, "a phrase", AND, OR, NOT, begin*.

    What is no query in that language (`what's 2+2?`) is looked for word by word.
    """
    if not query.strip():
        return []
    try:
        found = fetch(db, _HITS, (query, limit))
    except sqlite3.OperationalError:
        found = fetch(db, _HITS, (db.quote_fts(query), limit))
    return [SearchHit.model_validate(row) for row in found]
