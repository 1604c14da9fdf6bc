"""
Tables in memory that answer what records of stacks are read and written by.

    Tables().play(aws)          # from now on this account's DynamoDB, in place of moto's

Each item is kept as it came. A query walks one partition, or one of an index, in the order of
its sort key. Items whose time is over (TTL) stay until `expire` is called, as they may with AWS
for days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.errors import AwsError
from tables.expressions import Item, Scope, Value, condition, invalid, plain, update

if TYPE_CHECKING:
    from local.aws import LaptopAws

LARGEST_ITEM = 400 * 1024
"""Bytes. Source: DynamoDB's developer guide, "Service, account, and table quotas"."""

Key = tuple[str, str]
Entry = tuple[str, Key]
"""What an index sorts by, and the key of the item."""


@dataclass
class Table:
    """`indexes` holds by name the two attributes of each index's key."""

    hash_key: str
    range_key: str
    indexes: dict[str, Key]
    items: dict[Key, Item] = field(default_factory=dict)
    _order: dict[str, list[str]] = field(default_factory=dict)
    _entries: dict[str, dict[str, list[Entry]]] = field(default_factory=dict)

    def key_of(self, item: Mapping[str, Value]) -> Key:
        try:
            return item[self.hash_key]["S"], item[self.range_key]["S"]
        except KeyError:
            raise invalid("The provided key element does not match the schema") from None

    def put(self, key: Key, item: Item | None) -> None:
        """Put an item in place of the one before; None takes that away."""
        if item is not None and size_of(item) > LARGEST_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        before = self.items.pop(key, None)
        for name, (hash_key, range_key) in self.indexes.items():
            entries = self._entries.setdefault(name, {})
            if before and hash_key in before and range_key in before:
                there = entries[before[hash_key]["S"]]
                del there[bisect_left(there, (before[range_key]["S"], key))]
            if item and hash_key in item and range_key in item:
                insort(entries.setdefault(item[hash_key]["S"], []), (item[range_key]["S"], key))
        order = self._order.setdefault(key[0], [])
        if before is not None and item is None:
            del order[bisect_left(order, key[1])]
        if item is not None:
            self.items[key] = item
            if before is None:
                insort(order, key[1])

    def walk(
        self,
        index: str | None,
        value: str,
        start: Mapping[str, Value] | None,
        *,
        up: bool,
        between: Key | None = None,
    ) -> Iterator[Item]:
        """
        Walk one partition of the table, or of an index, by its sort key.

        `start` is the key after which to begin; its item may be elsewhere by now, or gone.
        `between` leaves out what is not between two of the table's sort keys.
        """
        entries: list[Entry]
        if index is None:
            order = self._order.get(value, [])
            if between:
                order = order[bisect_left(order, between[0]) : bisect_right(order, between[1])]
            entries = [(sort, (value, sort)) for sort in order]
        else:
            entries = self._entries.get(index, {}).get(value, [])
        first, last = 0, len(entries)
        if start:
            sort_key = self.indexes[index][1] if index else self.range_key
            entry = (start[sort_key]["S"], self.key_of(start))
            if up:
                first = bisect_right(entries, entry)
            else:
                last = bisect_left(entries, entry)
        places = range(first, last) if up else range(last - 1, first - 1, -1)
        for place in places:
            yield self.items[entries[place][1]]


