"""Token buckets, as AWS throttles an account's calls in one region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

RATES: Mapping[str, tuple[float, float]] = {
    "elbv2:read": (50, 200),
    "elbv2:write": (3, 20),
    "ecs:read": (20, 50),
    "ecs:write": (5, 50),
    "ec2:read": (20, 100),
    "task launches": (20, 100),
}
"""
Tokens a second, and the burst.

Source: AWS behaviour §5.2. Those of ELBv2 are the limits that the AWS Load Balancer Controller sets
itself; the ECS guide names the ones for reads and launches, the EC2 guide ("Request throttling")
that for reads. The one for changes of services is assumed.
"""


PATIENCE = 5.0
"""Seconds that a client tries again: three more attempts, of 1, 2 and 4 seconds at most (§5.3)."""


@dataclass
class Bucket:
    """Whoever comes waits until there are enough tokens, in the order of coming, or goes."""

    rate: float
    burst: float
    requested: int = 0
    refused: int = 0
    _full_at: float = -math.inf

    def take(self, tokens: int, now: float) -> float | None:
        """Seconds until the last of the tokens is granted; None when that is too long to wait."""
        self.requested += tokens
        full_at = max(self._full_at, now) + tokens / self.rate
        wait = max(0.0, full_at - now - self.burst / self.rate)
        if wait > PATIENCE:
            self.refused += tokens
            return None
        self._full_at = full_at
        return wait
