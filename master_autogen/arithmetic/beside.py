"""What stands beside a number and makes something else of it: an expression (2^{10}, 5!, 3√2), a bound (less than 7),
or more than one number (7–8, 7 remainder 2).

>>> from master_autogen.arithmetic import amounts
>>> [in_expression(text, amounts(text)[0]) for text in ("4²", "√7", "3x", "4 m²", "-7", "7!")]
[True, True, True, False, False, False]
"""

from __future__ import annotations

import re

from master_autogen.arithmetic.amounts import Amount

_NEAR = 40
"""Characters before a number in which such a sign is looked for."""
_NAMED = r"\\(?:sqrt|pi|log|ln|exp|sin|cos|tan|[dt]?binom|theta|alpha|beta|phi|infty)(?![a-z])"
_LETTER = r"[ijnrt-z]"
"""A variable: one that stands for no unit."""
_VARIABLE = rf"{_LETTER}(?![a-zA-Z\d]|\.[a-z])"
"""In "5x3" it is a calculation, in "i.e." none."""
_AFTER = re.compile(
    rf"\s?\^(?!\s?\{{?\s?(?:o|st|nd|rd|th)\b)|[⁰¹²³⁴-⁹⁻]|\*\*(?=\d)|"
    rf"\s?[+*·×/-]\s?\(*(?:\d+(?:\.\d+)?)?(?:{_NAMED}|[√π]|{_VARIABLE})|"
    rf"\s?\(?(?:{_NAMED}|[√π])|\(?{_VARIABLE}|\s?[+*·×/-]\s?\(*\d+(?:\.\d+)?(?:\^|[²³⁴-⁹]|!)|"
    # At the end of a sentence the mark is no factorial: "The answer is 18!"
    r"!(?=\s?[$\\}+*/=^)×·÷-]|\s[a-z])|\)\s?/\s?\([a-z]\)"
)
_BEFORE = re.compile(
    rf"(?:{_NAMED}(?:\[\d+\]|_\{{?\w+\}}?|\{{\d+\}})?|[√π^]|(?<=[a-z])_|\\overline|"
    rf"(?<![a-z]){_LETTER}\s?[+*/-]|\)\s?/)[\s{{(\[]*[-$£€]?\s?$"
)
_RELATED = re.compile(
    r"(?:[≥≤≠±]|(?<=\S)\s[<>](?=\s)|(?<![<\w/])[a-z][<>]|\\(?:pm|mp|neq?|[gl]eq?|[gl]eqslant|[lg]t)(?![a-z]))"
    r"[\s{(\[]*[-$£€]?\s?$"
)
_NEGATION = re.compile(
    r"(?i)(?:\bnot|n['’]t|\bmore than|\bless than|\bfewer than|\bbetween(?:\s+\S+\s+and)?|\bunder|\bover|\binstead of|"
    r"\brather than)\s+[$£€]?$"
)
_NEGATION_ENDS = ("not", "n't", "n’t", "than", "between", "and", "under", "over", "of")
_BOUND = re.compile(r"(?i)\b(?:at (?:least|most)|up to|(?:greater|higher|lower|smaller) than)\s+[$£€]?$")
_SEVERAL = re.compile(
    r"\s?[–—](?=[$£€]?\d)|\s(?:remainder|rem\.?|with a remainder)\s(?:of\s)?\d|\s?[rR]\s?\d|(?:[kKMB]|bn|mn)\b|"
    r",\d{1,2}(?![\d,])|\s?,\s?[-$£€]?\d[\d.]*(?<!\.)\s*(?:[,)\]}$!?;]|\.?\s*$|\.\s|and\b|or\b)"
)
_DATE = re.compile(r"(?:^|[\s(])[A-Z][a-z]{2,8}\.?\s$")


def in_expression(text: str, amount: Amount) -> bool:
    """Whether the amount is a part of something else in `text` (as `plain` gives it): a power, a root, a factorial, a
    term."""
    return _AFTER.match(text, amount.span[1]) is not None or _BEFORE.search(_before(text, amount)) is not None


def one_of_several(text: str, amount: Amount) -> bool:
    """Whether more is said with this amount: a range, a list, a remainder, a "k" that may stand for thousand."""
    return _SEVERAL.match(text, amount.span[1]) is not None and _DATE.search(_before(text, amount)) is None


def denied(text: str, amount: Amount) -> bool:
    """Whether it is named as what something is not: "not 7", "less than 7"."""
    before = text[: amount.span[0]]
    last = before.rstrip().rstrip("$£€").rstrip()[-len("between") :].lower()
    return last.endswith(_NEGATION_ENDS) and _NEGATION.search(before) is not None


def bounded(text: str, amount: Amount) -> bool:
    """Whether it is only a bound: "at least 7", and all that is denied."""
    return denied(text, amount) or _BOUND.search(text[: amount.span[0]]) is not None


def stands_alone(text: str, amount: Amount) -> bool:
    """Whether nothing beside it makes something else of it."""
    if in_expression(text, amount) or one_of_several(text, amount) or denied(text, amount):
        return False
    return _RELATED.search(_before(text, amount)) is None


def _before(text: str, amount: Amount) -> str:
    start = amount.span[0]
    return text[max(0, start - _NEAR) : start]
