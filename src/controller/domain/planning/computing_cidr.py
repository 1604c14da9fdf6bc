"""
Addresses in a range that is known only at wake time, such as a subnet's: `cidrhost` and others.

As in Terraform octets may carry leading zeros, and host bits of a prefix are cleared. ValueError
for what is no range, and for a number that it does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

_OCTETS = re.compile(r"\d+(?:\.\d+){3}", re.ASCII)
_LENGTH = re.compile(r"\d{1,3}", re.ASCII)


def _host(prefix: Any, host: Any) -> str:
    first, length, bits = _parse(prefix)
    size, wanted = 1 << (bits - length), _whole(host)
    if not -size <= wanted < size:
        raise ValueError(wanted)
    return _address(first + wanted % size, bits)


def _subnet(prefix: Any, new_bits: Any, net_number: Any) -> str:
    first, length, bits = _parse(prefix)
    more, wanted = _whole(new_bits), _whole(net_number)
    longer = length + more
    if not length <= longer <= bits or not 0 <= wanted < 1 << more:
        raise ValueError(wanted)
    return f"{_address(first | wanted << (bits - longer), bits)}/{longer}"


def _netmask(prefix: Any) -> str:
    _, length, bits = _parse(prefix)
    if bits != 32:
        raise ValueError(bits)
    return _address((1 << 32) - (1 << (32 - length)), 32)


def _parse(prefix: Any) -> tuple[int, int, int]:
    """The first address as a number, the length of the prefix, and 32 or 128."""
    import ipaddress  # few stacks need it

    address, _, length = str(prefix).partition("/")
    if _OCTETS.fullmatch(address):
        address = ".".join(octet.lstrip("0") or "0" for octet in address.split("."))
    if not _LENGTH.fullmatch(length) or "%" in address:
        raise ValueError(prefix)
    host = ipaddress.ip_address(address)
    bits, ones = host.max_prefixlen, int(length)
    if ones > bits:
        raise ValueError(prefix)
    return int(host) >> (bits - ones) << (bits - ones), ones, bits


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise ValueError(value)
    return int(number)


def _address(number: int, bits: int) -> str:
    import ipaddress

    return str(ipaddress.IPv4Address(number) if bits == 32 else ipaddress.IPv6Address(number))


CIDR: Mapping[str, Callable[..., Any]] = {
    "cidrhost": _host,
    "cidrnetmask": _netmask,
    "cidrsubnet": _subnet,
}
