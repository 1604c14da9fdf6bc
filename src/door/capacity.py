"""How many requests may be held at one time: half of what the account's functions have free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

FRESH = timedelta(hours=1)
RETRY = timedelta(minutes=1)
LEAST = 10
"""What a new account runs at one time, and the value used while Lambda does not answer."""


class Capacity:
    """
    `limits` asks Lambda for the account's limits (AccountLimit of GetAccountSettings).

    What is free is what no function has set aside; how much of it is in use just now AWS does not
    say. The other half is for the heartbeat, the passes and everything else of the account.
    """

    def __init__(self, limits: Callable[[], Any], now: Callable[[], datetime], log: Any) -> None:
        self._limits = limits
        self._now = now
        self._log = log
        self._free = LEAST
        self._read_at: datetime | None = None

    def most(self) -> int:
        """One at least, or the door would be shut."""
        now = self._now()
        if self._read_at is None or now >= self._read_at:
            self._read_at = now + self._renew()
        return max(1, self._free // 2)

    def _renew(self) -> timedelta:
        try:
            self._free = int(self._limits()["UnreservedConcurrentExecutions"])
        except Exception as error:
            self._log.warning("account's concurrency not read", error=str(error))
            return RETRY
        return FRESH
