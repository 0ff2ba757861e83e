"""Templates: values survive untouched, code does not run, missing names are named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from master_autogen.prompts import TemplateFault, fill, variables


@given(st.text())
def test_values_survive_untouched(text: str) -> None:
    assert fill("[{{ question }}]", {"question": text}) == f"[{text}]"


def test_latex_braces_and_dollars_survive() -> None:
    hostile = r"$5 \frac{1}{2} {{ reference }} {% for x in y %} {0} %s"
    assert fill("Q: {{ question }}", {"question": hostile}) == "Q: " + hostile


def test_conditions_work() -> None:
    template = "{% if exchange > 1 %}again{% else %}first{% endif %}"
    assert [fill(template, {"exchange": n}) for n in (1, 2)] == ["first", "again"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{{ question.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ question * 1000000000 }}", "the operator * is not allowed in a template"),
        ("{{ 9 ** 99999999 }}", "the operator ** is not allowed in a template"),
        ("{% for i in range(9) %}x{% endfor %}", "Undefined is not safely callable"),
        ("{{ question.ljust(1000000000) }}", "<built-in method ljust of str object> is not safely callable"),
        ("{{ question|center(1000000000) }}", "template syntax: No filter named 'center'."),
        ("{{ question", "template syntax: unexpected end of template, expected 'end of print statement'."),
    ],
)
def test_faults(template: str, message: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        fill(template, {"question": "q"})
    assert re.sub(r" at 0x[0-9a-f]+", "", str(caught.value)) == message


def test_lists_cannot_be_changed() -> None:
    with pytest.raises(TemplateFault):
        fill("{{ items.append(1) }}", {"items": [0]})


def test_output_is_capped() -> None:
    template = "{% for a in items %}{% for b in items %}{{ text }}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateFault, match="passes 4,000,000 characters"):
        fill(template, {"items": list(range(1000)), "text": "x" * 100})


def test_variables_are_listed() -> None:
    assert variables("{{ a }} {% if b %}{{ c }}{% endif %}{% set d = 1 %}{{ d }}") == {"a", "b", "c"}