class Tables:
    """The tables of one account; `answers` are its operations."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self.answers = {
            "CreateTable": self.create_table,
            "GetItem": self.get_item,
            "PutItem": self.put_item,
            "UpdateItem": self.update_item,
            "DeleteItem": self.delete_item,
            "TransactWriteItems": self.transact_write_items,
            "Query": self.query,
            "Scan": self.scan,
        }

    def play(self, aws: LaptopAws) -> None:
        for operation, answer in self.answers.items():
            aws.answer_with("dynamodb", operation, answer)

    def create_table(self, params: Mapping[str, Any]) -> dict[str, Any]:
        hash_key, range_key = _key_names(params["KeySchema"])
        indexes = params.get("GlobalSecondaryIndexes") or ()
        named = {each["IndexName"]: _key_names(each["KeySchema"]) for each in indexes}
        self._tables[params["TableName"]] = Table(hash_key, range_key, named)
        return {"TableDescription": {"TableName": params["TableName"], "TableStatus": "ACTIVE"}}

    def get_item(self, params: Mapping[str, Any]) -> dict[str, Any]:
        table = self.table(params)
        item = table.items.get(table.key_of(params["Key"]))
        if item is None:
            return {}
        return {"Item": _requested(item, params)}

    def put_item(self, params: Mapping[str, Any]) -> dict[str, Any]:
        table = self.table(params)
        key = table.key_of(params["Item"])
        before = table.items.get(key)
        _check(params, before)
        table.put(key, dict(params["Item"]))
        return _returned(params, before, None, ())

    def delete_item(self, params: Mapping[str, Any]) -> dict[str, Any]:
        table = self.table(params)
        key = table.key_of(params["Key"])
        before = table.items.get(key)
        _check(params, before)
        table.put(key, None)
        return _returned(params, before, None, ())

    def update_item(self, params: Mapping[str, Any]) -> dict[str, Any]:
        table = self.table(params)
        key = table.key_of(params["Key"])
        before = table.items.get(key)
        _check(params, before)
        old = before if before is not None else dict(params["Key"])
        new, scope = dict(old), Scope(old, params)
        for change in update(params.get("UpdateExpression", "")):
            change(scope, new)
        if table.key_of(new) != key:
            raise invalid("This attribute is part of the key")
        table.put(key, new)
        changed = [name for name in new if new[name] is not old.get(name)]
        return _returned(params, before, new, changed)

    def transact_write_items(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """All of them, or none where a condition does not hold."""
        kinds = {"Put": self.put_item, "Update": self.update_item, "Delete": self.delete_item}
        requested = [(kind, one) for each in params["TransactItems"] for kind, one in each.items()]
        reasons = [_reason(self.table(one), kind, one) for kind, one in requested]
        if any(reasons):
            reported = ", ".join(reason or "None" for reason in reasons)
            raise AwsError(
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons "
                f"[{reported}]",
                members={"CancellationReasons": [_reported(reason) for reason in reasons]},
            )
        for kind, one in requested:
            kinds[kind](one)
        return {}

    def query(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Key conditions only; a page ends after `Limit` items, as with AWS."""
        table, index = self.table(params), params.get("IndexName")
        text = params["KeyConditionExpression"]
        hash_key = table.indexes[index][0] if index else table.hash_key
        start, limit = params.get("ExclusiveStartKey"), params.get("Limit")
        between = None if index else _between(text, params)
        test = _all if between else condition(text)
        items = table.walk(
            index,
            _hash_value(text, hash_key, params),
            start,
            up=params.get("ScanIndexForward", True),
            between=between,
        )
        page: list[Item] = []
        for item in items:
            if not test(Scope(item, params)):
                if page or start:
                    break  # what meets a key condition stands together
                continue
            page.append(item)
            if len(page) == limit:
                found = [_requested(_projected(table, index, each), params) for each in page]
                key = _projected(table, index, item, keys_only=True)
                return {"Items": found, "Count": len(found), "LastEvaluatedKey": key}
        found = [_requested(_projected(table, index, each), params) for each in page]
        return {"Items": found, "Count": len(page)}

    def scan(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The whole table, in no order that means anything."""
        items = [dict(item) for item in self.table(params).items.values()]
        return {"Items": items, "Count": len(items)}

    def expire(self, table: str, attribute: str, now: datetime) -> None:
        """Take away what TTL would: items whose `attribute` is a second that has passed."""
        found = self._tables[table]
        for key, item in list(found.items.items()):
            if attribute in item and int(item[attribute]["N"]) < now.timestamp():
                found.put(key, None)

    def table(self, params: Mapping[str, Any]) -> Table:
        found = self._tables.get(params["TableName"])
        if found is None:
            raise AwsError("ResourceNotFoundException", "Requested resource not found")
        return found


def size_of(item: Mapping[str, Value]) -> int:
    """The bytes of names and values; a number counts a little more here than with AWS."""
    return sum(len(name) + _bytes_of(value) for name, value in item.items())


def _bytes_of(value: Value) -> int:
    (one,) = value.values()
    if isinstance(one, str):
        return len(one) if one.isascii() else len(one.encode())
    return len(str(one))


def _key_names(schema: list[dict[str, str]]) -> Key:
    by_type = {each["KeyType"]: each["AttributeName"] for each in schema}
    return by_type["HASH"], by_type["RANGE"]


def _reason(table: Table, kind: str, params: Mapping[str, Any]) -> str:
    """Why a write of a transaction is refused, or ""."""
    before = table.items.get(table.key_of(params["Item" if kind == "Put" else "Key"]))
    if kind == "Put" and size_of(params["Item"]) > LARGEST_ITEM:
        return "ValidationError"
    try:
        _check(params, before)
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return "ConditionalCheckFailed"
    return ""


def _reported(reason: str) -> dict[str, str]:
    """A reason as it stands in the answer; those that have none are told, too."""
    return {"Code": reason or "None"}


def _check(params: Mapping[str, Any], item: Item | None) -> None:
    text = params.get("ConditionExpression")
    if text and not condition(text)(Scope(item or {}, params)):
        reported = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise AwsError(
            "ConditionalCheckFailedException",
            "The conditional request failed",
            members={"Item": dict(item)} if reported and item is not None else None,
        )


def _returned(
    params: Mapping[str, Any], before: Item | None, after: Item | None, changed: Any
) -> dict[str, Any]:
    match params.get("ReturnValues", "NONE"):
        case "NONE":
            return {}
        case "ALL_OLD":
            return {"Attributes": dict(before)} if before else {}
        case "ALL_NEW" if after is not None:
            return {"Attributes": dict(after)}
        case "UPDATED_NEW" if after is not None:
            return {"Attributes": {name: after[name] for name in changed}}
        case other:
            raise invalid(f"ReturnValues {other} is not known here")


def _hash_value(text: str, hash_key: str, params: Mapping[str, Any]) -> str:
    """The partition that a key condition begins with, "pk = :pk AND …"."""
    name, equals, value = text.split(maxsplit=3)[:3]
    if name != hash_key or equals != "=":
        raise invalid(f'Query condition missed key schema element: {hash_key} in "{text}"')
    found: str = plain(params["ExpressionAttributeValues"][value])
    return found


def _between(text: str, params: Mapping[str, Any]) -> Key | None:
    """The two ends of a key condition "… BETWEEN :first AND :last"."""
    _, found, ends = text.partition(" BETWEEN ")
    if not found:
        return None
    first, _, last = ends.split()
    values = params["ExpressionAttributeValues"]
    return values[first]["S"], values[last]["S"]


def _all(scope: Scope) -> bool:
    """What was found between the two ends of a key condition meets it."""
    return True


def _requested(item: Item, params: Mapping[str, Any]) -> Item:
    """A copy of what `ProjectionExpression` names; of everything without one."""
    names = params.get("ProjectionExpression")
    if names is None:
        return dict(item)
    wanted = [name.strip() for name in names.split(",")]
    return {name: item[name] for name in wanted if name in item}


def _projected(table: Table, index: str | None, item: Item, keys_only: bool = False) -> Item:
    """All of an item of the table; of an index, the keys."""
    if index is None and not keys_only:
        return dict(item)
    names = {table.hash_key, table.range_key, *(table.indexes[index] if index else ())}
    return {name: value for name, value in item.items() if name in names}
