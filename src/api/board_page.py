"""
The board as a page: a row a stack, with a form for what is chosen. It works without JavaScript.

`api.board_lines` writes its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from api import pictures
from api.board import DID, NOT, Shown
from api.board_lines import Lines
from api.page_assets import asset
from api.page_rendering import render
from api.request import KEY, Request
from api.selection import GROUPS, SORTS
from api.translations import Translations, translations
from controller.domain.decision.term import USUAL
from controller.domain.reporting.board_row import Row
from controller.links import STACK_NAME, Link, Scope

POLL = {True: 3, False: 20}
"""Seconds between two polls of the script, during a transition and without one."""

REFRESH = {True: 20, False: 60}
"""The same of a browser without JavaScript, in which somebody may be choosing."""

_MOVING = frozenset({"waking", "sleeping"})


def board_page(shown: Shown, link: Link, request: Request) -> tuple[str, str]:
    """The page of a team, and its Content-Security-Policy."""
    zone = _zone(shown.rows)
    words = translations(request.language, ZoneInfo(zone), shown.now)
    buttons = _buttons(link, words)
    lines = Lines(words, ZoneInfo(zone), shown.now, has_boxes=bool(buttons))
    moving = any(row.face in _MOVING for row in shown.rows) or DID in request.query
    choice = shown.choice
    title = words("board")
    return render(
        "board",
        language=words.language,
        words=words,
        title=f"{title} · {link.team}",
        team=link.team,
        face="board",
        eyes="open" if any(row.face in GROUPS["awake"] for row in shown.rows) else "shut",
        headline=_headline(shown.rows, words),
        notices=list(_notices(request, words)),
        rows=lines.of(shown.rows),
        hatches=pictures.hatches(),
        key="" if request.has_bearer else request.key,
        choice=choice,
        states=[("", words("all")), *((name, words(f"group.{name}")) for name in GROUPS)],
        sorts=[(name, words(f"sort.{name}")) for name in SORTS],
        buttons=buttons,
        query=_query(request, choice.parameters()),
        more=_query(request, {**choice.parameters(), "after": shown.more}) if shown.more else "",
        zone=zone,
        refresh=str(REFRESH[moving]),
        poll=POLL[moving],
        go=None,
        script=asset("script.js"),
    )


def _zone(rows: list[Row]) -> str:
    """The time zone of most of the rows."""
    found = Counter(row.zone for row in rows).most_common(1)
    return found[0][0] if found else "UTC"


def _query(request: Request, parameters: dict[str, str]) -> str:
    """An address of the board itself."""
    if not request.has_bearer:
        parameters = {**parameters, KEY: request.key}
    return f"?{urlencode(parameters)}"


def _headline(rows: list[Row], words: Translations) -> str:
    awake = sum(row.face in GROUPS["awake"] for row in rows)
    trouble = sum(row.face in GROUPS["trouble"] for row in rows)
    text = words("board.awake", awake=str(awake), all=str(len(rows)))
    return f"{text} {words('board.trouble', trouble=str(trouble))}" if trouble else text


def _notices(request: Request, words: Translations) -> Iterator[str]:
    """The result of a press. Anybody can write the address, so only known values are shown."""
    verb, _, count = request.query.get(DID, "").partition(".")
    if f"did.{verb}" in words and count.isascii() and count.isdigit() and len(count) <= 3:
        yield words(f"did.{verb}", count=count)
    for each in request.query.get(NOT, "").split(",")[:20]:
        code, _, stack = each.partition(".")
        if f"not.{code}" in words and STACK_NAME.fullmatch(stack):
            yield words(f"not.{code}", stack=stack)


def _buttons(link: Link, words: Translations) -> list[dict[str, str]]:
    if not link.allows(Scope.WAKE):
        return []
    hour, hours = words("hour"), words("hours", count="3")
    buttons = [
        {"to": "wake", "value": "1h", "text": words("wake_for", time=hour), "style": "main"},
        {"to": "wake", "value": "3h", "text": words("wake_for", time=hours), "style": ""},
    ]
    if link.allows(Scope.ADMIN):
        buttons.append({"to": "sleep", "value": "", "text": words("sleep"), "style": "quiet"})
    kept = words("prolong", time=words("days", count="14"))
    buttons.append({"to": "prolong", "value": USUAL, "text": kept, "style": "quiet"})
    return buttons
