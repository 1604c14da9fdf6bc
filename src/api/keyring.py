"""
The keys of the links as the function holds them: one SSM SecureString, and the ids of the links
that were withdrawn, both read at most once a minute.

A link that is withdrawn stops working within that minute. Whatever is wrong with a key that has
the shape of one costs the same: a look at the clock, and a signature.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from controller.links import Keys, Link

FRESH = timedelta(minutes=1)
"""How long keys are used before they are read again."""

RETRY = timedelta(seconds=5)
"""How long after a failure they are asked for again."""

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
        self._fetch = fetch
        self._fetch_withdrawn = withdrawn
        self._now = now
        self._keys: Keys | None = None
        self._withdrawn: Collection[str] = ()
        self._read_at: datetime | None = None
        self._ask_at: datetime | None = None
        self._error: Exception | None = None

    def read(self, key: str) -> Link | None:
        """The link that a key stands for, or None. Raises KeysUnreadableError."""
        link = self._current().read(key, self._now())
        return None if link is None or link.id in self._withdrawn else link

    def _current(self) -> Keys:
        now = self._now()
        if self._ask_at is None or now >= self._ask_at:
            self._renew(now)
        if self._keys is None or self._read_at is None or now - self._read_at >= STALE:
            raise KeysUnreadableError from self._error
        return self._keys

    def _renew(self, now: datetime) -> None:
        try:
            text = self._fetch()
            keys = Keys.from_text(text) if text else Keys()
            self._withdrawn = self._fetch_withdrawn() if keys.secrets else ()
            self._keys = keys
        except Exception as error:
            self._error = error
            self._ask_at = now + RETRY  # or a flood of requests would ask AWS each time
            return
        self._read_at, self._ask_at = now, now + FRESH
