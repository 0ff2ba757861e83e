"""`run` from the command line: what it plays, what it prints, and that it stops and goes on cleanly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.log import get_run, lesson_rows, open_log
from tests.cli_kit import POOL, cli, lines, write_inputs
from tests.test_log_file import as_nobody, let_in

HEAD = """\
Play     quiz
Seeds    4 from seeds.jsonl
Pool     tiny: Two that solve, one of them wrongly.
Grades   pi = pi_llm, no scorer; pi_llm by the verifier: verdicts from checks
         alone
Run      RUN
Log      a.db

round 1 of 2: 2 lessons in 0 s; 2 accepted, 0 rejected, 0 failed; 10 calls, 280 tokens, $0.0003 so far
round 2 of 2: 2 lessons in 0 s; 2 accepted, 0 rejected, 0 failed; 19 calls, 532 tokens, $0.0006 so far

Run RUN is finished after 0 s.

"""
# 4 bases and 1 candidate that are right take 2 calls each, 3 candidates that are wrong and asked again take 3 each.
TABLES = """\
Lessons
scenario  accepted  rejected  failed  total
───────────────────────────────────────────
quiz             4         0       0      4

Selected episodes
scenario  selected  pi mean  median  IFD  right  wrong  unread
──────────────────────────────────────────────────────────────
quiz             4     0.50    0.50    -      4      0       0
right, wrong, unread: final answers, by code; 3 selected episodes without pi (a
base has none)

Selection
pair            before  after
───────────────────────────────────────────
quiz, math
  host + right   0.500  0.983  ━━━━━━━━━━━━
  host + wrong   0.500  0.017

Checks   8 episodes played: 5 complete, 3 rejected
         3 turns asked again: right_answer 3
         rejected by right_answer 3
         could not tell 0 of 30 results (0%)
Calls    19; 420 tokens in, 112 out; $0.0006
Seeds    4 read
         4 played

Next
  master-autogen replay EPISODE --log a.db
  master-autogen selection history RUN --scenario quiz --log a.db
  master-autogen export RUN --format sharegpt --to RUN.jsonl --log a.db
  master-autogen runs show RUN --lessons --log a.db
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settled(output: str) -> list[str]:
    """The lines with the ids by name, and without how long it took."""
    found = re.search(r"runs show (\S+)", output)
    assert found is not None
    named = output.replace(found[1], "RUN")
    return lines(re.sub(r"\b\d+ s\b", "0 s", re.sub(r"replay \S+", "replay EPISODE", named)))


def test_a_run_prints_what_begins_how_it_goes_and_what_came_of_it() -> None:
    result = cli(*write_inputs(Path()), "--rounds", 2)
    assert result.exit_code == 0
    assert settled(result.stdout) == lines(HEAD + TABLES)
    assert result.stderr == ""


def test_the_commands_to_try_next_can_be_tried() -> None:
    output = cli(*write_inputs(Path()), "--rounds", 2).stdout
    commands = [line.split()[1:] for line in output.splitlines() if line.startswith("  master-autogen ")]
    assert [command[0] for command in commands] == ["replay", "selection", "export", "runs"]
    for command in commands:
        assert cli(*command).exit_code == 0, command
    assert len(list(Path().glob("*.jsonl"))) == 2  # the seeds, and what was exported


def test_quiet_prints_the_end_alone() -> None:
    result = cli(*write_inputs(Path()), "--rounds", 2, "--quiet")
    assert settled(result.stdout) == ["", "Run RUN is finished after 0 s.", "", *lines(TABLES)]


def test_a_finished_run_is_not_played_again_unless_it_is_asked_for() -> None:
    run = [*write_inputs(Path()), "--rounds", 2]
    first = cli(*run)
    again = cli(*run)
    assert again.exit_code == 0
    told = ["", "Run RUN was played to its end before; --new plays it once more.", ""]
    assert settled(again.stdout) == [*lines(HEAD)[:5], *told, *lines(TABLES)]
    new = cli(*run, "--new")
    run_id = re.findall(r"Run (\S+) is finished", first.stdout + new.stdout)
    assert run_id[1] == f"{run_id[0]}-2"


