"""Which stacks are meant: a name, or a pattern in which `*` matches any text, also none."""

from __future__ import annotations

import re
from functools import cached_property

from controller.domain.dataclass import dataclass
from controller.domain.errors import TextError
from controller.domain.text import quoted

LONGEST = 40
_SHAPE = re.compile(r"[a-z0-9*-]{1,40}")


@dataclass(frozen=True)
class NamePattern:
    """`prefix` is what every name that it covers begins with."""

    text: str

    @staticmethod
    def parse(text: str) -> NamePattern:
        """Read "pr-*"; TextError for what covers no name."""
        if not _SHAPE.fullmatch(text) or not re.match(r"[a-z*]", text):
            raise TextError(
                f"{quoted(text)} is no pattern of stack names; expected small letters, digits, "
                f'hyphens and *, {LONGEST} at most, such as "pr-*"'
            )
        return NamePattern(text)

    @property
    def prefix(self) -> str:
        return self.text.partition("*")[0]

    def covers(self, stack: str) -> bool:
        return self._shape.fullmatch(stack) is not None

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        # What is between two * is found where it comes first, and not looked for again: each
        # further * would multiply the time of a name that does not fit.
        first, *rest = map(re.escape, re.split(r"\*+", self.text))
        if not rest:
            return re.compile(first)
        *middle, last = rest
        return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last)
