"""The log's schema, step by step: functions that are never edited once released, only followed by others.

Every log carries our application id in its header, so that a database of another program is known before it is
touched. Column names are relied on by other tools: add, never rename.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x4D_41_47_31  # "MAG1" in ASCII; `PRAGMA application_id`

MIGRATIONS = Migrations("master_autogen")


@MIGRATIONS()
def m001_tables(db: Database) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.executescript(_RUNS_AND_LESSONS)
    db.executescript(_WHAT_WAS_SAID)
    db.executescript(_WHAT_IT_WAS_WORTH)


@MIGRATIONS()
def m002_turns_fts(db: Database) -> None:
    db.table("turns").enable_fts(["text"], create_triggers=True, tokenize="porter unicode61")


@MIGRATIONS()
def m003_memory_bank_by_candidate(db: Database) -> None:
    """One row a graded candidate, losses too, and whose vector it is; no version filled the table before."""
    db.execute("DROP TABLE memory_bank")
    db.executescript(_MEMORY_BANK)


@MIGRATIONS()
def m004_label_of_episodes(db: Database) -> None:
    """What an error correction turned out to be: "correction" or "confirmation"; NULL where nothing was checked."""
    db.execute("ALTER TABLE episodes ADD COLUMN label TEXT")


@MIGRATIONS()
def m005_marks(db: Database) -> None:
    """What people said of episodes."""
    db.executescript(_MARKS)


@MIGRATIONS()
def m006_why_a_pair_is_cast(db: Database) -> None:
    """Of each pair the 95 % interval of its mean reward, of each topic's selection what is to be known of it."""
    for column in ("low REAL", "high REAL", "note TEXT"):
        db.execute(f"ALTER TABLE selections ADD COLUMN {column}")


@MIGRATIONS()
def m007_what_an_episode_taught(db: Database) -> None:
    """What selection and the scale of difficulty learn from an episode, in its own row: a run that goes on reads these
    of all its earlier rounds, and looks into no turn, call or grade."""
    for column in ("earned REAL", "turns_cost REAL", "gap REAL", "gap_unit TEXT"):
        db.execute(f"ALTER TABLE episodes ADD COLUMN {column}")
    db.execute(_TAUGHT)
    db.execute("CREATE INDEX memory_bank_stored ON memory_bank(lesson_id, slot, embedder)")


@MIGRATIONS()
def m008_checks_stand_in_their_key(db: Database) -> None:
    """A check is little more than its key: without a row of its own beside it, checks take half the space."""
    db.execute("ALTER TABLE checks RENAME TO checks_before")
    db.execute(_CHECKS)
    columns = "episode_id, turn_idx, attempt, name, passed, detail, seq"
    db.execute(f"INSERT INTO checks ({columns}) SELECT {columns} FROM checks_before")
    db.execute("DROP TABLE checks_before")


# Part of m001_tables, and as little to be edited.
_RUNS_AND_LESSONS = """
CREATE TABLE runs (
  id TEXT PRIMARY KEY NOT NULL,
  started REAL NOT NULL,             -- Unix time in seconds
  ended REAL,
  status TEXT NOT NULL,              -- running, finished, stopped, failed
  config TEXT NOT NULL,              -- JSON
  versions TEXT NOT NULL,            -- JSON
  random_seed INTEGER NOT NULL
);
CREATE TABLE seeds (
  id TEXT PRIMARY KEY NOT NULL,      -- hash of instruction and response
  instruction TEXT NOT NULL,
  response TEXT NOT NULL,
  answer TEXT,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  licence TEXT NOT NULL
);
CREATE TABLE lessons (
  id TEXT PRIMARY KEY NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs(id),
  round INTEGER NOT NULL,
  position INTEGER NOT NULL,         -- place in the round, from 0
  seed_id TEXT NOT NULL REFERENCES seeds(id),
  similar_seed_id TEXT REFERENCES seeds(id),
  scenario TEXT NOT NULL,
  task_type TEXT NOT NULL,
  random_seed INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  reason TEXT,
  selected_episode_id TEXT REFERENCES episodes(id),
  started REAL,
  ended REAL,
  seed_facts TEXT NOT NULL,          -- JSON: what this lesson knew of its seed and another run may know otherwise
  similar_seed_facts TEXT
);
CREATE INDEX lessons_in_order ON lessons(run_id, round, position);
CREATE INDEX lessons_of_seed ON lessons(seed_id);
CREATE TABLE episodes (
  id TEXT PRIMARY KEY NOT NULL,
  lesson_id TEXT NOT NULL REFERENCES lessons(id),
  run_id TEXT NOT NULL REFERENCES runs(id),
  slot INTEGER NOT NULL,             -- 0 is the base, 1 to M are the candidates
  pair_instruction TEXT NOT NULL,
  pair_response TEXT NOT NULL,
  "cast" TEXT NOT NULL,              -- JSON: role -> agent
  is_base INTEGER NOT NULL,
  origin TEXT NOT NULL,
  probability REAL,
  planned_cast TEXT,                 -- JSON, where what was played is not what was planned
  status TEXT NOT NULL DEFAULT 'pending',
  reason TEXT,
  played INTEGER NOT NULL DEFAULT 0  -- 1 once its lesson came back with it
);
CREATE INDEX episodes_of_lesson ON episodes(lesson_id, slot);
CREATE INDEX episodes_of_run ON episodes(run_id);
"""

