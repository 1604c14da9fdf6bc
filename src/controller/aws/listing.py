"""Lists that AWS gives in pages, and tags that it gives for a few ARNs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from controller.aws.errors import GONE, code_of
from controller.aws.tags import from_elb

T = TypeVar("T")

TAGS_LIMIT = 20
"""ARNs per DescribeTags of ELBv2 (AWS behaviour §1.14)."""


def list_all(client: Any, operation: str, result: str, **request: Any) -> list[Any]:
    """Everything under the key `result`, from all pages of an operation, as boto3 spells it."""
    pages = client.get_paginator(operation).paginate(**request)
    return [item for page in pages for item in page[result]]


def in_parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """The items in their order, `size` at a time."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def read_elb_tags(elbv2: Any, arns: Sequence[str]) -> dict[str, dict[str, str] | None]:
    """
    ARN to its tags; None where AWS does not know the ARN (yet, or any more).

    However many there are: a load balancer has 50 listeners. One that is gone hides no other.
    """
    found: dict[str, dict[str, str] | None] = {}
    for some in in_parts(arns, TAGS_LIMIT):
        found |= _read_some(elbv2, some)
    return found


def _read_some(elbv2: Any, arns: list[str]) -> dict[str, dict[str, str] | None]:
    try:
        reply = elbv2.describe_tags(ResourceArns=arns)
    except Exception as error:
        if code_of(error) not in GONE:
            raise
        if len(arns) == 1:
            return {arns[0]: None}
        each = [_read_some(elbv2, [arn]) for arn in arns]
        return {arn: tags for found in each for arn, tags in found.items()}
    return {d["ResourceArn"]: from_elb(d["Tags"]) for d in reply["TagDescriptions"]}
