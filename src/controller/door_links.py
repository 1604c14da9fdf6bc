"""
Door links: a base address for programs, which the first request of a sleeping stack wakes.

A door key is signed by the same secrets as the key of a page, with a salt of its own: it opens no
page, and the key of a page opens no door. Source ranges and methods stand inside the signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from controller.domain.dataclass import dataclass
from controller.domain.errors import TextError
from controller.domain.planning.spec import Json
from controller.domain.text import quoted
from controller.links import Keys, Link, Scope, is_shaped

LONGEST_DOOR_KEY = 1024
"""Room for some forty ranges; AWS takes no more than a few kilobytes of address."""

DOOR = "door"
"""Who waits where a door was made for nobody in particular."""

_SALT = b"dormouse door"
_METHOD = re.compile(r"[A-Z][A-Z0-9_-]{0,19}", re.ASCII)

_MAPPED_BITS = 96
"""How many bits of an IPv6 address precede an IPv4 address that is mapped into it."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLink:
    """
    What a door key represents. `sources` are ranges in CIDR form, `methods` HTTP methods; empty
    ones bind nothing. `name` says whom it was made for, and may be empty.
    """

    stack: str
    expires_at: datetime
    id: str
    name: str = ""
    sources: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def admits(self, address: str) -> bool:
        """Whether a request may come from this address; from one that cannot be read it may not."""
        if not self.sources:
            return True
        try:
            found = _plain(ip_address(address))
        except ValueError:
            return False
        return any(found in network for network in _networks(self.sources))

    def takes(self, method: str) -> bool:
        return not self.methods or method in self.methods

    @property
    def as_link(self) -> Link:
        """What it may ask for of its stack: to be awake."""
        return Link(
            stack=self.stack,
            scope=Scope.WAKE,
            expires_at=self.expires_at,
            id=self.id,
            name=self.name or DOOR,
        )


def sign_door(keys: Keys, door: DoorLink, now: datetime) -> str:
    """The key of a door. Raises PermanentError without a secret, TextError for too long a key."""
    claims: dict[str, Json] = {
        "s": door.stack,
        "e": int(door.expires_at.timestamp()),
        "i": door.id,
        "n": door.name,
        "f": list(door.sources),
        "m": list(door.methods),
    }
    key = keys.sign_claims({name: one for name, one in claims.items() if one}, _SALT, now)
    if len(key) > LONGEST_DOOR_KEY:
        raise TextError(
            f"the key would have {len(key)} characters, at most {LONGEST_DOOR_KEY} fit; "
            "name fewer or wider ranges"
        )
    return key


def read_door(keys: Keys, key: str, now: datetime) -> DoorLink | None:
    """The door that a key represents; None for one that is not good, for whatever reason."""
    door = authentic_door(keys, key)
    if door is None or door.expires_at <= now or not keys.is_in_force(key, now):
        return None
    return door


def authentic_door(keys: Keys, key: str) -> DoorLink | None:
    """The door of a key that we signed, be it over or withdrawn; None for any other."""
    return keys.read_claims(key, _SALT, _door, LONGEST_DOOR_KEY)


def is_door_shaped(key: str) -> bool:
    """Return whether a text could be a door key at all; no secret is needed to say so."""
    return is_shaped(key, LONGEST_DOOR_KEY)


def parse_sources(texts: Iterable[str]) -> tuple[str, ...]:
    """Ranges as they are signed. Raises TextError for what is no range of addresses."""
    return tuple(dict.fromkeys(str(_network(text)) for text in texts))


def parse_methods(text: str) -> tuple[str, ...]:
    """Methods as they are signed, of "GET,head". Raises TextError for what is no list."""
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    for name in names:
        if not _METHOD.fullmatch(name):
            raise TextError(f'{quoted(name)} is no HTTP method; expected such as "GET,HEAD"')
    if not names:
        raise TextError('no method is named; expected such as "GET,HEAD"')
    return tuple(dict.fromkeys(names))


def _network(text: str) -> Network:
    try:
        return _plain_network(ip_network(text.strip()))
    except ValueError as error:
        raise TextError(
            f'{quoted(text)} is no range of addresses ({error}); expected such as "203.0.113.0/24"'
        ) from None


@lru_cache(maxsize=64)
def _networks(sources: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(source) for source in sources)


def _plain_network(network: Network) -> Network:
    """A range of IPv4 addresses that is written as IPv6 counts as what it is, or it admits none."""
    plain = _plain(network.network_address)
    if isinstance(plain, IPv6Address) or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((plain, network.prefixlen - _MAPPED_BITS))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as IPv6 counts as what it is."""
    return getattr(address, "ipv4_mapped", None) or address


def _door(claims: Json) -> DoorLink:
    return DoorLink(
        stack=str(claims["s"]),
        expires_at=datetime.fromtimestamp(claims["e"], UTC),
        id=str(claims["i"]),
        name=str(claims.get("n", "")),
        sources=tuple(map(str, claims.get("f", ()))),
        methods=tuple(map(str, claims.get("m", ()))),
    )
