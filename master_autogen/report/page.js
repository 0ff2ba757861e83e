"use strict";
// The browser of lessons. All text goes in by textContent; what is written here is the only markup there is.
(() => {
  const byId = (id) => document.getElementById(id);
  const index = JSON.parse(byId("index").textContent);
  const blocks = document.querySelectorAll("script.lesson");
  const list = byId("list"), rows = byId("rows"), pane = byId("lesson"), search = byId("search");
  const filters = ["scenario", "status", "agent", "low", "high"].map(byId);
  const SPARE = 12; // rows above and below those in sight
  const SPEAKERS = 8; // colours in the style sheet
  let shown = []; // places in the index that the filters let through
  let active = -1; // place in `shown`
  let open = -1; // place in the index
  let words = [];
  let view = null; // which episode of the open lesson: a number, or "all"
  let cuesOpen = false;

  // Control characters and reversals of the writing direction are named, since nobody could see them.
  const visible = (text) =>
    String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/g, (c, at, all) =>
      paired(c, at, all) ? c : "\u27e8" + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");

  function paired(c, at, all) {
    const code = c.charCodeAt(0);
    if (code < 0xd800 || code > 0xdfff) return false;
    const high = code < 0xdc00, other = all.charCodeAt(high ? at + 1 : at - 1);
    return high ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other <= 0xdbff;
  }

  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      made.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) {
      if (child === null || child === undefined) continue;
      made.append(child instanceof Node ? child : visible(child));
    }
    return made;
  }

  // A text with the words searched for marked.
  function said(text) {
    const made = el("p", { class: "said", dir: "auto" });
    const whole = visible(text);
    const low = whole.toLowerCase();
    let at = 0;
    while (words.length && low.length === whole.length) {
      let next = -1, length = 0;
      for (const word of words) {
        const found = low.indexOf(word, at);
        if (found >= 0 && (next < 0 || found < next)) { next = found; length = word.length; }
      }
      if (next < 0) break;
      made.append(whole.slice(at, next), el("mark", null, whole.slice(next, next + length)));
      at = next + length;
    }
    made.append(whole.slice(at));
    return made;
  }

  const named = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");
  const number = (value, digits = 2) => (value === null || value === undefined ? "\u2013" : value.toFixed(digits));
  const count = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

  // --- search and filters ---

  const parsed = new Map();
  function lessonAt(place) {
    return JSON.parse(blocks[place].textContent);
  }

  function textOf(place) {
    if (!parsed.has(place)) {
      const lesson = lessonAt(place);
      const found = [lesson.id, lesson.reason, lesson.seed.instruction, lesson.similar && lesson.similar.instruction];
      for (const episode of lesson.episodes) {
        found.push(episode.reason);
        for (const turn of episode.turns) found.push(turn.text);
      }
      parsed.set(place, found.filter(Boolean).join("\n").toLowerCase());
    }
    return parsed.get(place);
  }

  function passes(entry, place) {
    const [scenario, status, agent, low, high] = filters.map((filter) => filter.value);
    if (scenario && entry.scenario !== scenario) return false;
    if (status && entry.status !== status) return false;
    if (agent && !entry.agents.includes(agent)) return false;
    if (low !== "" && !(entry.pi !== null && entry.pi >= Number(low))) return false;
    if (high !== "" && !(entry.pi !== null && entry.pi <= Number(high))) return false;
    return words.every((word) => textOf(place).includes(word));
  }

  function applyFilters() {
    words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    index.forEach((entry, place) => { if (passes(entry, place)) shown.push(place); });
    active = shown.indexOf(open);
    const bounded = filters[3].value !== "" || filters[4].value !== "";
    byId("count").textContent =
      count(shown.length, "lesson") + (shown.length === index.length ? "" : " of " + index.length.toLocaleString("en")) +
      (bounded ? "; those without a pi are left out" : "");
    list.scrollTop = 0;
    if (active < 0 && shown.length) go(0, false);
    else if (!shown.length) { open = -1; pane.replaceChildren(el("p", null, "No lesson is like that.")); }
    else { reveal(); draw(); render(); }
  }

  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(applyFilters, 120); });
  for (const filter of filters) filter.addEventListener("input", applyFilters);
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); applyFilters(); list.focus(); });
  byId("clear").addEventListener("click", () => {
    for (const filter of [search, ...filters]) filter.value = "";
    applyFilters();
  });

  for (const [id, values] of [
    ["scenario", index.map((entry) => entry.scenario)],
    ["status", index.map((entry) => entry.status)],
    ["agent", index.flatMap((entry) => entry.agents)],
  ]) {
    for (const value of [...new Set(values)].sort())
      byId(id).append(el("option", { value }, id === "agent" ? value : named(value)));
  }

  // --- the list: only the rows in sight are there ---

  const probe = rows.appendChild(el("div", { class: "item" }));
  let height = 0;
  function measure() {
    if (!probe.isConnected) rows.append(probe);
    height = probe.offsetHeight || 86;
    probe.remove();
  }

  let drawn = [0, 0]; // the first row that is there, and the one after the last
  const inSight = () => [
    Math.floor(list.scrollTop / height), Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height)),
  ];

  function draw() {
    rows.style.height = shown.length * height + "px";
    const [top, bottom] = inSight();
    const first = Math.max(0, top - SPARE), last = Math.min(shown.length, bottom + SPARE);
    drawn = [first, last];
    const made = [];
    for (let i = first; i < last; i++) made.push(row(i));
    if (active >= 0 && (active < first || active >= last)) made.push(row(active)); // aria-activedescendant has to be there
    rows.replaceChildren(...made);
    if (active >= 0) list.setAttribute("aria-activedescendant", "row-" + shown[active]);
    else list.removeAttribute("aria-activedescendant");
  }

  function row(i) {
    const entry = index[shown[i]];
    const made = el("div",
      { class: "item", role: "option", id: "row-" + shown[i], "aria-selected": String(i === active),
        "aria-posinset": i + 1, "aria-setsize": shown.length },
      el("div", { class: "top" },
        el("span", null, el("b", { class: entry.status }, named(entry.status)), " \u00b7 " + named(entry.scenario)),
        el("span", { class: "tag" }, entry.pi === null ? "no pi" : "pi " + number(entry.pi))),
      el("div", { class: "question", dir: "auto" }, entry.question),
    );
    made.style.top = i * height + "px";
    made.addEventListener("click", () => { go(i, false); if (stacked()) enter(); });
    return made;
  }

  const stacked = () => matchMedia("(max-width: 56rem)").matches;
  let drawing = 0;
  list.addEventListener("scroll", () => {
    if (drawing) return;
    drawing = requestAnimationFrame(() => {
      drawing = 0;
      const [top, bottom] = inSight();
      if (top < drawn[0] || bottom > drawn[1]) draw();
    });
  }, { passive: true });
  addEventListener("resize", () => { measure(); draw(); });

  function reveal() {
    const top = active * height;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
  }

  function go(i, announce = true) {
    if (!shown.length) return;
    active = Math.min(Math.max(i, 0), shown.length - 1);
    if (open !== shown[active]) { open = shown[active]; view = null; }
    const inside = pane.contains(document.activeElement);
    reveal();
    draw();
    render();
    if (inside) pane.focus({ preventScroll: true }); // what had the focus is gone
    if (pane.getBoundingClientRect().top < 0) pane.scrollIntoView({ block: "start", behavior: "instant" });
    if (announce) history.replaceState(null, "", "#" + encodeURIComponent(index[open].id));
  }

  function enter() {
    pane.focus({ preventScroll: true });
    pane.scrollIntoView({ block: "start" });
  }

  function leave() {
    list.focus({ preventScroll: true });
    list.scrollIntoView({ block: "nearest" });
  }

  const page = () => Math.max(1, Math.floor(list.clientHeight / height) - 1);
  const steps = { j: 1, k: -1 };
  const listSteps = {
    ArrowDown: () => active + 1, ArrowUp: () => active - 1, Home: () => 0, End: () => shown.length - 1,
    PageDown: () => active + page(), PageUp: () => active - page(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "Escape") {
      if (event.target === search && search.value) { search.value = ""; applyFilters(); }
      else if (byId("lessons").contains(event.target)) leave();
      return;
    }
    if (typing) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key in steps) {
      event.preventDefault();
      go(active + steps[event.key]);
      if (!byId("lessons").contains(document.activeElement)) leave();
    } else if (event.target === list && event.key in listSteps) { event.preventDefault(); go(listSteps[event.key]()); }
    else if (event.target === list && event.key === "Enter") { event.preventDefault(); enter(); }
  });

  // --- a lesson ---

  const MARKS = new Map([[true, ["\u2713", "pass"]], [false, ["\u2717", "fail"]], [null, ["?", "unclear"]]]);
  const TOLD = { pass: "passed", fail: "failed", unclear: "could not tell" };

  function checks(found) {
    if (!found.length) return null;
    return el("ul", { class: "checks", "aria-label": "Checks" }, found.map(([name, passed, detail]) => {
      const [mark, kind] = MARKS.get(passed);
      return el("li", { class: kind, title: TOLD[kind] }, mark + " " + name + (detail && passed !== true ? " (" + detail + ")" : ""));
    }));
  }

  function facts(pairs) {
    return el("dl", null, pairs.filter(([, value]) => value !== null && value !== "").map(([name, value]) =>
      el("div", null, el("dt", null, name), el("dd", null, value))));
  }

  function graded(grade) {
    if (!grade) return "none: complete episodes alone are graded";
    const parts = [["pi_llm", grade.pi_llm], ["pi_dual", grade.pi_dual], ["IFD small", grade.ifd_small], ["IFD large", grade.ifd_large]]
      .filter(([, value]) => value !== null).map(([name, value]) => name + " " + number(value));
    if (grade.verdict_ab !== null && grade.verdict_ba !== null)
      parts.push("judged " + (grade.verdict_ab === grade.verdict_ba ? grade.verdict_ab + " in both orders"
        : grade.verdict_ab + ", and " + grade.verdict_ba + " in the other order"));
    const from = parts.length ? (grade.pi === null ? "; " : " from ") + parts.join(", ") : "";
    const more = grade.regrades ? "; graded " + count(grade.regrades, "time") + " more" : "";
    return (grade.pi === null ? "no pi (" + grade.missing_reason + ")" : "pi " + number(grade.pi)) + from + more;
  }

  function title(episode) {
    return (episode.slot === 0 ? "Base" : "Candidate " + episode.slot) + (episode.selected ? ", selected" : "");
  }

  function head(episode) {
    const how = episode.probability === null ? "" : ", probability " + number(episode.probability, 3);
    return el("div", { class: "head " + (episode.selected ? "chosen" : "notchosen") },
      el("h4", null, title(episode)),
      facts([
        ["Result", episode.standing],
        ["Grade", graded(episode.grade)],
        ["Label", episode.label],
        ["Cast", Object.entries(episode.cast).map(([role, agent]) => named(role) + ": " + agent).join(", ")],
        ["Pair", episode.pair.join(" + ")],
        ["Drawn by", episode.origin.replace("_", " ") + how],
        ["A person", episode.mark ? episode.mark.mark + (episode.mark.note ? ": " + episode.mark.note : "") : ""],
        ["Id", episode.id],
      ]),
      checks(episode.checks));
  }

  function again(attempt) {
    const why = attempt.failed.map(([name, , detail]) => name + (detail ? ": " + detail : "")).join("; ");
    const told = "Attempt " + attempt.attempt + " did not count: " + (why || attempt.error || "it was cut short");
    if (!attempt.text) return el("p", { class: "tag" }, "\u21ba " + told);
    return el("details", { class: "again" }, el("summary", null, "\u21ba " + told), said(attempt.text));
  }

  function turn(one, texts, colour) {
    const told = [one.phase, one.agent, one.made_by, one.side === "hidden" ? "in no sample" : one.side + " side"];
    if (one.train) told.push("trained on");
    if (one.attempts > 1) told.push("attempt " + one.attempts);
    if (one.truncated) told.push("cut off");
    const privately = [];
    if (one.cue !== null) privately.push(el("details", { class: "private", open: cuesOpen },
      el("summary", null, "Private: what only " + one.title + " was told"), said(texts[one.cue])));
    const notes = Object.entries(one.notes).map(([name, value]) => name + ": " + value);
    if (one.thought) notes.push("thought: " + one.thought);
    if (notes.length) privately.push(el("details", { class: "private", open: cuesOpen },
      el("summary", null, "Private: what code and the model noted"), said(notes.join("\n"))));
    return el("div", null, el("div", { class: "turn s" + colour },
      privately[0], one.withdrawn.map(again),
      el("div", null, el("span", { class: "who" }, one.title), " ", el("span", { class: "tag" }, told.join(" \u00b7 "))),
      said(one.text), checks(one.checks), privately.slice(1)));
  }

  const COLUMNS = ["for", "phase", "agent", "model", "attempt", "try", "in", "out", "cost", "seconds", "came to"];
  function calls(found, texts) {
    if (!found.length) return null;
    const at = (place) => (place === null ? null : texts[place]);
    const body = found.map(([purpose, phase, agent, model, error, told, attempt, tries, prompt, completion, cost, seconds]) =>
      el("tr", null, [at(purpose), at(phase), at(agent), at(model), attempt, tries, prompt, completion,
        cost === null ? null : "$" + cost.toFixed(5), number(seconds), error !== null ? "failed: " + at(error) : told === null ? "ok" : at(told)]
        .map((value) => el("td", null, value === null ? "\u2013" : String(value)))));
    return el("details", { class: "calls" }, el("summary", null, count(found.length, "model call")),
      el("div", { class: "scroll" }, el("table", null,
        el("thead", null, el("tr", null, COLUMNS.map((name) => el("th", { scope: "col" }, name)))), el("tbody", null, body))));
  }

  function cells(episode, texts) {
    const colours = new Map();
    const colour = (name) => colours.get(name) ?? (colours.set(name, colours.size % SPEAKERS), colours.get(name));
    const rest = el("div", null, episode.unsaid.map(again), calls(episode.calls, texts));
    return [head(episode), ...episode.turns.map((one) => turn(one, texts, colour(one.title))), rest];
  }

  function render() {
    if (open < 0) return;
    const lesson = lessonAt(open), episodes = lesson.episodes;
    const chosen = Math.max(0, episodes.findIndex((episode) => episode.selected));
    if (view === null) view = chosen;
    const many = view === "all";
    const picked = many ? episodes : [episodes[view]];
    const grid = el("div", { class: "episodes" + (many ? " many" : "") });
    const columns = picked.map((episode) => cells(episode, lesson.texts));
    const most = Math.max(...columns.map((column) => column.length));
    columns.forEach((column, c) => column.forEach((cell, r) => {
      cell.style.setProperty("--at", c + 1);
      // The last cell, with the calls, stands below the longest conversation.
      cell.style.setProperty("--row", r === column.length - 1 ? most : r + 1);
      grid.append(cell);
    }));
    const button = (text, value) => {
      const made = el("button", { type: "button", "aria-pressed": String(view === value) }, text);
      made.addEventListener("click", () => { view = value; render(); pane.querySelector(".bar [aria-pressed=true]").focus(); });
      return made;
    };
    const back = el("button", { type: "button", id: "back" }, "Back to the list");
    back.addEventListener("click", leave);
    const box = el("input", { type: "checkbox", id: "cues" });
    box.checked = cuesOpen;
    box.addEventListener("change", () => {
      cuesOpen = box.checked;
      for (const found of pane.querySelectorAll("details.private")) found.open = cuesOpen;
    });
    const reference = el("details", { class: "private", open: cuesOpen },
      el("summary", null, "Private: the seed\u2019s own answer"), said(lesson.seed.response));
    const source = [lesson.seed.kind, lesson.seed.source, lesson.seed.licence].filter(Boolean).join(", ");
    pane.replaceChildren(
      back,
      el("h3", null, named(lesson.scenario) + ", round " + lesson.round),
      el("p", { class: "why" }, el("b", { class: lesson.status }, named(lesson.status)), lesson.reason ? ": " + lesson.reason : "",
        " ", el("span", { class: "tag" }, lesson.id)),
      el("h4", null, "Question ", el("span", { class: "tag" }, source)), said(lesson.seed.instruction), reference,
      ...(lesson.similar ? [el("h4", null, "Similar question ", el("span", { class: "tag" }, lesson.likeness)), said(lesson.similar.instruction)] : []),
      el("div", { class: "bar", role: "group", "aria-label": "Episode" },
        episodes.map((episode, i) => button(title(episode), i)), episodes.length > 1 ? button("Side by side", "all") : null,
        el("label", { class: "row" }, box, "open what is private")),
      grid,
      calls(lesson.calls, lesson.texts) ?? "",
    );
    pane.setAttribute("aria-label", "Lesson " + lesson.id);
  }

  // --- beginning ---

  function atHash() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const place = index.findIndex((entry) => entry.id === wanted);
    if (place < 0) return false;
    if (!shown.includes(place)) byId("clear").click();
    go(shown.indexOf(place), false);
    return true;
  }
  measure();
  applyFilters();
  if (atHash()) byId("lessons").scrollIntoView();
  addEventListener("hashchange", atHash);
  document.documentElement.dataset.ready = "yes";
})();
