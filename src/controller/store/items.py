"""
The layout of records in the table.

Each stack has two partitions, and a decision needs one Query of each. People's requests have their
own key, so that the wake URL's role can be limited to it:

    requests#<name>       mark   hold   term   lease#<id>   booking#<id>   what people request
                        held                                      requests that the door holds
    requests#<name>#held  <id of a link>                            its answers that are held now
    requests##door        slot#<number>                             all requests that doors hold

The rest belongs to the controller and the publisher. It is sorted so that the Query goes from
`lock` to `status`, and leaves out the history:

    stack#<name>   lock   spec   spec#<hash>   status
                   account#<time>                   what the spec uses from then on, for good
                   kept_spec#<version>              the last spec that a pass could read
                   event#<time>#<kind>   wake#<time>                     history, with TTL

Links belong to no stack; their signing keys are not here, but in one SecureString in SSM:

    links          lock   withdrawn#<id>    withdrawn links, until they would end

And one partition has a row for each stack, by name, for pages that show many of them:

    board          <name>

Data that only we read is JSON text in `body`, compressed if it is long. Data that AWS evaluates
(keys, conditions, TTL, the index) has its own attributes: `due_at` and `due` (sparse index),
`expires` (TTL, epoch seconds), `fence`, `since` and `until` (lock), `fence` and `failed` (status),
`request_count` (the number of requests). A stack is due by its `status`, set by its last pass, or
by its `mark`, until a pass has read the last request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from controller.domain.errors import SpecError
from controller.domain.planning.packing import pack, to_text, unpack
from controller.domain.planning.spec import Json, Spec
from controller.domain.reporting.damage import Damaged, read
from controller.domain.timestamps import format_timestamp, read_timestamp

T = TypeVar("T")

VERSION = 1
DUE_INDEX = "due"
DUE, PUBLISHED = "due", "spec"
"""
The two partitions of the sparse index: the stacks that are due, by when, and all that are
published, by name. Other items are not in it.
"""

BOOKING = "booking#"
ACCOUNT, EVENT, HELD, HOLD, LEASE, LOCK, MARK, SPEC, STATUS, WAKE = (
    "account#",
    "event#",
    "held",
    "hold",
    "lease#",
    "lock",
    "mark",
    "spec",
    "status",
    "wake#",
)
LEFTOVER = f"{SPEC}#"
KEPT = "kept_spec#"
"""
The last spec that a pass could read, with this record version; it is used only if the spec cannot
be read.
"""

LINKS, WITHDRAWN = "links", "withdrawn#"
BOARD = "board"
TERM = "term"

Item = dict[str, dict[str, str]]


def key(stack: str, sort: str) -> Item:
    return {"pk": {"S": f"stack#{stack}"}, "sk": {"S": sort}}


def request_key(stack: str, sort: str) -> Item:
    """The key of people's requests."""
    return {"pk": {"S": f"requests#{stack}"}, "sk": {"S": sort}}


def links_key(sort: str) -> Item:
    """The key for records of no single stack: the links."""
    return {"pk": {"S": LINKS}, "sk": {"S": sort}}


def board_key(stack: str) -> Item:
    """The key of a stack's row, beside those of all others."""
    return {"pk": {"S": BOARD}, "sk": {"S": stack}}


def to_item(stack: str, sort: str, body: Json, **attributes: Any) -> Item:
    """An item of a stack with its JSON body; attributes that are None are left out."""
    return with_body(key(stack, sort), body, **attributes)


def with_body(key: Item, body: Json, **attributes: Any) -> Item:
    item = dict(key)
    item["version"] = {"N": str(VERSION)}
    item["body"] = {"S": to_stored(body)}
    for name, value in attributes.items():
        if isinstance(value, int):
            item[name] = {"N": str(value)}
        elif value is not None:
            item[name] = {"S": str(value)}
    return item


def spec_item(spec: Spec) -> Item:
    """The spec of a stack; the index lists it under the stack's name."""
    return to_item(spec.stack, SPEC, spec.to_json(), due=PUBLISHED, due_at=spec.stack)


def to_stored(body: Json) -> str:
    """Its text in the table."""
    return pack(to_text(body))


def body_text(item: Mapping[str, Mapping[str, str]]) -> str:
    """
    The JSON of a stored item.

    Raises SpecError if a later release wrote it: its meaning may differ.
    """
    version = number(item, "version", VERSION)
    if version > VERSION:
        raise SpecError(
            f'record "{sort_key(item)}" of stack "{stack_of(item)}": found version {version}, '
            f"expected {VERSION} at most; deploy the release that wrote it"
        )
    return unpack(item["body"]["S"]) if "body" in item else "{}"


def number(item: Mapping[str, Mapping[str, str]], name: str, default: int = 0) -> int:
    """A whole number of an item, rounded down; `default` where there is none, or no number."""
    text = item.get(name, {}).get("N")
    if text is None:
        return default
    return int(text) if text.isdecimal() else int(Decimal(text))


def moment(item: Mapping[str, Mapping[str, str]], name: str) -> datetime | None:
    """A moment of an item; None where it is missing or cannot be read."""
    try:
        return read_timestamp(item.get(name, {}).get("S"))
    except ValueError:
        return None


def no_request_since(count: int) -> dict[str, Any]:
    """The condition that there is no request after `count`; a non-number counts as none."""
    return {
        "ConditionExpression": (
            "NOT attribute_type(request_count, :number) OR request_count < :next"
        ),
        "ExpressionAttributeValues": {":number": {"S": "N"}, ":next": {"N": str(count + 1)}},
    }


def readable(item: Item, parse: Callable[[str], T]) -> T | Damaged:
    """The body of an item, parsed by `parse`, or what is wrong with it."""
    return read(sort_key(item), item.get("body"), lambda: parse(body_text(item)))


def sort_key(item: Mapping[str, Mapping[str, str]]) -> str:
    return item["sk"]["S"]


def stack_of(item: Mapping[str, Mapping[str, str]]) -> str:
    return item["pk"]["S"].partition("#")[2]


def is_request(item: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether an item is a request of people."""
    return item["pk"]["S"].startswith("requests#")


def due_text(moment: datetime) -> str:
    """The whole second at or after `moment`: texts of one length sort like their moments."""
    whole = moment.replace(microsecond=0)
    return format_timestamp(whole if whole == moment else whole + timedelta(seconds=1))


def second_text(moment: datetime) -> str:
    """The whole second that `moment` is in."""
    return format_timestamp(moment.replace(microsecond=0))


def as_found(item: Item) -> dict[str, Any]:
    """The condition that an item still holds what was read of it."""
    if "body" not in item:
        return {"ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(body)"}
    return {
        "ConditionExpression": "body = :old",
        "ExpressionAttributeValues": {":old": item["body"]},
    }