def test_lessons_that_came_to_nothing_are_told_with_their_reason() -> None:
    output = lines(cli(*write_inputs(Path(), base="wrong"), "--rounds", 2).stdout)
    at = output.index("Lessons")
    assert output[at + 3 : at + 5] == [
        "quiz             1         3       0      4",
        "  3 rejected: solve: right_answer",
    ]


def test_the_answers_of_a_bare_file_of_questions_and_answers_are_verified() -> None:
    run = write_inputs(Path(), base="wrong")
    rows = [f"What is {n} + {n}?,{2 * n}" for n in range(11, 15)]
    Path("bare.csv").write_text("\n".join(["question,answer", *rows]))
    output = lines(cli(*run, "--seeds", "bare.csv", "--rule", "uniform", "--candidates", 0).stdout)
    assert "quiz             0         4       0      4" in output
    assert "  4 rejected: solve: right_answer" in output


def test_seeds_that_were_not_played_are_counted_with_the_reason() -> None:
    run = write_inputs(Path(), seeds=6)
    with Path("seeds.jsonl").open("a") as file:
        file.write('{"instruction": "What is 11 + 11?", "response": "11 + 11 = 22. The answer is 22.", ')
        file.write('"answer": "22", "kind": "math"}\n{"instruction": "", "response": "4"}\n')
    output = lines(cli(*run, "--limit", 5, "--rounds", 2, "--seeds-per-round", 2).stdout)
    at = next(i for i, line in enumerate(output) if line.startswith("Seeds    8 read"))
    told = output[at + 1 : output.index("Next") - 1]
    assert " ".join(told).split("  1 left out: ")[0].split() == ["4", "played"]
    assert sorted(" ".join(part.split()) for part in " ".join(told).split(" 1 left out: ")[1:]) == [
        "beyond the last round",
        "over --limit",
        "refused; the first at seeds.jsonl:8: no question (instruction is empty)",
        "the same seed once more",
    ]


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path: Path) -> None:
    run = [*write_inputs(Path(), seeds=60), "--rounds", "30"]
    arguments = [str(argument) for argument in run]
    command = [sys.executable, "-c", "from master_autogen.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as going:
        assert going.stdout is not None
        seen = next(line for line in going.stdout if line.startswith("round 1 of 30"))
        going.send_signal(signal.SIGINT)
        rest = going.stdout.read()
    assert going.returncode == 130, seen + rest
    with closing(open_log("a.db")) as db:
        stopped = get_run(db)
        done = sum(row.status == "accepted" for row in lesson_rows(db, stopped.id))
    assert stopped.status == "stopped"
    assert f"Stopped. {done} lessons of run {stopped.id} done and kept in a.db;" in rest
    again = cli(*run)
    told = f"Run      {stopped.id}, begun before: {done} of {sum(stopped.lessons.values())} planned lessons done"
    assert told in lines(again.stdout)
    assert f"Run {stopped.id} is finished after" in again.stdout
    assert " s; it was begun before." in again.stdout
    with closing(open_log("a.db")) as db:
        assert get_run(db).lessons == {"accepted": 60}


def test_a_file_that_a_killed_run_left_without_tables_is_as_good_as_none() -> None:
    run = write_inputs(Path())
    Path("a.db").touch()
    assert cli(*run).exit_code == 0
    with closing(open_log("a.db")) as db:
        assert get_run(db).lessons == {"accepted": 4}


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    run = write_inputs(Path())
    assert cli(*run).exit_code == 0
    let_in(tmp_path)
    Path("a.db.lock").chmod(0o666)
    Path("a.db").chmod(0o444)
    with as_nobody():
        refused = cli(*run, "--new")
    assert refused.exit_code == 2
    told = "Error: cannot write the log a.db: the file is read-only; name another file with --log"
    assert refused.stderr.splitlines()[-1] == told


def test_where_every_lesson_fails_the_exit_code_says_so() -> None:
    run = write_inputs(Path())
    Path("tiny.yaml").write_text(POOL.replace("BASE", "right").replace("A solution", "Never").replace("'.'", "Never"))
    result = cli(*run)
    assert result.exit_code == 1
    told = "Every lesson failed. `master-autogen models check --pool tiny.yaml` asks each model for one token.\n"
    assert result.stderr == told
    assert "  master-autogen replay" in result.stdout
    assert "export" not in result.stdout


KEYED = """\
name: keyed
models: {far: {provider: openai, model: far, base_url: "http://127.0.0.1:9/v1", api_key_env: NO_SUCH_KEY}}
agents: {one: {model: far}}
instruction: [one]
response: [one]
base_pairs: [{instruction: one, response: one}]
"""
KEY = (
    "model 'far' takes its key from the environment variable NO_SUCH_KEY, which is not set. "
    "Set it: export NO_SUCH_KEY=…"
)
POOLS = "endpoint, local, scripted, vllm"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["nosuch"],
            "no scenario named 'nosuch'; there are: analogical_reasoning, debate, error_correction, rewriting "
            "(or give a path to a file)",
        ),
        (["./nosuch.yaml"], "no file ./nosuch.yaml"),
        (["--pool", "nosuch"], f"no pool named 'nosuch'; there are: {POOLS} (or give a path to a file)"),
        (["--judge", "nosuch", "--pool", "scripted"],
         "no judge named 'nosuch'; there are: pairwise (or give a path to a file)"),
        (["--judge", "pairwise"],
         "--judge pairwise: pool 'local' has no agent that judges; name one under `judge` in the pool file, or choose "
         "another pool with --pool"),
        (["debate", "--pool", "keyed.yaml"],
         "pool 'keyed' has nobody for the role 'student_a' of scenario 'debate': name an agent under `fixed`, as in "
         "`fixed: {student_a: one}`"),
        (["quiz.yaml", "--pool", "keyed.yaml", "--seeds", "seeds.jsonl"], KEY),
        (["--seeds", "nosuch.jsonl"],
         "no file nosuch.jsonl; seeds are 'bundled', a file (.jsonl, .json, .csv, .parquet), a preset (orca-math, "
         "openhermes, procqa, sharegpt, alpaca, gsm8k, humaneval, mbpp) or a data set on the Hugging Face hub "
         "(owner/name)"),
        (["--seeds", "seeds.jsonl", "--columns", "question"],
         "--columns: 'question' is not FIELD=COLUMN, as in instruction=question,response=answer"),
        (["--preset", "gsm8k"],
         "the bundled seeds have their columns and kinds: give no preset, columns or kind with them"),
        (["debate", "debate", "--pool", "scripted"], "scenario 'debate' is named twice"),
        (["quiz.yaml", "--pool", "tiny.yaml", "--seeds", "seeds.jsonl", "--rounds", "9"],
         "9 rounds need at least 9 seeds; 4 can be played"),
        (["error_correction", "--seeds", "essays.csv", "--quiet"],
         "none of the 2 seeds can be played: pool local plays no seeds of kind general (2); and none has an answer that "
         "code can check: as a number alone, or in a column `answer`"),
        (["--pool", "endpoint"],
         "SHIPPED/pools/endpoint.yaml: the environment variable MASTER_AUTOGEN_MODELS is not set; it names the server's "
         "models, weakest first, separated by commas"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_said_in_one_message(arguments: list[str], told: str) -> None:
    from master_autogen.yaml_files import shipped

    write_inputs(Path())
    Path("keyed.yaml").write_text(KEYED)
    Path("essays.csv").write_text("question,answer\nWhat is a title for?,It tells what comes.\nAnd a name?,It calls.\n")
    result = cli("run", *arguments)
    assert result.stderr == f"Error: {told.replace('SHIPPED', str(shipped()))}\n"
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--limit", "0"], "Invalid value for '--limit': 0 is not in the range x>=1."),
        (["--kind", "poem"], "Invalid value for '--kind': 'poem' is not one of 'math', 'code', 'choice', 'general'."),
        (
            ["--rule", "luck"],
            "Invalid value for '--rule': 'luck' is not one of 'paper', 'thompson', 'thompson-cost', 'uniform'.",
        ),
        (["--candidate", "1"], "No such option '--candidate'. Did you mean '--candidates'?"),
    ],
)
def test_wrong_usage_is_said_by_click(arguments: list[str], told: str) -> None:
    result = cli("run", *arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {told}"
