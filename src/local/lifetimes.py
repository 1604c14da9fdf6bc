"""
When each billed resource began and ended, kept apart from the resources themselves.

Cost checks read this account, not the objects, so a mistake in one does not hide in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from controller.domain.dataclass import dataclass, field, replace


@dataclass(slots=True)
class Lifetime:
    """
    One span of billed existence.

    `kind` is "load_balancer" (created to deleted), "task" (start of the image pull to STOPPED:
    AWS behaviour §7.1) or "elastic_ip" (allocated to released). `details` of a task: cpu,
    memory, capacity, public_ip; `ended_at` is None while it lasts.
    """

    kind: str
    arn: str
    name: str
    region: str
    started_at: datetime
    ended_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Lifetimes:
    def __init__(self) -> None:
        self._all: list[Lifetime] = []
        self._open: dict[str, Lifetime] = {}

    def begin(
        self, kind: str, arn: str, *, name: str, region: str, at: float, **details: Any
    ) -> None:
        lifetime = Lifetime(kind, arn, name, region, moment(at), details=details)
        self._all.append(lifetime)
        self._open[arn] = lifetime

    def end(self, arn: str, *, at: float) -> None:
        """Close a span; one that never began (a task stopped before its pull) stays unwritten."""
        lifetime = self._open.pop(arn, None)
        if lifetime:
            lifetime.ended_at = moment(at)

    def all(self) -> list[Lifetime]:
        """Copies: what is read now does not change later."""
        return [replace(each) for each in self._all]


@lru_cache(maxsize=4096)
def moment(at: float) -> datetime:
    """Seconds since 1970 as an aware datetime in UTC."""
    return datetime.fromtimestamp(at, UTC)
