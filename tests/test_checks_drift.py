"""Drift: talk of being a model, another language, what was said before, another topic; and the rates of false alarms."""

from __future__ import annotations

import random

import pytest

from master_autogen.checks import REGISTRY, CheckInput, check, drift
from master_autogen.checks.languages import language
from master_autogen.records import Seed
from master_autogen.seeds import load_seeds

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off. How many people are on the bus now?",
    response="There are 18 - 7 = 11 people on the bus. The answer is 11.",
    answer="11",
    kind="math",
)
FIRST = "There are 18 people on the bus and 7 of them get off, so I take 18 - 7 = 11 people."


def find(name: str, text: str, seed: Seed = BUS, *said: str) -> tuple[bool | None, str]:
    finding = check(name, CheckInput(target=seed, text=text, role="student", phase="say", said=said))
    return finding.passed, finding.detail


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I cannot tell you the result, but look at the 7 again.", (True, "")),
        ("I am sorry, I mixed up the two numbers.", (True, "")),
        ("Your solution has a gap: the answer must be smaller.", (True, "")),
        ("The instructions on the box are short.", (True, "")),
        ("As an AI, I have never taken a bus.", (False, "talks about being a model: 'As an AI, I'")),
        ("Well, as a large language model I add.", (False, "talks about being a model: 'as a large language model I'")),
        ("I'm just an AI tutor.", (False, 'talks about being a model: "I\'m just an AI"')),
        ("I was trained on many buses.", (False, "talks about being a model: 'I was trained on'")),
        ("Als KI kann ich das nicht wissen.", (False, "talks about being a model: 'Als KI'")),
        ("作为一个AI语言模型，我不坐车。", (False, "talks about being a model: '作为一个AI'")),
        ("I'm sorry, but I can't do that.", (False, 'refuses: "sorry, but I can\'t"')),
        ("I cannot assist with this request.", (False, "refuses: 'I cannot assist with this'")),
        ("The reference solution says 11.", (False, "mentions a solution it was given: 'reference solution'")),
        ("The solution I was given starts so.", (False, "mentions a solution it was given: 'solution I was given'")),
        ("My prompt says I must not tell.", (False, "talks about its prompt: 'My prompt say'")),
        ("I made this mistake on purpose.", (False, "talks about its prompt: 'I made this mistake on purpose'")),
        ("18 - 7 = 11<|im_end|>", (False, "talks about its prompt: '<|im_end|>'")),
    ],
)
def test_no_meta(text: str, found: tuple[bool | None, str]) -> None:
    assert find("no_meta", text) == found


def test_an_answer_may_speak_of_what_the_question_is_about() -> None:
    seed = Seed(instruction="Write a greeting that an AI assistant could use.", response="Hi!", kind="general")
    assert find("no_meta", "As an AI assistant, I greet you.", seed) == (True, "")
    seed = Seed(instruction="Write a polite note that declines an offer.", response="Sorry.", kind="general")
    assert find("no_meta", "I am sorry, but I cannot take it.", seed) == (True, "")
    seed = Seed(instruction="Who makes the phone?", response="Google.", kind="general")
    assert find("no_meta", "Its software was developed by Google as a language model host.", seed) == (True, "")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("English", "There are 18 people on the bus and 7 of them get off. The answer is 11."),
        ("German", "Zuerst rechne ich 18 minus 7, weil sieben Leute aussteigen. Dann sind noch 11 Personen im Bus."),
        ("French", "On soustrait 7 de 18 parce que sept personnes descendent. Il reste donc 11 personnes dans le bus."),
        ("Spanish", "Primero restamos 7 de 18 porque siete personas bajan. Entonces quedan 11 en el autobús. Es la respuesta."),
        ("Italian", "Prima sottraiamo 7 da 18 perché sette persone scendono dal bus. Quindi sono 11 le persone nel bus."),
        ("Portuguese", "Primeiro, subtraímos 7 de 18 porque sete pessoas descem do ônibus. A resposta não é 25, e sim 11."),
        ("Dutch", "Eerst trekken we 7 van 18 af, omdat zeven mensen uit de bus stappen. Er zijn dan nog 11 in de bus."),
        ("Chinese", "车上有18个人，7个人下车，所以还剩11个人。"),
        ("Japanese", "バスには18人います。7人が降りるので、残りは11人です。"),
        ("Korean", "버스에 18명이 있고 7명이 내립니다. 정답은 11입니다."),
        ("Cyrillic", "В автобусе 18 человек, 7 вышли. Осталось 11 человек."),
        (None, "18 - 7 = 11"),
        (None, "Paris, Berlin, Madrid, Rome, Vienna, Lisbon"),
        (None, "```python\nthe = is_ + of + to + and_\n```"),
    ],
)  # fmt: skip
def test_languages(wanted: str | None, text: str) -> None:
    assert language(text) == wanted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("There are 18 people on the bus and 7 of them get off.", (True, "")),
        ("18 - 7 = 11", (None, "too short to tell its language")),
        (
            "Zuerst rechne ich 18 minus 7, weil die sieben Leute aussteigen. Dann sind noch 11 im Bus.",
            (False, "is in German; the question is in English"),
        ),
        (
            "First look at the bus: 车上有18个人，7个人下车",
            (False, "writes Chinese script, which the question does not"),
        ),
        (
            "There are 18 people on the bus, and then 7 of them get off at the stop, so it is less than it was. "
            "Danach sind es noch elf Leute, weil sieben von ihnen nicht mehr im Bus sind und das ist die Antwort.",
            (False, "is in German; the question is in English"),
        ),
        (r"The angle is \(\alpha\), and α + β is what is left of it.", (True, "")),
    ],
)
def test_same_language(text: str, found: tuple[bool | None, str]) -> None:
    assert find("same_language", text) == found


