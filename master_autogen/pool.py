"""What a pool file may say: the models, the agents cast from them, who grades. No model is loaded here.

A model is an endpoint; an agent is a model with its sampling settings; `instruction` and `response` list the agents
that selection may pair, `fixed` who plays every role outside the pair.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from master_autogen.errors import UserError
from master_autogen.keys import held_key, is_variable, keyless, sendable
from master_autogen.records import KINDS, PROVIDERS, Kind, Pair
from master_autogen.yaml_files import Located, find, locate, parse, refuse

VERIFIER = "verifier"

FAMILIES = {
    "claude": ("claude",),
    "deepseek": ("deepseek",),
    "falcon": ("falcon",),
    "gemini": ("gemini",),
    "gemma": ("gemma", "codegemma"),
    "glm": ("glm", "chatglm"),
    "gpt": ("gpt", "chatgpt", "davinci", "o1", "o3", "o4"),
    "granite": ("granite",),
    "grok": ("grok",),
    "kimi": ("kimi",),
    "llama": ("llama", "codellama", "tinyllama", "vicuna", "alpaca"),
    "mistral": ("mistral", "mixtral", "ministral", "magistral", "codestral", "devstral", "pixtral"),
    "olmo": ("olmo",),
    "phi": ("phi",),
    "qwen": ("qwen", "qwq"),
    "smollm": ("smollm",),
    "yi": ("yi",),
}
"""Families of models, and the words by which their names begin; what follows of such a word are version numbers."""

HINTS = {
    "MASTER_AUTOGEN_BASE_URL": "it is the address of an OpenAI-compatible server, as in http://localhost:8000/v1",
    "MASTER_AUTOGEN_MODELS": "it names the server's models, weakest first, separated by commas",
}


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(Schema):
    """US dollars a million tokens."""

    prompt: float = Field(0.0, ge=0, allow_inf_nan=False)
    completion: float = Field(0.0, ge=0, allow_inf_nan=False)


class Limits(Schema):
    """`concurrency`: calls in flight; `timeout_s`: the deadline of one attempt; `tries`: attempts at one request,
    but for those that a rate limit refuses."""

    concurrency: int = Field(32, ge=1)
    timeout_s: float = Field(120.0, gt=0)
    tries: int = Field(4, ge=1)


class Rule(Schema):
    """A reply of a scripted model: the first rule whose `when`, a regular expression, is found in the request answers
    with one of `say`, all alike or by `weights`."""

    when: str
    say: list[str] = Field(min_length=1)
    weights: list[float] | None = None


class ModelSpec(Schema):
    """An endpoint. `provider` is one of the allow-list (`records.PROVIDERS`); `model` is its name there (for
    `embedded`: `smollm2`, or the path of a GGUF file).

    `base_url` is the server's address and `api_key_env` the variable that holds its key. `price` and `limits` are the
    endpoint's; `rules` a scripted model's; `config` goes to an AutoGen client. `family`: whose text it writes, for
    AutoGen and for the warning of a judge that prefers its own kind (see `family_of`).
    """

    provider: str
    model: str = ""
    base_url: str | None = None
    api_key_env: str | None = None
    family: str = ""
    price: Price | None = None
    limits: Limits = Limits()
    rules: list[Rule] = Field(default_factory=list)
    config: Annotated[dict[str, Any], AfterValidator(sendable)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_provider(self) -> ModelSpec:
        if self.provider not in PROVIDERS:
            raise ValueError(f"provider {self.provider!r} is not on the allow-list: {', '.join(PROVIDERS)}")
        if self.provider == "openai" and not self.base_url:
            raise ValueError("provider 'openai' needs base_url")
        if self.api_key_env is not None and not is_variable(self.api_key_env):
            raise ValueError("api_key_env is the name of an environment variable, not the key itself")
        if "?" in (self.base_url or "") or "#" in (self.base_url or ""):
            raise ValueError("base_url ends before ? and #: it is logged, and a key in it would be too")
        return self


class AgentSpec(Schema):
    """A model with its sampling settings: `temperature`, `top_p`, `max_tokens` of a reply, `stop`, and `extra` ones
    that are sent as they are. A `worded` agent says what code lays down, in the model's words."""

    model: str
    temperature: float = Field(0.2, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1)
    stop: list[str] = Field(default_factory=list)
    worded: bool = False
    extra: Annotated[dict[str, Any], AfterValidator(keyless)] = Field(default_factory=dict)

    def sampling(self, seed: int) -> dict[str, Any]:
        """The settings as they are sent, with this sampling seed."""
        args: dict[str, Any] = {"temperature": self.temperature, "max_tokens": self.max_tokens, "seed": seed % 2**31}
        if self.top_p is not None:
            args["top_p"] = self.top_p
        if self.stop:
            args["stop"] = list(self.stop)
        return args | self.extra


