"""From an act and its facts to a script: what to ask the model for, in which order, and what to say if it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from master_autogen.arithmetic import numbers, same_answer
from master_autogen.prompts import fill
from master_autogen.records import Act, Seed
from master_autogen.wording import acts, debate
from master_autogen.wording.acts import Key, Play, Saying
from master_autogen.wording.facts import Accepted, Attempt, Facts, Script
from master_autogen.wording.gate import easy, own_solution
from master_autogen.wording.mistakes import mistake_for
from master_autogen.wording.phrases import Example, Prompt, english, pick
from master_autogen.wording.slots import drawn, gbnf, longest, said_within
from master_autogen.wording.worked import worked

PLAYS: Mapping[Act, Play] = {**acts.PLAYS, **debate.PLAYS}
TEMPERATURES = (0.8, 1.1)
"""Of the worded attempts: the grammar keeps them right, so warmth only varies them."""
OWN_TEMPERATURES = (0.8,)
_WHOLE_WORDS = [[" ", -12]]
"""Under a grammar a small model likes to spell word by word, blank by blank; without the lone blank it speaks in whole
words, which takes a quarter off the time. llama.cpp takes tokens as text here."""
_ERRING = ("err", "state")
_EXAMPLES = 3
_TOKENS_PER_CHARACTER = 0.6


def can_play(
    act: Act, seed: Seed, similar: Seed | None = None, misconceptions: Sequence[str] | None = None
) -> str | None:
    """None if a worded agent can play this act on this seed, planting only these `misconceptions` (None: any), else
    the reason, as a clause."""
    if act in ("pose_similar", "solve_similar"):
        if similar is None:
            return "there is no similar question"
        seed = similar
    if seed.kind != "math" or seed.answer is None:
        return "worded agents play only maths seeds with a checkable answer"
    if worked(seed) is None:
        return "the worked solution has no equations that the tool can read and that lead to the answer"
    if act in _ERRING and mistake_for(seed, among=misconceptions) is None:
        if misconceptions is None:
            return "no planted mistake fits the worked solution"
        return f"none of the misconceptions {', '.join(misconceptions)} fits the worked solution"
    return None


def script(act: Act, facts: Facts, draw_key: tuple[object, ...], misconceptions: Sequence[str] | None = None) -> Script:
    """The script of a turn, with one of these `misconceptions` where it plants a mistake (None: any); every choice is
    drawn for `draw_key`. Raises ValueError where `can_play` gives a reason."""
    key: Key = (*draw_key, act)
    if misconceptions is not None:
        facts = facts.model_copy(update={"misconceptions": tuple(misconceptions)})
    if reason := can_play(act, facts.seed, facts.similar, facts.misconceptions):
        raise ValueError(f"{act}: {reason}")
    saying = PLAYS[act](facts, key)
    own = _own(act, facts, key) if act in _ERRING and facts.last("state", "err") is None else ()
    fallback = Accepted(drawn(saying.slots, *key, "template"), saying.notes)
    return Script((*own, *_worded(act, saying)), fallback)


def _worded(act: Act, saying: Saying) -> tuple[Attempt, ...]:
    messages = _messages(english().prompts[act], saying.prompt)
    limit = 16 + int(_TOKENS_PER_CHARACTER * longest(saying.slots))
    fixed = {"max_tokens": limit, "stop": ["\n"], "grammar": gbnf(saying.slots), "logit_bias": _WHOLE_WORDS}
    accept = partial(_accept, saying)
    return tuple(Attempt(messages, {"temperature": t, **fixed}, "worded", accept) for t in TEMPERATURES)


def _accept(saying: Saying, text: str) -> Accepted | None:
    """Only what the grammar allows: nothing lost, nothing added, also from an engine that ignores grammars."""
    text = " ".join(text.split())
    return Accepted(text, saying.notes) if said_within(saying.slots, text) else None


def _messages(prompt: Prompt, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("system", fill(prompt.system, values)), ("user", fill(prompt.user, values)))


def _own(act: Act, facts: Facts, key: Key) -> tuple[Attempt, ...]:
    """The pupil's own solution of an easy question, kept where it is wrong in a way that code can name."""
    if not easy(facts.seed):
        return ()
    own = english().own
    messages = [("system", own.prompt.system)]
    for example in pick_examples(facts.seed, key):
        messages += [("user", fill(own.prompt.user, {"question": example.question})), ("assistant", example.answer)]
    messages.append(("user", fill(own.prompt.user, {"question": facts.seed.instruction})))
    accept: Callable[[str], Accepted | None] = partial(
        own_solution, seed=facts.seed, wrong_only=act == "err", among=facts.misconceptions
    )
    sampling = {"max_tokens": 70, "stop": ["\n"]}
    return tuple(Attempt(tuple(messages), {"temperature": t, **sampling}, "model", accept) for t in OWN_TEMPERATURES)


def pick_examples(seed: Seed, key: Key) -> list[Example]:
    """Shown examples, none of which holds the seed's answer as a number."""
    known = english().own.examples
    fitting = [i for i, e in enumerate(known) if not _holds(f"{e.question} {e.answer}", seed)]
    chosen = pick([str(i) for i in fitting], _EXAMPLES, *key, "examples")
    return [known[int(i)] for i in sorted(chosen, key=int)]


def _holds(text: str, seed: Seed) -> bool:
    return any(same_answer(number.text, seed.answer or "") for number in numbers(text))
