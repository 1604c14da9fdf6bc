"""Removes one stack: the records that keep it active in one write, then the rest."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.errors import RetryError
from controller.store import items
from controller.store.table_calls import TableCalls


class Removal(TableCalls):
    def take_out(self, stack: str, known: int) -> bool:
        """
        Delete spec, status, row, hold and mark, all or none; False if there was a new request.

        From then on no pass starts for the stack and no link opens. The caller holds its lock.
        """
        mark = {"Key": items.request_key(stack, items.MARK), **items.no_request_since(known)}
        others = [
            items.key(stack, items.SPEC),
            items.key(stack, items.STATUS),
            items.request_key(stack, items.HOLD),
            items.board_key(stack),
        ]
        return self._write_together({"Delete": mark}, *({"Delete": {"Key": key}} for key in others))

    def clear_out(self, stack: str) -> int:
        """Delete the rest of a removed stack, except its history; return how many items."""
        found = list(self._remains(stack))
        if any(items.sort_key(item) == items.SPEC for item in found):
            raise RetryError(f'"{stack}" has just been published again', after_seconds=1)
        for item in found:
            key = {name: item[name] for name in ("pk", "sk")}
            self._dynamodb.delete_item(**self._named({"Key": key}))
        return len(found)

    def has_history(self, stack: str) -> bool:
        """Whether the records know such a stack, present or past."""
        pk = {":pk": items.key(stack, "")["pk"]["S"]}
        return next(self._query("pk = :pk", pk, Limit=1), None) is not None

    def _remains(self, stack: str) -> Iterator[items.Item]:
        """Everything but the history."""
        pk = {":pk": items.request_key(stack, "")["pk"]["S"]}
        yield from self._query("pk = :pk", pk, ConsistentRead=True)
        ends = {":first": items.KEPT, ":last": items.STATUS}
        yield from self._query(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": items.key(stack, "")["pk"]["S"], **ends},
            ConsistentRead=True,
        )
