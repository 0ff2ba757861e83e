"""AutoGen's own clients, made from a pool's model and asked in this package's way.

Only what is on the allow-list is imported. Settings that AutoGen would silently drop are refused; so are keys, which
come from the environment alone. Each provider gets the sampling settings under the names it knows.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage
from pydantic import ValidationError

from master_autogen.errors import CallError, UserError
from master_autogen.models.client import PlainClient, Slots
from master_autogen.models.failures import guarded, scrub
from master_autogen.pool import Limits, ModelSpec
from master_autogen.records import PROVIDERS

Translate = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From sampling settings to a provider's own `extra_create_args`."""

_SECRET_KEYS = frozenset({"api_key", "azure_ad_token", "bedrock_info"})
_SECRET_HEADERS = frozenset({"authorization", "api-key", "x-api-key"})
_TOKEN_PROVIDER = "autogen_ext.auth.azure.AzureTokenProvider"
_KEYS = {"OpenAI": "OPENAI_API_KEY", "AzureOpenAI": "AZURE_OPENAI_API_KEY", "Anthropic": "ANTHROPIC_API_KEY"}
"""Where AutoGen's clients look for their keys themselves."""


class ForeignClient(PlainClient):
    """Another client, with this package's limits, deadline and errors around it."""

    def __init__(
        self,
        inner: ChatCompletionClient,
        model: str,
        *,
        limits: Limits | None = None,
        translate: Translate = dict,
        secrets: tuple[str, ...] = (),
        allow: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(model)
        self._inner = inner
        self._timeout_s = (limits or Limits()).timeout_s
        self._slots = Slots((limits or Limits()).concurrency)
        self._translate = translate
        self._secrets = secrets
        self._allow = allow

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        async with self._slots.here(self._allow):
            try:
                async with asyncio.timeout(self._timeout_s):
                    asked = self._inner.create(messages, extra_create_args=self._translate(args))
                    return await guarded(asked, secrets=self._secrets)
            except TimeoutError:
                raise CallError("timeout", f"no reply from {self.model} within {self._timeout_s:g} s") from None

    async def close(self) -> None:
        await self._inner.close()


def load(
    name: str, spec: ModelSpec, environ: Mapping[str, str], allow: Callable[[], None] = lambda: None
) -> ForeignClient:
    """The client of a model whose provider is one of AutoGen's. Raises `UserError` for whatever the user can mend."""
    if spec.provider not in PROVIDERS:  # a ModelSpec cannot say otherwise, unless it was made without its checks
        raise UserError(f"model {name!r}: provider {spec.provider!r} is not on the allow-list")
    fields = _config_fields(name, spec)
    config = _config(name, spec, fields, environ)
    secrets = _secrets(spec, environ)
    try:
        inner = ChatCompletionClient.load_component({"provider": spec.provider, "config": config})
    except ValidationError as error:
        # Not the whole error: it would repeat the values, and a key is one of them.
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UserError(f"model {name!r}: config: {wrong}") from None
    except Exception as error:  # noqa: BLE001 (whatever a foreign constructor raises, the entry is at fault)
        hint = " (`family: unknown` will do)" if "model_info" in str(error) else ""
        raise UserError(f"model {name!r}: {spec.provider}: {scrub(str(error), secrets)}{hint}") from None
    translate = _translation(spec.provider)
    return ForeignClient(
        inner, spec.model or name, limits=spec.limits, translate=translate, secrets=secrets, allow=allow
    )


def _config_fields(name: str, spec: ModelSpec) -> frozenset[str]:
    """The settings that the provider's class knows."""
    module, class_name = spec.provider.rsplit(".", 1)
    try:
        schema = getattr(importlib.import_module(module), class_name).component_config_schema
    except ModuleNotFoundError as error:
        install = f"pip install 'autogen-ext[{module.rsplit('.', 1)[1]}]'"
        raise UserError(f"model {name!r} needs the package {error.name!r}, which is not installed: {install}") from None
    return frozenset(schema.model_fields)


def _config(name: str, spec: ModelSpec, fields: frozenset[str], environ: Mapping[str, str]) -> dict[str, Any]:
    unknown = sorted(set(spec.config) - fields)
    if unknown:
        raise UserError(f"model {name!r}: config has {', '.join(unknown)}, which {spec.provider} does not know")
    _refuse_secrets(name, spec.config)
    ours: dict[str, Any] = {"model": spec.model, "timeout": spec.limits.timeout_s, "max_retries": 0}
    ours |= {"include_name_in_message": False, "host": spec.base_url, "base_url": spec.base_url}
    ours |= {"azure_endpoint": spec.base_url, "model_info": _model_info(spec)}
    if spec.api_key_env:
        ours["api_key"] = environ.get(spec.api_key_env, "").strip()
        if not ours["api_key"]:
            raise UserError(
                f"model {name!r} takes its key from the environment variable {spec.api_key_env}, which is not set. "
                f"Set it: export {spec.api_key_env}=…"
            )
    return {key: value for key, value in ours.items() if key in fields and value not in (None, "")} | spec.config


def _refuse_secrets(name: str, config: Mapping[str, Any]) -> None:
    """Keys would end up in the log; a token provider of the user's choice would be imported, whatever it is."""
    headers = config.get("default_headers") or config.get("headers") or {}
    found = sorted(_SECRET_KEYS & set(config)) + sorted(h for h in headers if str(h).lower() in _SECRET_HEADERS)
    if found:
        raise UserError(f"model {name!r}: config holds {', '.join(found)}; put the variable's name in api_key_env")
    provider = config.get("azure_ad_token_provider")
    if provider is not None and (not isinstance(provider, Mapping) or provider.get("provider") != _TOKEN_PROVIDER):
        raise UserError(f"model {name!r}: config.azure_ad_token_provider may only be {_TOKEN_PROVIDER}")


def _model_info(spec: ModelSpec) -> dict[str, Any] | None:
    """For models that AutoGen does not know by name; None leaves it to AutoGen's own tables."""
    if not spec.family:
        return None
    can = {"vision": False, "function_calling": False, "json_output": True, "structured_output": True}
    return {**can, "family": spec.family}


def _secrets(spec: ModelSpec, environ: Mapping[str, str]) -> tuple[str, ...]:
    names = {spec.api_key_env or "", *_KEYS.values()}
    return tuple(sorted({environ[name].strip() for name in names if environ.get(name, "").strip()}))


def _translation(provider: str) -> Translate:
    if provider.endswith((".OpenAIChatCompletionClient", ".AzureOpenAIChatCompletionClient")):
        return _for_openai
    if provider.endswith(".AnthropicChatCompletionClient"):
        return _for_anthropic
    return _for_ollama if provider.endswith(".OllamaChatCompletionClient") else dict


def _for_openai(args: Mapping[str, Any]) -> dict[str, Any]:
    """AutoGen refuses what it does not know (a grammar, top_k), so that goes into the body past it."""
    from autogen_ext.models.openai import CreateArgumentsConfigModel

    known = {*CreateArgumentsConfigModel.model_fields, "extra_body", "timeout"}
    extra = {key: value for key, value in args.items() if key not in known}
    named = {key: value for key, value in args.items() if key in known}
    return named if not extra else {**named, "extra_body": {**named.get("extra_body", {}), **extra}}


def _for_anthropic(args: Mapping[str, Any]) -> dict[str, Any]:
    """Its API has neither sampling seeds nor schemas."""
    names = {"stop": "stop_sequences"}
    return {names.get(key, key): value for key, value in args.items() if key not in ("seed", "response_format")}


def _for_ollama(args: Mapping[str, Any]) -> dict[str, Any]:
    names = {"max_tokens": "num_predict"}
    named = {names.get(key, key): value for key, value in args.items() if key != "response_format"}
    wanted = args.get("response_format")
    if wanted:
        named["format"] = wanted["json_schema"]["schema"] if wanted["type"] == "json_schema" else "json"
    return named
