"""Masks of internet addresses: a private one keeps its neighbours, a public one goes elsewhere."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_network

PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
BENCHMARKS = int(IPv4Address("198.18.0.0"))
"""RFC 2544: a range that nobody has on the internet, wide enough for each address of a trial."""
RESERVED = int(IPv4Address("240.0.0.0"))
"""For ranges of public addresses: RFC 1112 keeps it for later, so nobody has it either."""
DOCUMENTATION = int(IPv6Address("2001:db8::"))

Numbered = Callable[[str, str, Callable[[int], str]], str]
"""Kind, original and the form of the n-th mask to the mask; see `Masks`."""


def ipv4(original: str, key: bytes, numbered: Numbered) -> str:
    address = IPv4Address(original)
    private = _private(address)
    if private:
        return str(IPv4Address(_scatter(int(address), private.prefixlen, key)))
    if address.is_unspecified or address.is_loopback:
        return original
    return numbered("ipv4", original, lambda n: str(IPv4Address(BENCHMARKS + n)))


def ipv6(original: str, key: bytes, numbered: Numbered) -> str:
    address = IPv6Address(original)
    if address.is_unspecified or address.is_loopback:
        return original
    return numbered("ipv6", str(address), lambda n: str(IPv6Address(DOCUMENTATION + n)))


def network(original: str, key: bytes, numbered: Numbered) -> str:
    """A range of IPv4 addresses; it keeps its size."""
    range_ = ip_network(original, strict=False)
    first, size = IPv4Address(int(range_.network_address)), range_.prefixlen
    if _private(first):
        masked = ipv4(str(first), key, numbered)
    elif first.is_unspecified or first.is_loopback:
        masked = str(first)
    else:
        place = 32 - size
        masked = numbered(
            f"/{size}", str(first), lambda n: str(IPv4Address(RESERVED + (n << place)))
        )
    return str(ip_network(f"{masked}/{size}", strict=False))


def _private(address: IPv4Address) -> IPv4Network | None:
    return next((each for each in PRIVATE if address in each), None)


def _scatter(address: int, kept: int, key: bytes) -> int:
    """
    Change the bits behind the first `kept`, each depending on those before it.

    Two addresses with a common prefix keep a common prefix of that length (the idea of
    Crypto-PAn), and with it a subnet its addresses.
    """
    for bit in range(32 - kept):  # from the last on: those before it are still the original's
        before = (address >> (bit + 1)).to_bytes(4, "big") + bytes([bit])
        address ^= (hmac.digest(key, before, sha256)[0] & 1) << bit
    return address


KINDS: dict[str, Callable[[str, bytes, Numbered], str]] = {
    "ipv4": ipv4,
    "ipv6": ipv6,
    "network": network,
}
