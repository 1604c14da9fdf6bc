"""
The keys of the links as the function holds them: one SSM SecureString, and for keys that are good
the ids of the links that were withdrawn; each is read at most once a minute.

A withdrawn link stops working within that minute. Each well-formed but bad key costs the same: a
read of the clock, and a signature.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from controller.door_links import DoorLink, read_door
from controller.links import Keys, Link

T = TypeVar("T")

FRESH = timedelta(minutes=1)
"""How long keys are used before they are read again."""

RETRY = timedelta(seconds=5)
"""How long after a failure they are read again."""

STALE = timedelta(minutes=15)
"""How long they are used when they cannot be read again."""


class KeysUnreadableError(Exception):
    """SSM or the table did not answer, and nothing recent enough is known."""


class KeyRing:
    """
    `fetch` reads the parameter's text, None when there is no such parameter; `withdrawn` the ids
    of the links that do not count.
    """

    def __init__(
        self,
        fetch: Callable[[], str | None],
        withdrawn: Callable[[], Collection[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._now = now
        self._keys = _Remembered(lambda: _keys(fetch()), now)
        self._withdrawn = _Remembered(withdrawn, now)

    def read(self, key: str, stack: str) -> Link | None:
        """The link to a stack for a key, or None. Raises KeysUnreadableError."""
        link = self._keys.get().read(key, self._now())
        return self._not_withdrawn(link.narrowed(stack) if link else None)

    def read_team(self, key: str) -> Link | None:
        """The team's link for a key, or None. Raises KeysUnreadableError."""
        link = self._keys.get().read(key, self._now())
        return self._not_withdrawn(link if link and link.team else None)

    def _not_withdrawn(self, link: Link | None) -> Link | None:
        """Checked last: nothing is read for a bad key."""
        return None if link is None or link.id in self._withdrawn.get() else link

    def read_door(self, key: str, stack: str) -> DoorLink | None:
        """The door to a stack for a key, or None. Raises KeysUnreadableError."""
        door = read_door(self._keys.get(), key, self._now())
        if door is None or door.stack != stack or door.id in self._withdrawn.get():
            return None
        return door


class _Remembered(Generic[T]):
    """The last read value while it is fresh; or not yet stale, if it cannot be read again."""

    def __init__(self, fetch: Callable[[], T], now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._found: tuple[T, datetime] | None = None
        self._read_at: datetime | None = None
        self._error: Exception | None = None

    def get(self) -> T:
        """Raises KeysUnreadableError."""
        now = self._now()
        if self._read_at is None or now >= self._read_at:
            self._renew(now)
        if self._found is None or now - self._found[1] >= STALE:
            raise KeysUnreadableError from self._error
        return self._found[0]

    def _renew(self, now: datetime) -> None:
        try:
            self._found = self._fetch(), now
        except Exception as error:
            self._error = error
            self._read_at = now + RETRY  # or a flood of requests would ask AWS each time
            return
        self._read_at = now + FRESH


def _keys(text: str | None) -> Keys:
    return Keys.from_text(text) if text else Keys()
