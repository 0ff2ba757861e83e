"""Which language a text is in: by its script, and among the languages in Latin script by their commonest words.

Rough on purpose: it tells apart what a model may slip into, and says None where a text is too short or too mixed.

>>> language("The bus leaves at nine, and there are seven people on it."), language("3x + 5 = 20")
('English', None)
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

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
_PROFILES = {name: frozenset(text.split()) for name, text in _COMMON.items()}

_LANGUAGES: dict[str, list[str]] = {}
for _name, _words in _PROFILES.items():
    for _word in _words:
        _LANGUAGES.setdefault(_word, []).append(_name)

_FEWEST = 4
"""Common words of a language that have to be there before a text is said to be in it."""
_KINDS = 3
"""How many different ones."""
_AHEAD = 2
"""How many times as many as of the next language."""
_SHARE = 0.12
"""The least share of a text's words that are common ones; in prose it is a third, in lists and notes next to none."""


_ASCII_LETTER = re.compile("[A-Za-z]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def letters(text: str) -> Counter[str]:
    """Letters by script or, where one language alone has the script, by language."""
    strange = _NOT_ASCII.findall(text)
    found: Counter[str] = Counter(Latin=len(_ASCII_LETTER.findall(text)))
    for letter in strange:
        if letter.isalpha():
            script = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
            found[_SCRIPTS.get(script, "other")] += 1
    if found["Japanese"]:  # which writes Chinese characters too
        found["Japanese"] += found.pop("Chinese", 0)
    return +found


@lru_cache(maxsize=2048)  # questions are looked at again with each turn
def language(text: str) -> str | None:
    """The language most of the text's prose is in, or its script's name where several share it; None: hard to tell."""
    bare = prose(text)
    by_script = letters(bare)
    if not by_script:
        return None
    script, most = by_script.most_common(1)[0]
    if script != "Latin":
        return script if most >= _FEWEST and 2 * most > by_script.total() else None
    said = Counter(words(bare))
    hits = Counter(dict.fromkeys(_PROFILES, 0))
    for word in said.keys() & _LANGUAGES.keys():
        for name in _LANGUAGES[word]:
            hits[name] += said[word]
    (best, first), (_, second) = hits.most_common(2)
    kinds = sum(word in said for word in _PROFILES[best])
    enough = first >= max(_FEWEST, _SHARE * said.total()) and kinds >= _KINDS
    return best if enough and first >= _AHEAD * second else None


def foreign_share(text: str, known: str) -> tuple[float, str]:
    """How much of the prose's letters are in a script that `known` has no letter of, and which script that mostly is.

    Greek letters are none: formulas have them.
    """
    mine, theirs = letters(prose(text)), letters(known)
    strange = Counter({script: n for script, n in mine.items() if script not in theirs and script != "Greek"})
    if not strange:
        return 0.0, ""
    return strange.total() / mine.total(), strange.most_common(1)[0][0]


NAMES = re.compile(
    r"(?i)\b(?:translat\w*|language|english|german|deutsch|french|français|spanish|español|portuguese|italian|dutch|"
    r"polish|turkish|vietnamese|indonesian|chinese|mandarin|japanese|korean|russian|arabic|hebrew|hindi|greek|latin|"
    r"übersetz\w*|tradu\w+|翻译|翻訳)\b"
)
"""A question that has one of these may want an answer in another language than its own."""
