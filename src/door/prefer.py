"""What a client wishes by `Prefer` (RFC 7240): how long it waits, or not at all."""

from __future__ import annotations

import re

from controller.domain.dataclass import dataclass

DEFAULT_WAIT = 230
"""Azure, and so GitHub's runners, drops a connection that was silent for 240 seconds."""

LONGEST_WAIT = 270

_PREFERENCE = re.compile(
    r"""\s*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)              # a token
        (?:\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^\s;,"]*+)?+)?+  # its value, bare or quoted
        [^,"]*+(?:"(?:[^"\\]|\\.)*+"[^,"]*+)*+         # parameters, which nobody here knows
        (?:,|$)""",
    re.VERBOSE | re.ASCII,
)
"""Nothing in it is tried twice: a header without an end would take ten seconds otherwise."""

LONGEST_HEADER = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """`wait` in seconds, None where the client named none; `asynchronous` is `respond-async`."""

    wait: int | None = None
    asynchronous: bool = False

    @property
    def seconds(self) -> int:
        """How long to hold: at most `LONGEST_WAIT`; not at all where an answer at once will do."""
        if self.wait is None:
            return 0 if self.asynchronous else DEFAULT_WAIT
        return min(self.wait, LONGEST_WAIT)

    @property
    def applied(self) -> str:
        """The value of `Preference-Applied` of an answer that was held; "" for no preference."""
        return f"wait={self.seconds}" if self.wait is not None else ""


def read_wish(header: str) -> Wish:
    """
    Read the header; of a preference that comes twice the first counts.

    What is unknown or malformed is ignored, as RFC 7240 (section 2) asks.
    """
    found: dict[str, str] = {}
    for name, value in _PREFERENCE.findall(header[:LONGEST_HEADER]):
        found.setdefault(name.lower(), value.strip('"'))
    return Wish(wait=_seconds(found.get("wait")), asynchronous="respond-async" in found)


def _seconds(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return int(text[-9:]) if len(text) <= 9 else LONGEST_WAIT
