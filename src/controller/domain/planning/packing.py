"""
Records as the table takes them: a long one is compressed. Pure.

DynamoDB takes items of 400 KB, names and values of all attributes included. Source: its developer
guide, "Service, account, and table quotas". Specs and statuses repeat themselves, and shrink to a
tenth; a short one stays readable in the console.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from controller.domain.planning.spec import Json, Spec

LARGEST_ITEM = 400_000
"""Bytes; AWS does not document whether a KB has 1,000 or 1,024."""

PLAIN = 64 * 1024
"""A record up to this many bytes is stored uncompressed."""

_BESIDE = 1024
"""Bytes that the keys and other attributes of an item need, at most."""

_MARK = "zlib:"


def pack(text: str) -> str:
    """The text, or if it is long the mark and base64 of its compressed bytes."""
    data = text.encode()
    if len(data) <= PLAIN:
        return text
    return _MARK + base64.b64encode(zlib.compress(data, 9)).decode()


def unpack(text: str) -> str:
    """The packed text. Raises ValueError for any other text."""
    if not text.startswith(_MARK):
        return text
    try:
        return zlib.decompress(base64.b64decode(text[len(_MARK) :], validate=True)).decode()
    except zlib.error as error:
        raise ValueError(f"found compressed text that cannot be read: {error}") from None


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
"""Made once: `json.dumps` makes one for each text."""


def to_text(body: Json) -> str:
    return _ENCODER.encode(body)


def stored_size(spec: Spec) -> int:
    """How many bytes the item of a spec has, at most."""
    content: Mapping[str, Json] = spec.to_json()
    return len(pack(to_text(content)).encode()) + _BESIDE
