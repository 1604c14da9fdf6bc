"""
The spec of a stack in the table, its copy, and what else is known of it where both are damaged.

A pass keeps a copy of each spec that it could read. If neither can be read, the status knows what a
sleep needs (`controller.domain.reporting.remembered_spec`).
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from controller.domain.dataclass import replace
from controller.domain.errors import SpecError
from controller.domain.planning.spec import Json, Spec, hash_of
from controller.domain.policy.policy import Policy
from controller.domain.policy.schedule import Schedule
from controller.domain.reporting.damage import NO_SPEC, Damaged, parted
from controller.domain.reporting.remembered_spec import remembered_spec
from controller.domain.reporting.status import Readable, Status
from controller.domain.shapes import check_shape
from controller.store import items
from controller.store.table_calls import TableCalls


class SpecRecords(TableCalls):
    def spec(self, stack: str) -> Spec | None:
        """The spec alone; None for a stack that is not published. Raises SpecError."""
        reply = self._dynamodb.get_item(
            TableName=self._name, Key=items.key(stack, items.SPEC), ConsistentRead=True
        )
        return self._spec_or_kept(stack, reply["Item"]) if "Item" in reply else None

    def keep_spec(self, spec: Spec) -> None:
        """Remember a spec that a pass could read, in case it cannot be read one day."""
        sort = f"{items.KEPT}{items.VERSION}"
        self._put(items.to_item(spec.stack, sort, spec.to_json()))

    def specs(self, stack: str) -> list[Spec]:
        """The spec, and what replaced ones have left behind; empty where nothing is published."""
        found = {items.sort_key(item): item for item in self.spec_items(stack)}
        if items.SPEC not in found:
            return []
        rest, _ = parse_specs(stack, (found[sort] for sort in under(items.LEFTOVER, found)))
        return [self._spec_or_kept(stack, found[items.SPEC]), *rest]

    def spec_items(self, stack: str) -> Iterator[items.Item]:
        """The spec and what replaced ones have left behind."""
        return self._query(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": f"stack#{stack}", ":first": items.SPEC, ":last": f"{items.LEFTOVER}~"},
            ConsistentRead=True,
        )

    def spec_or_memory(
        self, stack: str, item: items.Item, status: Status | None
    ) -> tuple[Spec, tuple[Damaged, ...]]:
        """
        The spec; or the last one that a pass could read; or what the status knows of it.

        So a serving stack continues, and what costs money still ends.
        """
        spec = items.readable(item, partial(parse_spec_in_force, stack))
        if not isinstance(spec, Damaged):
            return spec, ()
        for kept in self._kept_spec(stack):
            return kept, (spec,)
        # Another mark: it is reported again, where there was a copy at first.
        lost = replace(spec, mark=f"{spec.mark} alone", remedy=NO_SPEC)
        return remembered_spec(stack, status or Status()), (lost,)

    def _spec_or_kept(self, stack: str, item: items.Item) -> Spec:
        """The spec, or the last one that a pass could read. Raises SpecError."""
        spec = items.readable(item, partial(parse_spec_in_force, stack))
        if not isinstance(spec, Damaged):
            return spec
        for kept in self._kept_spec(stack):
            return kept
        raise SpecError(
            f'cannot read the spec of stack "{stack}" ({spec.why}); publish it again: '
            "dormouse publish DIR"
        )

    def _kept_spec(self, stack: str) -> tuple[Spec, ...]:
        key = items.key(stack, f"{items.KEPT}{items.VERSION}")
        reply = self._dynamodb.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        found = [reply["Item"]] if "Item" in reply else []
        parse = partial(parse_spec_in_force, stack)
        return parted(items.readable(item, parse) for item in found)[0]

    def copies_of_spec(self, stack: str) -> tuple[Spec, ...]:
        """What is known of a spec that cannot be read."""
        return self._kept_spec(stack) or (self._remembered_spec(stack),)

    def _remembered_spec(self, stack: str) -> Spec:
        status = items.readable(self.status_item(stack), parse_status)
        known = None if isinstance(status, Damaged) else status
        return remembered_spec(stack, known or Status())

    def status_item(self, stack: str) -> items.Item:
        reply = self._dynamodb.get_item(
            TableName=self._name, Key=items.key(stack, items.STATUS), ConsistentRead=True
        )
        found: items.Item = reply.get("Item", {})
        return found


# A pass reads the same records before every round; callers must not change them.


@lru_cache(maxsize=32)
def parse_status(text: str) -> Status | None:
    """The status, or None before a pass has written one."""
    found: dict[str, Json] = json.loads(text)
    status = Status.from_json(found, _read_part)
    check_shape(status, checked=_parts_read)
    return status if found else None


_MOST_PARTS = 8
_parts_read: defaultdict[type, deque[tuple[Json, Any]]] = defaultdict(
    lambda: deque(maxlen=_MOST_PARTS)
)
"""
The JSON of the large parts that were read last, and what it says, checked: from pass to pass most
parts of a status stay as they are, and to read and check them takes longer than the rest.
"""


def _read_part(kind: type[Readable], data: Json) -> Any:
    for known, part in tuple(_parts_read[kind]):
        if known == data:
            return part
    part = kind.from_json(data)
    check_shape(part)
    _parts_read[kind].appendleft((data, part))
    return part


@lru_cache(maxsize=32)
def parse_spec(stack: str, text: str) -> Spec:
    """
    A spec that is as it was written. Raises SpecError, and what reading something else raises.

    Every part of it decides what is made, or deleted: one that was changed in the table is not
    used, however readable it is.
    """
    found = json.loads(text)
    spec = Spec.from_json(found)
    if spec.stack != stack:
        raise SpecError("it is the spec of another stack")
    if found.get("hash") != hash_of(found):
        raise SpecError("its content is not what its hash says")
    check_shape(spec)
    return spec


@lru_cache(maxsize=32)
def parse_spec_in_force(stack: str, text: str) -> Spec:
    """A spec whose policy this release can read, too: else every pass would end by it."""
    spec = parse_spec(stack, text)
    Schedule(Policy.from_json(spec.policy))
    return spec


def parse_specs(
    stack: str, found: Iterable[items.Item]
) -> tuple[tuple[Spec, ...], tuple[Damaged, ...]]:
    """Those that can be read, and what is wrong with the others."""
    return parted(items.readable(item, partial(parse_spec, stack)) for item in found)


def under(prefix: str, found: Mapping[str, items.Item]) -> Sequence[str]:
    return [sort for sort in found if sort.startswith(prefix)]
