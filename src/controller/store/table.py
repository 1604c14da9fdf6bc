"""The table: one Query gives all that a pass needs to know about a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.domain.errors import SpecError
from controller.domain.lease import Lease
from controller.domain.moments import format_moment
from controller.domain.spec import Json, Spec
from controller.store import items


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the table knows about one stack; `status` is empty before its first pass."""

    spec: Spec
    status: Mapping[str, Json]
    leases: tuple[Lease, ...]


class Table:
    def __init__(self, dynamodb: Any, name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    def load(self, stack: str) -> Records:
        """Read everything of one stack, consistently (a lease just granted must count)."""
        found = {items.sort_key(item): item for item in self._query(stack)}
        if "spec" not in found:
            raise SpecError(
                f'stack "{stack}" is not published; run "dormouse publish infra/{stack}"'
            )
        leases = (items.body(i) for sort, i in found.items() if sort.startswith("lease#"))
        return Records(
            spec=Spec.from_json(items.body(found["spec"])),
            status=items.body(found["status"]) if "status" in found else {},
            leases=tuple(Lease.from_json(lease) for lease in leases),
        )

    def put_spec(self, spec: Spec, due_at: datetime) -> None:
        """Store a spec and have the stack looked at from `due_at` on."""
        self._put(items.to_item(spec.stack, "spec", spec.to_json()))
        self._dynamodb.update_item(
            TableName=self._name,
            Key=items.key(spec.stack, "status"),
            UpdateExpression="SET due = :due, due_at = :at, body = if_not_exists(body, :empty)",
            ExpressionAttributeValues={
                ":due": {"S": items.DUE},
                ":at": {"S": _due_text(due_at)},
                ":empty": {"S": "{}"},
            },
        )

    def put_status(self, stack: str, status: Mapping[str, Json], due_at: datetime | None) -> None:
        """Store how a pass ended. `due_at` None: nothing will change by itself."""
        due = {"due": items.DUE, "due_at": _due_text(due_at)} if due_at else {}
        self._put(items.to_item(stack, "status", dict(status), **due))

    def grant(self, lease: Lease) -> None:
        """Store a lease, or its extension; it is forgotten a week after its end (TTL)."""
        expires = int(lease.expires_at.timestamp()) + 7 * 86400
        self._put(items.to_item(lease.stack, f"lease#{lease.id}", lease.to_json(), expires=expires))

    def due(self, now: datetime, limit: int = 100) -> list[str]:
        """Names of the stacks whose time has come, the longest overdue first."""
        reply = self._dynamodb.query(
            TableName=self._name,
            IndexName=items.DUE_INDEX,
            KeyConditionExpression="due = :due AND due_at <= :now",
            ExpressionAttributeValues={
                ":due": {"S": items.DUE},
                ":now": {"S": _due_text(now)},
            },
            Limit=limit,
        )
        return [items.stack_of(item) for item in reply["Items"]]

    def _query(self, stack: str) -> list[items.Item]:
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"stack#{stack}"}},
        }
        found: list[items.Item] = []
        while True:
            reply = self._dynamodb.query(**request)
            found += reply["Items"]
            if "LastEvaluatedKey" not in reply:
                return found
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def _put(self, item: items.Item) -> None:
        self._dynamodb.put_item(TableName=self._name, Item=item)


def _due_text(moment: datetime) -> str:
    """Whole seconds: texts of one length sort like the moments they stand for."""
    return format_moment(moment.replace(microsecond=0))
