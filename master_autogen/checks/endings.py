"""Does a last line end: by a full stop, a formula, a result, an option, a smiley; or does its sentence go on?

A turn that stops by itself rarely stops within a sentence, and many good ones have no full stop: "**x = 6**", "Left: 25
dollars", "(B) Carbon dioxide". So a line goes on only where it reads as prose without an end.

>>> seed = Seed(instruction="How many are left?", response="11", answer="11", kind="math")
>>> ends("18 - 7 = **11 people**", seed), ends("18 - 7 = 11 people who", seed)
(True, False)
"""

from __future__ import annotations

import re
import unicodedata

from master_autogen.arithmetic import read_final, statement
from master_autogen.checks.choices import choice, options
from master_autogen.checks.text import COMMON, words
from master_autogen.records import Seed

_END = re.compile(r"""(?:[.!?…。！？]|```|\$\$|\\\]|</(?:answer|final_answer|final)>)["'”’»)\]*_]*$""")
_CONTINUES = re.compile(r"(?i)(?:[,:;(+*/=–-]|\b(?:and|or|but|so|because|the|a|an|of|to|with|is|are|that|if|then))$")
_PROSE = 8
_LONGEST = 500
"""Characters: of a longer line the end is read."""
_CODE = re.compile(r"[(){}\[\];=]|^return\b|->")
_LISTED = re.compile(r"(?:[-*•]|\d+[.)])\s")
_MARKS = "*_~"
_OPENS = re.compile(r"(?<!\w)[*_~]+(?=[^\s*_~])")
_SMILEY = re.compile(r"(?<=\s)[:;]-?[)DP]$")
_PARTS_OF_SYMBOLS = frozenset("\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}")
_FIRST_SYMBOL = "←"
"""Symbols before it stand in sums and names: 45°, ©."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
_BRACKETED = re.compile(r"[({\[][^(){}\[\]]*[)}\]]")
_FORMULA = re.compile(r"(\$[^$]+|\\\((?:(?!\\\().)+)(?:\$|\\\))$")
_RELATION = re.compile(r"[=≈<>≤≥∈→]|\\(?:approx|leq?|geq?|in|to)\b")
_UNWORKED = re.compile(r"[×÷·]|\s[*/]\s|\d[*]\d|\\(?:times|cdot|div)\b|[+−×÷·=<>≤≥≈^-]$|\b(?:or|and) [a-z]$")
_LEADS = re.compile(r"(?i)(?:[:=]|\b(?:is|are|be|equals|gives|get|becomes))$")
_HEADING = re.compile(r"(?i)^(?:step|part)\b|^(?:if|when|since|because|as|given|let|where|suppose|for)\b[^,]*$")
_LABEL = re.compile(r"[*_]*(?:[A-Z][\w'’]*(?: [\w'’]+){0,3}|\([a-z]\))[*_]*:[*_]*\s+")
_OF_SUMS = """
a answer answers day days each final i left number of or order part parts people person piece point problem problems
question questions result results s so step steps student students then thing things time times together total word
words
"""
_OF_SENTENCES = COMMON - set(_OF_SUMS.split())
"""What calculations and labelled results do without."""
_VALUE = 3
"""Words of a result: "72 clips altogether", "x = 3 or -3"."""


def ends(line: str, seed: Seed) -> bool:
    """Whether a turn on this seed may have this last line, which has something in it and no blanks around it."""
    end = line[-_LONGEST:]
    bare, smiles = _undressed(end)
    if _END.search(bare):
        return True
    if not re.search(r"[A-Za-z]", bare[-40:]):
        return not bare.endswith(tuple(",(+*/=–-"))
    if seed.kind == "choice" and _chooses(bare, seed.instruction):
        return True
    if _CONTINUES.search(bare):
        return False
    if line.startswith("|"):
        return line.endswith("|")
    # Signatures, titles, one-word answers and code end open; a long line of prose does not.
    loose = seed.kind in ("general", "code") and (len(line.split()) < _PROSE or _CODE.search(line))
    if smiles or loose or _LISTED.match(line):
        return True
    final = read_final(bare)
    return (final is not None and (final.explicit or _in_bold(end, final.text))) or _is_result(bare)


def _undressed(line: str) -> tuple[str, bool]:
    """The line without the marks, smileys and symbols that it closes with; and whether it closes with such a symbol."""
    smiles, rest = False, ""
    while rest != line:
        rest = line
        core = line.rstrip(_MARKS)
        if core != line and core[-1:].strip() and _OPENS.search(core):
            line = core
        shown = _without_symbols(line)
        smiles = smiles or shown != line
        line = shown.rstrip()
    return line, smiles


def _without_symbols(line: str) -> str:
    if line.isascii():
        return _SMILEY.sub("", line)
    end = len(line)
    while end and (line[end - 1] in _PARTS_OF_SYMBOLS or _is_symbol(line[end - 1])):
        end -= 1
    return line[:end]


def _is_symbol(letter: str) -> bool:
    return letter > _FIRST_SYMBOL and unicodedata.category(letter) in ("So", "Sk")


def _chooses(line: str, question: str) -> bool:
    """Whether it names one option, and ends in its letter or its words."""
    chosen = choice(line, question)
    if chosen is None or not chosen.sure:
        return False
    letter, words = chosen.letter, options(question).get(chosen.letter, "").rstrip(". ")
    named = rf"(?:\({letter}\)|{letter})"
    told = rf"{letter}[).:]+[\s*_]*{re.escape(words)}|\({letter}\)[\s*_]*{re.escape(words)}|{re.escape(words)}"
    led = (
        r"(?:^(?:option|choice)?|[:=]|\b(?:is|be|so|choose|pick|with|therefore)\b|(?<=\w\s)(?:option|choice|letter)\b)"
    )
    return re.search(rf"(?i){led}[\s,:*_\"“]*(?:{named}{f'|{told}' if words else ''})[\"”]?$", line) is not None


def _in_bold(line: str, final: str) -> bool:
    """Whether it closes with its final answer in bold: "She sold **72 clips**"."""
    bold = re.search(r"\*\*([^*]+)\*\*\W*$", line)
    return bold is not None and final in bold[1] and not _HEADING.match(bold[1]) and _is_value(bold[1])


def _is_result(line: str) -> bool:
    """Whether its last sentence is a formula, a calculation, a labelled or lone result, or an answer in a box."""
    if line.count("(") > line.count(")") or line.count("{") > line.count("}") or _opens_formula(line):
        return False
    sentence = _SENTENCE_END.split(line)[-1]
    bare = sentence.lstrip(_MARKS)
    if _HEADING.match(bare):
        return False
    formula = _FORMULA.search(sentence)
    if formula is not None:
        before = sentence[: formula.start()].rstrip(_MARKS + " ")
        return not before or _LEADS.search(before) is not None or _RELATION.search(formula[1]) is not None
    stated = statement(sentence)
    if stated is not None and (stated.strong or (re.search(r"\d", stated.text) and _is_value(stated.text))):
        return True
    if not _OF_SENTENCES.isdisjoint(words(sentence)):
        return False
    told = _LABEL.sub("", bare)
    *sides, last = _RELATION.split(told)
    if not sides and not (re.match(r"\W*\d", told) or _is_expression(told)):
        return False
    return (bool(sides) or told != bare or sentence == line) and _is_value(last)


def _is_expression(line: str) -> bool:
    """Letters that stand for numbers, and no words."""
    return re.search(r"\d", line) is not None and not re.search(r"(?<!\\)[A-Za-z]{2}", line)


def _opens_formula(line: str) -> bool:
    return line.count("$$") % 2 == 1 or (line.count("$") % 2 == 1 and re.search(r"\$(?!\d)", line) is not None)


def _is_value(said: str) -> bool:
    """A number, an expression or an amount, with few words and nothing that is still to be worked out."""
    said = _BRACKETED.sub("0", said).strip(" *_`$")
    spoken = re.findall(r"(?<!\\)[A-Za-z]{2,}", said)
    if len(spoken) > _VALUE or not _OF_SENTENCES.isdisjoint(word.lower() for word in spoken):
        return False
    if re.search(r"[,;]\s", said) or not re.search(r"\w", said):
        return False
    plain = re.search("[A-Za-zπ√]", said) is None
    return not _UNWORKED.search(said) and not (plain and re.search(r"\d\s*[+−–-]\s*\d", said))
