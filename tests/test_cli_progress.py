"""How a run shows that it goes on, with a clock that is moved by hand."""

from __future__ import annotations

import io

from rich.console import Console

from master_autogen.cli.progress import Bar, Lines, Nothing, Tally, Watch
from tests.test_log_rows import call, lesson


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def written(clock: Clock) -> tuple[io.StringIO, Watch, list[str]]:
    """A watch that writes lines, and what is told as it begins."""
    text, begun = io.StringIO(), list[str]()
    watch = Watch(
        Tally(clock),
        Lines(Console(file=text, width=80), clock),
        lambda run_id, resumed: begun.append(f"{run_id} {resumed}"),
    )
    return text, watch, begun


def test_there_is_a_line_a_round_and_one_in_ten_seconds_between() -> None:
    clock = Clock()
    text, watch, begun = written(clock)
    watch.run_begun("r1", True)
    watch.round_planned(1, 2, 3)
    watch.call_ended(call(1))
    assert text.getvalue() == ""
    clock.now += 10
    watch.call_ended(call(2, status="error", prompt_tokens=None, completion_tokens=None, cost=None))
    clock.now += 2
    watch.lesson_ended(lesson(1))
    clock.now += 8
    watch.lesson_ended(lesson(2, status="rejected"))
    watch.lesson_ended(lesson(3, status="failed"))
    watch.round_planned(2, 2, 0)
    assert text.getvalue().splitlines() == [
        "round 1 of 2: 0 of 3 lessons; 0 accepted, 0 rejected, 0 failed so far; 2 calls (1 failed), 35 tokens, $0.0010",
        "round 1 of 2: 2 of 3 lessons; 1 accepted, 1 rejected, 0 failed so far; 2 calls (1 failed), 35 tokens, $0.0010, "
        "about 40 s left",
        "round 1 of 2: 3 lessons in 20 s; 1 accepted, 1 rejected, 1 failed; 2 calls (1 failed), 35 tokens, $0.0010 so far",
        "round 2 of 2: nothing left to play; 2 calls (1 failed), 35 tokens, $0.0010 so far",
    ]
    assert begun == ["r1 True"]


def test_the_time_left_takes_rounds_to_come_for_as_large_as_this_one() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.plan(2, 4, 5)
    assert tally.seconds_left is None
    tally.add_lesson(lesson(1))
    clock.now += 3
    assert tally.seconds_left == 3 * (4 + 2 * 5)


def test_a_new_round_counts_its_own_lessons() -> None:
    tally = Tally(Clock())
    tally.plan(1, 2, 1)
    tally.add_lesson(lesson(1))
    tally.plan(2, 2, 1)
    tally.add_lesson(lesson(2, status="failed"))
    assert tally.round_line() == "round 2 of 2: 1 lesson in 0 s; 0 accepted, 0 rejected, 1 failed"
    assert tally.statuses == {"accepted": 1, "failed": 1}


def test_on_a_terminal_there_is_a_bar_with_what_came_of_it_below() -> None:
    text = io.StringIO()
    bar = Bar(Console(file=text, width=80, force_terminal=True, color_system=None))
    clock = Clock()
    watch = Watch(Tally(clock), bar, lambda run_id, resumed: None)
    watch.round_planned(1, 2, 3)
    watch.call_ended(call(1))
    clock.now += 5
    watch.lesson_ended(lesson(1))
    console = Console(file=io.StringIO(), width=80, color_system=None)
    with console.capture() as shown:
        console.print(*bar.get_renderables(), sep="\n")
    above, below = shown.get().splitlines()
    assert above.startswith("round 1 of 2 ━")
    assert above.endswith(" 1 of 3 lessons, about 25 s left")
    assert len(above) == 80
    assert below.rstrip() == "1 accepted   0 rejected   0 failed   1 call, 35 tokens, $0.0010"


def test_quiet_is_quiet() -> None:
    watch = Watch(Tally(Clock()), Nothing(), lambda run_id, resumed: None)
    watch.round_planned(1, 1, 1)
    watch.lesson_ended(lesson(1))
    assert watch.tally.done == 1


def test_a_warning_is_a_line_at_once_as_it_is() -> None:
    clock = Clock()
    text, watch, _ = written(clock)
    watch.warned("model 'm': http://h/v1 is down: [refused]; lessons are played without it until it is back " * 2)
    assert text.getvalue() == (
        "model 'm': http://h/v1 is down: [refused]; lessons are played without it until it is back "
        "model 'm': http://h/v1 is down: [refused]; lessons are played without it until it is back \n"
    )
    shown = io.StringIO()
    bar = Bar(Console(file=shown, width=200))
    Watch(Tally(clock), bar, lambda run_id, resumed: None).warned("model [b]m[/b] is back")
    assert "model [b]m[/b] is back" in shown.getvalue()
    Watch(Tally(clock), Nothing(), lambda run_id, resumed: None).warned("quiet")
