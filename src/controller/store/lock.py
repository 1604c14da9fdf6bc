"""
One pass at a time for each stack, with a number that separates an old holder from a new one.

The lock is a lease in the table: a process takes a free or expired one by a conditional
write that also raises `fence`. A delayed holder finds a higher number when it renews,
and stops. Duplicate work would be harmless (a create adopts, a delete repeats), only wasteful.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.dataclass import dataclass
from controller.store import items
from controller.store.conditions import is_refused

LENGTH = timedelta(seconds=60)

AHEAD = LENGTH + timedelta(seconds=30)
"""A lock that ends later than this cannot come from a pass, even with a wrong clock: it is void."""


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
        """
        Take the lock for a minute, or return None while another pass has it.

        Also takes a lock that no pass can hold: with an end far ahead, or not a number.
        """
        try:
            lock = self._take(stack, holder, now)
        except ClientError as error:
            if is_refused(error):
                return None
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            lock = None
        if lock is None:
            # It is not a number. The count continues from the one on the status (`count_on`).
            self._dynamodb.delete_item(TableName=self._table, Key=items.key(stack, items.LOCK))
            lock = self._take(stack, holder, now)
        return lock

    def _take(self, stack: str, holder: str, now: datetime) -> Lock | None:
        """None if it has been taken, or if its count is not a whole number."""
        reply = self._dynamodb.update_item(
            TableName=self._table,
            Key=items.key(stack, items.LOCK),
            UpdateExpression="SET #until = :until, holder = :holder, since = :now ADD fence :one",
            ConditionExpression=(
                "NOT (attribute_type(#until, :number) AND #until > :now AND #until <= :ahead)"
            ),
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={
                ":until": _epoch(now + LENGTH),
                ":now": _epoch(now),
                ":ahead": _epoch(now + AHEAD),
                ":holder": {"S": holder},
                ":one": {"N": "1"},
                ":number": {"S": "N"},
            },
            ReturnValues="UPDATED_NEW",
        )
        fence = reply["Attributes"]["fence"]["N"]
        return Lock(stack, holder, int(fence)) if fence.isdecimal() else None

    def is_held(self, stack: str, now: datetime) -> bool:
        """Whether a pass holds it now."""
        until = _moment(self._read(stack).get("until"))
        return until is not None and 0 < until - now.timestamp() <= AHEAD.total_seconds()

    def held_for(self, stack: str, now: datetime) -> timedelta:
        """How long the same pass has held it; zero if none does, or if it is unknown."""
        item = self._read(stack)
        since, until = _moment(item.get("since")), _moment(item.get("until"))
        if since is None or until is None or until <= now.timestamp():
            return timedelta(0)
        return timedelta(seconds=now.timestamp() - since)

    def _read(self, stack: str) -> Mapping[str, Any]:
        reply = self._dynamodb.get_item(
            TableName=self._table, Key=items.key(stack, items.LOCK), ConsistentRead=True
        )
        found: Mapping[str, Any] = reply.get("Item", {})
        return found

    def count_on(self, lock: Lock, fence: int) -> Lock | None:
        """
        Number the lock above `fence`; None if another process has taken it.

        A deleted item restarts its count from one, below the number on the status.
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
        """Delete the lock of a stack without other items, unless it was taken by others."""
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


def _moment(value: Mapping[str, str] | None) -> float | None:
    """Seconds since 1970; None where there are none, or something else."""
    return float(value["N"]) if value and "N" in value else None


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": f"{moment.timestamp():.3f}"}
