"""
Held answers: so many at one time for one link, whichever environments of the function hold them.

A request that waits keeps an environment of the function to itself, and the account has only so
many. Its seat lies beside what people ask for, where the wake URL's role may write, and changes
nothing of the stack. One that was not given back, as its process has died, is free after its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.store import items
from controller.store.conditions import is_refused
from controller.store.table_calls import TableCalls

SEATS = 3
KEPT = timedelta(days=1)


class Seats(TableCalls):
    """The seats of one link of one stack."""

    def __init__(self, dynamodb: Any, name: str, stack: str, link: str) -> None:
        super().__init__(dynamodb, name)
        self._key = items.request_key(f"{stack}#held", link)

    def take(self, now: datetime, until: datetime) -> str | None:
        """Take a seat until then; its name, or None while all are taken."""
        request = self._named({"Key": self._key})
        found = self._dynamodb.get_item(**request, ConsistentRead=True).get("Item", {})
        for number in range(SEATS):
            seat = f"seat{number}"
            if float(found.get(seat, {}).get("N", 0)) <= now.timestamp() and self._is_taken(
                seat, now, until
            ):
                return seat
        return None

    def give_back(self, seat: str, until: datetime) -> None:
        """Free a seat that was taken until then; one that somebody else has taken stays theirs."""
        try:
            self._update_item(
                self._key,
                UpdateExpression=f"REMOVE {seat}",
                ConditionExpression=f"{seat} = :until",
                ExpressionAttributeValues={":until": _epoch(until)},
            )
        except ClientError as error:
            if not is_refused(error):
                raise

    def _is_taken(self, seat: str, now: datetime, until: datetime) -> bool:
        """Take this one, unless somebody else has just taken it."""
        try:
            self._update_item(
                self._key,
                UpdateExpression=f"SET {seat} = :until, expires = :expires",
                ConditionExpression=f"attribute_not_exists({seat}) OR {seat} <= :now",
                ExpressionAttributeValues={
                    ":until": _epoch(until),
                    ":now": _epoch(now),
                    ":expires": {"N": str(int((until + KEPT).timestamp()))},
                },
            )
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": f"{moment.timestamp():.3f}"}
