"""Ownership: what we made carries our tags, and nothing else is ours (names are not proof)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STACK = "dormouse:stack"
ADDRESS = "dormouse:address"

_NOT_ALLOWED = re.compile(r"[^\w\s.:/+\-@]", re.UNICODE)


def tag_value(address: str) -> str:
    """
    Write a Terraform address in the characters that a tag's value may have.

    `aws_lb.nlb[0]` becomes `aws_lb.nlb/0`, `module.app["day"].aws_lb.nlb` becomes
    `module.app/day.aws_lb.nlb`; any other character that is not allowed becomes `=` and its hex
    code. Source: the pattern of `TagValue` in botocore's elbv2 and ecs models has no brackets
    and no quotes.
    """
    plain = re.sub(r'\["?', "/", address)
    plain = re.sub(r'"?\]', "", plain)
    return _NOT_ALLOWED.sub(lambda m: f"={ord(m.group()):x}=", plain)


@dataclass(frozen=True, slots=True)
class Owner:
    """The two tags of one resource of one stack."""

    stack: str
    address: str

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return ((STACK, self.stack), (ADDRESS, tag_value(self.address)))

    def owns(self, tags: Mapping[str, str]) -> bool:
        return all(tags.get(key) == value for key, value in self.pairs())

    def describe_stranger(self, what: str, tags: Mapping[str, str]) -> str:
        """One line for a resource that is in the way: found, expected, way out."""
        found = tags.get(STACK)
        if found is None:
            having = f'tag "{STACK}" is missing'
        elif found != self.stack:
            having = f'tag "{STACK}" is "{found}"'
        else:
            having = f'tag "{ADDRESS}" is "{tags.get(ADDRESS, "")}"'
        wanted = " and ".join(f'"{key}" = "{value}"' for key, value in self.pairs())
        return (
            f"{what} is not ours: {having}, expected {wanted}; delete it or rename "
            f"ours in the Terraform files"
        )


def from_elb(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def from_ecs(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in tags}


def with_elb_owner(request: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    """The request with our tags; the user's own tags of the same name give way."""
    tags = from_elb(request.get("Tags", ())) | dict(owner.pairs())
    return {**request, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}


def with_ecs_owner(request: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    tags = from_ecs(request.get("tags", ())) | dict(owner.pairs())
    return {**request, "tags": [{"key": k, "value": v} for k, v in tags.items()]}
