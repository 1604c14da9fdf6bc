"""
The rows of all stacks, in a partition of their own and sorted by name: `board` → `<stack>`.

One Query reads all names with a common prefix, however many other stacks exist (decision 11).
A pass writes a row when its content has changed; it is deleted with the stack.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache, partial

from controller.domain.dataclass import dataclass
from controller.domain.policy.name_pattern import NamePattern
from controller.domain.reporting.board_row import Row
from controller.domain.reporting.damage import Damaged
from controller.store import items
from controller.store.table_calls import TableCalls

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ROWS = 250
"""Rows read for one answer; a caller that wants more continues after the last one."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows by name; `more` is the name after which there are others, "" for none."""

    rows: tuple[Row, ...]
    more: str = ""


class Board(TableCalls):
    """The rows; they may be some milliseconds old."""

    def put_row(self, row: Row) -> None:
        """Write a row in place of the one before."""
        self._put(items.with_body(items.board_key(row.stack), row.to_json()))

    def add_row(self, stack: str, now: datetime) -> None:
        """A row for a stack that no pass has seen; one that is there stays."""
        item = items.with_body(items.board_key(stack), Row(stack=stack, at=now).to_json())
        self._put(item, ConditionExpression="attribute_not_exists(pk)")

    def rows(self, pattern: NamePattern, after: str = "", most: int = MOST_ROWS) -> Rows:
        """The rows whose names match a pattern; one request if they are not many."""
        found: list[Row] = []
        # No name holds a blank or a tilde, and both are beside all that it may hold.
        ends = {":first": f"{max(pattern.prefix, after)} " if after else pattern.prefix or " "}
        ends[":last"] = f"{pattern.prefix}~"
        for item in self._query(
            "pk = :pk AND sk BETWEEN :first AND :last", {":pk": items.BOARD, **ends}
        ):
            stack = items.sort_key(item)
            if not pattern.covers(stack):
                continue
            if len(found) == most:
                return Rows(tuple(found), found[-1].stack)
            found.append(_row(item, stack))
        return Rows(tuple(found))


@lru_cache(maxsize=2 * MOST_ROWS)
def _parse(stack: str, text: str) -> Row:
    """Cached, because an open page requests the same rows every few seconds."""
    return Row.from_json(stack, json.loads(text))


def _row(item: items.Item, stack: str) -> Row:
    """A row that cannot be read is shown as unreadable; the next pass writes it again."""
    try:
        return _parse(stack, items.body_text(item))
    except Exception:  # the details are computed only in this rare case
        row = items.readable(item, partial(_parse, stack))
    if isinstance(row, Damaged):
        return Row(stack=stack, at=_NEVER, cause=str(row))
    return row
