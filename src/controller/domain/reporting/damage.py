"""
Records that cannot be read: cut short, edited by hand, or written by a later release.

Such a record does not affect the others. It is ignored, reported once, and shown until it is gone.
Without the unreadable lease or hold the stack sleeps as its hours say, and a status can be rebuilt
from AWS and the history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from controller.domain.dataclass import dataclass
from controller.domain.errors import DormouseError
from controller.domain.text import clean

T = TypeVar("T")

UNREADABLE = (
    DormouseError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a record raises that does not hold what was written there."""

REMEDIES = {
    "lease#": "ask again for what it was to give",
    "booking#": "book it again",
    "hold": "hold the stack again, or lift it by dormouse hold --lift",
    "status": "nothing to do: it is learned again",
    "spec": "the stack continues with the previous spec; publish it again",
    "spec#": "what it named may still exist and cost money: check with dormouse sweep",
    "mark": "nothing to do: requests are counted again",
}
"""By a sort key, or what it begins with: what to do about a record that is set aside."""


NO_SPEC = (
    "the copy of it cannot be read either, so nothing can wake the stack: it stays as it is until "
    "it is to sleep, and then goes by its owner tags; publish it again"
)
"""What to do about a spec of which no readable copy is left."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """
    A record by its sort key, `why` it cannot be read, and a mark of what it holds.

    `remedy` is what to do about it, where the usual way (`REMEDIES`) does not help.
    """

    record: str
    why: str
    mark: str
    remedy: str = ""

    @property
    def id(self) -> str:
        """The same as long as the record stays as it is."""
        return f"{self.record} {self.mark}"

    def __str__(self) -> str:
        kind, mark, _ = self.record.partition("#")
        remedy = self.remedy or REMEDIES.get(kind + mark, "see docs/operations.md")
        return f'the record "{self.record}" cannot be read and is left aside ({self.why}); {remedy}'


def read(record: str, body: object, parse: Callable[[], T]) -> T | Damaged:
    """What `parse` makes of a record that holds `body`, or what is wrong with it."""
    try:
        return parse()
    except UNREADABLE as error:
        mark = hashlib.sha256(repr(body).encode(errors="replace")).hexdigest()[:8]
        return Damaged(clean(record, 80), clean(_why(error), 200), mark)


def parted(found: Iterable[T | Damaged]) -> tuple[tuple[T, ...], tuple[Damaged, ...]]:
    """What could be read, and what could not."""
    readable: list[T] = []
    damaged: list[Damaged] = []
    for one in found:
        if isinstance(one, Damaged):
            damaged.append(one)
        else:
            readable.append(one)
    return tuple(readable), tuple(damaged)


def _why(error: Exception) -> str:
    if isinstance(error, DormouseError):
        return str(error)
    if isinstance(error, KeyError) and error.args:
        return f'"{error.args[0]}" is missing'
    return f"it does not hold what Dormouse writes: {type(error).__name__}: {error}"
