"""LaTeX and typography as plain text, so that numbers have one way to be read: `\\$1{,}234.50` is "$1,234.50"."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from master_autogen.arithmetic.hints import has_figure, letter_runs

_GROUP = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_TEXT = re.compile(rf"\\(?:text(?:bf|it|rm|sf|tt)?|mathrm|mathbf|mathit|mathsf|mbox|operatorname|bm)\s*{_GROUP}")
_FRACTION = re.compile(rf"(\d)?\s*\\[dtc]?frac\s*(?:{_GROUP}|(\d))\s*(?:{_GROUP}|(\d))")
_OVERLINED = re.compile(r"(?<![\d.,])(\d{0,9})\.(\d{0,9})\\(?:overline|bar)\s*(?:\{\s*(\d{1,9})\s*\}|(\d))")
_GOES_ON = re.compile(
    r"(?<![\d.,])(\d{0,9})\.(\d{0,9}?)(?:(\d)\3{2,9}|(\d{2,6})\4{1,4})\s?(?:\.\.\.|…|\\l?dots(?![a-z]))"
)
_RAISED = re.compile("[⁰¹²³⁴-⁹⁻]+")
_FIGURES = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
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
_GAP = re.compile(r"\d \d{3}")
_EXPONENT_OR_GAP = re.compile(r"\d(?:[eE][-−+\d]|[ \u00a0\u2009\u202f'’]\d{3})")
_COMMAS = re.compile(r",\d\d,")
"""What has to stand in a text before `_SPACED`, `_SCIENTIFIC` or `_GAPPED`, and `_INDIAN` change it."""
_INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")

# Order matters: a thousands comma in braces before braces go, spaces before what they stand between. Each rule comes
# after signs of which a match has one: looking for these is faster by far, and most texts have few of them.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (("<<",), re.compile(r"<<[^<>]*>>"), ""),  # GSM8K's calculator notes
    (("{,}",), re.compile(r"(\d)\{,\}(?=\d{3})"), r"\1,"),
    (("\\", "~"), re.compile(r"(?<=\d)(?:\\[,;:! ]|~)(?=\d{3}(?!\d))"), ","),
    (("\\", "~"), re.compile(r"\\(?:[,;:! ]|q?quad\b)|~"), " "),
    (
        ("\\", "&"),
        re.compile(r"\\(?:left|right|displaystyle|bigl?|bigr?|Bigl?|Bigr?)(?![a-zA-Z])|&(?=\s*=)"),
        "",
    ),
    (("\\",), _TEXT, lambda found: " " + found[1] + " "),
    (("\\",), _OVERLINED, lambda found: _repeating(found)),
    (("...", "…", "dots"), _GOES_ON, lambda found: _repeating(found)),
    (("\\",), _FRACTION, lambda found: _fraction(found)),
    (("\\",), re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree"), "°"),
    (("!",), re.compile(r"(?<=[\d)])!\s*(?:\\[)\]]|\$\$)"), "!$ "),  # no other formula ends with it than a factorial
    (("\\", "$$"), re.compile(r"\\[()\[\]]|\$\$|\\(?:begin|end)\{(?:align|equation|aligned)\*?\}"), " "),
    (("\\",), re.compile(r"\\\\"), "\n"),
    (("\\",), re.compile(r"\\([$%#&_{}])"), r"\1"),
    (("\\", "≈", "≃"), re.compile(r"\\(?:approx|simeq)(?![a-zA-Z])|[≈≃]"), "= "),
    (("\\",), re.compile(r"\\(?:times|ast)(?![a-zA-Z])"), "×"),
    (("\\",), re.compile(r"\\cdot(?![a-zA-Z])"), "·"),
    (("\\",), re.compile(r"\\div(?![a-zA-Z])"), "÷"),
    (
        ("\\", "⇒", "→", "∴", "=>"),
        re.compile(r"\\(?:implies|Rightarrow|rightarrow|to|therefore)(?![a-zA-Z])|[⇒→∴]|=>"),
        "; ",
    ),
    (("\\",), re.compile(r"\\pounds?(?![a-zA-Z])"), "£"),
    (("\\",), re.compile(r"\\euro(?![a-zA-Z])"), "€"),
    (("−", "‒", "﹣", "－"), re.compile(r"[−‒﹣－]"), "-"),
    (("–",), re.compile(r"(?<![^\s(\[{$=:*,])–(?=[$£€]?\d)"), "-"),  # not the dash between two numbers
    (("**", "`"), re.compile(r"(?<!\d)\*\*|\*\*(?!\d)|`+"), ""),
    (("$",), re.compile(r"(?<=[\d%}a-z)])\$(?!\d)"), " "),  # "$18$": the second is no currency
    (("$",), re.compile(r"\$(?=\s*[A-Za-z\\({[-])(?!\s*-?\s?[\d(]*\d)"), " "),
    (("  ",), re.compile(r"(?<=\S) {2,}(?=\S)"), " "),
    (("US",), re.compile(r"\bUS\$|\bUSD\s?(?=\d)"), "$"),
)


# Patterns that share out blanks between two of their parts take the square of its length for a blank.
_LONG_BLANK = re.compile(r"\s{100,}")
_STRIDE = 50
_TWO_BLANKS = re.compile(r"\s\s")


def squeezed(text: str) -> str:
    """`text` without very long blanks, which nobody means: the patterns here would take minutes for one."""
    if _TWO_BLANKS.search(text[::_STRIDE]) is None:  # of a hundred in a row two at least would be among these
        return text
    return _LONG_BLANK.sub(lambda found: "\n\n" if "\n" in found[0] else " ", text)


def plain(text: str) -> str:
    """`text` with LaTeX numbers, fractions and signs as one would type them. What it does not know stays as it is."""
    text = squeezed(text)
    if not text.isascii():
        text = _POWER_OF_TEN.sub(lambda found: "^" + found[1].translate(_SUPERSCRIPT), text)
    for signs, pattern, to in _RULES:
        for sign in signs:
            if sign in text:
                text = pattern.sub(to, text)
                break
    if not has_figure(text):
        return text
    if "^" in text or "**" in text or _EXPONENT_OR_GAP.search(text):
        text = _SCIENTIFIC.sub(_scientific, text)
        text = _GAPPED.sub(lambda found: re.sub(r"\D", ",", found[0]), text)
    if _COMMAS.search(text):
        text = _INDIAN.sub(lambda found: found[0].replace(",", ""), text)
    return text if letter_runs(text).isdisjoint(_SCALES) else _SCALED.sub(_scaled, text)


def spaced(text: str) -> str:
    """`text` with "12 500" as "12,500": for an answer by itself, since in a sentence these may be two numbers."""
    return _SPACED.sub(lambda found: found[0].replace(" ", ","), text) if _GAP.search(text) else text


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


def _repeating(found: re.Match[str]) -> str:
    """0.1666... and 0.1\\overline{6} are 1/6."""
    whole, start, period = found[1], found[2], found[3] or found[4]
    shift = 10 ** len(start)
    value = Fraction(int(whole + start or "0"), shift) + Fraction(int(period), shift * (10 ** len(period) - 1))
    return str(value)


def powers(text: str) -> str:
    """With every power as ^{...}, for the signs that stand for one: x⁻² is x^{-2}."""
    return _RAISED.sub(lambda found: f"^{{{found[0].translate(_FIGURES)}}}", text)


def _scientific(found: re.Match[str]) -> str:
    power = int((found[2] or found[3]).replace("−", "-"))
    return decimal(Fraction(found[1]) * Fraction(10) ** power)


def _scaled(found: re.Match[str]) -> str:
    scale = _SCALES.get(found[2].lower())  # "5 mıllion" matches too
    return decimal(Fraction(found[1].replace(",", "")) * scale) if scale else found[0]
