"""From text to number tokens: figures, fractions, number words, operators, what stands for what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from master_autogen.arithmetic.hints import COUNT_WORDS, LARGE_NUMBER_WORDS, NUMBER_WORDS, has_figure, letter_runs


class Number(NamedTuple):
    """A number in a text; `words` where it is spelt out."""

    value: Fraction
    span: tuple[int, int]
    text: str
    words: bool = False


class Token(NamedTuple):
    kind: str
    span: tuple[int, int]
    value: Fraction | None = None
    op: str = ""


_NUMBER_WORD = f"(?:{'|'.join([*sorted(NUMBER_WORDS, key=len, reverse=True), *LARGE_NUMBER_WORDS])})"
_SPELT = re.compile(rf"\b{_NUMBER_WORD}(?:(?:[ -]| and ){_NUMBER_WORD})*\b", re.IGNORECASE)

_OPERATORS = {"+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", "·": "*", "∙": "*", "/": "/", "÷": "/"}
_SPOKEN = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"}
_LATEX = {"\\times": "*", "\\cdot": "*", "\\div": "/"}
_FIGURES = r"\d{1,3}(?:(?:,|\{,\}|\\[,;:! ](?=\d{3}(?!\d)))\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_FRACTION = r"\\[dt]?frac(?:\{(\d+)\}\s?\{(\d+)\}|\s?(\d)(\d))"
_TOP, _OVER, _BOTTOM = "\ue000", "\ue001", "\ue002"
"""Stand for the braces of a fraction that has more than figures in it; no text has these characters."""
_TOKENS = re.compile(
    rf"{_FRACTION}|(?P<num>{_FIGURES})(?P<ordinal>(?:st|nd|rd|th)\b)?|(?P<vulgar>[¼-¾⅐-⅞])"
    r"|(?P<latex>\\times|\\cdot(?!s)|\\div)|(?P<eq>=|\bequals\b|\bis equal to\b)"
    rf"|(?P<spoken>\b(?:{'|'.join(_SPOKEN)})\b)|(?P<said>\b(?:is|are|makes|gives)\b)|(?P<of>\bof\b)"
    r"|(?P<word>[A-Za-z’']+)|(?P<op>[+\-−–*×·∙/÷])|(?P<cur>[$£€])|(?P<pct>%)|(?P<brace>[\ue000-\ue002])|(?P<lp>[(\[])|(?P<rp>[)\]])|(?P<other>\S|\n)",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    rf"{_FRACTION}|(?P<num>{_FIGURES})(?P<ordinal>(?:st|nd|rd|th)\b)?|(?P<vulgar>[¼-¾⅐-⅞])|(?P<op>/)",
    re.IGNORECASE,
)
"""Of `_TOKENS` those that make numbers: no other token has a figure in it."""
_BLANKS = (
    ("<<", re.compile(r"<<.*?>>")),  # GSM8K's calculator notes: the same equation a second time
    ("**", re.compile(r"(?<!\d)\*\*|\*\*(?!\d)")),
    ("", re.compile(r"^[ \t]*[-*•–](?=[ \t])", re.MULTILINE)),
    ("\\", re.compile(r"\\[()\[\]](?=\s|$)|\\(?=[$%])")),
    ("\\", re.compile(r"\\(?:left|right|displaystyle|q?quad|[Bb]ig[lr]?)(?![a-zA-Z])")),
    ("\\", re.compile(r"(?<![\\\d])\\[,;:! ]|(?<!\\)\\[,;:! ](?!\d{3}(?!\d))")),
    ("&", re.compile(r"&(?=\s*=)|(?<==)\s*&")),
)
"""What is blanked out, after a sign that it has in it."""
_BRACES = r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
_DRESS = re.compile(rf"\\(?:boxed|fbox|underline|mbox|bm|math(?:rm|bf|it|sf)|text(?:bf|it|rm|sf|tt|normal)?){_BRACES}")
_NOT_FIGURES = re.compile(rf"(?!\\[dt]?frac\{{\d+\}}\s?\{{\d+\}})\\[dt]?frac{_BRACES}{_BRACES}")
_DEEPEST = 5

_UNSETTLED = frozenset({"word", "of", "said", "op"})
_RUNS = re.compile(r"\d+|[¼-¾⅐-⅞]")
_MOST_FIGURES = 400  # reading takes time with the square of them: 0.1 s for so many
_LONGEST_FIGURE = 60  # characters; Python refuses to read numbers of some thousand digits


def _blank(text: str) -> str:
    """The text without notes, bold marks, bullets and LaTeX brackets, every character still in its place."""
    for sign, pattern in _BLANKS:
        if sign in text:
            text = pattern.sub(lambda found: " " * len(found[0]), text)
    return undressed(text)


def undressed(text: str) -> str:
    """The text without \\boxed{}, \\text{} and the like around what is in them, every character still in its place."""
    return _deep(_DRESS, _content, text) if "\\" in text else text


def _content(found: re.Match[str]) -> str:
    start, end = found.span(1)
    return " " * (start - found.start()) + found[1] + " " * (found.end() - end)


def _signs(found: re.Match[str]) -> str:
    """\\frac{12 + 3}{5} with signs for its braces, every character still in its place."""
    top, gap = found.start(1) - found.start(), found.start(2) - found.end(1)
    return _TOP + " " * (top - 1) + found[1] + _OVER + " " * (gap - 1) + found[2] + _BOTTOM


def _deep(pattern: re.Pattern[str], show: Callable[[re.Match[str]], str], text: str) -> str:
    """What is in braces may have such braces in it."""
    for _ in range(_DEEPEST):
        before, text = text, pattern.sub(show, text)
        if text == before:
            break
    return text


def _readable(text: str) -> bool:
    """Whether it holds figures, and not so many that nobody says something with them."""
    return has_figure(text) and len(_RUNS.findall(text)) <= _MOST_FIGURES


def tokenize(text: str) -> list[Token]:
    """The text in tokens; none where it is not `_readable`."""
    return _settle(_mixed(_tokens(_TOKENS, text), text), text) if _readable(text) else []


def _tokens(pattern: re.Pattern[str], text: str) -> list[Token]:
    tokens: list[Token] = []
    shown = _blank(text)
    for found in pattern.finditer(_deep(_NOT_FIGURES, _signs, shown) if "frac" in shown else shown):
        kind, span = found.lastgroup, found.span()
        if kind == "word":
            tokens.append(Token(kind, span))
        elif kind == "num":
            long = len(found[0]) > _LONGEST_FIGURE
            tokens.append(Token("other", span) if long else Token("num", span, _figure(found[0])))
        elif kind == "ordinal":
            tokens.append(Token("other", span))
        elif kind is None:
            if (value := _fraction(found)) is not None:
                tokens.append(Token("num", span, value))
        elif kind == "brace":
            kinds = {_TOP: ("lp", "lp"), _OVER: ("rp", "op", "lp"), _BOTTOM: ("rp", "rp")}[found[0]]
            tokens += [Token(one, span, op="/" if one == "op" else "") for one in kinds]
        elif kind == "vulgar":
            tokens.append(Token("num", span, Fraction(unicodedata.numeric(found[0])).limit_denominator(100)))
        elif kind in ("latex", "spoken"):
            # What ignores case takes "minuſ" for minus; nobody means it.
            op = _LATEX.get(found[0].lower()) or _SPOKEN.get(found[0].lower())
            tokens.append(Token("op", span, op=op) if op else Token("word", span))
        elif kind == "op":
            tokens.append(Token("op", span, op=_OPERATORS[found[0]]))
        else:
            tokens.append(Token(kind, span))
    return tokens


def _fraction(found: re.Match[str]) -> Fraction | None:
    """\\frac{3}{4}, which is one number."""
    top, bottom = (found[1], found[2]) if found[1] else (found[3], found[4])
    return Fraction(int(top), int(bottom)) if max(len(top), len(bottom)) <= _LONGEST_FIGURE and int(bottom) else None


def quotient(token: Token, text: str) -> list[Token] | None:
    """A fraction in LaTeX as the division that it is; None of another token."""
    if token.kind != "num" or text[token.span[0]] != "\\":
        return None
    found = re.fullmatch(_FRACTION, text[slice(*token.span)])
    parts = [int(part) for part in found.groups() if part] if found else []
    if len(parts) != 2:
        return None
    top, bottom = (Token("num", token.span, Fraction(part)) for part in parts)
    return [top, Token("op", token.span, op="/"), bottom]


def _figure(text: str) -> Fraction:
    text = re.sub(r"[^\d.]", "", text)
    return Fraction(text) if "." in text else Fraction(int(text))


def _mixed(tokens: list[Token], text: str) -> list[Token]:
    """Join "2 1/2" and "2½" to one number."""
    out: list[Token] = []
    i = 0
    while i < len(tokens):
        if tokens[i].kind != "num":
            out.append(tokens[i])
            i += 1
            continue
        whole, rest = tokens[i], tokens[i + 1 : i + 4]
        follows = bool(rest) and rest[0].kind == "num" and whole.value is not None
        gap = text[whole.span[1] : rest[0].span[0]] if follows else "?"
        part: Fraction | None = None
        used = 0
        if follows and gap in ("", " ") and whole.value is not None and whole.value.denominator == 1:
            if rest[0].value is not None and rest[0].value.denominator > 1 and "." not in text[slice(*rest[0].span)]:
                part, used = rest[0].value, 1
            elif len(rest) == 3 and gap == " " and re.fullmatch(r"\d+/\d+", text[rest[0].span[0] : rest[2].span[1]]):
                top, bottom = rest[0].value, rest[2].value
                part, used = (top / bottom, 3) if top and bottom and top < bottom else (None, 0)
        if part is not None and whole.value is not None:
            out.append(Token("num", (whole.span[0], rest[used - 1].span[1]), whole.value + part))
        else:
            out.append(whole)
        i += 1 + used
    return out


def _settle(tokens: list[Token], text: str) -> list[Token]:
    """Decide what hangs on the neighbours: x between numbers, "of" after a part, "is" after a calculation, hyphens."""
    out: list[Token] = []
    for i, token in enumerate(tokens):
        start, end = token.span
        if token.kind not in _UNSETTLED or (token.kind == "word" and end - start > len("xX")):
            out.append(token)
            continue
        after = tokens[i + 1] if i + 1 < len(tokens) else Token("end", (len(text), len(text)))
        before = out[-1] if out else Token("start", (0, 0))
        shown = text[start:end]
        if token.kind == "word" and shown in "xX" and after.kind in ("num", "cur", "lp") and before.kind != "op":
            token = token._replace(kind="op", op="*")
        elif token.kind == "of":
            part = before.kind == "pct" or (before.kind == "num" and before.value is not None and before.value < 1)
            part = part or ([t.kind for t in out[-3:]] == ["num", "op", "num"] and out[-2].op == "/")
            takes = part and after.kind in ("num", "cur", "lp")
            token = token._replace(kind="op", op="*") if takes else token._replace(kind="word")
        elif token.kind == "said":
            counted = after.kind in ("num", "cur") and _calculated(out, text)
            token = token._replace(kind="eq" if counted else "word")
        elif token.kind == "op" and shown in "-–" and text[end : end + 1].isalpha():
            token = token._replace(kind="other", op="")  # "10-minute"
        elif token.kind == "op" and shown in "-–" and text[start - 1 : start].isalpha():
            token = token if after.kind in ("num", "cur") and before.kind != "start" else token._replace(kind="other")
        out.append(token)
    return out


def _calculated(before: list[Token], text: str) -> bool:
    """Whether "is" follows a calculation: "5 - 3 is 2", "7 times 6 eggs is 42"."""
    i = len(before) - 1
    while i > 0 and before[i].kind == "word" and i > len(before) - 4:
        i -= 1
    if not (i > 0 and before[i].kind == "num" and before[i - 1].kind == "op"):
        return False
    return i == len(before) - 1 or text[slice(*before[i - 1].span)].isalpha()


def numbers(text: str) -> list[Number]:
    """Every number in `text` in order, figures and words ("forty-two"); ordinals ("3rd") are none."""
    tokens = _mixed(_tokens(_NUMBERS, text), text) if _readable(text) else []
    figures = [Number(t.value, t.span, text[slice(*t.span)]) for t in tokens if t.value is not None]
    if COUNT_WORDS.isdisjoint(letter_runs(text)):
        return figures
    spelt = [
        Number(Fraction(value), found.span(), found[0], words=True)
        for found in _SPELT.finditer(text)
        if (value := _spelt(found[0])) is not None
    ]
    return sorted(figures + spelt, key=lambda number: number.span)


def _spelt(text: str) -> int | None:
    total = current = 0
    for word in re.split(r"[ -]+", text.lower()):
        if word in NUMBER_WORDS:
            current += NUMBER_WORDS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in ("thousand", "million"):
            total, current = total + (current or 1) * (1000 if word == "thousand" else 1_000_000), 0
    return total + current


def kind_at(tokens: list[Token], i: int, *kinds: str) -> bool:
    return 0 <= i < len(tokens) and tokens[i].kind in kinds
