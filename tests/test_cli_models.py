"""`models`: who plays what in a pool, and which of its models answer."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.cli_kit import POOL, cli, lines
from tests.endpoint import fails, in_thread, says

TINY = """\
Pool tiny
Two that solve, one of them wrongly.

agent  model    provider  temp  worded  plays
─────────────────────────────────────────────────────────
host   knows    scripted   0.2  no      instruction, base
right  knows    scripted   0.2  no      response, base
wrong  guesses  scripted   0.2  no      response

Pairs    2 to select from
Judge    verifier
Scorers  none
Seeds    of kind math, code, choice, general
"""
FAR = """\
name: far
models:
  near: {{provider: openai, model: near, base_url: "{near}"}}
  down: {{provider: openai, model: down, base_url: "{down}"}}
  keyed: {{provider: openai, model: keyed, base_url: "{near}", api_key_env: NO_SUCH_KEY}}
agents: {{one: {{model: near}}}}
instruction: [one]
response: [one]
base_pairs: [{{instruction: one, response: one}}]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def closed_port() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


def test_the_list_says_who_plays_what() -> None:
    Path("tiny.yaml").write_text(POOL.replace("BASE", "right"))
    for command in (("models",), ("models", "list")):
        assert lines(cli(*command, "--pool", "tiny.yaml").stdout) == lines(TINY)


def test_the_default_pool_only_words_what_code_lays_down() -> None:
    agents = [line.split() for line in lines(cli("models").stdout) if " embedded " in line]
    agents = [agent for agent in agents if agent[1] == "smollm2"]
    assert agents
    assert {agent[4] for agent in agents} == {"yes"}


def test_models_that_answer() -> None:
    Path("tiny.yaml").write_text(POOL.replace("BASE", "right"))
    result = cli("models", "check", "--pool", "tiny.yaml")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in lines(result.stdout)[3:]] == [
        ["knows", "scripted", "yes"],
        ["guesses", "scripted", "yes"],
    ]


def test_models_that_do_not_answer_are_told_with_the_reason() -> None:
    down = closed_port()
    with in_thread(says("yes")) as endpoint:
        Path("far.yaml").write_text(FAR.format(near=endpoint.base_url, down=down))
        result = cli("models", "check", "--pool", "far.yaml")
    assert result.exit_code == 2
    told = " ".join(" ".join(lines(result.stdout)[3:]).split())
    assert re.fullmatch(
        r"near openai yes \d\.\d\d s 'yes' "
        rf"down openai no \d\.\d\d s no connection to {down}: .* "
        r"keyed openai no \d\.\d\d s model 'keyed' takes its key from the environment variable NO_SUCH_KEY, which is "
        r"not set. Set it: export NO_SUCH_KEY=…",
        told,
    ), told
    assert [received.body["max_tokens"] for received in endpoint.requests] == [1]


def test_an_endpoint_that_refuses() -> None:
    with in_thread(fails(401)) as endpoint:
        Path("far.yaml").write_text(FAR.format(near=endpoint.base_url, down=endpoint.base_url))
        result = cli("models", "check", "--pool", "far.yaml")
    assert result.exit_code == 2
    assert "HTTP 401" in result.stdout


def test_an_unknown_pool_is_named() -> None:
    told = "Error: no pool named 'nosuch'; there are: endpoint, local, scripted, vllm (or give a path to a file)\n"
    for verb in ("list", "check"):
        result = cli("models", verb, "--pool", "nosuch")
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", told)
