"""
Functions on address ranges.

Octets may carry leading zeros, as they always could in Terraform; host bits in a prefix are
cleared.
"""

from __future__ import annotations

import ipaddress
import re

from controller.domain.dataclass import dataclass
from controller.hcl import numbers
from controller.hcl.convert import make_list, string
from controller.hcl.functions.definition import ArgumentError, Parameter, function, whole_number
from controller.hcl.types import NUMBER, STRING, ListType
from controller.hcl.values import Value

_PREFIX = Parameter("prefix", STRING)
_OCTETS = re.compile(r"\d+(?:\.\d+){3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Network:
    """The first address as a number, the length of the prefix, and 32 or 128."""

    first: int
    length: int
    bits: int

    def __str__(self) -> str:
        return f"{_address(self.first, self.bits)}/{self.length}"

    @property
    def size(self) -> int:
        return 1 << (self.bits - self.length)


@function(_PREFIX, Parameter("newbits", NUMBER), Parameter("netnum", NUMBER), returns=STRING)
def cidrsubnet(prefix: Value, new_bits: Value, net_number: Value) -> Value:
    network, more = _parse(prefix), whole_number(new_bits, 1)
    wanted = _any_whole(net_number, 2)
    length = network.length + more
    if not 0 <= length <= network.bits:
        raise ArgumentError(1, f"a prefix of {length} bits does not fit into {network.bits}")
    if more >= 0 and not -(1 << more) < wanted < 1 << more:
        raise ArgumentError(2, f"{more} bits hold no subnet number {wanted}")
    # A negative number is let through by Terraform, and this is what its arithmetic makes of it.
    first = abs(network.first | wanted << (network.bits - length))
    if first >> network.bits:
        raise ArgumentError(2, f"there is no subnet number {wanted} of {length} bits")
    return string(str(_Network(first, length, network.bits)))


@function(_PREFIX, variadic=Parameter("newbits", NUMBER), returns=ListType(STRING))
def cidrsubnets(prefix: Value, *new_bits: Value) -> Value:
    """Subnets of those sizes one after the other, each at the next place where it fits."""
    network = _parse(prefix)
    if network.first == 0 and new_bits:
        # Terraform looks for the place before the first one, and finds it at the other end.
        raise ArgumentError(0, "must not begin at the lowest of all addresses")
    following, found = network.first, []
    for index, value in enumerate(new_bits, 1):
        more = whole_number(value, index)
        if not 1 <= more <= 32:
            raise ArgumentError(index, f"must be between 1 and 32, not {more}")
        length = network.length + more
        if length > network.bits:
            raise ArgumentError(index, f"a prefix of {length} bits is too long for the address")
        subnet = _Network(following, length, network.bits)
        first = -(-following // subnet.size) * subnet.size
        if first + subnet.size > network.first + network.size:
            raise ArgumentError(index, f"no room is left for a prefix of {length} bits")
        found.append(string(str(_Network(first, length, network.bits))))
        following = first + subnet.size
    return make_list(STRING, found)


@function(_PREFIX, Parameter("hostnum", NUMBER), returns=STRING)
def cidrhost(prefix: Value, host: Value) -> Value:
    """A negative number counts from the end: -1 is the last address."""
    network, wanted = _parse(prefix), _any_whole(host, 1)
    if not -network.size <= wanted < network.size:
        raise ArgumentError(1, f"{network} holds no host number {wanted}")
    return string(_address(network.first + wanted % network.size, network.bits))


@function(_PREFIX, returns=STRING)
def cidrnetmask(prefix: Value) -> Value:
    network = _parse(prefix)
    if network.bits != 32:
        raise ArgumentError(0, "an IPv6 prefix has no netmask")
    return string(_address((1 << 32) - network.size, 32))


def _parse(prefix: Value) -> _Network:
    address, slash, length = prefix.data.partition("/")
    if _OCTETS.fullmatch(address):
        address = ".".join(octet.lstrip("0") or "0" for octet in address.split("."))
    try:
        if not slash or not re.fullmatch(r"\d{1,3}", length, re.ASCII) or "%" in address:
            raise ValueError
        host = ipaddress.ip_address(address)
        bits, ones = host.max_prefixlen, int(length)
        if ones > bits:
            raise ValueError
    except ValueError:
        raise ArgumentError(0, f'"{prefix.data}" is no CIDR such as 10.0.0.0/16') from None
    return _Network(int(host) >> (bits - ones) << (bits - ones), ones, bits)


def _any_whole(value: Value, index: int) -> int:
    if not numbers.is_whole(value.data):
        raise ArgumentError(index, f"a whole number is needed, not {value.data}")
    return numbers.to_int(value.data)


def _address(number: int, bits: int) -> str:
    return str(ipaddress.IPv4Address(number) if bits == 32 else ipaddress.IPv6Address(number))


FUNCTIONS = (cidrsubnet, cidrsubnets, cidrhost, cidrnetmask)
