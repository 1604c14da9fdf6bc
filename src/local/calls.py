"""The record of every call, answered or refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from controller.domain.dataclass import dataclass

READS = ("Describe", "List", "Get", "Query", "Scan", "BatchGet", "TransactGet", "Head")


@dataclass(slots=True)  # frozen ones take thrice as long to make
class Call:
    """
    One call as it reached AWS.

    `error_code` is None when it was answered; `result` is the ARN or id of what a create
    returned, or empty. `params` are the caller's own.
    """

    at: datetime
    region: str
    service: str
    operation: str
    params: Mapping[str, Any]
    error_code: str | None = None
    result: str = ""

    @property
    def is_read(self) -> bool:
        return self.operation.startswith(READS)

    def __str__(self) -> str:
        end = self.error_code or self.result or "ok"
        return f"{self.at:%H:%M:%S} {self.service}:{self.operation} -> {end}"


class Calls(list[Call]):
    """The calls in the order in which they came."""

    def record(self, call: Call, code: str | None = None, result: str = "") -> None:
        """
        Keep a call with how it ended: refused with `code`, or with `result`.

        Parameters of writes are copied: the caller may go on using its own.
        """
        params = call.params if call.is_read else copy.deepcopy(call.params)
        self.append(Call(call.at, call.region, call.service, call.operation, params, code, result))

    def of(self, *operations: str) -> Calls:
        """Those of the named operations."""
        return Calls(call for call in self if call.operation in operations)

    def reads(self) -> Calls:
        return Calls(call for call in self if call.is_read)

    def writes(self) -> Calls:
        return Calls(call for call in self if not call.is_read)

    def refused(self) -> Calls:
        return Calls(call for call in self if call.error_code)

    def names(self) -> list[str]:
        return [call.operation for call in self]


def result_of(reply: Mapping[str, Any]) -> str:
    """The first ARN or id in a reply, for the record of a create."""
    return next(_identifiers(reply), "")


def _identifiers(value: Any, depth: int = 3) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if isinstance(member, str) and key.endswith(("Arn", "Id")):
                yield member
        children = list(value.values())
    else:
        children = value if isinstance(value, list) else []
    if depth:
        for child in children:
            yield from _identifiers(child, depth - 1)
