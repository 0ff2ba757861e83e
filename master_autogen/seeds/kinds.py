"""What a seed asks for, and its final answer, by the shape of the answer. Strict: where the end of the text is not
plainly a final answer there is none, for a wrong key would mark right work as wrong.

>>> kind_and_answer("How many?", "8 * 5 = 40\\n#### 1,040")
('math', '1040')
>>> kind_and_answer("How many rolls are left?", "67 rolls")
('math', '67')
"""

from __future__ import annotations

import re

from master_autogen.records import Kind

_NUMBER = r"-?[$€£]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_PLAIN = re.compile(rf"{_NUMBER}%?")
# "*+" does not give back: a long run of blanks would be shared out between two neighbours in every way there is.
_FINAL = re.compile(rf"(?:####|\banswer\s*+(?:is|:)\s*+:?)[\s*$]*+({_NUMBER})[\s*$%.)]*\Z", re.IGNORECASE)
_BOXED = re.compile(rf"\\boxed\{{\s*+({_NUMBER})\s*+%?\s*+\}}[^0-9]*\Z")
_CODE = re.compile(
    r"```|^[ \t]*(?:(?:async )?def \w+\(|class \w+.*[:{][ \t]*$|import [\w.]+(?: as \w+)?;?[ \t]*$"
    r"|from [\w.]+ import \S|#include[ \t]*[<\"])",
    re.MULTILINE,
)
_OPTION = re.compile(r"(?:^|[\s(])([A-E])[).:]\s", re.MULTILINE)
_LONGEST_NUMBER = 60
_LETTERS = tuple("ABCDEabcde")
_LETTER = re.compile(r"(?:.*\banswer\s*+(?:is|:)\s*+)?\(?([A-E])\)?[.:]?", re.IGNORECASE | re.DOTALL)


def kind_and_answer(
    instruction: str, response: str, kind: Kind | None = None, answer: str | None = None, *, chosen: bool = False
) -> tuple[Kind, str | None]:
    """The kind (a given one stands) and the final answer, from `answer` where it is given, else from the response.
    `chosen`: the answer is one of several options, so a number by itself may be an option's place."""
    if answer:
        number = bare_number(instruction, answer) or final_number(answer)
    else:
        number = final_number(response)
        if number is None and not chosen and len(_options(instruction)) < 2:
            number = bare_number(instruction, response)
    letter = chosen_letter(instruction, answer or response)
    kind = kind or _kind(number, letter, instruction, response)
    if kind == "math":
        return kind, number or answer
    if kind == "choice":
        return kind, letter or answer
    return kind, answer


def _kind(number: str | None, letter: str | None, instruction: str, response: str) -> Kind:
    if number or "\\boxed{" in response:
        return "math"
    if letter:
        return "choice"
    # A function's body alone (as HumanEval's answers are) is told by its indent under a question with the head.
    body = response[:1] in (" ", "\t") and _CODE.search(instruction)
    return "code" if body or _CODE.search(response) else "general"


def final_number(text: str) -> str | None:
    """The number that `text` ends on as "#### n", "answer is n" or "\\boxed{n}"; without commas and signs of money."""
    match = _FINAL.search(text.rstrip()) or _BOXED.search(text)
    return _bare(match.group(1)) if match else None


def plain_number(text: str) -> str | None:
    """`text` as a bare number if it is one and nothing else: "$1,080" is "1080", "18 apples" is None."""
    text = text.strip()
    return _bare(text) if _PLAIN.fullmatch(text) else None


def bare_number(instruction: str, text: str) -> str | None:
    """`text` as a number if that is all it says: "67", "67." and, where the question is how many rolls, "67 rolls"."""
    if len(text) > _LONGEST_NUMBER:
        return None
    number, _, thing = text.strip().removesuffix(".").partition(" ")
    asked = not thing or (
        thing.isalpha() and re.search(rf"\bhow many (?:\w+ ){{0,2}}{thing}\b", instruction, re.IGNORECASE)
    )
    return plain_number(number) if asked else None


def _bare(number: str) -> str:
    return re.sub(r"[,$€£%]", "", number)


def chosen_letter(instruction: str, text: str) -> str | None:
    """The letter A to E that `text` is, or ends on as "answer is B", if the instruction has that option."""
    if not text.strip().rstrip(").:").endswith(_LETTERS):  # as most texts: nothing has to be looked for in them
        return None
    options = _options(instruction)
    match = _LETTER.fullmatch(text.strip())
    return match.group(1) if match and len(options) > 1 and match.group(1) in options else None


def _options(instruction: str) -> set[str]:
    return set(_OPTION.findall(instruction))
