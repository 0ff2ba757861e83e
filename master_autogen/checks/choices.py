"""Multiple choice: the options of a question, and which one a text chooses - by its letter or in its words.

>>> sorted(options("Which? A) red B) blue").items())
[('A', 'red'), ('B', 'blue')]
>>> choice("It is not red. So I'd go with **(B)** blue.", "Which? A) red B) blue").letter
'B'
"""

from __future__ import annotations

import re
from typing import NamedTuple

from master_autogen.arithmetic import plain, same_answer, statement


class Choice(NamedTuple):
    """`letter` as in "B", or the letters of several; `sure`: no other option could be meant."""

    letter: str
    sure: bool


_OPTION = re.compile(r"(?:(?<=\s)|^)[*_]*\(?([A-Ja-j]|[1-9])[).:][*_]*\s+")
# A letter in its dress: (B), B), **B.**, "B", \text{B}; no article ("A cat") and no pronoun or unit.
_BARE = (
    r"[\s*_\"'“‘\[$]*(?:\\(?:text|mathrm|textbf|mathbf|boxed)\s*\{)*\s*(?:(?:option|choice|letter|"
    r"answer)\s+)?[\s*_\"'“‘\[]*"
    r"(?:\(\s*([A-Ja-j])\s*\)|([B-HJ])(?![\w'’])|([AI])(?=[)\].,:;*_\"”}$]|\s*$|\s+(?:because|since|as|is|for|and|or|"
    r"in|with|[-–—(])(?!\w))"
    r"|([a-j])(?=[)\].:*]|\s*$))"
)
_LEADING = re.compile(rf"^{_BARE}")
_SAID = re.compile(r"(?i:\b(?:option|choice|answer|letter))\s+[\s*_\"'“]*\(?([A-Ja-j])\b(?![’'])\)?")
_MARKED = re.compile(
    r"\(([A-J])\)|(?<![\w(])([B-HJ])(?![\w'’])|(?<![\w(])([A])(?=[).:,;*!?]|\s+(?:is|was|because|since)\b|$)"
)
_IS_RIGHT = re.compile(
    r"(?i)^[^.!?\n]{0,60}?\b(?:is|must be|seems|would be|looks)\s+(?:clearly |definitely |therefore |thus |the |our |"
    r"my )*"
    r"(?:only |best |most )?(?:correct|right|best|answer|accurate|true|one)\b"
)
_PICKS = re.compile(
    r"(?i)\b(?:i(?:['’]d| would| will|['’]ll)?\s+(?:\w+\s+)?(?:choose|chose|pick|picked|select|selected|go (?:with|"
    r"for)|say|vote for|guess)|"
    r"go(?:ing)? with|i think it(?:['’]s| is)|it(?:['’]s| is| must be| has to be)|correct (?:one|option|choice) is|"
    r"leaves(?: us with)?|"
    r"matches|corresponds to|select|choose|pick|best (?:option|choice|answer) is|(?:so|therefore|thus|"
    r"hence),?)\s*:?\s*(?=(\S[^\n]*))"
)
_DENIED = re.compile(
    r"(?i)\b(?:not|n['’]t|never|cannot|wrong|incorrect|false|eliminate[sd]?|rule[sd]?(?: it)? out|except|unlike|"
    r"neither|nor|"
    r"rather than|instead of|excluded?)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[A-J]\.)[)\"”*]*\s+|\n+")


_TO_STATE = frozenset({"yes", "no", "true", "false", "correct", "incorrect", "right", "wrong"})
"""Options that are said of many things; only a statement says that they are the answer."""
_BEFORE_RIGHT = (
    r"(?:(?:^|[,;:]\s*|\b(?:so|no|yes|because|think|say|that)\s+)it(?:['’]s| is| was| must be| has to be)|"
    r"\bshould (?:have )?(?:choose|chosen|pick|picked|select|selected|say|said|be|been)|"
    r"\b(?:correct|right|best|true) (?:one|option|choice|answer) (?:is|was|would be|must be))"
)
_AFTER_RIGHT = (
    r"(?:is|was|must be|would be)\s+(?:(?:clearly|therefore|thus|the|our)\s+)*"
    r"(?:(?:only|best|most)\s+)?(?:correct|right|answer|true one|what you should)\b"
)