_SAID = (
    "There are 18 people on the bus and 7 of them get off, so it is less than it was before that stop.",
    "As they do not all stay, I take away a part of them and see what is left; it is so, as you do as I say.",
    "So is dat in de bus, en er zijn er nog elf van de achttien over, want zeven zijn er niet meer bij.",
    "Es sind noch elf Leute, weil sieben von ihnen nicht mehr im Bus sind und das ist die Antwort.",
    "O que se tem no fim é o que não saiu: os onze que são os outros, e não mais do que isso.",
    "Il en reste onze, car sept des dix-huit sont descendus et ne sont plus dans le bus.",
    "18 - 7 = 11",
    "a as do no o, a do no as, is in so on was an war die",
    "Danach sind es elf, oder?",
)


def test_a_part_in_another_language_is_looked_for_wherever_there_may_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short cut finds what looking at every part finds."""
    rng = random.Random(7)
    texts = [rng.choice((" ", "\n", "\n\n")).join(rng.choices(_SAID, k=rng.randint(1, 5))) for _ in range(400)]
    quick = [find("same_language", text) for text in texts]
    monkeypatch.setattr(drift, "may_change", lambda *_: True)
    assert quick == [find("same_language", text) for text in texts]
    assert len({detail for _, detail in quick}) > 4


def test_the_language_is_the_questions_and_not_english() -> None:
    seed = Seed(
        instruction="Im Bus sind 18 Leute, und 7 steigen aus. Wie viele Leute sind noch im Bus?",
        response="Es sind 18 - 7 = 11 Leute.",
        answer="11",
        kind="math",
    )
    german = "Es sind noch 11 Leute, weil 7 von den 18 nicht mehr im Bus sind."
    assert find("same_language", german, seed) == (True, "")
    english = "There are 11 people on the bus, as 7 of the 18 got off at this stop."
    assert find("same_language", english, seed) == (False, "is in English; the question is in German")


HARES = "鸡和兔共有35个头，94只脚。兔有多少只？", "假设全是鸡，有70只脚，多24只脚，所以兔有12只。"
HENS = "У кур и кроликов 35 голов и 94 ноги. Сколько кроликов?", "Лишних 24 ноги, значит кроликов 12."
CRANES = "鶴と亀が合わせて35匹、足は94本。亀は何匹ですか。", "全部鶴なら70本。24本多いので亀は12匹です。"
CAR = "一辆车2小时行驶180公里，每小时多少公里？", "180÷2=90，所以每小时行驶90公里。"


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        (HARES, "设兔有x只，鸡有y只，则x+y=35，4x+2y=94。由第一式得y=35-x，代入得2x+70=94，所以x=12。", (True, "")),
        (HENS, "Пусть x кроликов и y кур. Тогда x + y = 35, 4x + 2y = 94. Отсюда y = 35 - x, 2x = 24, x = 12.", (True, "")),
        (CRANES, "亀をx匹、鶴をy匹とすると、x+y=35、4x+2y=94です。2x=24、x=12です。答えは12です。", (True, "")),
        (CAR, "180 km ÷ 2 h = 90 km/h。答案是90。", (None, "too short to tell its language")),
        (CAR, "在三角形ABC中，sin A = 0.5，边长20 cm，用时30 min，所以答案是90。", (True, "")),
        (CAR, "先看时间: so we divide the way by the time.", (False, "writes Latin script, which the question does not")),
        (HENS, "Лишних 24 ноги, тогда the rest are rabbits.", (False, "writes Latin script, which the question does not")),
        (CAR, "Tốc độ là 90 km một giờ.", (False, "writes Latin script, which the question does not")),
    ],
)  # fmt: skip
def test_letters_of_formulas_are_of_no_language(
    asked: tuple[str, str], text: str, found: tuple[bool | None, str]
) -> None:
    seed = Seed(instruction=asked[0], response=asked[1], answer="12", kind="math")
    assert find("same_language", text, seed) == found


def test_languages_that_cannot_be_told() -> None:
    seed = Seed(instruction="Translate to French: The bus is late.", response="Le bus est en retard.")
    assert find("same_language", "Le bus est en retard.", seed) == (None, "the question names a language")
    seed = Seed(instruction="3x + 5 = 20", response="x = 5", kind="math")
    assert find("same_language", "It is the one that we want.", seed) == (
        None,
        "could not tell the question's language",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I took 18 + 7 before, but people get off, so it is 18 - 7 = 11.", (True, "")),
        ("The answer is 11.", (None, "too short to compare with what was said")),
        (FIRST, (False, "is turn 2 word for word")),
        ("So: " + FIRST, (False, "is almost turn 2: 95% the same")),
        (FIRST.replace("11", "12"), (True, "")),
        (
            "Go on with the bus. Go on with the bus. Go on with the bus.",
            (False, "says 3 times over: 'go on with the bus'"),
        ),
        ("We add and then and then and then and then and then and then add.", (False, "says 3 times over: 'and then'")),
        ("It is very, very, very late for the bus.", (True, "")),
        ("7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 + 7 people", (True, "")),
    ],
)
def test_not_repeated(text: str, found: tuple[bool | None, str]) -> None:
    assert find("not_repeated", text, BUS, "Read the question first.", FIRST) == found


def test_other_numbers_excuse_nothing_where_nothing_is_calculated() -> None:
    seed = Seed(instruction="Describe a bus.", response="Long.", kind="general")
    said = f"{FIRST} Nobody else gets on or off before the last stop in town."
    again = said.replace("11 people", "12 people")
    assert find("not_repeated", again, BUS, said) == (True, "")
    assert find("not_repeated", again, seed, said) == (False, "is almost turn 1: 82% the same")


@pytest.mark.parametrize(
    ("text", "earlier", "found"),
    [
        ("Take 8 away from 3: 3 - 8 = -5.", "Take 8 away from 3: 3 - 8 = 5.", (True, "")),
        ("I see that 18 and 7 are given: 18 + 7.", "I see that 18 and 7 are given: 18 − 7.", (True, "")),
        ("So the numbers here are all x > 5.", "So the numbers here are all x < 5.", (True, "")),
        (
            "- Take the 7 away: **18 - 7 = 11**.",
            "Take the 7 away: $18-7=11$!",
            (False, "is turn 1 word for word"),
        ),
        (
            "Take the 7 away: 18 * 7 = 126 people.",
            "Take the 7 away: 18 × 7 = 126 people.",
            (False, "is turn 1 word for word"),
        ),
        (
            "Please double-check how many people get off.",
            "Please double check how many people get off.",
            (False, "is turn 1 word for word"),
        ),
    ],
)
def test_a_sum_with_another_sign_is_another(text: str, earlier: str, found: tuple[bool | None, str]) -> None:
    assert find("not_repeated", text, BUS, earlier) == found


SECOND = Seed(
    instruction="Write a function that returns the second largest distinct number in a list, or None.",
    response="def second(xs): ...",
    answer="assert second([1, 2]) == 1",
    kind="code",
)
PROGRAM = """I keep the two largest numbers while I walk through the list once.

