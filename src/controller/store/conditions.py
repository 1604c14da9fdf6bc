"""
Writes that DynamoDB refused: a failed condition, or two writes at the same moment (AWS
behaviour §5.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

CONFLICT = "TransactionConflict"
CANCELLED = "TransactionCanceledException"
MOST_CONFLICTS = 5


def through_conflicts(write: Callable[[], object]) -> None:
    """
    Repeat a write that conflicted with another one of the same item; that ends within milliseconds.

    That happens only with a transaction, which the SDK does not retry. Source: DynamoDB's developer
    guide, "Transaction conflict handling".
    """
    for _ in range(MOST_CONFLICTS):
        try:
            write()
            return
        except ClientError as error:
            if not _is_conflict(error):
                raise
    write()


def _is_conflict(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == f"{CONFLICT}Exception":
        return True
    return code == CANCELLED and CONFLICT in str(error)


def is_refused(error: ClientError) -> bool:
    """Whether a condition did not hold, of one write or of one in a transaction."""
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return True
    return code == CANCELLED and "ConditionalCheckFailed" in str(error)


def is_invalid(error: ClientError) -> bool:
    """Whether a stored attribute has another type than the write needs, in one write or several."""
    code = error.response["Error"]["Code"]
    return code == "ValidationException" or (code == CANCELLED and "ValidationError" in str(error))


def refused_item(error: ClientError) -> Mapping[str, Any]:
    """The stored item, if the request wanted it (ALL_OLD); empty if there is none."""
    found: Mapping[str, Any] = error.response.get("Item", {})
    return found
