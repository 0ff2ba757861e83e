"""Pool files: the shipped ones are sound; what the environment says is put in; names that lead nowhere are told."""

from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.pool import family_of, read_pool
from master_autogen.records import Pair
from master_autogen.yaml_files import names

SERVER = {"MASTER_AUTOGEN_BASE_URL": "http://127.0.0.1:9/v1", "MASTER_AUTOGEN_MODELS": "tiny, middle,large"}

SOUND = """\
name: two
models:
  a: {provider: scripted}
agents:
  one: {model: a}
instruction: [one]
response: [one]
base_pairs: [{instruction: one, response: one}]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_shipped_pools_are_sound() -> None:
    assert [read_pool(name, SERVER).name for name in names("pools")] == ["endpoint", "local", "scripted", "vllm"]


def test_endpoint_casts_the_models_weakest_first() -> None:
    pool = read_pool("endpoint", SERVER)
    assert list(pool.models) == ["tiny", "middle", "large"]
    assert {spec.base_url for spec in pool.models.values()} == {"http://127.0.0.1:9/v1"}
    assert pool.fixed == {"slow_student": "tiny/slow", "student_a": "tiny/lively"}
    assert pool.base_pairs == [Pair(instruction="large/steady", response="large/steady")]
    assert pool.judge == "large/judge"
    assert len(pool.pairs) == 3 * 6


def test_the_vllm_pool_casts_as_the_paper_does() -> None:
    pool = read_pool("vllm", {})
    weak, debater = pool.agents[pool.fixed["slow_student"]], pool.agents[pool.fixed["student_a"]]
    base = pool.agents[pool.base_pairs[0].response]
    shown = [(pool.models[agent.model].model, agent.temperature) for agent in (weak, debater, base)]
    assert shown == [
        ("Qwen/Qwen2.5-0.5B-Instruct", 0.8),
        ("Qwen/Qwen2.5-7B-Instruct", 0.6),
        ("Qwen/Qwen2.5-14B-Instruct", 0.2),
    ]


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "the environment variable MASTER_AUTOGEN_MODELS is not set; it names the server's models, weakest first, "
             "separated by commas"),
        ({"MASTER_AUTOGEN_MODELS": "a"}, "the environment variable MASTER_AUTOGEN_BASE_URL is not set; it is the address "
                                         "of an OpenAI-compatible server, as in http://localhost:8000/v1"),
        ({**SERVER, "MASTER_AUTOGEN_MODELS": "a,a"}, "each_model.names: expected different model names separated by "
                                                     "commas, found 'a,a'"),
    ],
)  # fmt: skip
def test_an_environment_that_does_not_do(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_pool("endpoint", environ)
    assert str(caught.value).split("endpoint.yaml: ", 1)[1] == message


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("response: [one]", "response: [two]", "p.yaml:1: response names agent 'two', which is not under agents"),
        ("{model: a}", "{model: b}", "p.yaml:1: agent 'one' names model 'b', which is not under models"),
        ("provider: scripted", "provider: os.system", "p.yaml:3: models.a: provider 'os.system' is not on the allow-list"),
        ("provider: scripted", "provider: openai", "p.yaml:3: models.a: provider 'openai' needs base_url"),
        ("{model: a}", "{model: a, temprature: 1}", "p.yaml:5: agents.one.temprature: unknown key"),
        ("{model: a}", "{model: a, temperature: 9}",
         "p.yaml:5: agents.one.temperature: input should be less than or equal to 2 (found 9)"),
    ],
)  # fmt: skip
def test_faults_by_line(old: str, new: str, fault: str) -> None:
    Path("p.yaml").write_text(SOUND.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_pool("p.yaml", {})
    assert str(caught.value).startswith(fault)


def test_sampling_is_sent_as_the_agent_has_it() -> None:
    Path("p.yaml").write_text(
        SOUND.replace("{model: a}", "{model: a, temperature: 0.7, top_p: 0.9, stop: [END], extra: {min_p: 0.1}}"),
        encoding="utf-8",
    )
    sampling = read_pool("p.yaml", {}).agents["one"].sampling(seed=2**40 + 5)
    assert sampling == {
        "temperature": 0.7, "max_tokens": 1024, "seed": 5, "top_p": 0.9, "stop": ["END"], "min_p": 0.1,
    }  # fmt: skip


def judged(by: str) -> str:
    """SOUND with a second model, and with this judge."""
    return SOUND.replace("{provider: scripted}\n", "{provider: scripted, family: x}\n  b: {provider: scripted, family: y}\n").replace(
        "one: {model: a}\n", "one: {model: a}\n  two: {model: b}\n"
    ) + f"judge: {by}\n"  # fmt: skip


@pytest.mark.parametrize(
    ("by", "judges", "families"),
    [
        ("verifier", [], []),
        ("one", ["one"], ["x"]),  # of the family that it judges
        ("two", ["two"], []),
        ("[two, one]", ["two", "one"], ["x"]),
    ],
)
def test_a_judge_is_an_agent_or_a_panel_of_them(by: str, judges: list[str], families: list[str]) -> None:
    Path("p.yaml").write_text(judged(by))
    pool = read_pool("p.yaml")
    assert (pool.judges, pool.judge_families) == (judges, families)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("[two, three]", "judge names agent 'three', which is not under agents"),
        ("[two, verifier]", "judge names agent 'verifier', which is not under agents"),
        ("[two, two]", "judge: a panel names at least one agent, and none twice"),
        ("[]", "judge: a panel names at least one agent, and none twice"),
    ],
)
def test_a_panel_that_cannot_judge_is_refused(by: str, told: str) -> None:
    Path("p.yaml").write_text(judged(by))
    with pytest.raises(UserError, match=told):
        read_pool("p.yaml")


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-4o-mini", "gpt"), ("openai/gpt4o", "gpt"), ("ft:gpt-4o:org:x", "gpt"), ("chatgpt-4o-latest", "gpt"),
        ("o3-mini", "gpt"), ("Qwen/Qwen2.5-7B-Instruct", "qwen"), ("qwen3:8b", "qwen"), ("QwQ-32B", "qwen"),
        ("meta-llama/Meta-Llama-3.1-8B", "llama"), ("Hermes-3-Llama-3.1-8B", "llama"), ("llama3.1:70b", "llama"),
        ("mistralai/Mixtral-8x7B-v0.1", "mistral"), ("google/gemma-2-9b-it", "gemma"), ("claude-sonnet-4", "claude"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek"), ("microsoft/Phi-3.5-mini", "phi"),
        ("smollm2", "smollm"), ("Qwen/tutor", "qwen"), ("/models/gemma-2b.gguf", "gemma"),
        ("/srv/claude/tutor.gguf", ""), ("phind-codex", ""), ("turbo1", ""), ("my-tutor", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_family_is_guessed_from_the_words_of_a_name(name: str, family: str) -> None:
    assert family_of(name, known=True) == family


def test_a_named_family_stands_under_its_common_name_and_unknown_is_none() -> None:
    assert [family_of(name) for name in ("qwen2.5", "Qwen", "house", "unknown", "")] == [
        "qwen",
        "qwen",
        "house",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("models", "families"),
    [
        ("qwen2.5-7b,gpt-4o", ["gpt"]),  # the strongest is base and judge, and each model may be cast
        ("Qwen/Qwen3-0.6B,Qwen/Qwen3-32B", ["qwen"]),
        ("small,large", []),
    ],
)
def test_the_endpoints_judge_is_known_by_the_names_of_its_models(models: str, families: list[str]) -> None:
    assert read_pool("endpoint", {**SERVER, "MASTER_AUTOGEN_MODELS": models}).judge_families == families


def test_a_family_that_is_named_counts_before_one_that_is_guessed() -> None:
    named = judged("two").replace("family: y", "family: unknown, model: x-large").replace("family: x", "model: gpt-4")
    for text, families in ((named, []), (named.replace("x-large", "gpt-5"), ["gpt"])):
        Path("p.yaml").write_text(text)
        assert read_pool("p.yaml").judge_families == families
    Path("p.yaml").write_text(named.replace("unknown, model: x-large", "house, model: gpt-5"))
    assert read_pool("p.yaml").judge_families == []


def test_a_family_that_is_not_named_is_shared_with_nobody() -> None:
    Path("p.yaml").write_text(SOUND + "judge: one\n")
    assert read_pool("p.yaml").judge_families == []
