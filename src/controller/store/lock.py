"""
One pass at a time for each stack, with a number that tells an old holder from a new one.

The lock is a lease in the table: whoever finds it free or run out takes it by a conditional
write that also raises `fence`. A holder that was away too long finds a higher number when it
renews, and stops. Doubled work would be harmless (creates adopt, deletes repeat), only wasteful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.store import items
from controller.store.conditions import is_refused

LENGTH = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Lock:
    stack: str
    holder: str
    fence: int


class LockKeeper:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def acquire(self, stack: str, holder: str, now: datetime) -> Lock | None:
        """Take the lock for a minute, or return None while another pass has it."""
        try:
            reply = self._dynamodb.update_item(
                TableName=self._table,
                Key=items.key(stack, items.LOCK),
                UpdateExpression="SET #until = :until, holder = :holder ADD fence :one",
                ConditionExpression="attribute_not_exists(#until) OR #until <= :now",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={
                    ":until": _epoch(now + LENGTH),
                    ":now": _epoch(now),
                    ":holder": {"S": holder},
                    ":one": {"N": "1"},
                },
                ReturnValues="UPDATED_NEW",
            )
        except ClientError as error:
            if is_refused(error):
                return None
            raise
        return Lock(stack, holder, int(reply["Attributes"]["fence"]["N"]))

    def is_held(self, stack: str, now: datetime) -> bool:
        """Tell whether a pass has it now."""
        reply = self._dynamodb.get_item(
            TableName=self._table, Key=items.key(stack, items.LOCK), ConsistentRead=True
        )
        until = reply.get("Item", {}).get("until", {}).get("N")
        return until is not None and float(until) > now.timestamp()

    def count_on(self, lock: Lock, fence: int) -> Lock | None:
        """
        Number the lock above `fence`; None when somebody else has taken it.

        An item that was lost begins to count from one again, below what stands on the status.
        """
        higher = Lock(lock.stack, lock.holder, fence + 1)
        values = {":higher": {"N": str(higher.fence)}}
        return higher if self._write_if_ours(lock, "fence = :higher", values) else None

    def renew(self, lock: Lock, now: datetime) -> bool:
        """Hold it for another minute; False when somebody else has taken it."""
        return self._set_until(lock, now + LENGTH)

    def release(self, lock: Lock, now: datetime) -> None:
        """Give it back; a lock that was taken over stays with its new holder."""
        self._set_until(lock, now)

    def forget(self, lock: Lock) -> None:
        """Take the item away, of a stack that has no other; unless somebody else has taken it."""
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=items.key(lock.stack, items.LOCK),
                ConditionExpression="fence = :fence AND holder = :holder",
                ExpressionAttributeValues={
                    ":fence": {"N": str(lock.fence)},
                    ":holder": {"S": lock.holder},
                },
            )
        except ClientError as error:
            if not is_refused(error):
                raise

    def _set_until(self, lock: Lock, until: datetime) -> bool:
        names = {"ExpressionAttributeNames": {"#until": "until"}}
        return self._write_if_ours(lock, "#until = :until", {":until": _epoch(until)}, **names)

    def _write_if_ours(
        self, lock: Lock, change: str, values: Mapping[str, Any], **request: Any
    ) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=items.key(lock.stack, items.LOCK),
                UpdateExpression=f"SET {change}",
                ConditionExpression="fence = :fence AND holder = :holder",
                ExpressionAttributeValues={
                    ":fence": {"N": str(lock.fence)},
                    ":holder": {"S": lock.holder},
                    **values,
                },
                **request,
            )
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": f"{moment.timestamp():.3f}"}
