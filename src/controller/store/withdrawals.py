"""
Withdrawn links, one item each: two simultaneous withdrawals are both kept, and there is no limit.

An item expires (TTL) once its link would have ended anyway.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from controller.domain.errors import RetryError
from controller.domain.ports import Clock
from controller.store import items
from controller.store.conditions import is_refused
from controller.store.table_calls import TableCalls

KEPT = timedelta(days=1)
"""How long after its link's end a withdrawal is kept, for clocks that differ."""

LENGTH = timedelta(seconds=30)
"""How long a change of the keys may take: two requests to SSM."""

PATIENCE = timedelta(seconds=40)
PAUSE_SECONDS = 0.5


class Withdrawals(TableCalls):
    """Which links do not count any more."""

    def withdraw(self, link: str, expires_at: datetime) -> None:
        """End a link, by its id; `expires_at` is when it would have ended."""
        expires = int((expires_at + KEPT).timestamp())
        key = items.links_key(f"{items.WITHDRAWN}{link}")
        self._put({**key, "expires": {"N": str(expires)}})

    def withdrawn(self) -> frozenset[str]:
        """The ids of all links that were withdrawn."""
        found = self._query(
            "pk = :pk AND begins_with(sk, :prefix)",
            {":pk": items.LINKS, ":prefix": items.WITHDRAWN},
            ConsistentRead=True,
            ProjectionExpression="sk",
        )
        return frozenset(items.sort_key(item).removeprefix(items.WITHDRAWN) for item in found)


class KeysTurn:
    """
    A lock for changes of the signing keys: SSM has no conditional write of a version. A lock that
    is not released expires.
    """

    def __init__(self, dynamodb: Any, table: str, clock: Clock, holder: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._holder = holder

    def __enter__(self) -> None:
        end = self._clock.now() + PATIENCE
        while not self._take():
            if self._clock.now() >= end:
                raise RetryError(
                    "somebody else is changing the keys of the links; try again in a minute",
                    after_seconds=60,
                )
            self._clock.sleep(PAUSE_SECONDS)

    def __exit__(self, *ended: object) -> None:
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=items.links_key(items.LOCK),
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={":holder": {"S": self._holder}},
            )
        except ClientError as error:
            if not is_refused(error):
                raise

    def _take(self) -> bool:
        now = self._clock.now()
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **items.links_key(items.LOCK),
                    "holder": {"S": self._holder},
                    "until": _epoch(now + LENGTH),
                },
                ConditionExpression="attribute_not_exists(pk) OR #until <= :now OR #until > :far",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":now": _epoch(now), ":far": _epoch(now + 2 * LENGTH)},
            )
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": f"{moment.timestamp():.3f}"}
