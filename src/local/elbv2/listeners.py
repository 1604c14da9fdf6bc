"""Listeners of network load balancers: a port that forwards to a target group."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from local import refusals
from local.elbv2 import attributes, health
from local.elbv2.shared import (
    check_arn,
    is_visible,
    misconfigured,
    no_group,
    no_listener,
    page,
    read_balancer,
    read_tags,
    validation,
    written_balancer,
    written_listener,
)
from local.elbv2.state import Listener, LoadBalancer, TargetGroup
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

COMPATIBLE = {
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
}
"""Protocol of a listener to those of the groups that it may forward to."""

QUOTA = 50
SSL_POLICY = "ELBSecurityPolicy-2016-08"


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a listener, or return the one on this port if it is the same (§1.5)."""
    balancer = written_balancer(region, params["LoadBalancerArn"])
    protocol, port = _endpoint(params)
    actions = _actions(region, balancer, protocol, params.get("DefaultActions") or ())
    refusals.check_listener(region, balancer, params, _groups_of(region, actions))
    for standing in balancer.listeners:
        if standing.port == port:
            if (standing.protocol, standing.actions) != (protocol, actions):
                raise _duplicate(balancer)
            return {"Listeners": [view(standing)]}
    if len(balancer.listeners) >= QUOTA:
        raise AwsError("TooManyListeners", "You've reached the limit on the number of listeners")
    listener = Listener(
        arn=_new_arn(region, balancer),
        balancer=balancer,
        port=port,
        protocol=protocol,
        actions=actions,
        tags=read_tags(params.get("Tags")),
        attributes=attributes.listener_defaults(protocol),
        created_at=region.now,
    )
    _set_tls(listener, params)
    balancer.listeners.append(listener)
    region.elbv2.listeners[listener.arn] = listener
    _attach(region, listener)
    return {"Listeners": [view(listener)]}


def _new_arn(region: Region, balancer: LoadBalancer) -> str:
    listener_id = region.ids.hex("listener", 16)
    return region.arn(
        "elasticloadbalancing", f"listener/net/{balancer.name}/{balancer.id}/{listener_id}"
    )


def _duplicate(balancer: LoadBalancer) -> AwsError:
    return AwsError(
        "DuplicateListener",
        f"A listener already exists on this port for this load balancer '{balancer.arn}'",
    )


def _endpoint(params: Mapping[str, Any]) -> tuple[str, int]:
    protocol, port = params.get("Protocol"), params.get("Port")
    if not protocol or not port:
        raise validation("A listener protocol and port must be specified")
    if protocol not in COMPATIBLE:
        raise AwsError(
            "UnsupportedProtocol",
            f"Listener protocol '{protocol}' must be one of 'TCP, QUIC, TCP_QUIC, UDP, TCP_UDP, "
            "TLS'",
        )
    return protocol, port


def _actions(
    region: Region, balancer: LoadBalancer, protocol: str, wanted: Any
) -> list[dict[str, Any]]:
    """The actions as AWS stores them: a forward carries its ForwardConfig too (§1.14)."""
    if not wanted:
        raise validation("At least one default action must be specified")
    found = []
    for action in wanted:
        if action["Type"] != "forward":
            raise AwsError(
                "InvalidLoadBalancerAction",
                f"The action type '{action['Type']}' is not valid with network load balancer",
            )
        arns = _forwards_to(action)
        if not arns:
            raise validation("A forward action must name a target group")
        for arn in arns:
            _check_group(region, balancer, protocol, arn)
        found.append(_forward(action, arns))
    return found


def _forward(action: Mapping[str, Any], arns: list[str]) -> dict[str, Any]:
    """Of several groups only the weights say which; of one, both fields (§1.14)."""
    if len(arns) == 1:
        config = {"TargetGroups": [{"TargetGroupArn": arns[0]}]}
        return {"Type": "forward", "TargetGroupArn": arns[0], "ForwardConfig": config}
    groups = [{"Weight": 1, **each} for each in action["ForwardConfig"]["TargetGroups"]]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def _forwards_to(action: Mapping[str, Any]) -> list[str]:
    arns = [action["TargetGroupArn"]] if action.get("TargetGroupArn") else []
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    return list(dict.fromkeys([*arns, *(each["TargetGroupArn"] for each in groups)]))


def _check_group(region: Region, balancer: LoadBalancer, protocol: str, arn: str) -> None:
    check_arn(arn, "targetgroup", "target group")
    group = region.elbv2.groups.get(arn)
    if not group:
        raise no_group(arn)
    if group.protocol not in COMPATIBLE[protocol]:
        raise AwsError(
            "IncompatibleProtocols",
            "The listener and the following target groups have incompatible protocols: " + arn,
        )
    if group.vpc_id != balancer.vpc_id:
        raise misconfigured(
            f"The following target groups are in a different VPC than load balancer: {arn}"
        )
    other = group.balancer(region.now)
    if other and other is not balancer:
        raise AwsError(
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more than one load "
            f"balancer: {arn}",
        )


