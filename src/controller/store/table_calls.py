"""The few kinds of requests to the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from controller.store import items
from controller.store.conditions import is_refused, through_conflicts


class TableCalls:
    def __init__(self, dynamodb: Any, name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    def _query(
        self, condition: str, values: Mapping[str, str], **more: Any
    ) -> Iterator[items.Item]:
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
            **more,
        }
        while True:
            reply = self._dynamodb.query(**request)
            yield from reply["Items"]
            if "LastEvaluatedKey" not in reply:
                return
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def _update(self, stack: str, sort: str, **request: Any) -> None:
        self._update_item(items.key(stack, sort), **request)

    def _update_item(self, key: items.Item, **request: Any) -> None:
        if "ConditionExpression" in request:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        named = self._named({"Key": key, **request})
        through_conflicts(lambda: self._dynamodb.update_item(**named))

    def _put(self, item: items.Item, **condition: Any) -> bool:
        """Write an item; False when its condition does not hold."""
        try:
            named = self._named({"Item": item, **condition})
            through_conflicts(lambda: self._dynamodb.put_item(**named))
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True

    def _write_together(self, *writes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Make these writes ({"Put": …}, {"Delete": …}), or none: False if a condition fails."""
        named = [{verb: self._named(one) for verb, one in each.items()} for each in writes]
        try:
            through_conflicts(lambda: self._dynamodb.transact_write_items(TransactItems=named))
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True

    def _named(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"TableName": self._name, **request}

    def _delete(self, stack: str, sort: str) -> None:
        self._dynamodb.delete_item(TableName=self._name, Key=items.key(stack, sort))
