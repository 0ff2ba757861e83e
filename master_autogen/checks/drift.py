"""Checks of drift: a turn that talks about being a model, changes its language, says again what was said, or is about
something else.

The thresholds are for few false alarms rather than for few misses: a false alarm asks a good turn again, and after that
loses the lesson. The tests hold the rates at which they were set.
"""

from __future__ import annotations

import re
from collections import Counter

from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.languages import NAMES, foreign_share, language
from master_autogen.checks.text import content, prose, runs, sentences, words

_AI = (
    r"(?:an? |just |only |simply |merely )*(?:large |helpful |virtual )*"
    r"(?:AI|A\.I\.|artificial intelligence|language model|LLM|chat ?bot)\b"
)
_CANNOT = r"(?:can(?:['’]t|not)|(?:am|['’]m) (?:unable|not able) to|won['’]t)"
_META = {
    "talks about being a model": (
        rf"\bas {_AI}[^.!?\n]{{0,40}}?\b(?:I|me|my)\b",
        rf"(?:^|[.!?\n]\s*)as {_AI}(?: (?:assistant|language|model|tutor|system|program|bot))*,",
        rf"\bI(?:['’]m| am|['’]m not| am not) {_AI}",
        r"\bmy (?:training data|knowledge cut-?off)\b|\bI (?:was|am|have been) trained (?:on|by|to)\b",
        r"\bI(?:['’]m| am| was) (?:an? \w+ )?(?:developed|created|made|trained) by\b",
        r"\bals (?:eine? )?(?:KI\b|Sprachmodell)|\ben tant qu(?:e |['’])(?:IA\b|une IA\b|modèle de langage)",
        r"\bcomo (?:una? |um )?(?:IA\b|intelig[eê]ncia artificial|modelo de (?:lenguaje|linguagem))",
        r"作为(?:一个|一名|一款)?(?:AI|人工智能|语言模型|大型语言模型)",
    ),
    "refuses": (
        rf"\b(?:sorry|apologi[sz]e),? (?:but )?I ?{_CANNOT}",
        rf"\bI ?{_CANNOT} (?:help|assist)(?: you)? with (?:that|this|your|such)\b",
        rf"\bI ?{_CANNOT} (?:fulfil|fulfill|comply with|engage in|complete) (?:that|this|your|such)\b",
    ),
    "talks about its prompt": (
        r"\b(?:my|the) system (?:prompt|message)\b",
        r"\b(?:my|the|this|your) prompt (?:say|said|ask|state|tell|told|instruct|want|require|mention)",
        r"\b(?:my|the) instructions? (?:say|said|state|tell|told|require|forbid)\w* ",
        r"\bI(?:['’]ve| have| was| am|['’]m) (?:been )?(?:told|instructed|asked|supposed|programmed) (?:not )?to "
        r"(?:act|play|pretend|make (?:a|some) mistake|not (?:reveal|state|give))",
        r"\b(?:in|for) this role-?play\b",
        r"\bI (?:made|make|am making|will make|['’]ll make) (?:\w+ ){0,3}(?:mistakes?|errors?) "
        r"(?:on purpose|deliberately|intentionally)",
        r"<\|(?:im_start|im_end|assistant|user|system|eot_id|endoftext)\|>|\[/?INST\]|<</?SYS>>",
    ),
    "mentions a solution it was given": (
        r"\breference (?:solution|answer|response)\b|\b(?:provided|gold|model) (?:solution|answer)\b",
        r"\b(?:solution|answer|response) (?:that )?I (?:(?:was|am|have been)|['’]ve been) (?:given|shown|provided)\b",
        r"\b(?:solution|answer|response) (?:that (?:was|is) )?(?:given|provided) to me\b",
    ),
}
_META_PATTERNS = tuple(
    (what, re.compile(pattern, re.IGNORECASE)) for what, patterns in _META.items() for pattern in patterns
)

_FOREIGN_LETTERS = 6
_FOREIGN_SHARE = 0.1
_PIECE = 15
"""Words of a part of a turn that is looked at by itself: a turn may change its language on the way."""

_ALIKE = 0.8
"""Jaccard similarity of word three-grams above which two turns are the same."""
_TO_COMPARE = 6
_LOOP = 3

_OFF_TOPIC = {"math": (6, 1), "choice": (6, 1), "code": (25, 0), "general": (25, 0)}
"""By kind of seed: content words that a turn has to have before it is judged, and how many shared ones are too few.

Set on responses to their own question against responses to another (GSM8K, Self-Instruct, the bundled seeds): a worked
solution takes up its question's words; an answer to an open question often has none of them, so there the reference
counts too, and only long turns are judged.
"""


def no_meta(turn: CheckInput) -> CheckFinding:
    """No talk of being a model, of a prompt or a reference solution, no refusal; what the question has is allowed."""
    asked = turn.target.instruction.casefold()
    text = prose(turn.text)
    for what, pattern in _META_PATTERNS:
        for found in pattern.finditer(text):
            told = " ".join(found[0].split())
            if told.casefold() not in asked and not _about_models(asked, what):
                return CheckFinding(passed=False, detail=f"{what}: {told!r}")
    return CheckFinding(passed=True)


