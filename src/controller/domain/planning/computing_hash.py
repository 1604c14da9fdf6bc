"""Terraform's hashes of a text, and the last part of a path, as far as a wake computes them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

_HASHES = ("md5", "sha1", "sha256", "sha512")


def _text(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError  # a number or bool was made a text before
    return value.encode()


def _digest(name: str, value: Any) -> bytes:
    import hashlib  # 2 ms that few wakes and compilations need

    return hashlib.new(name, _text(value), usedforsecurity=False).digest()


def _hexadecimal(name: str) -> Callable[[Any], str]:
    return lambda value: _digest(name, value).hex()


def _base64(name: str) -> Callable[[Any], str]:
    return lambda value: base64.b64encode(_digest(name, value)).decode()


def _basename(value: Any) -> str:
    """What follows the last slash, as of an ARN: "/" for slashes alone, "." for nothing."""
    path = _text(value).decode()
    return path.rstrip("/").rpartition("/")[2] or path[:1] or "."


HASHES: dict[str, Callable[..., str]] = {
    **{name: _hexadecimal(name) for name in _HASHES},
    "base64sha256": _base64("sha256"),
    "base64sha512": _base64("sha512"),
    "basename": _basename,
}
