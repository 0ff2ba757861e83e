"""The page in a headless Chromium: it opens, searches, filters, is used by keyboard, and hostile text stays text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.log import LogWriter, open_log
from master_autogen.records import Lesson, LessonPlan
from master_autogen.report import report
from tests.browser import MISSING, Tab, chromium, page
from tests.test_log_rows import RUN, call, episode, lesson, plan, selection, turn
from tests.test_report_page import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.skipif(chromium() is None, reason=MISSING)]

LESSONS = 300
ACCEPTED = 290


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """300 lessons: the first 290 accepted, the other ten rejected; of the first the hostile text was said."""
    plans = [_plan(number) for number in range(1, LESSONS + 1)]
    with LogWriter(tmp_path / "log.db") as log:
        log.begin_run(RUN)
        log.plan_round("run1", plans, [selection()])
        messages = [{"role": "system", "content": f"A cue. {HOSTILE}"}]
        log.put_call(call(1, turn=1, attempt=1, request={"messages": messages}))
        for number in range(1, ACCEPTED + 1):
            log.finish_lesson(_said(number, HOSTILE if number == 1 else f"The answer is {2 * number}."))
        for number in range(ACCEPTED + 1, LESSONS + 1):
            log.finish_lesson(
                lesson(number, status="rejected", reason="leak", selected_episode_id=None, episodes=(), grades=())
            )
    with closing(open_log(tmp_path / "log.db")) as db:
        report(db, None, tmp_path / "report.html")
    async with page((tmp_path / "report.html").as_uri()) as found:
        yield found
        assert found.complaints == []
        assert found.dialogs == []
        assert [url for url in found.requests if not url.startswith("data:")] == [(tmp_path / "report.html").as_uri()]


def _plan(number: int) -> LessonPlan:
    """The seventh has a guest in a role."""
    planned = plan(number)
    if number != 7:
        return planned
    base, *others = planned.episodes
    cast = base.cast.model_copy(update={"agents": {"teacher": "teacher", "student": "guest"}})
    return planned.model_copy(update={"episodes": (base.model_copy(update={"cast": cast}), *others)})


def _said(number: int, text: str) -> Lesson:
    planned = _plan(number)
    played = (
        episode(planned, 0),
        episode(planned, 1, turns=(turn(0, "Well?", agent="asker"), turn(1, text))),
        episode(planned, 2, status="failed", reason="timeout"),
    )
    return lesson(number, plan=planned, episodes=played)


async def shown(tab: Tab) -> str:
    return str(await tab.js("document.getElementById('count').textContent"))


async def lesson_open(tab: Tab) -> str:
    return str(await tab.js("document.getElementById('lesson').getAttribute('aria-label')"))


async def focus(tab: Tab) -> str:
    return str(await tab.js("document.activeElement.id"))


async def fill(tab: Tab, control: str, value: str) -> None:
    await tab.js(
        f"{{ const it = document.getElementById('{control}'); it.value = '{value}'; it.dispatchEvent(new Event('input')) }}"
    )


async def test_it_opens_with_the_first_lesson_and_draws_only_what_is_in_sight(tab: Tab) -> None:
    assert await shown(tab) == "300 lessons"
    assert await lesson_open(tab) == "Lesson run1-1-1"
    assert 5 < await tab.js("document.querySelectorAll('[role=option]').length") < 60
    await tab.js("document.getElementById('list').scrollTop = 1e6")
    await tab.until("document.getElementById('row-299') !== null")
    assert await tab.js("document.querySelectorAll('[role=option]').length") < 60
    assert await tab.js("document.getElementById('row-299').getAttribute('aria-posinset')") == "300"


async def test_keys_go_through_the_list_into_a_lesson_and_back(tab: Tab) -> None:
    await tab.press("j")
    assert (await lesson_open(tab), await focus(tab)) == ("Lesson run1-1-2", "list")
    await tab.press("ArrowDown", "ArrowDown", "k")
    assert await lesson_open(tab) == "Lesson run1-1-3"
    assert await tab.js("document.querySelector('[aria-selected=true]').id") == "row-2"
    assert await tab.js("document.getElementById('list').getAttribute('aria-activedescendant')") == "row-2"
    await tab.press("End")
    assert await lesson_open(tab) == "Lesson run1-1-300"
    await tab.press("j")
    assert await lesson_open(tab) == "Lesson run1-1-300"
    await tab.press("Home", "Enter")
    assert (await lesson_open(tab), await focus(tab)) == ("Lesson run1-1-1", "lesson")
    await tab.press("j")
    assert (await lesson_open(tab), await focus(tab)) == ("Lesson run1-1-2", "lesson")
    await tab.press("Escape")
    assert await focus(tab) == "list"
    assert await tab.js("location.hash") == "#run1-1-2"


async def test_every_control_is_reached_by_tab(tab: Tab) -> None:
    await tab.js("document.getElementById('search').focus()")
    reached = []
    for _ in range(8):
        reached.append(await focus(tab))
        await tab.press("Tab")
    assert reached == ["search", "scenario", "status", "agent", "low", "high", "clear", "list"]


async def test_search_finds_what_was_said_and_marks_it(tab: Tab) -> None:
    await tab.press("/")
    assert await focus(tab) == "search"
    await tab.write("answer 580.")
    await tab.until("document.getElementById('count').textContent === '1 lesson of 300'")
    assert await lesson_open(tab) == "Lesson run1-1-290"
    assert await tab.js("[...document.querySelectorAll('#lesson mark')].map((found) => found.textContent)") == [
        "answer", "580.",
    ]  # fmt: skip
    await tab.press("Escape")
    assert await shown(tab) == "300 lessons"
    await tab.press("Escape")
    assert await focus(tab) == "list"


async def test_filters_narrow_the_list_and_say_how_far(tab: Tab) -> None:
    await fill(tab, "status", "rejected")
    assert await shown(tab) == "10 lessons of 300"
    assert await tab.js("document.querySelector('#lesson .why').textContent") == "Rejected: leak run1-1-291"
    await fill(tab, "low", "0.4")
    assert await shown(tab) == "0 lessons of 300; those without a pi are left out"
    assert await tab.js("document.getElementById('lesson').textContent") == "No lesson is like that."
    await fill(tab, "status", "")
    assert await shown(tab) == "290 lessons of 300; those without a pi are left out"
    await fill(tab, "high", "0.45")
    assert (await shown(tab)).startswith("0 lessons")
    await tab.js("document.getElementById('clear').click()")
    assert await shown(tab) == "300 lessons"
    assert await tab.js("[...document.getElementById('agent').options].map((found) => found.value)") == [
        "", "guest", "teacher", "tutor", "weak",
    ]  # fmt: skip
    await fill(tab, "agent", "guest")
    assert (await shown(tab), await lesson_open(tab)) == ("1 lesson of 300", "Lesson run1-1-7")


async def test_hostile_text_is_shown_and_does_nothing(tab: Tab) -> None:
    assert await tab.js("document.querySelectorAll('#lesson img, #lesson script, #lesson b b').length") == 0
    said = await tab.js("[...document.querySelectorAll('#lesson .turn > .said')].at(-1).textContent")
    assert said == (
        "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> --> {{ 7 * 7 }} ⟨202E⟩evil⟨202C⟩ "
        "⟨0000⟩⟨001B⟩[2J \u2028\u2029⟨D83D⟩ &lt;b&gt; \U0001f600 'quoted' \"twice\""
    )
    await tab.js("new Promise((done) => setTimeout(done, 100))")


async def test_private_text_is_folded_until_asked_for(tab: Tab) -> None:
    folded = "[...document.querySelectorAll('#lesson details.private')].map((found) => found.open)"
    assert set(await tab.js(folded)) == {False}
    await tab.js("document.getElementById('cues').click()")
    assert set(await tab.js(folded)) == {True}
    await tab.press("j")
    assert set(await tab.js(folded)) == {True}


async def test_base_and_candidates_stand_side_by_side(tab: Tab) -> None:
    await tab.look(1400, 900)
    buttons = "[...document.querySelectorAll('.bar button')]"
    assert await tab.js(f"{buttons}.map((found) => found.textContent)") == [
        "Base", "Candidate 1, selected", "Candidate 2", "Side by side",
    ]  # fmt: skip
    heads = "[...document.querySelectorAll('#lesson .head h4')]"
    assert await tab.js(f"{heads}.map((found) => found.textContent)") == ["Candidate 1, selected"]
    await tab.js(f"{buttons}.at(-1).click()")
    places = await tab.js(f"{heads}.map((h) => [h.textContent, Math.round(h.getBoundingClientRect().top)])")
    assert [name for name, _ in places] == ["Base", "Candidate 1, selected", "Candidate 2"]
    assert len({top for _, top in places}) == 1


async def test_on_a_narrow_screen_nothing_is_wider_than_it(tab: Tab) -> None:
    await tab.look(360, 740)
    await tab.js("[...document.querySelectorAll('.bar button')].at(-1).click()")
    assert await tab.js("document.documentElement.scrollWidth") <= 360
    lefts = await tab.js("[...document.querySelectorAll('#lesson .head')].map((h) => h.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1
    await tab.js("document.getElementById('row-1').click()")
    assert await focus(tab) == "lesson"
    await tab.js("document.getElementById('back').click()")
    assert await focus(tab) == "list"


CONTRAST = """(() => {
  const parse = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (c) => parse(c).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
  const worst = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), svg = e instanceof SVGElement;
    const [a, b] = [light(svg ? style.fill : style.color), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst[0]) { worst[0] = ratio; worst[1] = e.tagName + '.' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40); }
  }
  return worst;
})()"""


@pytest.mark.parametrize("dark", [False, True])
async def test_all_text_stands_out(tab: Tab, dark: bool) -> None:
    """WCAG AA: 4.5 to 1 between a text and what is behind it."""
    await tab.look(1400, 900, dark=dark)
    await tab.press("/")
    await tab.write("answer")
    await tab.until("document.querySelector('#lesson mark') !== null")
    await tab.js(
        "document.getElementById('cues').click(); for (const d of document.querySelectorAll('details')) d.open = true"
    )
    ratio, where = await tab.js(CONTRAST)
    assert ratio >= 4.5, where
