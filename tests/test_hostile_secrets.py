"""A key is nowhere but in the Authorization header: not in the log, the exports, the card, nor in anything printed."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from click.testing import CliRunner

from master_autogen.cli import main
from master_autogen.errors import UserError
from master_autogen.keys import held_key
from master_autogen.pool import read_pool
from tests.cli_kit import SCENARIO, write_inputs
from tests.endpoint import completion, in_thread

KEY = 'sk-canary/"7f3a+9'
FORMS = (KEY, json.dumps(KEY)[1:-1], quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode())

POOL = """\
name: remote
summary: One model of a careless gateway.
models:
  only: {provider: openai, model: only, base_url: "env:MASTER_AUTOGEN_BASE_URL", api_key_env: OPENAI_API_KEY, limits: {tries: 3}}
agents:
  host: {model: only}
  solver: {model: only}
instruction: [host]
response: [solver]
base_pairs: [{instruction: host, response: solver}]
"""


class Careless:
    """A gateway that repeats the key in one way after another, then answers; it does so in answers too."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self.asked += 1
        said = request.headers["Authorization"]
        form = FORMS[self.asked % len(FORMS)]
        if self.asked % 7 == 1:
            return web.json_response({"error": {"message": f"too many calls of {form} ({said})"}}, status=500)
        if self.asked % 7 == 2:
            return web.Response(text=f"<h1>Bad gateway for {said} {form}</h1>", status=502, content_type="text/html")
        if self.asked % 7 == 3:
            return web.json_response({"error": f"no choices for {said}, {form}"})
        if self.asked % 7 == 5:
            return web.Response(status=307, headers={"Location": f"/v2?key={quote(KEY, safe='')}"})
        return web.json_response(completion(f"Think of the first step. {said} {form} The answer is 24."))


def _cli(environ: Mapping[str, str], *arguments: str) -> str:
    result = CliRunner(env={**environ}).invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_key_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = write_inputs(tmp_path, seeds=4)
    (tmp_path / "quiz.yaml").write_text(SCENARIO.replace("checks: [not_empty, right_answer]", "checks: [not_empty]"))
    (tmp_path / "tiny.yaml").write_text(POOL)
    careless = Careless()
    with in_thread(careless) as endpoint:
        environ = {"OPENAI_API_KEY": KEY, "MASTER_AUTOGEN_BASE_URL": endpoint.base_url}
        printed = [_cli(environ, *arguments)]
        printed.append(_cli(environ, "models", "check", "--pool", "tiny.yaml"))
        printed.append(_cli(environ, "models", "list", "--pool", "tiny.yaml"))
        assert all(request.headers["Authorization"] == f"Bearer {KEY}" for request in endpoint.requests)
    printed.append(_cli(environ, "runs", "show", "--lessons", "--log", "a.db"))
    with closing(sqlite3.connect("a.db")) as db:
        ids = [row[0] for row in db.execute("SELECT id FROM episodes")]
    assert len(ids) == 8
    printed += [_cli(environ, "replay", name, "--private", "--log", "a.db") for name in ids]
    printed.append(_cli(environ, "export", "--to", "out.jsonl", "--log", "a.db"))
    printed.append(_cli(environ, "export", "--to", "hf", "--format", "hf", "--log", "a.db"))
    assert careless.asked > 12
    assert "[key]" in "".join(printed)
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"a.db", "out.jsonl", "out.md"} <= {path.name for path in written}
    for form in FORMS:
        assert form not in "".join(printed)
        for path, data in written.items():
            assert form.encode() not in data, (path, form)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("limits: {tries: 3}", "api_key: sk-canary", "p.yaml:4: models.only.api_key: unknown key"),
        ('"env:MASTER_AUTOGEN_BASE_URL"', '"http://h/v1?key=sk-canary"',
         "p.yaml:4: models.only: base_url ends before ? and #: it is logged, and a key in it would be too"),
        ("api_key_env: OPENAI_API_KEY", "api_key_env: sk-canary",
         "p.yaml:4: models.only: api_key_env is the name of an environment variable, not the key itself"),
        ("host: {model: only}", "host: {model: only, extra: {headers: [{X-Api-Key: sk-canary}]}}",
         "p.yaml:6: agents.host.extra: 'X-Api-Key' would be logged; keys come from the environment, see api_key_env"),
        ("host: {model: only}", 'host: {model: only, extra: {user: "env:MY_TOKEN"}}',
         "p.yaml:6: agents.host.extra.user: holds the value of MY_TOKEN, which would be logged; name the variable in api_key_env"),
        ("summary: One", "summary: sk-canary-1234 One",
         "p.yaml:2: summary: holds the value of MY_TOKEN, which would be logged; name the variable in api_key_env"),
        ("host: {model: only}", "host: {model: only, extra: {since: 2020-01-01}}",
         "p.yaml:6: agents.host.extra: cannot be sent as JSON (Object of type date is not JSON serializable)"),
        ("host: {model: only}", "host: {model: only, extra: {x: .nan}}",
         "p.yaml:6: agents.host.extra: cannot be sent as JSON (Out of range float values are not JSON compliant)"),
    ],
)  # fmt: skip
def test_a_key_in_a_pool_file_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert old in POOL
    Path("p.yaml").write_text(POOL.replace(old, new))
    environ = {
        "MASTER_AUTOGEN_BASE_URL": "http://localhost:1/v1",
        "MY_TOKEN": "sk-canary-1234",
        "OPENAI_API_KEY": "none",
    }
    with pytest.raises(UserError) as caught:
        read_pool("p.yaml", environ)
    assert str(caught.value).split(": nan")[0] == message


def test_a_short_value_is_no_key() -> None:
    environ = {
        "OPENAI_API_KEY": "none",
        "MY_TOKEN": "eleven-char",
        "HOME": "/home/somebody",
        "SSH_KEY_PATH": "/home/somebody",
    }
    assert held_key({"summary": "none at eleven-char in /home/somebody"}, environ) is None
    assert held_key({"a": ["x", {"b": "at twelve-chars"}]}, {"my_api_key": "twelve-chars"}) == (
        ("a", 1, "b"),
        "my_api_key",
    )
