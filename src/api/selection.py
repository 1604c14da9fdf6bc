"""Which stacks a request of a board is about, and in which order it wants to see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from api.problems import RefusedError, bad_request, unprocessable, unsupported
from api.request import FORM, JSON, Request
from controller.domain.dataclass import dataclass
from controller.domain.reporting.board_row import Row
from controller.domain.text import quoted
from controller.links import STACK_NAME

MOST_AT_ONCE = 100
MOST_BODY = 8192
STACK, STACKS = "stack", "stacks"

GROUPS: Mapping[str, frozenset[str]] = {
    "awake": frozenset({"awake", "degraded"}),
    "moving": frozenset({"waking", "sleeping"}),
    "asleep": frozenset({"asleep", "held"}),
    "trouble": frozenset({"failed", "blocked", "stuck", "degraded"}),
}
"""What `state` may ask for, by the faces of the rows."""

_FAR = "~"  # after every instant
_ORDER = "stuck failed blocked degraded waking sleeping awake held asleep"
_RANKS = tuple(_ORDER.split())

SORTS: Mapping[str, Callable[[Row, datetime], Any]] = {
    "name": lambda row, now: row.stack,
    "state": lambda row, now: _RANKS.index(row.face) if row.face in _RANKS else -1,
    "until": lambda row, now: row.until.isoformat() if row.until else _FAR,
    "spent": lambda row, now: -row.rates.month(row.at, now)[0],
    "saved": lambda row, now: _unsaved(row, now),
    "owner": lambda row, now: row.owner or "~",
    "expires": lambda row, now: row.expires.isoformat() if row.expires else _FAR,
}


def _unsaved(row: Row, now: datetime) -> float:
    spent, always = row.rates.month(row.at, now)
    return spent - always


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a board shows: `words` are in the name or the owner, `state` is a group of faces."""

    words: str = ""
    state: str = ""
    sort: str = "name"
    after: str = ""

    @property
    def is_plain(self) -> bool:
        return self == Choice(after=self.after)

    def of(self, rows: Sequence[Row], now: datetime) -> list[Row]:
        """Those of the rows that are wanted, in order; names decide between equals."""
        wanted = [row for row in rows if self._wants(row)]
        key = SORTS[self.sort]
        return sorted(wanted, key=lambda row: (key(row, now), row.stack))

    def _wants(self, row: Row) -> bool:
        if self.state and row.face not in GROUPS[self.state]:
            return False
        text = self.words.casefold()
        return text in row.stack or text in row.owner.casefold()

    def parameters(self) -> dict[str, str]:
        """What of it differs from a plain board, as its address says it."""
        params = {"q": self.words, "state": self.state, "after": self.after}
        params["sort"] = "" if self.sort == "name" else self.sort
        return {name: value for name, value in params.items() if value}


PARAMETERS = ("q", "state", "sort", "after")


def read_choice(request: Request) -> Choice:
    """Raises RefusedError for what there is no such order or state of."""
    query = request.query
    state, sort, after = query.get("state", ""), query.get("sort") or "name", query.get("after", "")
    _check("state", state, ["", *GROUPS])
    _check("sort", sort, list(SORTS))
    if after and not STACK_NAME.fullmatch(after):
        raise RefusedError(unprocessable("after: expected the name of a stack."))
    return Choice(words=query.get("q", "").strip()[:40], state=state, sort=sort, after=after)


def _check(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        expected = ", ".join(each for each in known if each)
        raise RefusedError(unprocessable(f"{name}: {quoted(value)}; expected one of {expected}."))


def read_selection(request: Request, *known: str) -> tuple[list[str], dict[str, str]]:
    """
    The names of stacks, each once, and the other fields of a change, which must be `known`.

    A form repeats "stack"; JSON has a list of "stacks". Raises RefusedError.
    """
    pairs = _pairs(request)
    names = list(dict.fromkeys(value for name, value in pairs if name == STACK))
    others = [(name, value) for name, value in pairs if name != STACK]
    if len(dict(others)) != len(others):
        raise RefusedError(bad_request("The body gives the same field twice."))
    for name, _ in others:
        if name not in known:
            expected = ", ".join(f'"{each}"' for each in (STACKS, *known))
            raise RefusedError(
                unprocessable(f"There is no field {quoted(name)} here; expected {expected}.")
            )
    if not 0 < len(names) <= MOST_AT_ONCE:
        raise RefusedError(
            unprocessable(f"Name the stacks: found {len(names)}, expected 1 to {MOST_AT_ONCE}.")
        )
    return names, dict(others)


def _pairs(request: Request) -> list[tuple[str, str]]:
    body, kind = request.read_body(MOST_BODY)
    if not body:
        return []
    if kind == FORM:
        return _of_form(body)
    if kind == JSON:
        return _of_json(body)
    raise RefusedError(unsupported(f"Send {FORM} or {JSON}."))


def _of_form(body: str) -> list[tuple[str, str]]:
    try:
        most = MOST_AT_ONCE + 10
        return parse_qsl(body, keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError:
        raise RefusedError(bad_request("The body cannot be read.")) from None


def _of_json(body: str) -> list[tuple[str, str]]:
    try:
        found = json.loads(body, object_pairs_hook=tuple)  # and so no array is taken for an object
    except (ValueError, RecursionError):
        raise RefusedError(bad_request("The body is not JSON.")) from None
    pairs: list[tuple[str, str]] = []
    for name, value in found if isinstance(found, tuple) else [("", None)]:
        if name == STACK:
            raise RefusedError(
                unprocessable(f'There is no field "{STACK}" in JSON; expected "{STACKS}", a list.')
            )
        values = value if name == STACKS and isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in values):
            raise RefusedError(
                unprocessable('The body is not like {"stacks": ["pr-1"], "for": "1h"}.')
            )
        pairs += [(STACK if name == STACKS else name, str(each)) for each in values]
    return pairs
