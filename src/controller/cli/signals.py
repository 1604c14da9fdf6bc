"""Ctrl-C, SIGTERM and a lost terminal: they end the work, and are held off during its clean-up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedError(KeyboardInterrupt):
    """One of these signals; `name` is its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


DOUBLED = 0.5
"""
Seconds within which a second signal is the first one again: a terminal sends Ctrl-C to everybody,
and `make`, `uv run` or a CI runner passes it on once more.
"""


class Signals:
    """Each of the signals raises EndedError, until they are held off."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say
        self._held = False
        self._raised_at: float | None = None

    def hold_off(self) -> None:
        """From now on they only call `say`."""
        self._held = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._held:
            self._say()
            return
        before, now = self._raised_at, monotonic()
        if before is None or now - before >= DOUBLED:
            self._raised_at = now
            raise EndedError(signal.Signals(number).name)


@contextmanager
def interruptible(say: Callable[[], None]) -> Iterator[Signals]:
    """Within the block the signals are handled by `Signals`; those that are ignored stay so."""
    signals = Signals(say)
    with _handled_by(signals):
        yield signals


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    if current_thread() is not main_thread():  # Python's rule
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, old in before.items():
        if old is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