def options(question: str) -> dict[str, str]:
    """The options by letter; options numbered 1, 2 are named A, B. Empty unless they run on from the first."""
    found = [(m[1].upper(), m.start(), m.end()) for m in _OPTION.finditer(question)]
    for first in ("A", "1"):
        run: list[tuple[str, int, int]] = []
        for name, start, end in found:
            if name == first and not run:
                run = [(name, start, end)]
            elif run and ord(name) == ord(run[-1][0]) + 1:
                run.append((name, start, end))
        if len(run) > 1:
            ends = [start for _, start, _ in run[1:]] + [len(question)]
            return {
                chr(ord("A") + i): question[end:stop].strip(" \n\t;,*_-")
                for i, ((_, _, end), stop) in enumerate(zip(run, ends, strict=True))
            }
    return {}


def choice(text: str, question: str = "") -> Choice | None:
    """The option that `text` chooses, by the strongest of its signs; None where it names none."""
    known = options(question)
    text = text.strip()
    said = statement(text, lambda stated: _named(stated, known) is not None)
    for chosen in (
        _named(said.text, known) if said else None,
        _alone(text, known),
        _judged(text),
        _picked(text, known),
        _last_sentence(text, known),
        _only_one(text, known),
    ):
        if chosen is not None:
            return chosen
    return None


def option_of(answer: str, question: str) -> str:
    """The letter that a reference answer names: "B", "(b)", "B) blue", or an option's words; "" if none."""
    chosen = _named(answer, options(question))
    return chosen.letter if chosen is not None else ""


def told_in_words(text: str, question: str, right: str) -> str:
    """The words of the right option, where the text says that it is the one: "the answer is blue", "it is blue", "blue
    is right"; "" where it does not."""
    known = options(question)
    words = _plain_words(known.get(right, ""))
    if not words:
        return ""
    if statement(text, lambda stated: _by_text(stated, known) == right) is not None:
        return known[right]
    if words in _TO_STATE:
        return ""
    shown = r"[\s*_]+".join(map(re.escape, words.split()))
    told = re.compile(
        rf"(?i){_BEFORE_RIGHT}:?[\s*_\"“'$]+(?:(?:the|an?)[\s*_]+)?{shown}(?!\w)|(?<!\w){shown}[*_\"”'$]*\s+{_AFTER_RIGHT}"
    )
    for sentence in _SENTENCE.split(text):
        found = told.search(sentence) if sentence else None
        if found and not _DENIED.search(sentence[: found.start()]):
            return known[right]
    return ""


def _named(stated: str, known: dict[str, str]) -> Choice | None:
    """The option at the head of a statement, by letter or by its words."""
    stated = stated.strip()
    by_text = _by_text(stated, known)
    if (found := _LEADING.match(stated)) is None:
        return Choice(by_text, sure=True) if by_text else None
    letter = next(group for group in found.groups() if group).upper()
    if known and letter not in known:
        return Choice(by_text, sure=True) if by_text else None
    rest = stated[found.end() :]
    if more := re.match(r"[\s)*_.]*(?:,|and|&|or|/)\s*(?:option\s+)?\(?([A-J])\b(?![’'a-z])", rest):
        return Choice(letter + more[1], sure=False)
    # "B) red", where red is option A: neither
    says = _by_text(re.sub(r"^[\s)\].:*_,\"”}-]+", "", re.split(r"(?<=[a-z])[.!?]\s", rest)[0]), known, whole=True)
    return Choice(letter, sure=says in ("", letter))


def _by_text(stated: str, known: dict[str, str], *, whole: bool = False) -> str:
    """The one option whose words (or amount) the statement is, or begins with; "" if none."""
    said = _plain_words(stated)
    if not said:
        return ""
    exact = [
        letter
        for letter, words in known.items()
        if _plain_words(words) == said or same_answer(stated.rstrip(". "), words)
    ]
    if len(exact) == 1 or whole:
        return exact[0] if len(exact) == 1 else ""
    begun = [
        letter for letter, words in known.items() if (bare := _plain_words(words)) and f"{said} ".startswith(f"{bare} ")
    ]
    if not begun:
        return ""
    return max(begun, key=lambda letter: len(_plain_words(known[letter])))


