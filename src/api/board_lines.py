"""
The rows of the board as HTML.

A hundred of them make the page, and an open page requests them every few seconds. So what a row
says is written once, and kept while the row, the day and what else decides it stay the same; only
its money changes with each request. A row is one text, put together without a template. Each byte
counts a hundred times too: end tags and quotes that HTML allows to leave out are left out. The
names of stacks hold no blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from api import pictures
from api.reasons import capital, say_name, say_why
from api.redaction import without_account
from api.selection import GROUPS
from api.translations import Translations
from controller.domain.reporting.board_row import Row

_SOON = 3
"""How many days before its end a row is marked."""

_MOST_KEPT = 512

_BETWEEN = "\0"


class Lines:
    """`has_boxes` where stacks can be chosen."""

    def __init__(
        self, words: Translations, zone: ZoneInfo, now: datetime, *, has_boxes: bool
    ) -> None:
        self._words = words
        self._zone = zone
        self._now = now
        self._has_boxes = has_boxes
        self._money_text = str(escape(words("board.money")))
        self._days: dict[str, _Day] = {}

    def of(self, rows: Iterable[Row]) -> Markup:
        """The items of the list."""
        return Markup("".join(map(self._item, rows)))

    def _item(self, row: Row) -> str:
        now, until, expires = self._now, row.until, row.expires
        days_left = min(_SOON, max(0, (expires - now).days)) if expires else _SOON
        before, after = around_money(
            row,
            self._words,
            self._zone,
            self._has_boxes,
            until is not None and until > now,
            days_left,
            self._held(row) if row.held else (),
            self._day(row.zone).days_after(row.at),
        )
        return f"{before}{self._money(row)}{after}"

    def _held(self, row: Row) -> tuple[str, ...]:
        words, now = self._words, self._now
        return tuple(
            words("board.held", by=held.who, time=words.about(now - held.since))
            for held in row.held_at(now)
        )

    def _money(self, row: Row) -> str:
        if not row.is_seen:
            return ""
        spent, always = (round(amount, 2) for amount in row.rates.month(row.at, self._now))
        saved = max(0.0, always - spent)
        return self._money_text.format(spent=f"{spent:.2f}", saved=f"{saved:.2f}")

    def _day(self, zone: str) -> _Day:
        if zone not in self._days:
            self._days[zone] = _Day(ZoneInfo(zone), self._now)
        return self._days[zone]


class _Day:
    """The day of `now` in a zone."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._date = now.astimezone(zone).date()
        self._begin, self._end = (
            datetime.combine(day, time(), zone).astimezone(UTC)
            for day in (self._date, self._date + timedelta(days=1))
        )

    def days_after(self, moment: datetime) -> int:
        """How many days it is after that of `moment`, which mostly is the same."""
        if self._begin <= moment < self._end:
            return 0
        return (self._date - moment.astimezone(self._zone).date()).days


@lru_cache(maxsize=_MOST_KEPT)
def around_money(
    row: Row,
    words: Translations,
    zone: ZoneInfo,
    has_box: bool,
    is_ahead: bool,
    days_left: int,
    held: tuple[str, ...],
    late: int,
) -> tuple[str, str]:
    """
    What stands before a row's money and what after it.

    `is_ahead`: its `until` is to come. `days_left`: whole days to its end, `_SOON` at most. `held`:
    who waits for it, in words. `late`: how many days ago it was written.
    """
    face = row.face if row.face in words else "unknown"
    said = (row.stack, face, words(face), _why(row, words, is_ahead))
    whose = _whose(row, words, zone, days_left, held)
    stack, face, state, why, whose = _escaped(*said, whose)
    box = f"<input type=checkbox name=stack value={stack} aria-label={stack}>" if has_box else ""
    quoted = " lang=en" if words.language != "en" and _is_trouble(row) else ""
    marked = " class=late" if days_left < _SOON else ""
    return (
        f"<li class={face}>{box}<button form=o formaction=s/{stack}>{stack}</button><b>{state}</b>"
        f"<p{quoted}>{why}<p{marked}>{whose}<p>",
        f"</p>{_strip(row, words, late)}",
    )


def _escaped(*texts: str) -> list[str]:
    """All at once, for each call takes as long as a long text does."""
    joined = _BETWEEN.join(texts)
    if joined.count(_BETWEEN) >= len(texts):
        joined = _BETWEEN.join(text.replace(_BETWEEN, "") for text in texts)
    return str(escape(joined)).split(_BETWEEN)


def _is_trouble(row: Row) -> bool:
    return bool(row.is_seen and row.cause and row.face in GROUPS["trouble"])


def _why(row: Row, words: Translations, is_ahead: bool) -> str:
    if not row.is_seen:
        return words("board.unseen")
    if _is_trouble(row):
        return without_account(row.cause)
    why = capital(say_why(words, row.rule, row.evidence, row.reason))
    if f"rule.{row.rule}" not in words:
        why = without_account(why)
    if row.until is None or not is_ahead:
        return why
    key = "board.until" if row.state in ("awake", "waking") else "board.next"
    return words(key, why=why, when=words.moment(row.until))


def _whose(
    row: Row, words: Translations, zone: ZoneInfo, days_left: int, held: tuple[str, ...]
) -> str:
    said: list[str] = []
    if row.who:
        said.append(words("board.who", who=", ".join(say_name(words, who) for who in row.who)))
    said += held
    if row.owner:
        said.append(words("board.owner", owner=row.owner))
    if row.expires:
        said.append(words("board.expires", when=_end(row.expires, words, zone, days_left)))
    if row.proof.get("result") == "could not wake":
        said.append(words("board.could_not"))
    return words("board.and").join(said)


def _end(moment: datetime, words: Translations, zone: ZoneInfo, days_left: int) -> str:
    """A date; the time of day matters only on the last one."""
    if days_left < 1:
        return words.moment(moment)
    return words.day(moment.astimezone(zone).date())


def _strip(row: Row, words: Translations, late: int) -> str:
    if row.hours is None:
        return ""
    used, awake, paid, _ = map(str, row.hours)
    about = words("board.strip", used=used, awake=awake, paid=paid)
    return str(pictures.small_strip(row.strip, late, about))
