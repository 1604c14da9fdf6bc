"""
The rows of the board as HTML.

A hundred of them make the page, and are to be as quick as one stack's page: a row's strip was drawn
when it was written, and a row is one text, put together without a template. Each byte counts a
hundred times too: end tags and quotes that HTML allows to leave out are left out. The names of
stacks hold no blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from api import pictures
from api.reasons import capital, say_name, say_why
from api.redaction import without_account
from api.selection import GROUPS
from api.translations import Translations
from controller.domain.reporting.board_row import Row

_SOON = timedelta(days=3)


_BETWEEN = "\0"


def _escaped(*texts: str) -> list[str]:
    """All at once, for each call takes as long as a long text does."""
    joined = _BETWEEN.join(texts)
    if joined.count(_BETWEEN) >= len(texts):
        joined = _BETWEEN.join(text.replace(_BETWEEN, "") for text in texts)
    return str(escape(joined)).split(_BETWEEN)


class Lines:
    """`has_boxes` where stacks can be chosen."""

    def __init__(
        self, words: Translations, zone: ZoneInfo, now: datetime, *, has_boxes: bool
    ) -> None:
        self._words = words
        self._zone = zone
        self._now = now
        self._has_boxes = has_boxes
        self._todays: dict[str, tuple[ZoneInfo, date]] = {}

    def of(self, rows: Iterable[Row]) -> Markup:
        """The items of the list."""
        return Markup("".join(map(self._item, rows)))

    def _item(self, row: Row) -> str:
        words = self._words
        face = row.face if row.face in words else "unknown"
        said = (row.stack, face, words(face), self._why(row), self._whose(row), self._money(row))
        stack, face, state, why, whose, money = _escaped(*said)
        box = f"<input type=checkbox name=stack value={stack} aria-label={stack}>"
        quoted = " lang=en" if words.language != "en" and self._is_trouble(row) else ""
        late = " class=late" if row.expires and row.expires - self._now < _SOON else ""
        return (
            f"<li class={face}>{box if self._has_boxes else ''}"
            f"<button form=o formaction=s/{stack}>{stack}</button><b>{state}</b>"
            f"<p{quoted}>{why}<p{late}>{whose}<p>{money}</p>{self._strip(row)}"
        )

    def _why(self, row: Row) -> str:
        words = self._words
        if not row.is_seen:
            return words("board.unseen")
        if self._is_trouble(row):
            return without_account(row.cause)
        why = capital(say_why(words, row.rule, row.evidence, row.reason))
        if f"rule.{row.rule}" not in words:
            why = without_account(why)
        if row.until is None or row.until <= self._now:
            return why
        key = "board.until" if row.state in ("awake", "waking") else "board.next"
        return words(key, why=why, when=words.moment(row.until))

    @staticmethod
    def _is_trouble(row: Row) -> bool:
        return bool(row.is_seen and row.cause and row.face in GROUPS["trouble"])

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
        zone, today = self._today(row.zone)
        late = (today - row.at.astimezone(zone).date()).days
        used, awake, paid, _ = map(str, row.hours)
        about = self._words("board.strip", used=used, awake=awake, paid=paid)
        return pictures.small_strip(row.strip, late, about)

    def _today(self, name: str) -> tuple[ZoneInfo, date]:
        if name not in self._todays:
            zone = ZoneInfo(name)
            self._todays[name] = zone, self._now.astimezone(zone).date()
        return self._todays[name]