def _plain_words(text: str) -> str:
    text = re.sub(r"[^\w\s.%$/+-]|\.(?=\s|$)", " ", plain(text).casefold())
    return " ".join(re.sub(r"^\s*(?:the|an?|it is|it's)\s+(?=\w)", "", text).split())


def _alone(text: str, known: dict[str, str]) -> Choice | None:
    """A line, the last or the first, that is a letter with nothing but its option behind it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in dict.fromkeys((lines[-1], lines[0])) if lines else ():
        found = re.fullmatch(r"[\s*_>#(\[\"'$]*([A-Ja-j])(?:[\s*_)\].:\"'$]*|[*_)\].:-]+\s+(.+?))", line)
        if found is None or (found[1].islower() and len(text) > 3 and found[2] is None and "(" not in line):
            continue
        if found[2] is None:
            return Choice(found[1].upper(), sure=True)
        words = _plain_words(known.get(found[1].upper(), ""))
        if words and _plain_words(found[2]).startswith(words):
            several = sum(bool(re.match(rf"[\s*_(]*{letter}[).:]", line)) for letter in known for line in lines)
            if several == 1:
                return Choice(found[1].upper(), sure=True)
    return None


def _judged(text: str) -> Choice | None:
    """ "(B) is correct", "Option B is the best answer"."""
    letters = []
    for sentence in _SENTENCE.split(text):
        if sentence and (found := _SAID.search(sentence) or _MARKED.search(sentence)):
            said = _IS_RIGHT.match(sentence[found.end() :])
            if said and not _DENIED.search(sentence[: found.end() + said.end()]):
                letters.append(next(group for group in found.groups() if group).upper())
    return Choice(letters[-1], sure=len(set(letters)) == 1) if letters else None


def _picked(text: str, known: dict[str, str]) -> Choice | None:
    """ "I'd go with B", "so it must be blue"."""
    chosen = None
    for found in _PICKS.finditer(text):
        sentence = _SENTENCE.split(text[: found.start()])[-1] + _SENTENCE.split(text[found.start() :])[0]
        named = _named(re.sub(r"^(?:the |that )?(?=option|choice|letter|\()", "", found[1]), known)
        if named is not None and not _DENIED.search(sentence):
            chosen = named
    return chosen


def _last_sentence(text: str, known: dict[str, str]) -> Choice | None:
    for sentence in reversed([part for part in _SENTENCE.split(text) if part and part.strip()]):
        if sentence.rstrip().endswith("?"):
            continue
        letters = _letters(sentence)
        by_words = _mentioned(sentence, known)
        if _DENIED.search(sentence):
            return None
        if len(letters) == 1:
            return Choice(letters.pop(), sure=True)
        if len(by_words) == 1 and not letters:
            return Choice(by_words.pop(), sure=True)
        if letters or by_words:
            return Choice("".join(sorted(letters or by_words)), sure=False)
    return None


def _only_one(text: str, known: dict[str, str]) -> Choice | None:
    letters = _letters(text) or _mentioned(text, known)
    return Choice("".join(sorted(letters)), sure=len(letters) == 1 and not _DENIED.search(text)) if letters else None


def _letters(text: str) -> set[str]:
    found = [*_SAID.finditer(text), *_MARKED.finditer(text)]
    return {next(group for group in m.groups() if group).upper() for m in found}


def _mentioned(text: str, known: dict[str, str]) -> set[str]:
    """The options whose words stand in the text; of those inside another ("blue" in "light blue") the longer one."""
    said = f" {_plain_words(text)} "
    words = {letter: f" {_plain_words(option)} " for letter, option in known.items() if _plain_words(option)}
    found = {letter for letter, option in words.items() if option in said}
    return {a for a in found if not any(words[a] in words[b] and words[a] != words[b] for b in found)}
