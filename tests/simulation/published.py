"""
Whether what stands is what was published, a while after it was, and whether people could use it.

A setting that an update can correct holds `WITHIN` minutes after the change, or after the wake;
one that comes with another resource holds in each wake that began after the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulation.settings import (
    IMAGE,
    LATER,
    SETTINGS,
    SUBNETS,
    TLS,
    UDP,
    newest_image,
    stands,
)

if TYPE_CHECKING:
    from simulation.installation import Installation
    from simulation.simulated_users import SimulatedUsers

WITHIN = 20 * 60.0
"""Seconds in fair weather: a pass comes at once after a change, and every 15 minutes anyway."""

LOOKED_UP = 300.0
"""Seconds that the answer of a look-up is kept for: those of a pass, at the longest."""

OF_LISTENER = (TLS, "port", "certificate", "ALPN")
"""A listener keeps these, too, while its group has the protocol of before."""


class Published:
    def __init__(self, installation: Installation, users: SimulatedUsers) -> None:
        self._installation = installation
        self._users = users
        self._changed_at: dict[str, float] = {}

    def changed(self, what: str, now: float) -> None:
        self._changed_at[what] = now

    @property
    def last_at(self) -> float:
        """When any of the settings was last changed."""
        return max((self._changed_at.get(each, 0.0) for each in SETTINGS), default=0.0)

    def wrong(self, now: float, up_since: float, healthy_since: float) -> Iterator[str]:
        """What does not stand as the files say it, of a stack that has served people so long."""
        last = max(self._changed_at.values(), default=0.0)
        if now - max(last, healthy_since) < WITHIN:
            return
        region = self._installation.look(self._users.place)
        found = stands(region, self._users)
        if found is None:
            return
        for name, said in self._said(region, up_since, found).items():
            if found[name] != said and not self._may_wait(name, up_since):
                yield f"{name} is {found[name]}, the files say {said}"

    def _said(self, region: Any, up_since: float, found: dict[str, Any]) -> dict[str, Any]:
        said = self._users.said
        family = said["task definition"]
        if self._changed_at.get("task definition", 0.0) < up_since:
            least = newest_image(region, family, up_since - LOOKED_UP)
            said[IMAGE] = max(least, found[IMAGE])
        return said

    def replaces(self, operation: str, up_since: float) -> bool:
        """What serves nobody gives way to what needs another subnet, or another protocol."""
        changes = {"DeleteLoadBalancer": SUBNETS, "DeleteService": UDP}
        return self._changed_at.get(changes.get(operation, ""), -1.0) >= up_since

    def _may_wait(self, name: str, up_since: float) -> bool:
        """It comes with the next wake."""
        changed_at = self._changed_at.get(UDP if name in OF_LISTENER else name, 0.0)
        return (name in LATER or name in OF_LISTENER) and changed_at >= up_since
