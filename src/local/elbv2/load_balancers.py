"""Network load balancers: their making, their minutes of provisioning, and their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local import refusals
from local.ec2 import interfaces
from local.ec2.state import Address, Subnet
from local.elbv2 import attributes, listeners
from local.elbv2.shared import (
    check_arn,
    check_name,
    is_visible,
    page,
    read_tags,
    validation,
)
from local.elbv2.state import LoadBalancer, Zone
from local.errors import AwsError
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

HOSTED_ZONE = "Z26RNL4JYFTOTI"
FREE_ADDRESSES = 8


def create(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a load balancer, or return the one that already has these settings (§1.6)."""
    name = params["Name"]
    _check_request(name, params)
    mappings = read_mappings(params)
    standing = region.elbv2.balancer_names.get(name)
    if standing:
        if standing.settings != _settings(params, mappings):
            raise AwsError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
        return {"LoadBalancers": [view(region, standing)]}
    tags = read_tags(params.get("Tags"))
    refusals.check_balancer(region, params, [each["SubnetId"] for each in mappings])
    places = _check_places(region, params, mappings)
    balancer = _make(region, params, tags, places)
    return {"LoadBalancers": [view(region, balancer)]}


def _check_request(name: str, params: Mapping[str, Any]) -> None:
    check_name(name, "Load balancer")
    if name.startswith("internal-"):
        raise validation(f"Load balancer name '{name}' cannot begin with 'internal-'")
    if params.get("Type", "application") != "network":
        raise AwsError(
            "NotImplemented",
            "the simulated AWS makes load balancers of type 'network' only, got "
            f"'{params.get('Type', 'application')}' (the API's default is 'application')",
            501,
        )


