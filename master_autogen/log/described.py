"""What every table and column of the log means, for tools that show it: Datasette reads this as its metadata.

datasette outputs/log.db -m outputs/metadata.json
"""

from __future__ import annotations

from typing import Any

JSON = "as JSON"

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "runs": (
        "One row per invocation of `run`; resuming keeps the row.",
        {
            "id": "name of the run: a hash of seeds, scenarios, pool and settings",
            "started": "Unix time in seconds",
            "ended": "Unix time in seconds; empty while it runs, and if the process died",
            "status": "running (also if the process died), finished, stopped by the user or the budget, failed",
            "config": f"all that the run was told, scenarios and pool with it, {JSON}; no secrets",
            "versions": f"of this program, Python and libraries, {JSON}",
            "random_seed": "every draw of the run is a hash of this and of what is drawn for",
        },
    ),
    "seeds": (
        "Instructions with their reference responses: what lessons are made of.",
        {
            "id": "first 16 hex digits of SHA-256 over instruction, NUL, response",
            "instruction": "the question, verbatim",
            "response": "the reference response; roles see it only where the scenario says so",
            "answer": "the final answer that code can check a response against, where there is one",
            "kind": "math, code, choice or general; also the task type that selection learns by",
            "source": "where the seed comes from",
            "licence": "the licence of that source",
        },
    ),
    "lessons": (
        "One row per seed × scenario × round: a base episode and its candidates, graded together.",
        {
            "id": "what `replay` takes; an episode's id is this with its slot behind",
            "run_id": "its run",
            "round": "from 1; the lessons of a round are cast under one distribution",
            "position": "place in the round, from 0",
            "seed_id": "its seed",
            "similar_seed_id": "the similar question of an analogy",
            "scenario": "the play, by the name of its YAML file",
            "task_type": "the seed's kind",
            "random_seed": "the run's",
            "status": "pending, running, accepted (exactly if an episode is selected), rejected, failed, cancelled",
            "reason": "why it is not accepted",
            "selected_episode_id": "the candidate with the highest pi that passed its checks, else the base if it did",
            "started": "Unix time in seconds",
            "ended": "Unix time in seconds",
            "seed_facts": f"what this lesson knew of its seed and another run may know otherwise, {JSON}",
            "similar_seed_facts": "the same of the similar question",
        },
    ),
    "episodes": (
        "One row per conversation: slot 0 is the lesson's base, the others are its candidates.",
        {
            "id": "lesson, a dot, slot",
            "lesson_id": "its lesson",
            "run_id": "its run",
            "slot": "0 is the base, 1 to M are the candidates",
            "pair_instruction": "the agent on the instruction side: with the next column what selection chooses",
            "pair_response": "the agent on the response side",
            "cast": f"which agent played which role, {JSON}",
            "is_base": "1 for the base",
            "origin": "who drew the pair: base, selection or memory_bank",
            "probability": "with which it was drawn; empty for a base",
            "planned_cast": f"the cast that was drawn, where another played because an endpoint was dead, {JSON}",
            "status": "pending, complete, rejected by a check, failed",
            "reason": "why it is not complete: phase, check, detail",
            "label": "correction or confirmation: code found the first answer wrong, or right; empty where it did not",
            "played": "1 once its lesson came back with it",
            "earned": "what it earned its pair: selection learns from it; empty for a base and where nothing is known",
            "turns_cost": "what a candidate's turns cost in US dollars; empty where a price is not known",
            "gap": "IFD of the small scorer less that of the large one, by the grade that counts",
            "gap_unit": "what the gap is counted by: token or byte",
        },
    ),
    "turns": (
        "One row per utterance that counts, in order of `idx`. Searchable in full text.",
        {
            "id": "for the full text index",
            "episode_id": "its episode",
            "idx": "place in the conversation, from 0",
            "phase": "the step of the scenario",
            "role": "who speaks, by the scenario",
            "agent": "who plays that role, by the pool",
            "text": "what was said",
            "side": "of a training sample: human, gpt, or hidden",
            "train": "1 where a model is to be trained on it",
            "made_by": "model; worded: code laid down what is said and a model found the words; template: code alone",
            "attempts": "how often it was asked for; checks of earlier attempts are kept",
            "truncated": "1 where the token limit cut it off",
            "thought": "what a reasoning model thought before it spoke",
            "notes": f"what code knows of it, such as the planted misconception, {JSON}",
        },
    ),
    "calls": (
        "One row per attempt at a model, failures too.",
        {
            "id": "name of the attempt",
            "run_id": "its run",
            "lesson_id": "its lesson",
            "episode_id": "its episode; empty where it is for the whole lesson",
            "seq": "place among the calls of its episode or lesson",
            "purpose": "turn, judge, score or embed",
            "phase": "the step of the scenario; for a judge the order of the two texts, for a score the scorer",
            "agent": "on whose behalf, by the pool",
            "model": "as the endpoint knows it",
            "turn": "`idx` of the turn it is for",
            "attempt": "how often the turn had been asked for, from 1",
            "tries": "how often this request had been sent, from 1",
            "request_key": "hash of messages, model, sampling and schema",
            "request": f"{JSON}; messages, a scorer's texts and schemas stand here, or are named by `ref`: texts.hash",
            "status": "ok or error",
            "http_status": "of the reply, where there was one",
            "error": "what went wrong",
            "text": "what the model said",
            "thought": "what a reasoning model thought before it spoke",
            "finish_reason": "why the model stopped",
            "prompt_tokens": "tokens read",
            "completion_tokens": "tokens written",
            "tokens_estimated": "1 where the endpoint told no usage and it was estimated",
            "cost": "US dollars; empty where no price is known",
            "latency_s": "seconds from sending to the whole reply",
            "started": "Unix time in seconds",
            "detail": f"what else the client knows, {JSON}",
        },
    ),
    "texts": (
        "Long texts and schemas of requests, each once.",
        {"hash": "first 16 hex digits of SHA-256 over UTF-8", "text": "the text"},
    ),
    "checks": (
        "One row per result of a check, attempts that were asked again included.",
        {
            "episode_id": "its episode",
            "turn_idx": "`idx` of the turn; -1 for a check of the whole episode",
            "attempt": "at the turn, from 1; the one equal to turns.attempts counts",
            "name": "the check",
            "passed": "1, 0, or empty where it could not tell",
            "detail": "what it found",
            "seq": "place among the checks of the episode",
        },
    ),
    "grades": (
        "One row per evaluator × episode; the first of an episode (lowest `seq`) counts.",
        {
            "episode_id": "its episode",
            "evaluator": "the evaluator and a hash of its settings",
            "ifd_small": "difficulty by the small scorer: how much the lesson helps it to predict the answer",
            "ifd_large": "the same by the large scorer",
            "pi_dual": "difficulty from both, 0 to 1",
            "verdict_ab": "of the judge on the candidate, shown before the base: better, tie, worse",
            "verdict_ba": "of the judge on the candidate, shown after the base",
            "pi_llm": "quality: 1 better, 0.5 tie, 0 worse, in both orders",
            "pi": "quality × difficulty; empty where it could not be measured, never 0 for that",
            "basis": "what pi is made of: dual, single, judge",
            "missing_reason": "why pi is empty",
            "detail": f"each judge's vote, the scale, lengths, {JSON}",
            "seq": "place among the grades of the lesson",
        },
    ),
    "selections": (
        "One row per round × scenario × task type × pair: the probabilities that cast the round.",
        {
            "run_id": "its run",
            "round": "the round that is cast by it; one more than the last for what that led to",
            "scenario": "what selection learns by, with the task type",
            "task_type": "the seeds' kind",
            "pair_instruction": "the agent on the instruction side",
            "pair_response": "the agent on the response side",
            "probability": "of the pair to be drawn",
            "pulls": "rewards that earlier rounds gave the pair",
            "reward_sum": "those rewards added up",
            "rule": "the selection rule",
            "low": "lower end of the 95 % interval of the mean reward; empty where nothing was seen",
            "high": "its upper end",
            "note": "what is to be known of the whole topic, as why another rule cast than was asked for",
        },
    ),
    "memory_bank": (
        "One row per graded candidate: which pair did how well on which question.",
        {
            "lesson_id": "its lesson",
            "slot": "the candidate's, from 1",
            "instruction": "the question",
            "embedder": "whose vector it is; vectors of different embedders are not comparable",
            "vector": "of the question: float16, little-endian, of length 1; stands with the lesson's first candidate",
            "pair_instruction": "the agent on the instruction side",
            "pair_response": "the agent on the response side",
            "pi": "what the candidate earned its pair, 0 to 1; 0 is a loss",
        },
    ),
    "marks": (
        "What people said of episodes (`runs mark`); it counts over the selection in exports.",
        {
            "episode_id": "its episode",
            "mark": "accept or reject",
            "note": "why",
            "marked": "Unix time in seconds",
        },
    ),
}
"""Tables with their meaning and that of their columns, in the order in which one would look at them."""