```python
def second(xs):
    first = None
    other = None
    for x in xs:
        if first is None or x > first:
            other = first
            first = x
        elif other is None or x > other:
            other = x
    return other
```

It walks through the list once and keeps the two largest numbers that it has seen so far."""


def test_a_program_with_one_corrected_line_is_another() -> None:
    opened = f"I forgot that equal numbers do not count.\n\n{PROGRAM}"
    corrected = opened.replace("x > other", "x < first and x > other")
    assert find("not_repeated", corrected, SECOND, "Think.", PROGRAM) == (True, "")
    assert find("not_repeated", opened, SECOND, "Think.", PROGRAM) == (False, "is almost turn 2: 88% the same")
    assert find("not_repeated", PROGRAM.replace("    return", "        return"), SECOND, PROGRAM) == (True, "")
    assert find("not_repeated", f"{PROGRAM}\n", SECOND, PROGRAM) == (False, "is turn 1 word for word")
    bare = "def backwards(s):\n    return s[::1]\n\nThe slice goes through it backwards."
    assert find("not_repeated", bare.replace("::1", "::-1"), SECOND, bare) == (True, "")
    assert find("not_repeated", bare, SECOND, bare) == (False, "is turn 1 word for word")


def test_a_program_with_another_explanation_is_no_repetition() -> None:
    program = PROGRAM.split("\n\n")[1].replace("    return other\n", "    print(first)\n" * 2 + "    return other\n")
    one = f"{program}\n\nIt keeps the two largest numbers."
    other = f"{program}\n\nEach element is looked at a single time."
    assert find("not_repeated", other, SECOND, one) == (True, "")
    assert find("not_repeated", f"Here:\n{program}", SECOND, program) == (False, "is almost turn 1: 97% the same")


def test_what_the_reference_says_three_times_may_be_said_so() -> None:
    line = "Row your boat down the stream."
    seed = Seed(instruction="Write a song.", response=f"{line}\n{line}\n{line}")
    assert find("not_repeated", f"{line}\n{line}\n{line}\nThe end.", seed) == (True, "")
    assert find("not_repeated", f"{line}\n{line}\n{line}\n{line}", seed)[0] is False


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The bus had 18 people, some of whom leave at a stop, while the driver waits for the light.", (True, "")),
        ("It is 11.", (None, "too short to tell what it is about")),
        (
            "Volcanoes erupt when molten rock rises through cracks, pushing ash and gas high.",
            (False, "takes up nothing of the question"),
        ),
        ("Volcanoes erupt when molten rock rises through cracks, pushing ash over a parked bus.", (True, "")),
    ],
)
def test_on_topic(text: str, found: tuple[bool | None, str]) -> None:
    assert find("on_topic", text) == found


def test_one_word_is_little_of_a_longer_question() -> None:
    seed = BUS.model_copy(update={"instruction": "A bus driver sells 18 tickets for 3 euros. How much money is that?"})
    text = "Volcanoes erupt when molten rock rises through cracks, pushing ash over a parked bus."
    assert find("on_topic", text, seed) == (False, "takes up nothing of the question but 'bus'")


def test_what_was_said_is_on_topic_too() -> None:
    text = "Yes, the driver of that coach leaves the station early, and passengers walk home slowly."
    assert find("on_topic", text)[0] is False
    assert find("on_topic", text, BUS, "Think of the driver and the passengers at the station.") == (True, "")


def test_open_questions_count_the_reference_and_long_turns_alone() -> None:
    seed = Seed(instruction="Suggest snacks for the evening.", response="Olives, pretzels and roasted almonds.")
    short = "Volcanoes erupt when molten rock rises through cracks, pushing ash and gas high."
    assert find("on_topic", short, seed) == (None, "too short to tell what it is about")
    long = (
        f"{short} Lava flows downhill, burying villages, forests, roads, bridges; scientists measure tremors, sulphur, "
        "temperature, magnetism, tilt, then warn nearby residents, airlines, hospitals"
    )
    assert find("on_topic", f"{long}.", seed) == (False, "takes up nothing of the question")
    assert find("on_topic", f"{long} and pretzels.", seed) == (True, "")


def test_responses_of_the_bundled_seeds_raise_no_alarm() -> None:
    """As a student's turn, except for what only a teacher's turn must not say; an e-mail's signature ends open."""
    alarms = []
    teacher = "Read it slowly and say in your own words what is asked before you begin."
    for seed in load_seeds("bundled").seeds:
        turn = CheckInput(
            target=seed,
            text=seed.response,
            role="student",
            phase="solve",
            said=(teacher,),
            speakers=("teacher",),
            teacher=(teacher,),
        )
        for name in REGISTRY:
            if name not in ("no_leak", "no_calculation", "wrong_answer", "weighs_debate"):
                finding = check(name, turn)
                alarms += [(seed.id, name, finding.detail)] if finding.passed is False else []
    assert alarms == []


def test_most_responses_to_another_question_are_off_topic() -> None:
    """Of 1,560 pairs of bundled maths seeds 1,404 are long enough to tell, and 96 % of these are found."""
    seeds = [seed for seed in load_seeds("bundled").seeds if seed.kind == "math"]
    told = [find("on_topic", other.response, seed)[0] for seed in seeds for other in seeds if other is not seed]
    assert (told.count(False), told.count(True), told.count(None)) == (1353, 51, 156)
