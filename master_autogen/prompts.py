"""Fill `{{ name }}` templates in a sandbox: values are data, never code, and come out exactly as they went in.

Templates know `{{ name }}`, `{% if %}` and `{% for %}`; they have no way to call methods that change things, to reach
private attributes, or to multiply text. Values are never rendered again, so LaTeX, braces and dollar signs survive.

>>> fill("Cost: {{ price }}", {"price": r"$5 \\frac{1}{2} {{ x }}"})
'Cost: $5 \\\\frac{1}{2} {{ x }}'
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_FILTERS = ("capitalize", "default", "first", "join", "last", "length", "lower", "trim", "upper")

MAX_CHARACTERS = 4_000_000
"""A filled template longer than this is refused: no model reads it, and a loop over a loop can write it by mistake."""


class TemplateFault(Exception):
    """A template that cannot be read or filled; `line` counts from 1 within the template, where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse `*`, `**` and `%` on text: they are a way to fill the memory, and prompts need no arithmetic."""
        if operator == "%" and isinstance(left, int):
            return left % right  # every other exchange
        raise SecurityError(f"the operator {operator} is not allowed in a template")

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing may be called: `text.ljust(10**9)` is as good as `*` at filling the memory."""
        return False


def _environment() -> _Sandbox:
    env = _Sandbox(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    env.globals.clear()  # no range(), no namespace(): what a template may use is what it is given
    env.filters = {name: env.filters[name] for name in _FILTERS}
    return env


_ENV = _environment()


@lru_cache(maxsize=4096)
def _compiled(template: str) -> jinja2.Template:
    try:
        return _ENV.from_string(template)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFault(f"template syntax: {error.message}", error.lineno) from None
    except (RecursionError, SyntaxError):  # Python's own, of the code that a template becomes
        raise TemplateFault("template is nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits
        raise TemplateFault(f"template cannot be read: {error}") from None


def fill(template: str, values: Mapping[str, object]) -> str:
    """`template` with `values` put in; outer blank space is stripped. Raises `TemplateFault` for a missing name, and
    for whatever else these values do not allow."""
    if "{" not in template and "\r" not in template:  # a third of a lesson's prompts have nothing to fill
        return template.strip()
    parts: list[str] = []
    length = 0
    try:
        for part in _compiled(template).generate(values):
            length += len(part)
            if length > MAX_CHARACTERS:
                raise TemplateFault(f"the filled template passes {MAX_CHARACTERS:,} characters")
            parts.append(part)
    except TemplateError as error:
        raise TemplateFault(str(error.message or error)) from None
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise TemplateFault(f"{type(error).__name__}: {error}") from None
    return "".join(parts).strip()


@lru_cache(maxsize=4096)
def variables(template: str) -> frozenset[str]:
    """The names a template needs. Raises `TemplateFault` for a syntax error."""
    _compiled(template)
    return frozenset(meta.find_undeclared_variables(_ENV.parse(template)))
