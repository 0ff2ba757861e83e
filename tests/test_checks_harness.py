"""Which program of a text is run: the last that defines what the tests call, with what it builds on."""

from __future__ import annotations

import ast

import pytest

from master_autogen.checks.harness import Unreadable, asked_for, program_in

RIGHT = "def add(a, b):\n    return a + b"
WRONG = "def add(a, b):\n    return a - b"


def fenced(*codes: str) -> str:
    return "\n\nand then\n\n".join(f"```python\n{code}\n```" for code in codes)


def found(text: str, question: str = "Add.", wanted: str = "add") -> str | None:
    program = program_in(text, question, set(wanted.split()))
    return None if program is None else ast.unparse(program)


@pytest.mark.parametrize(
    ("tests", "names"),
    [
        ("assert add(1, 2) == 3", "add"),
        ("assert sorted(encode('a')) == [decode(n) for n in range(2)]", "encode decode"),
        ("import math as m\ndef check(candidate):\n    assert candidate(m.pi) == 3\ncheck(truncate)", "truncate"),
        ("cache = LRU(2)\ntry:\n    cache.get(1)\nexcept KeyError as error:\n    assert error", "LRU"),
        ("assert 1 == 1", ""),
    ],
)
def test_the_names_that_tests_ask_for(tests: str, names: str) -> None:
    assert asked_for(ast.parse(tests)) == set(names.split())


@pytest.mark.parametrize(
    ("text", "program"),
    [
        (RIGHT, RIGHT),
        (f"So:\n{fenced(RIGHT)}\nThat is all.", RIGHT),
        (f"It was\n{fenced(WRONG)}\nand is\n{fenced(RIGHT)}", f"{WRONG}\n\n{RIGHT}"),
        (fenced("import math", "x = 1\nprint(x)", RIGHT, "print(add(1, 2))"), f"import math\n\n{RIGHT}"),
        (f"1. First:\n   ```py\n   {WRONG.replace(chr(10), chr(10) + '   ')}\n   ```", WRONG),
        (f"```python\n{RIGHT}", RIGHT),
        (fenced(f"'''Adds.'''\nfrom __future__ import annotations\n{RIGHT}"), None),
        (fenced("add = lambda a, b: a + b"), "add = lambda a, b: a + b"),
        (f"~~~python\n{RIGHT}\n~~~\nThat is all.", RIGHT),
        (f"````\n{RIGHT}\n````", RIGHT),
        (f"```python\n{RIGHT}\n    ```\nThat is all.", RIGHT),
        (f"```js\n{RIGHT}\n```", ""),
        (f"{fenced('x = 1')}\nCall add(1, 2) then.", ""),
        (f"Here it is:\n{RIGHT}", ""),
        ("", ""),
    ],
)
def test_the_program_of_a_text(text: str, program: str | None) -> None:
    if program is None:
        assert str(found(text)).startswith("from __future__ import annotations")
    else:
        assert found(text) == (program or None)


def test_a_fence_inside_a_docstring_ends_no_block() -> None:
    program = RIGHT.replace("\n", '\n    """For example:\n    ```\n    add(1, 2)\n    ```\n    """\n')
    assert found(f"So:\n{fenced(program)}\nThat is all.") == ast.unparse(ast.parse(program))
    assert found(fenced(program.replace("```", "~~~"))) == ast.unparse(ast.parse(program.replace("```", "~~~")))


def test_a_block_that_is_no_python_is_told_from_none() -> None:
    with pytest.raises(Unreadable):
        found(fenced("def add(a, b)\n    return a + b"))
    with pytest.raises(Unreadable):
        found(fenced(RIGHT, "def add(a, b):\nreturn a + b"))


HEAD = 'import math\n\ndef double(a):\n    return a + a\n\ndef add(a, b):\n    """Adds."""'


def test_the_question_lends_imports_and_helpers_but_not_what_is_asked_for() -> None:
    lent = "import math\n\ndef double(a):\n    return a + a"
    assert found(RIGHT, HEAD, "add double") == f"{lent}\n\n{RIGHT}"
    assert found(RIGHT, HEAD) == f"import math\n\n{RIGHT}"
    assert found("I do not know.", HEAD) is None
    assert found(fenced("def double(a):\n    return 2 * a"), HEAD, "double half") is None


def test_a_body_alone_goes_under_the_head_of_the_question() -> None:
    assert found("    return a + b", HEAD) == ast.unparse(ast.parse(f"import math\n{HEAD}\n    return a + b"))
    assert found("\n  \n    return a + b", "def add(a, b):") == RIGHT
    assert found("    I would add them.", HEAD) is None
