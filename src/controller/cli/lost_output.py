"""A terminal or a pipe that is gone must not end what still has something to take down."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

LOST = (OSError, ValueError, RuntimeError)
"""
Writes to output that nobody reads any more or that is closed, and from a signal's handler in the
middle of another write.
"""


class _Forgiving:
    """A text stream; what cannot be written is not written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(*LOST):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(*LOST):
            self._stream.flush()


@contextmanager
def messages_may_get_lost() -> Iterator[None]:
    """Within the block a closed standard error is no error."""
    before = sys.stderr
    sys.stderr = cast(TextIO, _Forgiving(before)) if before else before
    try:
        yield
    finally:
        sys.stderr = before
