"""The sparse index of the stacks that are due, and of those that are published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from botocore.exceptions import ClientError

from controller.domain.ports import Due
from controller.store import items
from controller.store.conditions import is_refused
from controller.store.table_calls import TableCalls


class DueIndex(TableCalls):
    """
    What the heartbeat reads, and the one change that it makes.

    An item is in the index while it has the attribute `due`: a status or a mark of requests that a
    pass has to work on, or the entry of a published stack.
    """

    def published(self) -> list[str]:
        """The names of all stacks, sorted; one published within the last second may be missing."""
        found = self._query(
            "due = :published", {":published": items.PUBLISHED}, IndexName=items.DUE_INDEX
        )
        return [items.stack_of(item) for item in found if not items.is_request(item)]

    def due(self, now: datetime, limit: int = 100) -> list[str]:
        """Names of the stacks whose time has come, the longest overdue first; `limit` a page."""
        return list(dict.fromkeys(due.stack for due in self.overdue(now, limit)))

    def overdue(self, now: datetime, limit: int = 100) -> Iterator[Due]:
        """The same, read page by page on demand."""
        found = self._query(
            "due = :due AND due_at <= :now",
            {":due": items.DUE, ":now": items.second_text(now)},
            IndexName=items.DUE_INDEX,
            Limit=limit,
        )
        for item in found:
            yield Due(items.stack_of(item), item["due_at"]["S"], items.is_request(item))

    def defer_until(self, due: Due, until: datetime) -> None:
        """Make it due again at `until`; a stack that became due at another time keeps that."""
        key = items.request_key(due.stack, items.MARK)
        if not due.is_request:
            key = items.key(due.stack, items.STATUS)
        try:
            self._update_item(
                key,
                UpdateExpression="SET due_at = :at",
                ConditionExpression="due_at = :seen",
                ExpressionAttributeValues={
                    ":at": {"S": items.due_text(until)},
                    ":seen": {"S": due.at},
                },
            )
        except ClientError as error:
            if not is_refused(error):
                raise
