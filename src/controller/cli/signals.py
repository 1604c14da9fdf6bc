"""Ctrl-C, SIGTERM and a lost terminal: heard in the middle of the work, and held off at its end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedError(KeyboardInterrupt):
    """One of these signals; `name` is its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block each of the signals raises EndedError; those that are ignored stay so."""

    def end(number: int, frame: FrameType | None) -> None:
        raise EndedError(signal.Signals(number).name)

    with _handled_by(end):
        yield


@contextmanager
def held_off(say: Callable[[], None]) -> Iterator[None]:
    """Within the block the signals only call `say`."""

    def tell(number: int, frame: FrameType | None) -> None:
        say()

    with _handled_by(tell):
        yield


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
