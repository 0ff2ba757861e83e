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
    assert [fill("{% if exchange % 2 %}odd{% endif %}", {"exchange": n}) for n in (1, 2)] == ["odd", ""]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{{ question.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ question * 1000000000 }}", "the operator * is not allowed in a template"),
        ("{{ 9 ** 99999999 }}", "the operator ** is not allowed in a template"),
        ("{{ '%999999999d' % 1 }}", "the operator % is not allowed in a template"),
        ("{{ question.foo }}", "'str object' has no attribute 'foo'"),
        ("{{ 1 // 0 }}", "ZeroDivisionError: integer division or modulo by zero"),
        ("{% if question is nosuch %}{% endif %}", "No test named 'nosuch' found."),
        ("{% for letter in 5 %}{% endfor %}", "TypeError: 'int' object is not iterable"),
        ('{% include "x" %}', "TypeError: no loader for this environment specified"),
        ("{% for i in question %}" * 30 + "{% endfor %}" * 30, "template is nested too deeply"),
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


def test_a_number_that_python_does_not_read_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match=r"^template cannot be read: Exceeds the limit "):
        variables("{{ " + "9" * 5000 + " }}")


def test_lists_cannot_be_changed() -> None:
    with pytest.raises(TemplateFault):
        fill("{{ items.append(1) }}", {"items": [0]})


def test_output_is_capped() -> None:
    template = "{% for a in items %}{% for b in items %}{{ text }}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateFault, match="passes 4,000,000 characters"):
        fill(template, {"items": list(range(1000)), "text": "x" * 100})


def test_variables_are_listed() -> None:
    assert variables("{{ a }} {% if b %}{{ c }}{% endif %}{% set d = 1 %}{{ d }}") == {"a", "b", "c"}
