"""Checks of drift: a turn that talks about being a model, changes its language, says again what was said, or is about
something else.

The thresholds are for few false alarms rather than for few misses: a false alarm asks a good turn again, and after that
loses the lesson. The tests hold the rates at which they were set.
"""

from __future__ import annotations

import re
from collections import Counter
from operator import eq

from master_autogen.arithmetic import runs_of_whole
from master_autogen.checks.finding import PASSED, CheckFinding, CheckInput
from master_autogen.checks.languages import foreign_share, language, language_of, languages_of, may_change
from master_autogen.checks.text import content, is_prose, prose, runs, sentences, triples, words, words_of_whole

_AI = (
    r"(?:an? |just |only |simply |merely )*(?:large |helpful |virtual )*"
    r"(?:AI|A\.I\.|artificial intelligence|language model|LLM|chat ?bot)\b"
)
_CANNOT = r"(?:can(?:['’]t|not)|(?:am|['’]m) (?:unable|not able) to|won['’]t)"
_AI_WORDS = "ai artificial language llm chat chatbot"
_META = {
    "talks about being a model": (
        (_AI_WORDS, rf"\bas {_AI}[^.!?\n]{{0,40}}?\b(?:I|me|my)\b"),
        (_AI_WORDS, rf"(?:^|[.!?\n]\s*)as {_AI}(?: (?:assistant|language|model|tutor|system|program|bot))*,"),
        (_AI_WORDS, rf"\bI(?:['’]m| am|['’]m not| am not) {_AI}"),
        (
            "training knowledge trained",
            r"\bmy (?:training data|knowledge cut-?off)\b|\bI (?:was|am|have been) trained (?:on|by|to)\b",
        ),
        (
            "developed created made trained",
            r"\bI(?:['’]m| am| was) (?:an? \w+ )?(?:developed|created|made|trained) by\b",
        ),
        (
            "als tant",
            r"\bals (?:eine? )?(?:KI\b|Sprachmodell)|\ben tant qu(?:e |['’])(?:IA\b|une IA\b|modèle de langage)",
        ),
        ("como", r"\bcomo (?:una? |um )?(?:IA\b|intelig[eê]ncia artificial|modelo de (?:lenguaje|linguagem))"),
        ("", r"作为(?:一个|一名|一款)?(?:AI|人工智能|语言模型|大型语言模型)"),
    ),
    "refuses": (
        ("sorry apologise apologize", rf"\b(?:sorry|apologi[sz]e),? (?:but )?I ?{_CANNOT}"),
        ("help assist", rf"\bI ?{_CANNOT} (?:help|assist)(?: you)? with (?:that|this|your|such)\b"),
        (
            "fulfil fulfill comply engage complete",
            rf"\bI ?{_CANNOT} (?:fulfil|fulfill|comply with|engage in|complete) (?:that|this|your|such)\b",
        ),
    ),
    "talks about its prompt": (
        ("prompt message", r"\b(?:my|the) system (?:prompt|message)\b"),
        ("prompt", r"\b(?:my|the|this|your) prompt (?:say|said|ask|state|tell|told|instruct|want|require|mention)"),
        (
            "instruction instructions",
            r"\b(?:my|the) instructions? (?:say|said|state|tell|told|require|forbid)\w* ",
        ),
        (
            "told instructed asked supposed programmed",
            r"\bI(?:['’]ve| have| was| am|['’]m) (?:been )?(?:told|instructed|asked|supposed|programmed) (?:not )?to "
            r"(?:act|play|pretend|make (?:a|some) mistake|not (?:reveal|state|give))",
        ),
        ("role roleplay", r"\b(?:in|for) this role-?play\b"),
        (
            "mistake mistakes error errors",
            r"\bI (?:made|make|am making|will make|['’]ll make) (?:\w+ ){0,3}(?:mistakes?|errors?) "
            r"(?:on purpose|deliberately|intentionally)",
        ),
        (
            "im assistant user system eot endoftext inst sys",
            r"<\|(?:im_start|im_end|assistant|user|system|eot_id|endoftext)\|>|\[/?INST\]|<</?SYS>>",
        ),
    ),
    "mentions a solution it was given": (
        (
            "reference provided gold model",
            r"\breference (?:solution|answer|response)\b|\b(?:provided|gold|model) (?:solution|answer)\b",
        ),
        (
            "given shown provided",
            r"\b(?:solution|answer|response) (?:that )?I (?:(?:was|am|have been)|['’]ve been) "
            r"(?:given|shown|provided)\b",
        ),
        ("given provided", r"\b(?:solution|answer|response) (?:that (?:was|is) )?(?:given|provided) to me\b"),
    ),
}
"""What is looked for, after words of which a match has one, so that most turns need no pattern at all. A match that has
none of them has one of `_META_SIGNS`."""
_META_SIGNS = ("a.", "作为")
_META_PATTERNS = tuple(
    (what, frozenset(hints.split()), re.compile(pattern, re.IGNORECASE))
    for what, patterns in _META.items()
    for hints, pattern in patterns
)
_META_WORDS = frozenset[str]().union(*(hints for _, hints, _ in _META_PATTERNS))