def read_mappings(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if params.get("Subnets") and params.get("SubnetMappings"):
        raise validation("You cannot specify both subnets and subnet mappings")
    mappings = list(params.get("SubnetMappings") or ())
    mappings += [{"SubnetId": each} for each in params.get("Subnets") or ()]
    if not mappings:
        raise validation("At least one subnet must be specified")
    return mappings


def _settings(params: Mapping[str, Any], mappings: list[Mapping[str, Any]]) -> object:
    """What is requested, in the form of `LoadBalancer.settings`."""
    places = frozenset((each["SubnetId"], each.get("AllocationId")) for each in mappings)
    return (
        params.get("Scheme", "internet-facing"),
        params.get("IpAddressType", "ipv4"),
        frozenset(params.get("SecurityGroups") or ()),
        places,
    )


def _check_places(
    region: Region, params: Mapping[str, Any], mappings: list[Mapping[str, Any]]
) -> list[tuple[Subnet, Address | None]]:
    """The subnets and Elastic IPs requested, each fit for a load balancer."""
    if len(region.elbv2.balancers) >= region.conditions.load_balancer_quota:
        raise AwsError(
            "TooManyLoadBalancers",
            f"The maximum number of load balancers has been reached on account '{region.account}'",
        )
    for group_id in params.get("SecurityGroups") or ():
        if group_id not in region.ec2.groups:
            raise AwsError("InvalidSecurityGroup", f"Security group '{group_id}' is not valid")
    public = params.get("Scheme", "internet-facing") == "internet-facing"
    subnets = [find_subnet(region, each["SubnetId"], public=public) for each in mappings]
    addresses = [find_address(region, each.get("AllocationId")) for each in mappings]
    return list(zip(subnets, addresses, strict=True))


def find_subnet(region: Region, subnet_id: str, *, public: bool) -> Subnet:
    subnet = region.ec2.subnets.get(subnet_id)
    if not subnet:
        raise AwsError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
    if public and not region.ec2.has_gateway(subnet.vpc_id):
        raise AwsError("InvalidSubnet", f"VPC {subnet.vpc_id} has no internet gateway")
    if subnet.free < FREE_ADDRESSES:
        raise AwsError(
            "InvalidSubnet",
            f"Not enough IP space available in {subnet_id}. ELB requires at least "
            f"{FREE_ADDRESSES} free IP addresses in each subnet.",
        )
    if subnet.zone in region.conditions.unsupported_zones:
        raise AwsError(
            "AvailabilityZoneNotSupported",
            f"Load balancers with type 'network' are not supported in {subnet.zone}",
        )
    return subnet


def find_address(region: Region, allocation_id: str | None) -> Address | None:
    if not allocation_id:
        return None
    address = region.ec2.addresses.get(allocation_id)
    if not address:
        raise AwsError("AllocationIdNotFound", f"The allocation IDs '{allocation_id}' do not exist")
    if address.association_id:
        raise AwsError("ResourceInUse", "The allocation IDs are not available for use")
    return address


def _make(
    region: Region,
    params: Mapping[str, Any],
    tags: dict[str, str],
    places: list[tuple[Subnet, Address | None]],
) -> LoadBalancer:
    name, balancer_id = params["Name"], region.ids.hex("load balancer", 16)
    fate = region.conditions.fate_of(name)
    balancer = LoadBalancer(
        arn=region.arn("elasticloadbalancing", f"loadbalancer/net/{name}/{balancer_id}"),
        id=balancer_id,
        name=name,
        scheme=params.get("Scheme", "internet-facing"),
        ip_address_type=params.get("IpAddressType", "ipv4"),
        vpc_id=places[0][0].vpc_id,
        tags=tags,
        attributes=attributes.balancer_defaults(region.conditions.unknown_attributes),
        created_at=region.now,
        active_at=region.now + fate.seconds(region.timing.lb_provisioning),
        outcome=fate.outcome,
        security_groups=list(params.get("SecurityGroups") or ()),
    )
    for subnet, address in places:
        enable_zone(region, balancer, subnet, address)
    state = region.elbv2
    state.balancers[balancer.arn] = state.balancer_names[name] = balancer
    state.past[balancer.dimension] = balancer
    region.lifetimes.begin(
        "load_balancer", balancer.arn, name=name, region=region.name, at=region.now
    )
    return balancer


def enable_zone(
    region: Region, balancer: LoadBalancer, subnet: Subnet, address: Address | None
) -> None:
    public = balancer.scheme == "internet-facing" and not address
    interface = interfaces.attach(
        region,
        subnet,
        description=f"ELB net/{balancer.name}/{balancer.id}",
        kind="network_load_balancer",
        group_ids=tuple(balancer.security_groups),
        address=address,
        public_ip=region.public_ip() if public else None,
    )
    balancer.zones.append(Zone(subnet, interface, address))


def view(region: Region, balancer: LoadBalancer) -> dict[str, Any]:
    found: dict[str, Any] = {
        "LoadBalancerArn": balancer.arn,
        "LoadBalancerName": balancer.name,
        "DNSName": f"{balancer.name}-{balancer.id}.elb.{region.name}.amazonaws.com",
        "CanonicalHostedZoneId": HOSTED_ZONE,
        "CreatedTime": moment(balancer.created_at),
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc_id,
        "State": {"Code": balancer.state(region.now)},
        "Type": "network",
        "IpAddressType": balancer.ip_address_type,
        "EnablePrefixForIpv6SourceNat": "off",
        "AvailabilityZones": [zone_view(zone) for zone in balancer.zones],
    }
    if balancer.security_groups:
        found["SecurityGroups"] = list(balancer.security_groups)
        found["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "on"
    return found


def zone_view(zone: Zone) -> dict[str, Any]:
    addresses = []
    if zone.address:
        addresses.append(
            {"IpAddress": zone.address.public_ip, "AllocationId": zone.address.allocation_id}
        )
    return {
        "ZoneName": zone.subnet.zone,
        "SubnetId": zone.subnet.id,
        "LoadBalancerAddresses": addresses,
    }


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    names, arns = params.get("Names"), params.get("LoadBalancerArns")
    if names and arns:
        raise validation("You cannot specify both load balancer names and ARNs")
    state = region.elbv2
    if names:
        found = [state.balancer_names.get(name) for name in names]
    elif arns:
        for arn in arns:
            check_arn(arn, "loadbalancer", "load balancer")
        found = [state.balancers.get(arn) for arn in arns]
    else:
        every = [each for each in state.balancers.values() if is_visible(region, each)]
        return page([view(region, each) for each in every], params, "LoadBalancers")
    seen = [each for each in found if each and is_visible(region, each)]
    if len(seen) < len(found):
        wanted = ", ".join(names or arns or ())
        raise AwsError("LoadBalancerNotFound", f"Load balancers '[{wanted}]' not found")
    return page([view(region, each) for each in seen], params, "LoadBalancers")


def delete(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Delete now; the name, the address and the groups follow later (§3.2, §3.4)."""
    arn = params["LoadBalancerArn"]
    check_arn(arn, "loadbalancer", "load balancer")
    balancer = region.elbv2.balancers.get(arn)
    if not balancer or balancer.deleted_at <= region.now:
        return {}
    if balancer.attributes["deletion_protection.enabled"] == "true":
        raise AwsError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    if balancer.name in region.conditions.endpoint_services:
        raise AwsError(
            "ResourceInUse",
            f"Load balancer '{arn}' cannot be deleted because it is currently associated with "
            "another service",
        )
    balancer.deleted_at = region.now
    region.lifetimes.end(arn, at=region.now)
    for listener in list(balancer.listeners):
        listeners.remove(region, listener)
    region.after(region.timing.lb_gone, lambda: _forget(region, balancer))
    region.after(region.timing.eip_release, lambda: _release(region, balancer))
    return {}


def _forget(region: Region, balancer: LoadBalancer) -> None:
    state = region.elbv2
    del state.balancers[balancer.arn]
    if state.balancer_names.get(balancer.name) is balancer:
        del state.balancer_names[balancer.name]


def _release(region: Region, balancer: LoadBalancer) -> None:
    for zone in balancer.zones:
        interfaces.detach(region, zone.interface)


OPERATIONS = {
    "CreateLoadBalancer": create,
    "DescribeLoadBalancers": describe,
    "DeleteLoadBalancer": delete,
}
