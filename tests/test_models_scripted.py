"""Rules, replies in order, and the pseudo scorer: all of it pure functions of what is asked."""

import asyncio
from typing import Any

import pytest
from autogen_core.models import CreateResult, RequestUsage, SystemMessage, UserMessage

from master_autogen.draws import choose, draw, unit
from master_autogen.errors import CallError, UserError
from master_autogen.models.base import Scorer
from master_autogen.models.scripted import ScriptedClient, ScriptedScorer
from master_autogen.pool import ModelSpec, Rule

SUM = [SystemMessage(content="Teach."), UserMessage(content="What is 2 plus 3?\nSay why.", source="user")]
TEXT = "system: Teach.\nuser: What is 2 plus 3?\nSay why."


async def said(client: ScriptedClient, **args: Any) -> str:
    result = await client.create(SUM, extra_create_args=args)
    assert isinstance(result.content, str)
    return result.content


async def test_the_first_rule_found_in_the_request_answers() -> None:
    rules = [
        Rule(when="never", say=["no"]),
        Rule(when=r"^user: What is (?P<a>\d+) plus (?P<b>\d+)(?P<c>x)?.*why", say=["{{ a }} and {{ b }}{{ c }}"]),
        Rule(when=".", say=["too late"]),
    ]
    assert await said(ScriptedClient(rules)) == "2 and 3"


async def test_replies_are_drawn_by_model_seed_and_request() -> None:
    options = [f"reply {i}" for i in range(50)]
    client = ScriptedClient([Rule(when="", say=options)], "m")
    found = [await said(client, seed=seed) for seed in (1, 2, 3, 1)]
    assert found == [choose(options, "m", seed, TEXT) for seed in (1, 2, 3, 1)]
    assert len(set(found)) == 3
    assert await said(ScriptedClient([Rule(when="", say=options)], "other"), seed=1) != found[0]


async def test_weights() -> None:
    client = ScriptedClient([Rule(when="", say=["never", "always"], weights=[0, 1])])
    assert {await said(client, seed=seed) for seed in range(20)} == {"always"}


async def test_pick_is_a_number_drawn_likewise() -> None:
    client = ScriptedClient([Rule(when="", say=["{{ pick }}"])], "m")
    found = [int(await said(client, seed=seed)) for seed in range(300)]
    assert found[7] == 2 + draw("m", 7, TEXT, "pick") % 98
    assert (min(found), max(found)) == (2, 99)


async def test_what_a_request_says_never_becomes_a_template() -> None:
    client = ScriptedClient([Rule(when="user: (?P<all>.*)", say=["{{ all }}"])])
    result = await client.create([UserMessage(content="{{ pick }} {% raw %} \\frac{1}{2}", source="user")])
    assert result.content == "{{ pick }} {% raw %} \\frac{1}{2}"


async def test_no_rule() -> None:
    client = ScriptedClient([Rule(when="never", say=["no"])], "m")
    with pytest.raises(CallError) as caught:
        await client.create([UserMessage(content="x" * 300, source="user")])
    assert caught.value.kind == "script"
    assert str(caught.value) == f"scripted model 'm' has no rule for this request; it ends: {'x' * 200}"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Rule(when="(", say=["x"]),
            "when is no regular expression: missing ) at position 1",
        ),
        (Rule(when="(?P<a>x)", say=["{{ a }} {{ b }}"]), "say uses b, which when does not name (or write pick)"),
        (
            Rule(when="x", say=["{{ a"]),
            "say: template syntax: unexpected end of template, expected 'end of print statement'.",
        ),
        (Rule(when="x", say=["a", "b"], weights=[1]), "weights must be one a reply, none negative, not all 0"),
        (Rule(when="x", say=["a", "b"], weights=[1, -1]), "weights must be one a reply, none negative, not all 0"),
        (Rule(when="x", say=["a", "b"], weights=[0, 0]), "weights must be one a reply, none negative, not all 0"),
    ],
)
def test_bad_rules_are_named_before_anything_runs(rule: Rule, message: str) -> None:
    with pytest.raises(UserError) as caught:
        ScriptedClient([Rule(when="fine", say=["x"]), rule], "m")
    assert str(caught.value) == f"model 'm', rule 2: {message}"


async def test_replies_in_order() -> None:
    whole = CreateResult(
        finish_reason="length", content="cut", usage=RequestUsage(prompt_tokens=1, completion_tokens=2), cached=False
    )
    client = ScriptedClient.of(["one", whole, CallError("server", "busy"), asyncio.CancelledError()], "m")
    assert await said(client) == "one"
    assert await client.create(SUM) == whole
    with pytest.raises(CallError, match="busy"):
        await client.create(SUM)
    with pytest.raises(asyncio.CancelledError):
        await client.create(SUM)
    with pytest.raises(CallError, match="scripted model 'm' has said all of its 4 replies"):
        await client.create(SUM)


async def test_a_function_replies_now_or_later() -> None:
    async def later(messages: list[dict[str, str]], args: dict[str, Any]) -> str:
        return f"{messages[-1]['content'][:4]} {args['seed']}"

    assert await said(ScriptedClient.of(later), seed=7) == "What 7"
    assert await said(ScriptedClient.of(lambda messages, args: f"{len(messages)}")) == "2"


async def test_requests_are_kept_and_tokens_estimated() -> None:
    client = ScriptedClient.of(["12345"])
    result = await client.create(SUM, extra_create_args={"seed": 7})
    (seen,) = client.requests
    assert seen.text == TEXT
    assert seen.args == {"seed": 7}
    assert result.usage == RequestUsage(prompt_tokens=12, completion_tokens=2)  # 48 and 5 bytes
    quiet = ScriptedClient([Rule(when="", say=["x"])], keep_requests=False)
    await quiet.create(SUM)
    assert quiet.requests == []


async def test_the_scorer_is_a_function_of_the_texts() -> None:
    scorer: Scorer = ScriptedScorer(ModelSpec(provider="scripted", model="m"))
    alone = await scorer.score(None, "Six apples, Six.")
    after = await scorer.score("How many apples?", "Six apples, Six.")
    six, apples, comma, dot = (1 + unit("m", word) for word in ("six", "apples", ",", "."))
    assert alone.logprob == pytest.approx(-(six + apples + comma + six + dot))
    assert after.logprob == pytest.approx(-(six + apples / 2 + comma + six + dot))
    assert (after.tokens, after.utf8_bytes, after.context_tokens, after.prompt_form) == (5, 16, 4, "words")
    sharp = ScriptedScorer(ModelSpec(provider="scripted", model="m", config={"discount": 0.75}))
    assert (await sharp.score("apples", "apples")).logprob == pytest.approx(-apples / 4)
    nothing = await scorer.score("apples", " ")
    assert (nothing.logprob, nothing.missing_reason) == (None, "the text has no words")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"discont": 1}, "model 'm': config has discont, but only discount is known"),
        ({"discount": 1}, "model 'm': config.discount is 1; it must be in [0, 1)"),
    ],
)
def test_scorer_entries_that_cannot_work(config: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        ScriptedScorer(ModelSpec(provider="scripted", config=config), name="m")
    assert str(caught.value) == message