_FOREIGN_LETTERS = 6
_FOREIGN_SHARE = 0.1
_PIECE = 15
"""Words of a part of a turn that is looked at by itself: a turn may change its language on the way."""

_ALIKE = 0.8
"""Jaccard similarity of word three-grams above which two turns are the same."""
_SAME_STORY = 0.5
"""The same of what two turns say about one and the same program; below, they explain it in two ways."""
_TO_COMPARE = 6
_FENCED = re.compile(r"(?ms)^[ \t]*(?:```|~~~)[^\n]*\n(.*?)(?:^[ \t]*(?:```|~~~)|\Z)")
_CODE_SIGN = re.compile(r"[=<>\[\]{}]|\w\(|^\s*(?:def|return|for|while|if|elif|else|import)\b")
_DRESS = re.compile(r"(?m)^[ \t]*[-*•][ \t]|\*\*|\$|\\[()\[\]]")
_ONE_SIGN = str.maketrans("−–*·÷", "--××/")
_SIGNED = re.compile(r"(?:(?<![A-Za-z])|(?<=\b[a-z]))(?:[-+×/^=<>≤≥]\s*)+\(*(?:\d[\d.,]*\d|\d|[a-z]\b)")
_LOOP = 3

_OFF_TOPIC = {"math": (6, 1), "choice": (6, 1), "code": (25, 0), "general": (25, 0)}
"""By kind of seed: content words that a turn has to have before it is judged, and how many shared ones are too few.

Set on responses to their own question against responses to another (GSM8K, Self-Instruct, the bundled seeds): a worked
solution takes up its question's words; an answer to an open question often has none of them, so there the reference
counts too, and only long turns are judged.
"""


def no_meta(turn: CheckInput) -> CheckFinding:
    """No talk of being a model, of a prompt or a reference solution, no refusal; what the question has is allowed."""
    text = prose(turn.text)
    small, said = text.lower(), runs_of_whole(text)
    signed = any(sign in small for sign in _META_SIGNS)
    if not signed and _META_WORDS.isdisjoint(said):
        return PASSED
    asked = turn.target.instruction.casefold()
    for what, hints, pattern in _META_PATTERNS:
        if not signed and hints.isdisjoint(said):
            continue
        for found in pattern.finditer(text):
            told = " ".join(found[0].split())
            if told.casefold() not in asked and not _about_models(asked, what):
                return CheckFinding(passed=False, detail=f"{what}: {told!r}")
    return PASSED


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
    question = languages_of(seed.instruction, seed.response)
    if question.names_one:
        return CheckFinding(passed=None, detail="the question names a language")
    share, script = foreign_share(turn.text, question.scripts)
    if share > _FOREIGN_SHARE and share * len(turn.text) >= _FOREIGN_LETTERS:
        return CheckFinding(passed=False, detail=f"writes {script} script, which the question does not")
    wanted = question.language
    if wanted is None:
        return CheckFinding(passed=None, detail="could not tell the question's language")
    bare = prose(turn.text)
    said = words_of_whole(bare)
    whole = language_of(bare, said)
    plain = is_prose(bare)
    again = whole if plain else language(bare)
    pieces = _pieces(bare) if not plain or may_change(bare, said, wanted) else []
    for spoken in (again, *map(language, pieces)):
        if spoken not in (None, wanted):
            return CheckFinding(passed=False, detail=f"is in {spoken}; the question is in {wanted}")
    if whole is None:
        return CheckFinding(passed=None, detail="too short to tell its language")
    return PASSED


