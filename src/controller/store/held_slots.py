"""
Requests that the door holds: at most three of a stack, with a limit for the account.

A held request occupies an environment of the door's function, and the account has a limited number.
The process takes a slot of the stack and one of the account, each by one conditional write, and
releases both. If the process dies, its slot is free after its end: nothing has to clean up.

    requests#<name>   held          end0 slot0, end1 slot1, end2 slot2: who is held, for people too
    requests##door    slot#<number> the account's slots; no stack has such a name
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.dataclass import dataclass
from controller.domain.decision.held import MOST_HELD, Held
from controller.domain.reporting.damage import UNREADABLE
from controller.store import items
from controller.store.conditions import is_refused
from controller.store.table_calls import TableCalls

KEPT = timedelta(days=1)
TRIES = 6
"""How many slots of the account are tried if others take them at the same moment."""


@dataclass(frozen=True, slots=True)
class TakenSlots:
    """The slots of one held request: the number of its slot in the stack and the account."""

    stack: str
    number: int
    account: int
    held: Held


class HeldSlots(TableCalls):
    """The slots; `draw` gives a whole number below the one that it is given."""

    def __init__(self, dynamodb: Any, name: str, draw: Callable[[int], int]) -> None:
        super().__init__(dynamodb, name)
        self._draw = draw

    def take(self, stack: str, held: Held, room: int, now: datetime) -> TakenSlots | None:
        """Take a slot of the stack and one of the account's `room`; None while either is full."""
        number = self._take_of_stack(stack, held, now)
        if number is None:
            return None
        account = self._take_of_account(held, room, now)
        if account is None:
            self._free_of_stack(stack, number, held)
            return None
        return TakenSlots(stack, number, account, held)

    def give_back(self, slots: TakenSlots) -> None:
        """Free both; one that somebody else has taken meanwhile stays theirs."""
        self._free_of_stack(slots.stack, slots.number, slots.held)
        self._unless_taken(
            _account_key(slots.account),
            UpdateExpression="REMOVE holder, ends",
            ConditionExpression="holder = :me",
            ExpressionAttributeValues={":me": {"S": slots.held.id}},
        )

    def _take_of_stack(self, stack: str, held: Held, now: datetime) -> int | None:
        key = items.request_key(stack, items.HELD)
        reply = self._dynamodb.get_item(**self._named({"Key": key}), ConsistentRead=True)
        found = reply.get("Item", {})
        for number in range(MOST_HELD):
            is_free = _end(found, f"end{number}") <= now.timestamp()
            if is_free and self._is_taken(key, number, held, now):
                return number
        return None

    def _is_taken(self, key: items.Item, number: int, held: Held, now: datetime) -> bool:
        """Take this one, unless somebody else has just taken it."""
        end, slot = f"end{number}", f"slot{number}"
        return self._unless_taken(
            key,
            UpdateExpression=f"SET {end} = :end, {slot} = :held, expires = :expires",
            ConditionExpression=f"attribute_not_exists({end}) OR {end} <= :now",
            ExpressionAttributeValues={
                ":held": {"S": json.dumps(held.to_record())},
                **_times(held, now),
            },
        )

    def _free_of_stack(self, stack: str, number: int, held: Held) -> None:
        self._unless_taken(
            items.request_key(stack, items.HELD),
            UpdateExpression=f"REMOVE end{number}, slot{number}",
            ConditionExpression=f"slot{number} = :mine",
            ExpressionAttributeValues={":mine": {"S": json.dumps(held.to_record())}},
        )

    def _take_of_account(self, held: Held, room: int, now: datetime) -> int | None:
        found = self._query("pk = :pk", {":pk": _account_key(0)["pk"]["S"]}, ConsistentRead=True)
        taken = {_number(item) for item in found if _end(item, "ends") > now.timestamp()}
        if len(taken) >= room:
            return None
        free = [number for number in range(room) if number not in taken]
        for _ in range(min(TRIES, len(free))):
            number = free.pop(self._draw(len(free)))
            if self._is_taken_of_account(number, held, now):
                return number
        return None

    def _is_taken_of_account(self, number: int, held: Held, now: datetime) -> bool:
        return self._unless_taken(
            _account_key(number),
            UpdateExpression="SET ends = :end, holder = :me, expires = :expires",
            ConditionExpression="attribute_not_exists(ends) OR ends <= :now",
            ExpressionAttributeValues={":me": {"S": held.id}, **_times(held, now)},
        )

    def _unless_taken(self, key: items.Item, **request: Any) -> bool:
        """Make this update; False where its condition does not hold."""
        try:
            self._update_item(key, **request)
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True


def held_in(item: Mapping[str, Mapping[str, str]]) -> tuple[Held, ...]:
    """Who has the slots of a stack, the oldest first; expired ones included."""
    found = (item.get(f"slot{number}", {}).get("S") for number in range(MOST_HELD))
    held = [each for text in found if text and (each := _parse(text))]
    return tuple(sorted(held, key=lambda each: (each.since, each.id)))


def _parse(text: str) -> Held | None:
    """If it cannot be read, nobody is shown; the slot is free after its end in any case."""
    try:
        return Held.from_record(json.loads(text))
    except UNREADABLE:
        return None


def _times(held: Held, now: datetime) -> dict[str, dict[str, str]]:
    return {
        ":end": {"N": f"{held.until.timestamp():.3f}"},
        ":now": {"N": f"{now.timestamp():.3f}"},
        ":expires": {"N": str(int((held.until + KEPT).timestamp()))},
    }


def _end(item: Mapping[str, Mapping[str, str]], name: str) -> float:
    return float(item.get(name, {}).get("N", 0))


def _account_key(number: int) -> items.Item:
    return items.request_key("#door", f"slot#{number:04}")


def _number(item: items.Item) -> int:
    return int(items.sort_key(item).rpartition("#")[2])
