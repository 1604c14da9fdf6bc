"""What happened, as somebody reads it who looks for a mistake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Timeline:
    lines: list[tuple[datetime, str, str]] = field(default_factory=list)

    def note(self, at: datetime, source: str, text: str) -> None:
        self.lines.append((at, source, text))

    def around(self, at: datetime, before: timedelta, after: timedelta) -> list[str]:
        """The lines of that time; one that repeats itself is told once, with how often."""
        found = [line for line in self.lines if at - before <= line[0] <= at + after]
        reported: list[str] = []
        last, times = ("", ""), 0
        for moment, source, text in found:
            if (source, text) == last:
                times += 1
                continue
            if times:
                reported.append(f"{'':24}  … {times} times more")
            last, times = (source, text), 0
            reported.append(f"{moment:%a %d %b %H:%M:%S.%f}"[:-4] + f"  {source:<7} {text}")
        return reported

    def digest(self) -> str:
        """The same for the same story, to tell whether a run was one."""
        reported = hashlib.sha256()
        for at, source, text in self.lines:
            reported.update(f"{at.isoformat()} {source} {text}\n".encode())
        return reported.hexdigest()
