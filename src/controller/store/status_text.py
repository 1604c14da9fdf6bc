"""
The text of a status, of which a pass writes out anew only what has changed.

While a pass waits it writes its status every half minute, and most of the nine kilobytes are what
past wakes have taught, what was used, and the steps so far.
"""

from __future__ import annotations

from controller.domain.planning.packing import to_text
from controller.domain.reporting.status import Part, Status


class StatusText:
    """Make one for each pass."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[object, str]] = {}

    def of(self, status: Status) -> str:
        """JSON: what `to_json` of the status says."""
        parts = (f'"{name}":{self._text(name, part)}' for name, part in status.parts.items())
        return f"{to_text(status.besides())[:-1]},{','.join(parts)}}}"

    def _text(self, name: str, part: Part) -> str:
        before, text = self._written.get(name, (None, ""))
        if before != part:
            text = to_text(part.to_json())
            self._written[name] = part, text
        return text
