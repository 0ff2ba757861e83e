"""Which language a text is in: by its script, and among the languages in Latin script by their commonest words.

Rough on purpose: it tells apart what a model may slip into, and says None where a text is too short or too mixed.

>>> language("The bus leaves at nine, and there are seven people on it."), language("3x + 5 = 20")
('English', None)
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Collection, Set
from functools import lru_cache
from string import ascii_letters
from typing import NamedTuple

from master_autogen.arithmetic.hints import letter_runs
from master_autogen.arithmetic.units import unit
from master_autogen.checks.text import prose, words

_SCRIPTS = {
    "CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean", "CYRILLIC": "Cyrillic",
    "ARABIC": "Arabic", "HEBREW": "Hebrew", "DEVANAGARI": "Devanagari", "BENGALI": "Bengali", "TAMIL": "Tamil",
    "TELUGU": "Telugu", "THAI": "Thai", "LATIN": "Latin", "GREEK": "Greek",
}  # fmt: skip
"""Scripts by how Unicode's names of letters begin; those of one language by its name."""

_COMMON = {
    "English": """the of and to in is that it for was on are with as be at this have from or an by not but what all were
        when we there can your which their if will how each do he she they you i his her them has would so my""",
    "German": """der die das und ist ein eine nicht ich du er sie es wir den dem von zu mit auf für im sich auch als an
        nach wie bei oder aber aus hat sind war wird dass wenn noch nur einen einer eines zum zur hier""",
    "French": """le la les de des du et est un une que qui dans en pour pas sur au aux ce cette il elle nous vous je ne
        se par plus avec sont a été ou mais ont son sa ses donc c'est""",
    "Spanish": """el la los las de del y es un una que en por para con no se su al lo como más pero sus le ya o este
        esta son entre cuando muy sin sobre también hay cada tiene entonces cuántos""",
    "Portuguese": """o a os as de do da dos das e é um uma que em por para com não se seu sua ao no na nos nas mais mas
        como foi ele ela tem são quando muito já também cada então""",
    "Italian": """il lo la i gli le di del della dei e è un una che in per con non si su al alla nel nella da sono come
        ma più anche questo questa ha ho o se quindi ogni quanti""",
    "Dutch": """de het een en van is dat in op te niet zijn met voor aan er maar ook die als bij naar dan wordt heeft
        uit om door over hij zij ze wij ik je nog dus hoeveel""",
    "Polish": """i w na z nie się do to jest że o jak co po za od ale tak przez są ma czy dla jego tego który ile""",
    "Turkish": """ve bir bu da de için ile çok ne daha olan gibi kadar var mi mı ama o değil her kaç sonra""",
    "Vietnamese": """là và của có cho không một được các trong với những này người đã khi để ở số""",
    "Indonesian": """yang dan di dari untuk dengan ini itu pada adalah tidak dalam ke ada akan juga berapa atau kita""",
}  # fmt: skip
_NAMES_OF_LANGUAGES = tuple(_COMMON)

_COUNTERS = struct.Struct(f"<{len(_COMMON)}I")
"""A counter for each language, side by side in one number, so that many words are counted by one addition each."""
_ONES: dict[str, int] = {}
for _place, _words in enumerate(_COMMON.values()):
    for _word in set(_words.split()):
        _ONES[_word] = _ONES.get(_word, 0) + (1 << 32 * _place)

_FEWEST = 4
"""Common words of a language that have to be there before a text is said to be in it."""
_KINDS = 3
"""How many different ones."""
_AHEAD = 2
"""How many times as many as of the next language."""
_SHARE = 0.12
"""The least share of a text's words that are common ones; in prose it is a third, in lists and notes next to none."""


_NOT_ASCII = re.compile("[^\x00-\x7f]")
_LATIN_RUN = re.compile("[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+")
_FUNCTIONS = frozenset({"sin", "cos", "tan", "log", "lim", "max", "min", "mod"})
_NO_LETTERS = bytes(i for i in range(256) if chr(i) not in ascii_letters)


def letters(text: str) -> Counter[str]:
    """Letters by script or, where one language alone has the script, by language."""
    found: Counter[str] = Counter(Latin=len(text.encode("ascii", "ignore").translate(None, _NO_LETTERS)))
    if not text.isascii():
        found.update(_script(letter) for letter in _NOT_ASCII.findall(text) if letter.isalpha())
    if found["Japanese"]:  # which writes Chinese characters too
        found["Japanese"] += found.pop("Chinese", 0)
    return +found


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0].split("-")[0], "other")