class Scorers(Schema):
    """Names of models that measure difficulty: `small` is the one to be trained or its like, `large` one that is
    abler."""

    small: str | None = None
    large: str | None = None


class EachModel(Schema):
    """One model and its agents for every name in `names`, a comma-separated list, weakest first."""

    names: str
    model: dict[str, Any]
    agents: dict[str, dict[str, Any]] = Field(min_length=1)


class Pool(Schema):
    """A whole pool file, checked: `name`, `summary`, its `models`, and its `agents`, which are models with settings.

    `instruction` and `response` are the agents that selection pairs; `fixed` says who plays each role outside the pair,
    `base_pairs` who plays bases, in turn. `judge` is "verifier" (verdicts from checks alone), the agent that judges by
    the rubric `rubric`, or a list of such agents: a panel, whose majority counts. `scorers` measure difficulty. `kinds`
    are the kinds of seed that the pool plays; with `checkable_only` only seeds whose answer code can verify.
    """

    name: str
    summary: str = ""
    models: dict[str, ModelSpec] = Field(min_length=1)
    agents: dict[str, AgentSpec] = Field(min_length=1)
    instruction: list[str] = Field(min_length=1)
    response: list[str] = Field(min_length=1)
    fixed: dict[str, str] = Field(default_factory=dict)
    base_pairs: list[Pair] = Field(min_length=1)
    judge: str | list[str] = VERIFIER
    rubric: str = "pairwise"
    scorers: Scorers = Scorers()
    kinds: list[Kind] = Field(default_factory=lambda: list(KINDS))
    checkable_only: bool = False

    @property
    def pairs(self) -> list[Pair]:
        """Every pair that selection may draw, in a fixed order."""
        return [Pair(instruction=i, response=r) for i in self.instruction for r in self.response]

    @property
    def judges(self) -> list[str]:
        """The agents that judge; none where the verifier does."""
        named = [self.judge] if isinstance(self.judge, str) else self.judge
        return [] if named == [VERIFIER] else named

    @property
    def judge_families(self) -> list[str]:
        """Families that a judge shares with an agent that may be cast: such a judge prefers its own kind's text."""
        cast = [*self.instruction, *self.response, *self.fixed.values()]
        cast += [name for pair in self.base_pairs for name in (pair.instruction, pair.response)]
        judging, made = ({self._family(name) for name in names} for names in (self.judges, cast))
        return sorted((judging & made) - {""})

    def recorded(self) -> dict[str, Any]:
        """The pool as a log may hold it: who plays, with which settings; nothing that could be a secret."""
        kept = self.model_dump(mode="json")
        for model in kept["models"].values():
            model["config"] = {}
            if model["base_url"]:  # an address may carry a key
                model["base_url"] = "http://not-recorded"
        return kept

    def _family(self, agent: str) -> str:
        name = self.agents[agent].model
        return family_of(self.models[name].family) or family_of(self.models[name].model or name, known=True)

    @model_validator(mode="after")
    def _names_exist(self) -> Pool:
        wrong: list[str] = []
        for name, agent in self.agents.items():
            if agent.model not in self.models:
                wrong.append(f"agent {name!r} names model {agent.model!r}, which is not under models")
        named = [("instruction", a) for a in self.instruction] + [("response", a) for a in self.response]
        named += [(f"fixed.{role}", a) for role, a in self.fixed.items()]
        named += [("base_pairs", a) for pair in self.base_pairs for a in (pair.instruction, pair.response)]
        named += [("judge", name) for name in self.judges]
        for where, agent_name in named:
            if agent_name not in self.agents:
                wrong.append(f"{where} names agent {agent_name!r}, which is not under agents")
        for size, model in (("small", self.scorers.small), ("large", self.scorers.large)):
            if model is not None and model not in self.models:
                wrong.append(f"scorers.{size} names model {model!r}, which is not under models")
        if isinstance(self.judge, list) and (not self.judge or len(set(self.judge)) < len(self.judge)):
            wrong.append("judge: a panel names at least one agent, and none twice")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def family_of(name: str, *, known: bool = False) -> str:
    """The family that a model's or a family's name tells of by one of its words; else, and where it is not to be a
    `known` one, the name itself. "" for "unknown".

    Of a path the file's name counts, of `owner/model` the model's name first. A guess by the first word that is known:
    a distillation counts to its teacher where that is named first.

    >>> [family_of(name, known=True) for name in ("Qwen/QwQ-32B", "openai/gpt-4o", "ft:gpt-4o:me", "my-tutor")]
    ['qwen', 'gpt', 'gpt', '']
    """
    parts = name.lower().split("/")
    for part in parts[-1:] if name.startswith(("/", ".", "~")) else reversed(parts):
        for word in re.split(r"[^a-z0-9.]+", part):
            without_version = re.sub(r"(?<=[a-z])[0-9.]+[a-z]*$", "", word)
            for family, beginnings in FAMILIES.items():
                if word in beginnings or without_version in beginnings:
                    return family
    return "" if known or name == "unknown" else name


