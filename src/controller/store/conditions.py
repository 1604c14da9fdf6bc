"""Conditional writes that DynamoDB refused (AWS behaviour §5.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


def is_refused(error: ClientError) -> bool:
    return bool(error.response["Error"]["Code"] == "ConditionalCheckFailedException")


def refused_item(error: ClientError) -> Mapping[str, Any]:
    """The item as it stands, where the request asked for it (ALL_OLD); empty if there is none."""
    found: Mapping[str, Any] = error.response.get("Item", {})
    return found