def language(text: str) -> str | None:
    """The language most of the text's prose is in, or its script's name where several share it; None: hard to tell."""
    bare = prose(text)
    return language_of(bare, words(bare))


def language_of(bare: str, said: tuple[str, ...]) -> str | None:
    """`language` of prose whose words are known."""
    if not bare.isascii():
        by_script = letters(bare)
        if not by_script:
            return None
        script, most = by_script.most_common(1)[0]
        if script != "Latin":
            return script if most >= _FEWEST and 2 * most > by_script.total() else None
    found = _common(said)
    second, first = sorted(found.times)[-2:]
    if first < max(_FEWEST, _SHARE * len(said)) or first < _AHEAD * second:
        return None
    best = found.times.index(first)
    return _NAMES_OF_LANGUAGES[best] if found.kinds[best] >= _KINDS else None


def may_change(bare: str, said: tuple[str, ...], wanted: str) -> bool:
    """False where for certain no part of this prose, whose words are known, is in another language than `wanted`: each
    of the others has fewer common words in all of it than in any part that is in it."""
    if not bare.isascii():
        return True
    times, kinds = _common(said)
    enough = [i for i, n in enumerate(times) if n >= _FEWEST and kinds[i] >= _KINDS]
    return any(_NAMES_OF_LANGUAGES[i] != wanted for i in enough)


class _Common(NamedTuple):
    """By language, how many of a text's words are common ones, and how many different ones."""

    times: tuple[int, ...]
    kinds: tuple[int, ...]


@lru_cache(maxsize=4)
def _common(said: tuple[str, ...]) -> _Common:
    common = [word for word in said if word in _ONES]
    return _Common(_sums(common), _sums(set(common)))


def _sums(common: Collection[str]) -> tuple[int, ...]:
    return _COUNTERS.unpack(sum(map(_ONES.__getitem__, common)).to_bytes(_COUNTERS.size, "little"))


class Languages(NamedTuple):
    """What a question is in, and the scripts of it and its reference."""

    language: str | None
    scripts: frozenset[str]
    names_one: bool
    """Whether it may want an answer in another language than its own."""


@lru_cache(maxsize=2048)  # for each turn the question is looked at again
def languages_of(question: str, reference: str) -> Languages:
    known = f"{question}\n{reference}"
    return Languages(language(question) or language(known), frozenset(letters(known)), names_one(question))


def foreign_share(text: str, scripts: Set[str]) -> tuple[float, str]:
    """How much of the prose's letters are in none of these scripts, and which script that mostly is.

    Greek letters are none, nor are Latin ones that stand for numbers, points or measures: formulas have them.
    """
    bare = prose(text)
    if bare.isascii() and "Latin" in scripts:
        return 0.0, ""
    mine = letters(bare)
    if "Latin" not in scripts and mine["Latin"]:
        mine["Latin"] -= _of_formulas(bare)
    strange = Counter({script: n for script, n in mine.items() if script not in scripts and script != "Greek"})
    if not strange.total():
        return 0.0, ""
    return strange.total() / mine.total(), strange.most_common(1)[0][0]


def _of_formulas(text: str) -> int:
    """How many of its Latin letters stand in runs as formulas have them: x, km, sin, the triangle ABC."""
    return sum(len(run) for run in _LATIN_RUN.findall(text) if len(run) < 3 or _in_formulas(run))


@lru_cache(maxsize=1024)
def _in_formulas(run: str) -> bool:
    return (run.isupper() and len(run) < 5) or run in _FUNCTIONS or unit(run) != ""


_NAMES = """
language english german deutsch french français spanish español portuguese italian dutch polish turkish vietnamese
indonesian chinese mandarin japanese korean russian arabic hebrew hindi greek latin
"""
_ASCII_NAMES = frozenset(filter(str.isascii, _NAMES.split()))
_OTHER_NAMES = ("tran", "tradu", "etz", "ranç", "pañ", "翻")
"""Parts of those that may be of another form or have other letters, where they are in small ones."""
NAMES = re.compile(rf"(?i)\b(?:translat\w*|{'|'.join(_NAMES.split())}|übersetz\w*|tradu\w+|翻译|翻訳)\b")
"""A question that has one of these may want an answer in another language than its own."""


def names_one(question: str) -> bool:
    """Whether the question may want an answer in another language than its own."""
    small = question.lower()
    if _ASCII_NAMES.isdisjoint(letter_runs(question)) and not any(part in small for part in _OTHER_NAMES):
        return False
    return NAMES.search(question) is not None