def read_pool(name: str, environ: Mapping[str, str] | None = None) -> Pool:
    """The pool of this name or path, with its `env:` values and `each_model` filled in from `environ`.

    Raises `UserError` with every fault of the file, by line, or naming the environment variable that is not set.
    """
    env = os.environ if environ is None else environ
    doc = locate(find("pools", name))
    return parse(doc, Pool, prepare=lambda data: _without_keys(_expand(data, env, doc.path), env, doc))


def _without_keys(data: dict[str, Any], env: Mapping[str, str], doc: Located) -> dict[str, Any]:
    """`data`, if no key of the environment stands in it, written out or as `env:`. Raises `UserError`."""
    if (held := held_key(data, env)) is not None:
        place, name = held
        refuse(
            [doc.fault(place, f"holds the value of {name}, which would be logged; name the variable in api_key_env")]
        )
    return data


def _expand(data: dict[str, Any], env: Mapping[str, str], path: str) -> dict[str, Any]:
    """Put in what the environment says: `env:NAME` and `env:NAME|default` values, then one model a name of
    `each_model`."""
    filled = _fill(data, env, path)
    assert isinstance(filled, dict)
    each = filled.pop("each_model", None)
    if each is None:
        return filled
    try:
        block = EachModel.model_validate(each)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"{path}: each_model.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    names = [name.strip() for name in block.names.split(",") if name.strip()]
    if not names or len(set(names)) != len(names):
        raise UserError(
            f"{path}: each_model.names: expected different model names separated by commas, found {block.names!r}"
        )
    filled["models"] = {**filled.get("models", {}), **{name: {**block.model, "model": name} for name in names}}
    made = {f"{name}/{kind}": {**spec, "model": name} for name in names for kind, spec in block.agents.items()}
    filled["agents"] = {**filled.get("agents", {}), **made}
    return {key: value if key in ("models", "agents") else _name(value, names) for key, value in filled.items()}


def _fill(value: Any, env: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, env, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, env, path) for item in value]
    if not (isinstance(value, str) and value.startswith("env:")):
        return value
    variable, _, default = value.removeprefix("env:").partition("|")
    if found := env.get(variable) or default:
        return found
    raise UserError(
        f"{path}: the environment variable {variable} is not set; {HINTS.get(variable, 'set it and try again')}"
    )


def _name(value: Any, names: list[str]) -> Any:
    """`weakest/x` and `strongest/x` become the first and the last model's agent; `each/x` in a list becomes all of
    them."""
    if isinstance(value, dict):
        return {key: _name(item, names) for key, item in value.items()}
    if isinstance(value, list):
        made: list[Any] = []
        for item in value:
            if isinstance(item, str) and item.startswith("each/"):
                made += [f"{name}/{item.removeprefix('each/')}" for name in names]
            else:
                made.append(_name(item, names))
        return made
    if isinstance(value, str):
        for word, name in (("weakest/", names[0]), ("strongest/", names[-1])):
            if value.startswith(word):
                return f"{name}/{value.removeprefix(word)}"
        if value in ("weakest", "strongest"):
            return names[0] if value == "weakest" else names[-1]
    return value