def _set_tls(listener: Listener, params: Mapping[str, Any]) -> None:
    if listener.protocol != "TLS":
        return
    certificates = params.get("Certificates") or listener.certificates
    if not certificates:
        raise validation("A certificate must be specified for TLS listeners")
    listener.certificates = [dict(each) for each in certificates]
    listener.ssl_policy = params.get("SslPolicy") or listener.ssl_policy or SSL_POLICY
    listener.alpn = list(params.get("AlpnPolicy") or listener.alpn)
    listener.mutual = dict(params.get("MutualAuthentication") or listener.mutual)


def _groups_of(region: Region, actions: list[dict[str, Any]]) -> list[TargetGroup]:
    return [region.elbv2.groups[arn] for action in actions for arn in _forwards_to(action)]


def _groups(region: Region, listener: Listener) -> list[TargetGroup]:
    return [region.elbv2.groups[arn] for arn in listener.group_arns]


def _attach(region: Region, listener: Listener, stayed: Collection[TargetGroup] = ()) -> None:
    for group in _groups(region, listener):
        if group in stayed:
            continue
        if not group.listeners:
            group.used_from = region.now
        group.listeners.append(listener)
        group.attached = listener.balancer
        health.replan(region, group)


def _detach(region: Region, listener: Listener, staying: Collection[TargetGroup] = ()) -> None:
    """The group's tie to the load balancer outlives the listener for a while (§3.3)."""
    for group in _groups(region, listener):
        if group in staying:
            continue
        group.listeners.remove(listener)
        if not group.listeners:
            group.used_from = math.inf
            group.released_at = region.now + region.timing.tg_release
            health.replan(region, group)


def view(listener: Listener) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.balancer.arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": [
            {**action, "Order": order} for order, action in enumerate(listener.actions, 1)
        ],
    }
    if listener.protocol == "TLS":
        found["SslPolicy"] = listener.ssl_policy
        found["Certificates"] = list(listener.certificates)
        found["AlpnPolicy"] = list(listener.alpn)
        found["MutualAuthentication"] = dict(listener.mutual)
    return found


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    arns, balancer_arn = params.get("ListenerArns"), params.get("LoadBalancerArn")
    if arns and balancer_arn:
        raise validation("You cannot specify both a load balancer ARN and listener ARNs")
    if balancer_arn:
        balancer = read_balancer(region, balancer_arn)
        seen = [each for each in balancer.listeners if is_visible(region, each)]
        return page([view(each) for each in seen], params, "Listeners")
    if not arns:
        raise validation("You must specify either listener ARNs or a load balancer ARN")
    views = []
    for arn in arns:
        check_arn(arn, "listener", "listener")
        listener = region.elbv2.listeners.get(arn)
        if not listener or not is_visible(region, listener):
            raise no_listener(arn)
        views.append(view(listener))
    return page(views, params, "Listeners")


def modify(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    listener = written_listener(region, params["ListenerArn"])
    balancer = listener.balancer
    protocol, port = _endpoint(
        {
            "Protocol": params.get("Protocol", listener.protocol),
            "Port": params.get("Port", listener.port),
        }
    )
    if any(each.port == port and each is not listener for each in balancer.listeners):
        raise _duplicate(balancer)
    wanted = params.get("DefaultActions") or listener.actions
    actions = _actions(region, balancer, protocol, wanted)
    after = {**params, "Protocol": protocol, "DefaultActions": wanted}
    refusals.check_listener(region, balancer, after, _groups_of(region, actions))
    before, after_all = _groups(region, listener), _groups_of(region, actions)
    _detach(region, listener, after_all)
    if protocol != listener.protocol:
        listener.attributes = attributes.listener_defaults(protocol)
    listener.port, listener.protocol, listener.actions = port, protocol, actions
    _set_tls(listener, params)
    _attach(region, listener, before)
    return {"Listeners": [view(listener)]}


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    remove(region, written_listener(region, params["ListenerArn"]))
    return {}


def remove(region: Region, listener: Listener) -> None:
    _detach(region, listener)
    listener.balancer.listeners.remove(listener)
    del region.elbv2.listeners[listener.arn]


def describe_certificates(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    listener = written_listener(region, params["ListenerArn"])
    return {"Certificates": [{**each, "IsDefault": True} for each in listener.certificates]}


OPERATIONS = {
    "CreateListener": create,
    "DescribeListeners": describe,
    "ModifyListener": modify,
    "DeleteListener": delete,
    "DescribeListenerCertificates": describe_certificates,
}
