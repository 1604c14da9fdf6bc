"""A wake link in place of a stack's name, from an argument or DORMOUSE_LINK."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

import click

from controller.domain.dataclass import dataclass, field
from controller.domain.text import quoted
from controller.links import STACK_NAME, is_shaped

VARIABLE = "DORMOUSE_LINK"
EXPECTED = 'expected the form that "dormouse link" prints: https://HOST/s/STACK?k=KEY'
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """`base` is the wake URL, without a slash at its end; the key stays out of what is printed."""

    base: str
    stack: str
    key: str = field(repr=False)

    @property
    def page(self) -> str:
        return f"{self.base}/s/{self.stack}"

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc


def is_link(text: str) -> bool:
    return "://" in text


def refuse_link(text: str) -> None:
    """Raises UsageError for a link where a name is expected; it does not quote it: a secret."""
    if is_link(text):
        raise click.UsageError(
            "found a link, expected the name of a stack: only status, wake, extend, release and "
            "with take a link"
        )


def parse_link(text: str, where: str = "the link") -> LinkAddress:
    """Read a link. Raises UsageError, which does not quote it: it is a secret."""
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
        key = parse_qs(parts.query).get("k", [""])[0]
    except ValueError:
        raise click.UsageError(f"{where} cannot be read; {EXPECTED}") from None
    _check_transport(parts.scheme, host, where)
    base, _, stack = parts.path.rstrip("/").rpartition("/s/")
    if parts.path.startswith("/d/") or "/d/" in parts.path:
        raise click.UsageError(f"{where} is that of a door, which opens no page; {EXPECTED}")
    if not STACK_NAME.fullmatch(stack):
        raise click.UsageError(
            f"{where} names no stack (found the path {quoted(parts.path)}); {EXPECTED}"
        )
    if not is_shaped(key):
        raise click.UsageError(f"{where} has no complete key after k=; copy it again; {EXPECTED}")
    return LinkAddress(f"{parts.scheme}://{parts.netloc}{base}", stack, key)


def link_of_environment() -> LinkAddress | None:
    """What DORMOUSE_LINK holds. Raises UsageError for what is no link."""
    text = os.environ.get(VARIABLE, "").strip()
    return parse_link(text, VARIABLE) if text else None


def _check_transport(scheme: str, host: str, where: str) -> None:
    if scheme == "https" and host:
        return
    if scheme == "http" and host in _LOOPBACK:
        return  # the simulated AWS
    if scheme == "http" and host:
        raise click.UsageError(
            f"{where} begins with http://, and its key would be sent in the clear; take https://"
        )
    raise click.UsageError(f"{where} cannot be read; {EXPECTED}")
