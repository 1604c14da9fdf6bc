"""
Spread the wakes of many stacks for the same opening over some minutes.

Pure: the offset of a stack depends only on its name, so every pass, page and preview agrees.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256


def spread_offset(stack: str, spread: timedelta) -> timedelta:
    """How much earlier than needed this stack's wakes begin: its share of `spread`, in seconds."""
    share = int.from_bytes(sha256(stack.encode()).digest()[:8], "big") / 2**64
    return timedelta(seconds=int(share * spread.total_seconds()))