def _about_models(asked: str, what: str) -> bool:
    """Whether the question itself is about what the pattern looks for: an answer may then speak of it."""
    about = {
        "talks about being a model": r"\b(?:ai|artificial intelligence|language models?|chat ?bots?|llms?|training)\b",
        "refuses": r"\b(?:refus\w+|declin\w+|apolog\w+|sorry|unable|cannot|can['’]t)\b",
        "talks about its prompt": r"\b(?:prompts?|instructions?|role-?play)\b",
        "mentions a solution it was given": r"\b(?:references?|official|provided|private|hidden|gold|models?)\b",
    }
    return re.search(about[what], asked) is not None


def same_language(turn: CheckInput) -> CheckFinding:
    """In the language of the question; None where the turn is too short, or the question itself is about languages."""
    seed = turn.target
    if NAMES.search(seed.instruction):
        return CheckFinding(passed=None, detail="the question names a language")
    known = f"{seed.instruction}\n{seed.response}"
    share, script = foreign_share(turn.text, known)
    if share > _FOREIGN_SHARE and share * len(turn.text) >= _FOREIGN_LETTERS:
        return CheckFinding(passed=False, detail=f"writes {script} script, which the question does not")
    wanted = language(seed.instruction) or language(known)
    if wanted is None:
        return CheckFinding(passed=None, detail="could not tell the question's language")
    for piece in _pieces(turn.text):
        if (spoken := language(piece)) not in (None, wanted):
            return CheckFinding(passed=False, detail=f"is in {spoken}; the question is in {wanted}")
    if language(turn.text) is None:
        return CheckFinding(passed=None, detail="too short to tell its language")
    return CheckFinding(passed=True)


def _pieces(text: str) -> list[str]:
    """The whole, its longer lines, and its later half."""
    bare = prose(text)
    lines = [line for line in bare.splitlines() if len(line.split()) >= _PIECE]
    said = bare.split()
    half = [" ".join(said[len(said) // 2 :])] if len(said) >= 2 * _PIECE else []
    return [bare, *lines, *half]


def not_repeated(turn: CheckInput) -> CheckFinding:
    """Not an earlier turn once more, and no sentence three times over; what the reference repeats may be repeated.

    In maths two turns that differ in a number are two: a corrected solution may be its first try but for one figure.
    """
    if looped := _loop(turn.text, turn.target.response):
        return CheckFinding(passed=False, detail=f"says {_LOOP} times over: {looped!r}")
    mine = words(turn.text)
    if len(mine) < _TO_COMPARE:
        return CheckFinding(passed=None, detail="too short to compare with what was said")
    for number, earlier in enumerate(turn.said, 1):
        theirs = words(earlier)
        if mine == theirs:
            return CheckFinding(passed=False, detail=f"is turn {number} word for word")
        figures = [Counter(word for word in said if word[0].isdigit()) for said in (mine, theirs)]
        if turn.target.kind == "math" and figures[0].keys() != figures[1].keys():
            continue
        one, other = set(runs(mine, 3)), set(runs(theirs, 3))
        alike = len(one & other) / len(one | other)
        if alike > _ALIKE:
            return CheckFinding(passed=False, detail=f"is almost turn {number}: {alike:.0%} the same")
    return CheckFinding(passed=True)


def _loop(text: str, reference: str) -> str:
    """What is said three times over: a sentence of at least four words, or a run of words straight after itself."""
    bare = prose(text)
    allowed = Counter(tuple(words(sentence)) for sentence in sentences(reference))
    said = Counter(tuple(words(sentence)) for sentence in sentences(bare))
    for sentence, times in said.items():
        spoken = sum(word[0].isalpha() for word in sentence)
        if times >= _LOOP and len(sentence) >= 4 and spoken >= 3 and allowed[sentence] < times:
            return " ".join(sentence)
    every, known = words(bare), " ".join(words(reference))
    for length in range(1, 13):
        times = max(_LOOP, -(-12 // length))  # short runs oftener: "very, very, very" is no loop
        for i in range(len(every) - times * length + 1):
            block = every[i : i + length]
            if every[i : i + times * length] != block * times or " ".join(block * times) in known:
                continue
            if any(word[0].isalpha() for word in block):
                return " ".join(block)
    return ""


def on_topic(turn: CheckInput) -> CheckFinding:
    """Shares content with the question or what was said about it; None where the turn is too short to tell."""
    seed = turn.target
    enough, fewest = _OFF_TOPIC[seed.kind]
    mine = content(prose(turn.text))
    about = content(prose(" ".join((seed.instruction, *turn.said))))
    if seed.kind not in ("math", "choice"):
        about |= content(seed.response)
    if len(mine) < enough or len(about) < 2:
        return CheckFinding(passed=None, detail="too short to tell what it is about")
    shared = sorted(mine & about)
    if len(shared) > min(fewest, len(about) // 4):  # a question of few words has few to take up
        return CheckFinding(passed=True)
    only = f" but {shared[0]!r}" if shared else ""
    return CheckFinding(passed=False, detail=f"takes up nothing of the question{only}")
