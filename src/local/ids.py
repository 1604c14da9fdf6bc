"""Identifiers that look like AWS's and are the same on every run."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha1


class Ids:
    """
    Hands out identifiers from one counter per kind, hashed with a seed.

    A counter per kind keeps the id of a load balancer the same whether its target group was
    made before or after it.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counts: defaultdict[str, int] = defaultdict(int)

    def number(self, kind: str) -> int:
        """1, 2, 3, ... for each kind."""
        self._counts[kind] += 1
        return self._counts[kind]

    def hex(self, kind: str, length: int = 17) -> str:
        text = f"{self._seed}/{kind}/{self.number(kind)}"
        return sha1(text.encode(), usedforsecurity=False).hexdigest()[:length]

    def ec2(self, prefix: str) -> str:
        """An EC2 id such as "sg-0a1b2c3d4e5f60718"."""
        return f"{prefix}-0{self.hex(prefix, 16)}"

    def uuid(self, kind: str) -> str:
        text = self.hex(kind, 32)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
