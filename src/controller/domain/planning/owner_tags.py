"""
The two tags that say whose a resource is (names are not proof, AWS behaviour §1.6).

The controller sets them when it creates something, and touches nothing that does not carry its
stack's tag and an address (not always today's: a resource may have moved in the files).
"""

from __future__ import annotations

import re

PREFIX = "dormouse:"
STACK = "dormouse:stack"
ADDRESS = "dormouse:address"

_NOT_ALLOWED = re.compile(r"[^\w\s.:/+\-@]")


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
    return _NOT_ALLOWED.sub(lambda match: f"={ord(match.group()):x}=", plain)


def owner_tags(stack: str, address: str) -> dict[str, str]:
    """The tags of one resource of one stack."""
    return {STACK: stack, ADDRESS: tag_value(address)}
