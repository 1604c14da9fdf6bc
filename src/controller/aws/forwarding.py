"""To which target groups a listener sends people, and how much to each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shares(listener: Mapping[str, Any]) -> dict[str, int]:
    """The ARN of each target group that a listener names, with its share of new connections."""
    found: dict[str, int] = {}
    for action in listener.get("DefaultActions", ()):
        if action.get("TargetGroupArn"):
            found[action["TargetGroupArn"]] = 1
        for each in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
            found[each["TargetGroupArn"]] = int(each.get("Weight", 1))
    return found
