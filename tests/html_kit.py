"""A web page as a tree that tests can ask: its elements, tables, data and what it would load."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

VOID = {"meta", "link", "input", "br", "line", "circle", "rect", "polyline"}
LOADING = {
    "src",
    "srcset",
    "href",
    "xlink:href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "manifest",
}
"""Attributes whose value a browser fetches or goes to."""


class Page(HTMLParser):
    """`elements` in order, each a tag with its attributes; `texts` by element; `open` is empty where all were closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[int] = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open[-1]][0] == tag, f"</{tag}> closes {self.elements[self.open[-1]]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for place in self.open:
            self.texts[place] += data

    def named(self, tag: str, **attributes: str) -> list[str]:
        """The texts of the elements with this tag and these attributes."""
        return [
            text
            for (found, has), text in zip(self.elements, self.texts, strict=True)
            if found == tag and attributes.items() <= has.items()
        ]

    @property
    def lessons(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.named("script", **{"class": "lesson"})]

    @property
    def index(self) -> list[dict[str, Any]]:
        [text] = self.named("script", id="index")
        return list(json.loads(text))

    @property
    def tables(self) -> dict[tuple[str, str], list[list[str]]]:
        """Rows of cells, heads and totals too, by the section's id and the table's title."""
        found: dict[tuple[str, str], list[list[str]]] = {}
        section, rows = "", []
        for (tag, has), text in zip(self.elements, self.texts, strict=True):
            match tag:
                case "section":
                    section = str(has["id"])
                case "caption":
                    rows = found[section, text] = []
                case "small":
                    title = next(reversed(found))
                    found[section, title[1].removesuffix(text)] = rows = found.pop(title)
                case "tr":
                    rows.append([])
                case "td" | "th":
                    rows[-1].append(text)
        return found

    @property
    def addresses(self) -> list[str]:
        """All that attributes would fetch or go to."""
        return [str(value) for _, has in self.elements for name, value in has.items() if name in LOADING]