# `turns.id` is there for the full text index: a hidden rowid may change when somebody runs VACUUM.
_WHAT_WAS_SAID = """
CREATE TABLE turns (
  id INTEGER PRIMARY KEY,
  episode_id TEXT NOT NULL REFERENCES episodes(id),
  idx INTEGER NOT NULL,
  phase TEXT NOT NULL,
  role TEXT NOT NULL,
  agent TEXT NOT NULL,
  text TEXT NOT NULL,
  side TEXT NOT NULL,
  train INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  truncated INTEGER NOT NULL,
  thought TEXT,
  notes TEXT NOT NULL,               -- JSON
  UNIQUE (episode_id, idx)
);
CREATE TABLE calls (
  id TEXT PRIMARY KEY NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs(id),
  lesson_id TEXT NOT NULL REFERENCES lessons(id),
  episode_id TEXT REFERENCES episodes(id),
  seq INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  phase TEXT NOT NULL,
  agent TEXT NOT NULL,
  model TEXT NOT NULL,
  turn INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  request_key TEXT NOT NULL,
  request TEXT NOT NULL,             -- JSON; a message has "content", or "ref": texts.hash
  status TEXT NOT NULL,
  http_status INTEGER,
  error TEXT,
  text TEXT,
  thought TEXT,
  finish_reason TEXT,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  tokens_estimated INTEGER NOT NULL,
  cost REAL,                         -- US dollars; NULL where no price is known
  latency_s REAL NOT NULL,
  started REAL NOT NULL,             -- Unix time in seconds
  detail TEXT NOT NULL               -- JSON
);
CREATE INDEX calls_of_run ON calls(run_id, status, prompt_tokens, completion_tokens, cost);
CREATE INDEX calls_of_lesson ON calls(lesson_id);
CREATE INDEX calls_of_episode ON calls(episode_id);
CREATE TABLE texts (
  hash TEXT PRIMARY KEY NOT NULL,    -- first 16 hex digits of SHA-256 over UTF-8
  text TEXT NOT NULL
);
"""