def _pieces(bare: str) -> list[str]:
    """The longer lines, where it has several, and the later half."""
    lines, said = bare.splitlines(), bare.split()
    lines = [line for line in lines if len(line.split()) >= _PIECE] if len(lines) > 1 else []
    half = [" ".join(said[len(said) // 2 :])] if len(said) >= 2 * _PIECE else []
    return lines + half


def not_repeated(turn: CheckInput) -> CheckFinding:
    """Not an earlier turn once more, and no sentence three times over; what the reference repeats may be repeated.

    In maths two turns that differ in a number or a sign are two, and so are two programs that differ in a line: what
    is corrected may be its first try but for that.
    """
    if looped := _loop(turn.text, turn.target.response):
        return CheckFinding(passed=False, detail=f"says {_LOOP} times over: {looped!r}")
    mine = words_of_whole(turn.text)
    if len(mine) < _TO_COMPARE:
        return CheckFinding(passed=None, detail="too short to compare with what was said")
    for number, earlier in enumerate(turn.said, 1):
        theirs = words_of_whole(earlier)
        alike = 1.0 if mine == theirs else _alike(mine, theirs)
        if alike <= _ALIKE or _corrects(turn.text, earlier, turn.target.kind):
            continue
        if mine == theirs:
            return CheckFinding(passed=False, detail=f"is turn {number} word for word")
        return CheckFinding(passed=False, detail=f"is almost turn {number}: {alike:.0%} the same")
    return PASSED


def _alike(mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """How much of two turns is the same; 0 where that is too little to matter."""
    one = triples(mine)
    shared = len(one.intersection(runs(theirs, 3)))
    if shared <= _ALIKE * len(one):  # as most are: less than alike, whatever else is in the other
        return 0.0
    return shared / len(one.union(runs(theirs, 3)))


def _corrects(text: str, earlier: str, kind: str) -> bool:
    """Whether two turns of nearly the same words say different things: other sums, or another program."""
    if kind == "math":
        return _sums(text) != _sums(earlier)
    if kind != "code":
        return False
    program = _program(text)
    if program != _program(earlier):
        return True
    mine, theirs = triples(words(prose(text))), triples(words(prose(earlier)))
    explained = len(mine) > _TO_COMPARE - 3
    return bool(program) and explained and len(mine & theirs) <= _SAME_STORY * len(mine | theirs)


def _sums(text: str) -> set[str]:
    """Its figures, and its signs with what follows them, however they are set."""
    bare = _DRESS.sub("", text).translate(_ONE_SIGN)
    figures = {word for word in words_of_whole(text) if word[0].isdigit()}
    return figures.union("".join(found.split()) for found in _SIGNED.findall(bare))


def _program(text: str) -> list[str]:
    """The lines of its blocks of code; where it has none, those that have a sign of code. Blanks before them count."""
    blocks = "\n".join(_FENCED.findall(text))
    lines = [line.rstrip() for line in (blocks or text).splitlines() if line.strip()]
    return lines if blocks else [line for line in lines if _CODE_SIGN.search(line)]


def _loop(text: str, reference: str) -> str:
    """What is said three times over: a sentence of at least four words, or a run of words straight after itself."""
    bare = prose(text)
    every = words_of_whole(bare)
    if not _some_thrice(every):
        return ""
    allowed = Counter(words(sentence) for sentence in sentences(reference))
    said = Counter(words(sentence) for sentence in sentences(bare))
    for sentence, times in said.items():
        spoken = sum(word[0].isalpha() for word in sentence)
        if times >= _LOOP and len(sentence) >= 4 and spoken >= 3 and allowed[sentence] < times:
            return " ".join(sentence)
    known = " ".join(words(reference))
    for length in range(1, 13):
        times = max(_LOOP, -(-12 // length))  # short runs oftener: "very, very, very" is no loop
        again = bytes(map(eq, every, every[length:]))  # 1 for each word that is the one `length` words later
        looped = b"\1" * ((times - 1) * length)
        i = again.find(looped)
        while i >= 0:
            block = every[i : i + length]
            if any(word[0].isalpha() for word in block) and " ".join(block * times) not in known:
                return " ".join(block)
            i = again.find(looped, i + 1)
    return ""


def _some_thrice(said: tuple[str, ...]) -> bool:
    """Whether any three words in a row come three times: in each loop some do."""
    if len(said) - 2 < len(triples(said)) + _LOOP - 1:
        return False
    return max(Counter(runs(said, 3)).values()) >= _LOOP


def on_topic(turn: CheckInput) -> CheckFinding:
    """Shares content with the question or what was said about it; None where the turn is too short to tell."""
    seed = turn.target
    enough, fewest = _OFF_TOPIC[seed.kind]
    mine = content(prose(turn.text))
    if len(mine) < enough:
        return CheckFinding(passed=None, detail="too short to tell what it is about")
    parts = (seed.instruction, *turn.said)
    if not all(is_prose(part) for part in parts):
        parts = (prose(" ".join(parts)),)  # what begins in one of them may end in the next
    about: set[str] = set()
    for said in parts if seed.kind in ("math", "choice") else (parts[0], seed.response, *parts[1:]):
        about |= content(said)
        shared = mine & about
        if len(shared) > fewest and len(about) > 1:  # enough, whatever else it is about
            return PASSED
    if len(about) < 2:
        return CheckFinding(passed=None, detail="too short to tell what it is about")
    if len(shared) > min(fewest, len(about) // 4):  # a question of few words has few to take up
        return PASSED
    only = f" but {min(shared)!r}" if shared else ""
    return CheckFinding(passed=False, detail=f"takes up nothing of the question{only}")
