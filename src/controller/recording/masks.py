"""
Masks: what is in a recording in place of whatever identifies somebody.

The same original always gets the same mask, so that answers stay linked. A mask has the form of
what it replaces: an id of a subnet stays an id of a subnet, an address in a subnet stays in it. So
the simulated AWS can be asked the same questions again.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Callable

from controller.recording import addresses

FORMS: dict[str, Callable[[str, int], str]] = {
    "name": lambda _, n: f"name-{n}",
    "description": lambda _, n: f"text-{n}",
    "account": lambda _, n: f"{n:012d}",
    "uuid": lambda _, n: f"00000000-0000-0000-0000-{n:012d}",
    "key": lambda original, n: f"{original[:4]}MASKED{n:010d}",
    "host": lambda _, n: f"host-{n}.example",
    "mac": lambda _, n: f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}",
    "hash": lambda original, n: f"{n:0{len(original)}d}",
}
"""
The n-th mask of each kind. A key is an access key or another unique id of IAM: its first four
letters say of what. A hash is a long number, too. Hardware addresses are locally administered ones.
"""


class Masks:
    """Hands out masks; not safe to use from several threads at once."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._given: dict[tuple[str, str], str] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)

    def of(self, kind: str, original: str) -> str:
        """The mask of one of `FORMS`, or of an "ipv4", "ipv6" or "network"; ValueError if none."""
        if kind in addresses.KINDS:
            return addresses.KINDS[kind](original, self._key, self._numbered)
        counted = f"hash {len(original)}" if kind == "hash" else kind
        return self._numbered(counted, original, lambda n: FORMS[kind](original, n))

    def known_name(self, original: str) -> str | None:
        """The mask that this name has been given before, if any."""
        return self._given.get(("name", original))

    def resource(self, prefix: str, tail: str) -> str:
        """An id of EC2 such as "subnet-0a1b2c3d4e5f60718"."""
        return f"{prefix}-{self._numbered(prefix, tail, lambda n: f'{n:0{len(tail)}d}')}"

    def _numbered(self, kind: str, original: str, form: Callable[[int], str]) -> str:
        found = self._given.get((kind, original))
        if found is None:
            self._counts[kind] += 1
            found = self._given[kind, original] = form(self._counts[kind])
        return found


MASK = re.compile(
    r"(?:name|text|host)-\d+|[A-Z]{4}MASKED\d{10}|0\d{7,}|0{8}(?:-0{4}){3}-\d{12}|[a-z-]+-0\d{7,}"
    r"|02:00:00:00:[0-9a-f]{2}:[0-9a-f]{2}|2001:db8::[0-9a-f:]*|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?"
)


def is_mask(token: str) -> bool:
    """Whether a word of a recording represents another; every address counts as one."""
    return bool(MASK.fullmatch(token))