FACETS = {
    "lessons": ["scenario", "status", "round"],
    "episodes": ["status", "origin", "pair_instruction", "pair_response"],
    "turns": ["phase", "role", "agent", "made_by"],
    "calls": ["purpose", "agent", "model", "status"],
    "checks": ["name", "passed"],
    "grades": ["basis", "verdict_ab", "missing_reason"],
    "selections": ["scenario", "task_type", "round"],
}

QUERIES = {
    "conversation": (
        "An episode as a conversation",
        "SELECT idx, phase, role, agent, text FROM turns WHERE episode_id = :episode_id ORDER BY idx",
    ),
    "asked_again": (
        "Which check failed how often, by phase and agent",
        "SELECT phase, agent, name, count(*) AS failed FROM checks JOIN turns "
        "ON turns.episode_id = checks.episode_id AND idx = turn_idx WHERE passed = 0 "
        "GROUP BY phase, agent, name ORDER BY failed DESC",
    ),
    "pairs": (
        "What each pair's candidates were worth",
        "SELECT scenario, pair_instruction, pair_response, count(*) AS episodes, count(pi) AS with_pi, "
        "round(avg(pi), 3) AS pi_mean FROM episodes JOIN lessons ON lessons.id = lesson_id LEFT JOIN grades "
        "ON grades.episode_id = episodes.id WHERE NOT is_base GROUP BY scenario, pair_instruction, pair_response "
        "ORDER BY scenario, pi_mean DESC",
    ),
}


def datasette_metadata(database: str) -> dict[str, Any]:
    """Datasette's metadata for a log that it knows as `database`: the file's name without what is behind the dot."""
    tables: dict[str, Any] = {
        name: {"description": told, "columns": columns, "facets": FACETS.get(name, [])}
        for name, (told, columns) in TABLES.items()
    }
    tables["lessons"]["label_column"] = "id"
    tables["calls"]["sort_desc"] = "started"
    tables["_sqlite_migrations"] = {"hidden": True}
    return {
        "title": "A log of master_autogen",
        "description": "Lessons played by language models as group chats, checked, graded, and cast by their grades.",
        "databases": {
            database: {
                "tables": tables,
                "queries": {name: {"title": title, "sql": sql} for name, (title, sql) in QUERIES.items()},
            }
        },
    }
