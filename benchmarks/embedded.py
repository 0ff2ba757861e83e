"""What is left of the embedded engine's own speed when lessons are worded by it.

    nice -n -10 python benchmarks/embedded.py             # three seeds, seven turns each; some minutes on two cores
    python benchmarks/embedded.py --seeds 1 --runs 5 --json

A run of error correction (base and one candidate, pool `local`, nothing scored) is recorded; its requests, with their
grammars and sampling seeds, are then asked again. `engine, T threads`: xllamacpp's own server called directly, four
slots in one batch, prompt cache and all else as it comes, four threads that ask. `client`: `EmbeddedChat` as the pool
has it. `pipeline`: the recorded run over again, group chats, checks and log. Models are loaded before the clock runs.
All take turns, each in a process of its own, so that a noisy machine is noisy for all. Ratio: tokens written a second,
over those of the better of the two ways to call the engine, turn by turn. `same`: replies that are letter by letter
those of the recorded run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import resource
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from spread import said, spread

SLOTS = 4
WIDTH = 16
Message = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=7, help="turns that each driver takes")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    parser.add_argument("--driver", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.driver:
        print(json.dumps(drive(arguments.driver, Path(arguments.file), arguments.seeds)))
        return
    found = measure(arguments.seeds, arguments.runs)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


def measure(seeds: int, runs: int) -> dict[str, Any]:
    from master_autogen.models.cores import usable_cores

    cores = usable_cores()
    engines = [f"engine, {threads} thread{'s' * (threads > 1)}" for threads in sorted({1, cores})]
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in [*engines, "client", "pipeline"]}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recorded.json"
        _process("record", file, seeds)
        for _ in range(runs):
            for name, rows in taken.items():
                rows.append(_process(name, file, seeds))
            loads.append(os.getloadavg()[0])
    best = [
        max(rows, key=lambda row: row["written_s"]) for rows in zip(*(taken[name] for name in engines), strict=True)
    ]
    results = {}
    for name, rows in taken.items():
        ratios = [row["written_s"] / top["written_s"] for row, top in zip(rows, best, strict=True)]
        cpu = [row["cpu_ms"] / top["cpu_ms"] for row, top in zip(rows, best, strict=True)]
        columns = {key: [row[key] for row in rows] for key in rows[0]} | {"ratio": ratios, "cpu_ratio": cpu}
        results[name] = {key: spread(values) for key, values in columns.items()}
    return {"cores": cores, "runs": runs, "load": spread(loads), "results": results}


def _process(name: str, file: Path, seeds: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--driver", name, "--file", str(file), "--seeds", str(seeds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- in the drivers' processes ---


def drive(name: str, file: Path, seeds: int) -> dict[str, float]:
    if name == "record":
        replies, _ = by_pipeline(seeds)
        file.write_text(json.dumps(replies))
        return {}
    recorded = json.loads(file.read_text())
    if name.startswith("engine"):
        replies, took = by_engine(recorded, int(name.split()[1]))
    elif name == "client":
        replies, took = asyncio.run(by_client(recorded))
    else:
        replies, took = by_pipeline(seeds)
    texts = {_key(reply): reply["text"] for reply in replies}
    written = sum(reply["written"] for reply in replies)
    return {
        "wall_s": took[0],
        "written_s": written / took[0],
        "read_s": sum(reply["read"] for reply in replies) / took[0],
        "cpu_ms": 1000 * took[1] / written,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "requests": len(replies),
        "same": sum(texts.get(_key(reply)) == reply["text"] for reply in recorded),
    }


def _key(reply: dict[str, Any]) -> str:
    return json.dumps([reply["messages"], reply["sampling"]], sort_keys=True)


def by_engine(recorded: list[dict[str, Any]], threads: int) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}  # spinning, two threads hardly get anywhere
    import xllamacpp

    from master_autogen.models.local import CONTEXT, find_model

    params = xllamacpp.CommonParams()
    params.model.path = str(find_model(""))
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * CONTEXT
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity, params.port, params.ui = 0, 0, False
    server = xllamacpp.Server(params)
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for request in recorded:
        waiting.put(request)
    replies: list[dict[str, Any]] = []

    def ask() -> None:
        while True:
            try:
                request = waiting.get_nowait()
            except queue.Empty:
                return
            said = server.handle_chat_completions({"messages": request["messages"], **request["sampling"]})
            usage = said["usage"]
            counts = {"read": usage["prompt_tokens"], "written": usage["completion_tokens"]}
            replies.append(request | counts | {"text": said["choices"][0]["message"]["content"]})

    begun = _clocks()
    asking = [threading.Thread(target=ask) for _ in range(SLOTS)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return replies, _since(begun)


async def by_client(recorded: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    from master_autogen.classroom.worded import _message
    from master_autogen.models.local import EmbeddedChat

    client = EmbeddedChat(_pool().models["smollm2"])

    async def ask(request: dict[str, Any]) -> dict[str, Any]:
        messages = [_message(message["role"], message["content"], "") for message in request["messages"]]
        said = await client.create(messages, extra_create_args=request["sampling"])
        counts = {"read": said.usage.prompt_tokens, "written": said.usage.completion_tokens}
        return request | counts | {"text": said.content}

    await _loaded(client)
    begun = _clocks()
    replies = await asyncio.gather(*map(ask, recorded))
    took = _since(begun)
    await client.close()
    return replies, took


def by_pipeline(seeds: int) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    from master_autogen.cli.progress import Nothing, Tally, Watch
    from master_autogen.engines.loop import run_to_end
    from master_autogen.log import lesson_calls, lesson_rows, list_runs, open_log
    from master_autogen.models.local import EmbeddedChat
    from master_autogen.pipeline import Inputs, run
    from master_autogen.scenario import read_scenario
    from master_autogen.seeds import load_seeds

    pool = _pool()
    client = EmbeddedChat(pool.models["smollm2"])
    asyncio.run(_loaded(client))
    begun: list[tuple[float, float]] = []

    class Stopwatch(Watch):
        def round_planned(self, number: int, rounds: int, lessons: int) -> None:
            begun.append(_clocks())
            super().round_planned(number, rounds, lessons)

    inputs = Inputs(
        scenarios=[read_scenario("error_correction")],
        pool=pool,
        seeds=[seed for seed in load_seeds("bundled").seeds if seed.kind == "math"],
        limit=seeds,
        rounds=1,
        candidates=1,
    )
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.db"
        watch = Stopwatch(Tally(), Nothing(), lambda run_id, resumed: None)
        run_to_end(run(inputs, log, concurrency=WIDTH, watcher=watch), leave=partial(os._exit, 130))
        took = _since(begun[0])
        db = open_log(log, readonly=True)
        lessons = [row.id for row in lesson_rows(db, list_runs(db)[0].id)]
        calls = sorted((call for id in lessons for call in lesson_calls(db, id)), key=lambda call: call.started)
    asyncio.run(client.close())
    replies = [
        {"messages": call.request["messages"], "sampling": call.request["sampling"], "text": call.text}
        | {"read": call.prompt_tokens, "written": call.completion_tokens}
        for call in calls
    ]
    return replies, took


def _pool() -> Any:
    from master_autogen.pool import Scorers, read_pool

    return read_pool("local").model_copy(update={"scorers": Scorers()})


async def _loaded(client: Any) -> None:
    """Every engine of the client has answered once."""
    from autogen_core.models import UserMessage

    hello = [UserMessage(content="Hello", source="user")]
    await asyncio.gather(*(client.create(hello, extra_create_args={"max_tokens": 8}) for _ in range(WIDTH)))


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


# --- for people ---


def show(found: dict[str, Any]) -> None:
    load = found["load"]
    print(f"cores={found['cores']} runs={found['runs']} load={said(load, 1)}  (median, min-max)\n")
    titles = ("", "ratio", "written/s", "prompt/s", "wall, s", "CPU ms a token", "peak MiB", "same")
    print(f"| {' | '.join(titles)} |\n|{' --- |' * len(titles)}")
    for name, row in found["results"].items():
        cells = [name, said(row["ratio"], 2), said(row["written_s"], 0), said(row["read_s"], 0), said(row["wall_s"], 1)]
        same = f"{row['same']['min']:.0f} of {row['requests']['median']:.0f}"
        cells += [said(row["cpu_ms"], 1), f"{row['peak_mib']['median']:.0f}", same]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
