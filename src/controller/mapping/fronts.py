"""
Which load balancers Dormouse wakes, and which stay Terraform's with all that belongs to them.

Network load balancers sleep. Application and gateway load balancers, their listeners and their
target groups are resources of the same types; Terraform keeps them, asleep and awake. An
application load balancer has no address that could outlive it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Level, Problem
from controller.hcl.convert import unknowns_in
from controller.hcl.values import Value
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.fill import given, known
from controller.mapping.target_group import PROTOCOLS

NETWORK = "network"
_BALANCERS = ("aws_lb", "aws_alb")
_LISTENERS = ("aws_lb_listener", "aws_alb_listener")
_RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
_TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")
_OTHERS = ("application", "gateway")
# An ARN says the type: …:loadbalancer/net/front/0123456789abcdef (ELB, "Resource types").
_IN_ARN = re.compile(r":(?:loadbalancer|listener)/(app|net|gwy)/")
_ARN_TYPES = {"app": "application", "net": NETWORK, "gwy": "gateway"}
# What a listener or a target group of a network load balancer never speaks (AWS behaviour §1.5).
_FOREIGN_PROTOCOLS = {"HTTP": "application", "HTTPS": "application", "GENEVE": "gateway"}


@dataclass(frozen=True, slots=True)
class Fronts:
    """
    What stays Terraform's of the kinds that otherwise sleep.

    `others` maps the address of each such load balancer, listener and target group to the type
    of its load balancer: "application" or "gateway".
    """

    others: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def find_fronts(instances: Iterable[ResourceInstance]) -> Fronts:
    """Look at all instances of a directory, as they are when awake."""
    managed = [instance for instance in instances if instance.mode == "managed"]
    balancers = {i.address: _type_of(i) for i in managed if i.type in _BALANCERS}
    listeners = {i.address: _side(i, balancers) for i in managed if i.type in _LISTENERS}
    groups = _groups(managed, listeners)
    found = {**balancers, **listeners, **groups}
    others = {address: type_ for address, type_ in found.items() if type_ in _OTHERS}
    return Fronts(others, tuple(_mistaken(managed, balancers)))


def _type_of(balancer: ResourceInstance) -> str:
    """Its `load_balancer_type`; "" where that is unknown or could not be evaluated."""
    if not balancer.error_free and "load_balancer_type" not in balancer.body.attributes:
        # It may be what could not be evaluated, and that is reported already.
        return ""
    return _type_in(balancer.body)


def _type_in(body: Block) -> str:
    argument = given(body, "load_balancer_type")
    if argument is None:
        return "application"  # Terraform's default
    return argument.value.data if isinstance(argument.value.data, str) else ""


def _side(listener: ResourceInstance, balancers: Mapping[str, str]) -> str:
    """The type of the load balancer that it belongs to; "" if unknown."""
    argument = given(listener.body, "load_balancer_arn")
    for address in _origins(argument.value) if argument else ():
        if balancers.get(address):
            return balancers[address]
    written = argument.value.data if argument else None
    match = _IN_ARN.search(written) if isinstance(written, str) else None
    if match:
        return _ARN_TYPES[match.group(1)]
    if _redirects(listener.body):
        return "application"
    if given(listener.body, "protocol") is None:
        return "application" if listener.error_free else ""  # network load balancers need one
    return _FOREIGN_PROTOCOLS.get(str(known(listener.body, "protocol")).upper(), "")


def _redirects(listener: Block) -> bool:
    """Network load balancers only forward."""
    types = (known(action, "type") for action in listener.of_type("default_action"))
    return any(type_ not in (None, "forward") for type_ in types)


def _groups(managed: list[ResourceInstance], listeners: Mapping[str, str]) -> dict[str, str]:
    """
    By who forwards to it, and where nobody does by its protocol.

    A network load balancer that forwards to it outweighs the others: then it sleeps, and what is
    wrong with it is reported as for any sleeper.
    """
    sides: dict[str, set[str]] = {}
    for instance in managed:
        side = "application" if instance.type in _RULES else listeners.get(instance.address)
        if side is not None:
            for address in _origins_in(instance.body):
                sides.setdefault(address, set()).add(side)
    return {
        group.address: _side_of_group(group, sides.get(group.address, set()))
        for group in managed
        if group.type in _TARGET_GROUPS
    }


def _side_of_group(group: ResourceInstance, sides: set[str]) -> str:
    if sides & {NETWORK, ""}:
        return NETWORK
    if sides:
        return min(sides)
    if known(group.body, "target_type") == "lambda":
        return "application"
    return _FOREIGN_PROTOCOLS.get(str(known(group.body, "protocol")).upper(), NETWORK)


def _mistaken(managed: list[ResourceInstance], balancers: Mapping[str, str]) -> Iterator[Problem]:
    """A listener that only a network load balancer can have: its type was forgotten."""
    warned: set[str] = set()
    by_address = {instance.address: instance for instance in managed}
    for listener in managed:
        protocol = known(listener.body, "protocol")
        if listener.type not in _LISTENERS or protocol not in PROTOCOLS:
            continue
        argument = given(listener.body, "load_balancer_arn")
        for address in _origins(argument.value) if argument else ():
            if balancers.get(address) in _OTHERS and address not in warned:
                warned.add(address)
                yield _forgotten(by_address[address], listener, str(protocol))


def _forgotten(balancer: ResourceInstance, listener: ResourceInstance, protocol: str) -> Problem:
    argument = given(balancer.body, "load_balancer_type")
    type_ = _type_in(balancer.body)
    found = f'"{type_}"' if argument else f'none (Terraform then takes "{type_}")'
    return Problem(
        level=Level.ERROR,
        rule="load-balancer-type",
        message=f'load_balancer_type: found {found}, expected "network", since '
        f"{listener.address} ({listener.place}) listens to {protocol}",
        place=argument.place if argument else balancer.place,
        address=balancer.address,
    )


def _origins(value: Value) -> Iterator[str]:
    """The addresses of all that the value comes from."""
    for unknown in unknowns_in(value):
        yield from (origin.address for origin in unknown.origins)


def _origins_in(body: Block) -> Iterator[str]:
    for argument in body.attributes.values():
        yield from _origins(argument.value)
    for _, block in body.blocks:
        yield from _origins_in(block)