# -1 and not NULL for a check of a whole episode: in a key, SQLite takes every NULL for another one.
_WHAT_IT_WAS_WORTH = """
CREATE TABLE checks (
  episode_id TEXT NOT NULL REFERENCES episodes(id),
  turn_idx INTEGER NOT NULL,         -- -1: a check of the whole episode
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  passed INTEGER,                    -- NULL: could not tell
  detail TEXT NOT NULL,
  seq INTEGER NOT NULL,              -- place among the checks of the episode
  PRIMARY KEY (episode_id, turn_idx, attempt, name, seq)
);
CREATE TABLE grades (
  episode_id TEXT NOT NULL REFERENCES episodes(id),
  evaluator TEXT NOT NULL,
  ifd_small REAL,
  ifd_large REAL,
  pi_dual REAL,
  verdict_ab TEXT,
  verdict_ba TEXT,
  pi_llm REAL,
  pi REAL,                           -- NULL where it could not be measured, never 0
  basis TEXT NOT NULL,
  missing_reason TEXT,
  detail TEXT NOT NULL,              -- JSON
  seq INTEGER NOT NULL,              -- place among the grades of the lesson; the first of an episode counts
  PRIMARY KEY (episode_id, evaluator)
);
CREATE TABLE selections (
  run_id TEXT NOT NULL REFERENCES runs(id),
  round INTEGER NOT NULL,
  scenario TEXT NOT NULL,
  task_type TEXT NOT NULL,
  pair_instruction TEXT NOT NULL,
  pair_response TEXT NOT NULL,
  probability REAL NOT NULL,
  pulls INTEGER NOT NULL,
  reward_sum REAL NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (run_id, round, scenario, task_type, pair_instruction, pair_response)
);
CREATE TABLE memory_bank (
  lesson_id TEXT PRIMARY KEY NOT NULL REFERENCES lessons(id),
  instruction TEXT NOT NULL,
  vector BLOB NOT NULL,              -- float16
  pair_instruction TEXT NOT NULL,
  pair_response TEXT NOT NULL,
  pi REAL
);
"""

# Part of m003_memory_bank_by_candidate. The vector stands in every row: it goes with the pair and its `pi` in one
# transaction, and is little beside the calls of an episode.
_MEMORY_BANK = """
CREATE TABLE memory_bank (
  lesson_id TEXT NOT NULL REFERENCES lessons(id),
  slot INTEGER NOT NULL,             -- the candidate's, from 1
  instruction TEXT NOT NULL,
  embedder TEXT NOT NULL,            -- vectors of different embedders are not comparable
  vector BLOB NOT NULL,              -- float16, little-endian, of length 1
  pair_instruction TEXT NOT NULL,
  pair_response TEXT NOT NULL,
  pi REAL NOT NULL,                  -- what the candidate earned its pair; 0 is a loss
  PRIMARY KEY (lesson_id, slot)
);
"""

# Part of m005_marks.
_MARKS = """
CREATE TABLE marks (
  episode_id TEXT PRIMARY KEY NOT NULL REFERENCES episodes(id),
  mark TEXT NOT NULL,                -- accept, reject
  note TEXT NOT NULL,
  marked REAL NOT NULL               -- Unix time in seconds
);
"""

# Part of m007_what_an_episode_taught; `learnt.py` has the same for one lesson, as it ends.
_TAUGHT = """
UPDATE episodes SET
  earned = CASE
    WHEN is_base THEN NULL
    WHEN status = 'rejected' THEN 0.0
    WHEN status <> 'complete' THEN NULL
    WHEN (SELECT count(*) > 0 AND sum(made_by <> 'template') = 0 FROM turns WHERE episode_id = episodes.id AND train)
      THEN 0.0
    ELSE (SELECT pi FROM grades WHERE episode_id = episodes.id ORDER BY seq LIMIT 1)
  END,
  turns_cost = CASE WHEN NOT is_base THEN (
    SELECT CASE WHEN sum(calls.status = 'ok' AND cost IS NULL) = 0 THEN sum(cost) END
    FROM calls WHERE calls.episode_id = episodes.id AND purpose = 'turn'
  ) END,
  (gap, gap_unit) = (
    SELECT ifd_small - ifd_large, CASE WHEN ifd_small - ifd_large IS NOT NULL
      THEN coalesce(json_extract(detail, '$.unit'), 'token') END
    FROM grades WHERE episode_id = episodes.id ORDER BY seq LIMIT 1
  )
"""

# Part of m008_checks_stand_in_their_key. The key's columns come first: else SQLite 3.40 takes a sound log for a damaged
# one.
_CHECKS = """
CREATE TABLE checks (
  episode_id TEXT NOT NULL REFERENCES episodes(id),
  turn_idx INTEGER NOT NULL,         -- -1: a check of the whole episode
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,              -- place among the checks of the episode
  passed INTEGER,                    -- NULL: could not tell
  detail TEXT NOT NULL,
  PRIMARY KEY (episode_id, turn_idx, attempt, name, seq)
) WITHOUT ROWID
"""
