"""The number that a text gives as its final answer, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from master_autogen.arithmetic.amounts import Amount, amounts
from master_autogen.arithmetic.beside import bounded, denied, in_expression, stands_alone
from master_autogen.arithmetic.equations import equations, equations_of_whole
from master_autogen.arithmetic.hints import has_figure, letter_runs, runs_of_whole, words_measure
from master_autogen.arithmetic.plain import plain, spaced
from master_autogen.arithmetic.statements import statement
from master_autogen.arithmetic.tokens import numbers

Read = Callable[[str], list[Amount]]


class Final(NamedTuple):
    """A final answer as it is written. `explicit`: said to be the answer; `sure`: no other number could be meant;
    `unit`: the measure that it is written with, which may explain another number (90 minutes, 1.5 hours)."""

    text: str
    explicit: bool
    sure: bool
    unit: str = ""


_SENTENCE_END = re.compile(r"(?<=[.!?])(?!(?<=\d!)\s[a-z])[)\"”]*\s+|\n+")
_HEAD_WORDS = 5
_TAKEN_BACK = re.compile(
    r"(?i)(?<![a-z])(?:wait|actually|correction|scratch that|hold on|oops|on second thoughts?|i made an? (?:mistake|"
    r"error)|"
    r"(?:that|this|which)(?:['’]s| is| was) (?:wrong|not right|incorrect|not correct)|let me (?:redo|fix|correct)|no,|"
    r"sorry,)"
)
_BUT = re.compile(r"(?i)^[^.!?\n]{0,30}?,?\s(?:but|although|however|yet)\b[^.!?\n]*\d")
_OR = re.compile(r"(?i)^[\s\w$£€%()]{0,24}?\s(?:or|to|and)\s+(?:maybe |perhaps |possibly )?[$£€]?$")
_EITHER = re.compile(r"(?i)^(?:\s[a-z]+){0,2}\s(?:or|to)\s(?:maybe |perhaps |possibly )?[$£€]?$")
_CHECKING = re.compile(
    r"(?im)(?:^|(?<=[.!?])\s)[\W_]*(?:(?:to |let['’]?s |let me |we can |i can |now )?(?:double[- ]?check|check|"
    r"verif(?:y|ication)|"
    r"proof)(?:ing)?\b(?! it out)|sanity check|note that|(?:quick )?(?:key )?takeaway|tip\b|p\.?s\.)"
)
_OF_CHECKING = """
check checking doublecheck doublechecking verify verifying verification verificationing proof proofing sanity note tip
ps p
"""
_CHECK_WORDS = frozenset(_OF_CHECKING.split())
"""`_CHECKING` needs one of these, or a takeaway."""
_ITEM = re.compile(r"(?m)^[ \t>#*]*(?:(?:step|part)\s*\d+\s*[.:)-]?|\(?\d{1,2}[.)](?=\s)|[-*•](?=\s))", re.IGNORECASE)
_REASON = re.compile(
    r"(?i)\b(?:because|since|given that|as (?:she|he|they|it|there|we)|which (?:is|comes)|for (?:working|selling))\b"
)
_SO = re.compile(
    r"(?i)^\W*(?:so|therefore|thus|hence|altogether|in total|in all|overall|finally|in conclusion|as a result|"
    r"consequently|"
    r"this means|that means|that['’]s|and so|then)\b"
)
# What follows is what the sentence comes to: "..., so 11 are left", "..., which leaves 11", "17; 25; 20" (arrows).
_CLAUSE = re.compile(
    r"(?i)[,;:–—]?\s(?:so|therefore|thus|hence|leaving|making|giving|which (?:is|makes|gives|leaves|means|equals)|"
    r"that is|i\.e\.|but (?:actually|i get|it is|it['’]s)|for a total of|in total)\b,?|;\s"
)
_OPENS = re.compile(r"(?i)^\W*(?:since|because|as|if|when|with|after|given)\b[^,]*\d.*,\s")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_ALONE = re.compile(r"(?i)^[\s*$_`>=~#()\[\]-]*(?:(?:about|so|it['’]?s|it is|that['’]s|ans)[.:]?\s+)?$")

_ALONE_TAIL = re.compile(r"[\s*$_`.!)\]]*(?:[A-Za-z'’]+[\s*$_`.!)\]]*){0,2}(?:,? (?:because|since)\b[^\d]*|[^\w\s]*)$")
_COMES_TO = re.compile(
    r"(?i)(?:\b(?:gives?|yields|comes? (?:out )?to|amounts? to|adds? up to|works? out to|rounds? (?:down |up |"
    r"off )?to|equals?|totals?|(?<!there )(?:is|are|was|"
    r"will be|would be|must be)|leaves (?:\w+ )?with)\s+(?:a total of |about |approximately |exactly |only |just |"
    r"then )*|=\s*)$"
)


def read_final(text: str, question: str = "") -> Final | None:
    """The final answer of `text`, or None: where it states one ("#### n", \\boxed{n}, "the answer is n"), a line that
    is nothing but an amount, the result of the last calculation, or the one number of the closing sentence. The
    `question` tells which numbers of that sentence are only repeated."""
    found = statement(text, lambda stated: _head(stated) is not None)
    if found is None or (head := _head(found.text)) is None:
        return _implicit(text, question)
    amount, sure = head
    rest = spaced(plain(found.text)).partition(amount.written)[2] + " " + found.rest
    later = _taken_back(rest)
    if later is None:
        return _final(amount, explicit=True, sure=sure and not _BUT.match(rest[:120]))
    if not amounts(plain(later)):
        return _final(amount, explicit=True, sure=False)
    return read_final(later, question)


def rivals(text: str, final: Final) -> list[Amount]:
    """The amounts of the closing sentence that could be meant instead of an answer that is not explicit."""
    told = None if final.explicit else next(_told_backwards(_shown(text)), None)
    if told is None:
        return []
    before, _, after = told.replace("**", "").rpartition(final.text)
    for equation in equations(before):
        before = before.replace(equation.text, "")
    led = _COMES_TO.search(before.rstrip("$£€ -") + " ") or f"**{final.text}" in told.replace("$", "")
    *others, clause = _clauses(told.replace("**", ""))
    led = led or (bool(others) and final.text in clause)
    return amounts(after) if led else [*amounts(before), *amounts(after)]


def final_answer(text: str) -> str | None:
    """The final answer of `text` as it is written, or None; `read_final` also tells how sure that is."""
    final = read_final(text)
    return None if final is None else final.text


def _final(amount: Amount, *, explicit: bool, sure: bool) -> Final:
    shown = amount.text
    if amount.form == "number":
        sign = "-" if amount.value < 0 else ""
        shown = sign + amount.written
    return Final(shown, explicit, sure, amount.unit)


def _taken_back(rest: str) -> str | None:
    found = list(_TAKEN_BACK.finditer(rest))
    return rest[found[-1].end() :].strip() if found else None


def _head(stated: str) -> tuple[Amount, bool] | None:
    """The amount that a statement begins with, or the result of the calculation it begins with; and whether no other
    is offered beside it. None where it begins with something else."""
    text = spaced(plain(stated))
    every = amounts(text)
    if not every:
        return None
    first = every[0]
    before = text[: first.span[0]]
    if re.search(r"[.!?]\s", before) or len(before.split()) > _HEAD_WORDS or denied(text, first):
        return None
    if re.search(r"[\\^√π{\[<>]|(?<![a-z])[a-z]\s?[+*/-]", before) or _variable_after(text[first.span[1] :]):
        return None  # an expression
    for equation in equations(text):
        if equation.span[0] <= first.span[0] + 1:
            result = amounts(text[: _amount_end(text, equation.span[1])])[-1]
            return result, stands_alone(text, result)
    value = _last_equal(text, every)
    if value is not None:
        return value, stands_alone(text, value)
    if not stands_alone(text, first) or bounded(text, first):
        return first, False
    if re.match(r"\s?[+*×·÷/-]\s?[\d($]", text[first.span[1] :]):
        return first, False  # a calculation that was not worked out
    if len(every) > 1 and _OR.match(text[first.span[1] : every[1].span[0]]):
        return first, every[1].value == first.value
    return first, True


def is_expression(stated: str, rest: str = "") -> bool:
    """Whether a statement begins with an expression and does not say which number that is: "2^{10}", "3\\sqrt{2}", but
    not "2^{10} = 1024"; and is not taken back in what follows, the `rest`."""
    text, *later = _SENTENCE_END.split(spaced(plain(stated)).strip(), maxsplit=1)
    every = amounts(text)
    if _taken_back(" ".join([*later, rest])) is not None or not every or not in_expression(text, every[0]):
        return False
    *others, clause = _clauses(text)
    meant = [_last_equal(text, every), *(amounts(clause)[:1] if others else ())]
    return not any(
        amount is not None and amount.value == a.value and stands_alone(text, a) for amount in meant for a in every
    )


def _variable_after(after: str) -> bool:
    return bool(re.match(r"(?:\s?[+*/^-]\s?)?(?:\\|√|π|\^|\(?[a-z](?![a-zA-Z]))|\s?[+*-]\s?\d+[a-z](?![a-z])", after))


def _last_equal(text: str, every: list[Amount]) -> Amount | None:
    """18 in "x = 18", 3.5 in "7/2 = 3.5": one side after another says the same."""
    line = re.split(r"(?<=[.!?])\s|\n", text)[0]
    sides = line.split("=")
    if len(sides) < 2:
        return None
    start = len(line) - len(sides[-1])
    after = [amount for amount in every if start <= amount.span[0] < len(line)]
    return after[0] if after and not re.search(r"[A-Za-z]{2}", line[start : after[0].span[0]]) else None


def _amount_end(text: str, end: int) -> int:
    """Where an amount that has its number before `end` ends, unit and percent sign included."""
    return next((a.span[1] for a in amounts(text) if a.span[0] < end <= a.span[1]), end)


def _shown(text: str) -> str:
    """The text as it is read for its conclusion: in plain signs, without what is said to check it."""
    shown = spaced(plain(text.replace("**", "\u0001"))).replace("\u0001", "**")
    said = letter_runs(shown)
    checked = not _CHECK_WORDS.isdisjoint(said) or "away" in shown.lower()
    cut = _CHECKING.search(shown) if checked else None
    return shown[: cut.start()] if cut and amounts(shown[: cut.start()]) else shown


def _told_backwards(shown: str, read: Read = amounts) -> Iterator[str]:
    """Its sentences that name an amount, without a closing question, from the last to the first."""
    sentences = [part for part in _SENTENCE_END.split(_ITEM.sub("", shown)) if part and part.strip()]
    told = (part for part in reversed(sentences) if read(part))
    last = next(told, None)
    if last is not None and last.rstrip().endswith("?"):
        last = next(told, last)
    if last is not None:
        yield last
        yield from told


def _implicit(text: str, question: str) -> Final | None:
    # Without code marks, LaTeX and notes two parts of a word may be one, and a number.
    if not (has_figure(text) or words_measure(runs_of_whole(text)) or any(sign in text for sign in ("`", "\\", "<<"))):
        return None
    read = cache(amounts)  # of the closing sentence they are asked for again and again
    shown = _shown(text)
    told = _told_backwards(shown, read)
    closing = next(told, None)
    if closing is None:
        return None
    if (alone := _alone(closing, read)) is not None:
        return _final(alone, explicit=True, sure=_said_alone(closing, alone, read))
    worked = equations_of_whole(shown)
    results = [equation.result for equation in worked]
    first, *others = shown.strip().splitlines()
    if (others[:1] == [""] or "because" in first) and (alone := _alone(first, read)) is not None:
        agrees = not results or alone.value == results[-1]
        return _final(alone, explicit=agrees or "**" in first or "because" in first, sure=True)
    known = _known(question)
    sentence, chosen = closing, _of_sentence(closing, known, results, read)
    if chosen is None and not _SO.match(closing):
        sentence = next((part for part in told if _SO.match(part)), "")
        chosen = _of_sentence(sentence, known, results, read) if sentence else None
        if chosen is not None and results and chosen.value != results[-1]:
            chosen = None
    if chosen is not None:
        return _final(chosen, explicit=False, sure=_said_alone(sentence, chosen, read))
    if worked:
        sure = bool(equations(closing)) and results[-1] in {amount.value for amount in read(closing)}
        return Final(numbers(worked[-1].text)[-1].text, explicit=False, sure=sure)
    last = read(closing)[-1]
    only = len({amount.value for amount in read(shown)}) == 1
    return _final(last, explicit=False, sure=only and _said_alone(closing, last, read))


def _said_alone(sentence: str, chosen: Amount, read: Read) -> bool:
    """Whether this number stands somewhere in the sentence without what would make something else of it."""
    text = sentence.replace("**", "")
    same = [amount for amount in read(text) if amount.value == chosen.value]
    return not same or any(stands_alone(text, amount) for amount in same)


@lru_cache(maxsize=1024)  # the question is the same for every turn
def _known(question: str) -> frozenset[Fraction]:
    """The numbers that a question names."""
    return frozenset(amount.value for amount in amounts(plain(question))).union(n.value for n in numbers(question))


def _alone(line: str, read: Read) -> Amount | None:
    """The amount that is all of this line: "**$18**", "18 eggs."."""
    found = read(line)
    if len(found) != 1 or not _ALONE.match(line[: found[0].span[0]].replace("**", "")):
        return None
    return found[0] if _ALONE_TAIL.match(line[found[0].span[1] :]) else None


def _of_sentence(sentence: str, known: Set[Fraction], results: list[Fraction], read: Read) -> Amount | None:
    """The number that this sentence is there to say; None if more than one could be."""
    bold = [amount for part in _BOLD.findall(sentence) for amount in read(part)]
    text = sentence.replace("**", "")
    solved = equations(text)
    if (side := text.rfind("=")) >= 0 and not solved and len(ends := read(text[side:])) == 1:
        gap = text[side : side + ends[0].span[0]]
        return None if re.search(r"[A-Za-z]", gap) else ends[0]
    *others, clause = _clauses(text)
    concluded = (
        bool(others) and not equations(clause) and len(last := read(clause)) == 1 and not denied(clause, last[0])
    )
    if solved and not (concluded and len(text) - len(clause) >= solved[-1].span[1]):
        return _of_calculation(text, solved[-1].span[1], known)
    if len(bold) == 1 and not solved:
        return bold[0]
    if concluded:
        return last[0]
    if (reason := _REASON.search(text)) and read(text[: reason.start()]):
        text = text[: reason.start()]
    head, _, parts = text.partition(": ")
    if parts and len(read(head)) == 1 and len(read(parts)) > 1:  # "Together they have 56: Tom's 14 and Lena's 42"
        text = head
    found = [amount for amount in read(text) if not denied(text, amount)]
    if any(a.value != b.value and _EITHER.match(text[a.span[1] : b.span[0]]) for a, b in pairwise(found)):
        return None
    values = _meant(text, found, known, results[-1] if results else None)
    return next(a for a in reversed(found) if a.value == values[0]) if len(values) == 1 else None


def _clauses(sentence: str) -> list[str]:
    return re.split(r",\s", sentence) if _OPENS.match(sentence) else _CLAUSE.split(sentence)


def _of_calculation(text: str, end: int, known: Set[Fraction]) -> Amount | None:
    """The result that stands before `end`, unless more is said behind it."""
    end = _amount_end(text, end)
    result = amounts(text[:end])[-1]
    after = amounts(text[end:])
    if after and _COMES_TO.search(text[end : end + after[-1].span[0]]):
        return after[-1]
    return None if {amount.value for amount in after} - {result.value} - known else result


def _meant(text: str, found: list[Amount], known: Set[Fraction], result: Fraction | None) -> list[Fraction]:
    """The values that a sentence without calculation may be there to say: what it "comes to", what the calculation
    before came to, what the question did not name."""
    values = list(dict.fromkeys(amount.value for amount in found))
    if len(values) < 2:
        return values
    told = {amount.value for amount in found if _COMES_TO.search(text[: amount.span[0]])}
    if len(told) == 1:
        if found[-1].value in told and (result in told or result in known or result not in values):
            return list(told)
        if result in values and result not in told:
            return []  # the sentence says one thing, the steps before it another
        return list(told)
    fresh = [value for value in values if value not in known]
    return [result] if result is not None and result in values and (result in fresh or not fresh) else fresh
