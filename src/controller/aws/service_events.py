"""
The sentences that ECS writes into a service's events, distinguished by their words.

Nothing else shows that a task was stopped or cannot be placed. If AWS changes the wording, costs
and causes would be lost silently. So unknown sentences are reported, for the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

STOPPED = "has stopped"
UNHEALTHY = "is unhealthy in"
INCONSISTENT = "unable to consistently start"
QUOTA = "reached the limit on the number of"

_KNOWN = (
    STOPPED,
    UNHEALTHY,
    INCONSISTENT,
    QUOTA,
    "has started",
    "registered",  # and deregistered
    "has reached a steady state",
    "has begun draining connections",
    "was unable to place",
    "operations are being throttled",
    "deployment completed",
    "deployment failed",
    "rolling back to",
    "set the desired count to",
    "has updated computed desiredCount",
    "is unhealthy due to",
    "verify that the ECS service role",
    "unable to assume",
    "was unable to",
    "failed to register targets",
    "failed to launch a task",
    "failed container health checks",
    "failed ELB health checks",
    "is in progress",
)
"""
Parts of the sentences that ECS is known to write. Source: AWS behaviour §2.10, and the developer
guide's "Viewing Amazon ECS service event messages".
"""


def unknown_events(found: Mapping[str, Any]) -> tuple[tuple[datetime, str], ...]:
    """The events of a service whose words are not known: when, and what."""
    return tuple(
        (event["createdAt"], str(event.get("message", "")))
        for event in found.get("events", ())
        if "createdAt" in event and not _is_known(str(event.get("message", "")))
    )


@lru_cache(maxsize=1024)
def _is_known(message: str) -> bool:
    """Kept: each poll reads the same events again."""
    return any(words in message for words in _KNOWN)
