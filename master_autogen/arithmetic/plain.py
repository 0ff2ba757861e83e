"""LaTeX and typography as plain text, so that numbers have one way to be read: `\\$1{,}234.50` is "$1,234.50"."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

_GROUP = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_TEXT = re.compile(rf"\\(?:text(?:bf|it|rm|sf|tt)?|mathrm|mathbf|mathit|mathsf|mbox|operatorname|bm)\s*{_GROUP}")
_FRACTION = re.compile(rf"(\d)?\s*\\[dtc]?frac\s*(?:{_GROUP}|(\d))\s*(?:{_GROUP}|(\d))")
_SCIENTIFIC = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)(?:\s*(?:×|x|\*|·|\\times|\\cdot)\s*10\s*(?:\^|\*\*)\s*[{(]?\s*([-−+]?\d{1,3})\s*[})]?"
    r"|[eE]([-−+]?\d{1,3}))(?![\w.]*\d)"
)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER_OF_TEN = re.compile(r"(?<=10)([⁻⁰¹²³⁴-⁹]+)")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALED = re.compile(rf"(?i)(?<![\w.])(\d+(?:,\d{{3}})*(?:\.\d+)?)\s?-?({'|'.join(_SCALES)})\b")
_GAPPED = re.compile(
    r"(?<![\d.,/:])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?![\d/])|(?<![\d.,/:])[1-9]\d{0,2}(?: \d{3}){2,}(?![\d/:])|"
    r"(?<![\d.,/:])\d{1,3}(?:['’]\d{3})+(?!\d)"
)
_SPACED = re.compile(r"(?<![\d.,/:])[1-9]\d{0,2}(?: \d{3})+(?![\d/:])(?!\s?[a-z]+\s?[=x×*])")
_INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")

# Order matters: a thousands comma in braces before braces go, spaces before what they stand between.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"<<[^<>]*>>"), ""),  # GSM8K's calculator notes
    (re.compile(r"(\d)\{,\}(?=\d{3})"), r"\1,"),
    (re.compile(r"(?<=\d)(?:\\[,;:! ]|~)(?=\d{3}(?!\d))"), ","),
    (re.compile(r"\\(?:[,;:! ]|q?quad\b)|~"), " "),
    (re.compile(r"\\(?:left|right|displaystyle|bigl?|bigr?|Bigl?|Bigr?)(?![a-zA-Z])|&(?=\s*=)"), ""),
    (_TEXT, lambda found: " " + found[1] + " "),
    (_FRACTION, lambda found: _fraction(found)),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree"), "°"),
    (re.compile(r"\\[()\[\]]|\$\$|\\(?:begin|end)\{(?:align|equation|aligned)\*?\}"), " "),
    (re.compile(r"\\\\"), "\n"),
    (re.compile(r"\\([$%#&_{}])"), r"\1"),
    (re.compile(r"\\(?:approx|simeq)(?![a-zA-Z])|[≈≃]"), "= "),
    (re.compile(r"\\(?:times|ast)(?![a-zA-Z])"), "×"),
    (re.compile(r"\\cdot(?![a-zA-Z])"), "·"),
    (re.compile(r"\\div(?![a-zA-Z])"), "÷"),
    (re.compile(r"\\(?:implies|Rightarrow|rightarrow|to|therefore)(?![a-zA-Z])|[⇒→∴]|=>"), "; "),
    (re.compile(r"\\pounds?(?![a-zA-Z])"), "£"),
    (re.compile(r"\\euro(?![a-zA-Z])"), "€"),
    (re.compile(r"[−‒﹣－]"), "-"),
    (re.compile(r"(?<!\d)\*\*|\*\*(?!\d)|`+"), ""),
    (re.compile(r"(?<=[\d%}a-z)])\$(?!\d)"), " "),  # "$18$": the second is no currency
    (re.compile(r"\$(?=\s*[A-Za-z\\({[-])(?!\s*-?\s?[\d(]*\d)"), " "),
    (re.compile(r"(?<=\S) {2,}(?=\S)"), " "),
    (re.compile(r"\bUS\$|\bUSD\s?(?=\d)"), "$"),
)


# Patterns that share out blanks between two of their parts take the square of its length for a blank.
_LONG_BLANK = re.compile(r"\s{100,}")


def squeezed(text: str) -> str:
    """`text` without very long blanks, which nobody means: the patterns here would take minutes for one."""
    return _LONG_BLANK.sub(lambda found: "\n\n" if "\n" in found[0] else " ", text)


def plain(text: str) -> str:
    """`text` with LaTeX numbers, fractions and signs as one would type them. What it does not know stays as it is."""
    text = _POWER_OF_TEN.sub(lambda found: "^" + found[1].translate(_SUPERSCRIPT), squeezed(text))
    for pattern, to in _RULES:
        text = pattern.sub(to, text)
    text = _SCIENTIFIC.sub(_scientific, text)
    text = _GAPPED.sub(lambda found: re.sub(r"\D", ",", found[0]), text)
    text = _INDIAN.sub(lambda found: found[0].replace(",", ""), text)
    return _SCALED.sub(_scaled, text)


def spaced(text: str) -> str:
    """`text` with "12 500" as "12,500": for an answer by itself, since in a sentence these may be two numbers."""
    return _SPACED.sub(lambda found: found[0].replace(" ", ","), text)


def decimal(value: Fraction) -> str:
    """The number in figures, exactly where it ends: 1500, 0.003; else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
        if digits > 30:
            return str(value)
    figures = str(abs((value * 10**digits).numerator)).zfill(digits + 1)
    return ("-" if value < 0 else "") + figures[:-digits] + "." + figures[-digits:]


def _fraction(found: re.Match[str]) -> str:
    whole, top, bottom = found[1], found[2] or found[3] or "", found[4] or found[5] or ""
    if re.fullmatch(r"\s*-?[\d,.]+\s*", top) and re.fullmatch(r"\s*[\d,.]+\s*", bottom):
        return f"{whole} {top.strip()}/{bottom.strip()}" if whole else f"{top.strip()}/{bottom.strip()}"
    return f"{whole or ''}({top})/({bottom})"


def _scientific(found: re.Match[str]) -> str:
    power = int((found[2] or found[3]).replace("−", "-"))
    return decimal(Fraction(found[1]) * Fraction(10) ** power)


def _scaled(found: re.Match[str]) -> str:
    return decimal(Fraction(found[1].replace(",", "")) * _SCALES[found[2].lower()])
