"""
The board as a page: a row a stack, with a form for what is chosen. It works without JavaScript.

A hundred rows are to be as quick as one stack's page: a row's strip was drawn when it was written,
and its words are put together once for all that say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api import pictures
from api.board import DID, NOT, Shown
from api.page_rendering import asset, render
from api.reasons import capital, say_name, say_why
from api.redaction import without_account
from api.request import KEY, Request
from api.selection import GROUPS, SORTS
from api.translations import Translations
from controller.domain.decision.term import USUAL
from controller.domain.reporting.board_row import Row
from controller.links import STACK_NAME, Link, Scope

POLL = {True: 3, False: 20}
"""Seconds between two polls of the script, during a transition and without one."""

REFRESH = {True: 20, False: 60}
"""The same of a browser without JavaScript, in which somebody may be choosing."""

_MOVING = frozenset({"waking", "sleeping"})
_SOON = timedelta(days=3)


def board_page(shown: Shown, link: Link, request: Request) -> tuple[str, str]:
    """The page of a team, and its Content-Security-Policy."""
    zone = _zone(shown.rows)
    words = Translations(request.language, ZoneInfo(zone), shown.now)
    lines = _Lines(words, ZoneInfo(zone), shown.now)
    moving = any(row.face in _MOVING for row in shown.rows) or DID in request.query
    choice = shown.choice
    title = words("board")
    return render(
        "board.html.j2",
        language=words.language,
        words=words,
        title=f"{title} · {link.team}",
        team=link.team,
        face="board",
        eyes="open" if any(row.face in GROUPS["awake"] for row in shown.rows) else "shut",
        headline=_headline(shown.rows, words),
        notices=list(_notices(request, words)),
        rows=[lines.of(row) for row in shown.rows],
        hatches=pictures.hatches(),
        key="" if request.has_bearer else request.key,
        choice=choice,
        states=[("", words("all")), *((name, words(f"group.{name}")) for name in GROUPS)],
        sorts=[(name, words(f"sort.{name}")) for name in SORTS],
        buttons=_buttons(link, words),
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
    """What became of a press. The address is anybody's to write: only what we know is shown."""
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


@dataclass(frozen=True, slots=True)
class Line:
    """One row in words."""

    stack: str
    face: str
    state: str
    why: str
    whose: str
    money: str
    strip: Markup
    late: bool


class _Lines:
    def __init__(self, words: Translations, zone: ZoneInfo, now: datetime) -> None:
        self._words = words
        self._zone = zone
        self._now = now

    def of(self, row: Row) -> Line:
        words = self._words
        known = row.face if row.face in words else "unknown"
        return Line(
            stack=row.stack,
            face=known,
            state=words(known),
            why=self._why(row),
            whose=self._whose(row),
            money=self._money(row),
            strip=self._strip(row),
            late=row.expires is not None and row.expires - self._now < _SOON,
        )

    def _why(self, row: Row) -> str:
        words = self._words
        if not row.is_seen:
            return words("board.unseen")
        trouble = row.cause and row.face in GROUPS["trouble"]
        if trouble:
            return without_account(row.cause)
        why = capital(say_why(words, row.rule, row.evidence, without_account(row.reason)))
        if row.until is None or row.until <= self._now:
            return why
        key = "board.until" if row.state in ("awake", "waking") else "board.next"
        return words(key, why=why, when=words.moment(row.until))

    def _whose(self, row: Row) -> str:
        words, said = self._words, []
        if row.who:
            said.append(words("board.who", who=", ".join(say_name(words, who) for who in row.who)))
        for held in row.held_at(self._now):
            time = words.about(self._now - held.since)
            said.append(words("board.held", by=held.who, time=time))
        if row.owner:
            said.append(words("board.owner", owner=row.owner))
        if row.expires:
            said.append(words("board.expires", when=self._day(row.expires)))
        if row.proof.get("result") == "could not wake":
            said.append(words("board.could_not"))
        return words("board.and").join(said)

    def _day(self, moment: datetime) -> str:
        """A date; the time of day matters only on the last one."""
        local = moment.astimezone(self._zone)
        near = moment - self._now < timedelta(days=1)
        return self._words.moment(moment) if near else self._words.day(local.date())

    def _money(self, row: Row) -> str:
        if not row.is_seen:
            return ""
        spent, always = (round(amount, 2) for amount in row.rates.month(row.at, self._now))
        saved = max(0.0, always - spent)
        return self._words("board.money", spent=f"{spent:.2f}", saved=f"{saved:.2f}")

    def _strip(self, row: Row) -> Markup:
        if row.hours is None:
            return Markup()
        zone = ZoneInfo(row.zone)
        late = (self._now.astimezone(zone).date() - row.at.astimezone(zone).date()).days
        used, awake, paid, _ = map(str, row.hours)
        about = self._words("board.strip", used=used, awake=awake, paid=paid)
        return pictures.small_strip(row.strip, late, about)
