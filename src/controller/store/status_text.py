"""
The text of a status, of which only what has changed is written out anew.

While a pass waits it writes its status every half minute, and most of the nine kilobytes are what
past wakes have taught, what was used, and the steps so far. The first write of a pass differs as
little from the last of the pass before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from controller.domain.planning.packing import to_text
from controller.domain.reporting.status import Part, Status, part_json

MOST_STACKS = 16
"""Of so many stacks, those written last, the texts are kept: some 20 KB each."""


class StatusText:
    """Make one for each stack, and keep it from pass to pass: it knows what was written last."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[object, str]] = {}

    def of(self, status: Status) -> str:
        """JSON: what `to_json` of the status says."""
        parts = (f'"{name}":{self._text(name, part)}' for name, part in status.parts.items())
        return f"{to_text(status.besides())[:-1]},{','.join(parts)}}}"

    def _text(self, name: str, part: Part) -> str:
        before, text = self._written.get(name, (None, ""))
        if before != part:
            text = to_text(part_json(part))
            self._written[name] = part, text
        return text


def kept_texts() -> Callable[[str], StatusText]:
    """The text of each stack by its name, for as long as the process is warm."""
    return lru_cache(maxsize=MOST_STACKS)(lambda stack: StatusText())
