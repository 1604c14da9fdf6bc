"""CreateLoadBalancer and ModifyLoadBalancerAttributes, for network load balancers."""

from __future__ import annotations

from controller.mapping.refusals.row import (
    API,
    CONFIGURATION,
    PREFLIGHT,
    PROVIDER,
    VALIDATION,
    Found,
    Refusal,
)
from controller.mapping.refusals.views import BalancerView, apart, repeated

_SECONDARY = "secondary_ips.auto_assigned.per_subnet"


def _private_address(balancer: BalancerView) -> Found:
    """Also of one whose scheme is left out: AWS's default is internet-facing."""
    if balancer.get("Scheme", "internet-facing") != "internet-facing":
        return None
    return _mapping_with(balancer, "PrivateIPv4Address")


def _allocation(balancer: BalancerView) -> Found:
    if balancer.get("Scheme") != "internal":
        return None
    return _mapping_with(balancer, "AllocationId")


def _mapping_with(balancer: BalancerView, key: str) -> Found:
    for index, mapping in enumerate(balancer.get("SubnetMappings", [])):
        if key in mapping:
            return {"at": f"SubnetMappings[{index}].{key}"}
    return None


def _twice(balancer: BalancerView) -> Found:
    subnet = repeated(balancer.subnets)
    return {"subnet": subnet, "at": _subnets_at(balancer)} if subnet else None


def _one_zone(balancer: BalancerView) -> Found:
    zone = repeated(balancer.zones)
    twice = zone and not repeated(balancer.subnets)
    return {"zone": zone, "at": _subnets_at(balancer)} if twice else None


def _subnets_at(balancer: BalancerView) -> str:
    return "SubnetMappings" if balancer.has("SubnetMappings") else "Subnets"


LOAD_BALANCERS: tuple[Refusal, ...] = (
    Refusal(
        rule="no-subnets",
        when=lambda balancer: (
            not balancer.has("SubnetMappings") and balancer.get("Subnets", []) == []
        ),
        at="Subnets",
        code=VALIDATION,
        text="At least one subnet must be specified",
        advice="subnets: found an empty list, expected one subnet at least",
        source="ansible/ansible #42060",
    ),
    Refusal(
        rule="internal-elastic-ip",
        by_trap=True,
        when=_allocation,
        at="",
        code=CONFIGURATION,
        text="Elastic IPs are not supported for load balancers with scheme 'internal'",
        advice="allocation_id cannot be given to an internal load balancer; remove it, or set "
        "internal = false",
        source="terraform-aws-modules/terraform-aws-alb #285",
    ),
    Refusal(
        rule="private-address",
        when=_private_address,
        at="",
        code=VALIDATION,
        text="You can only specify private IPv4 addresses for Network Load Balancers with scheme "
        "'internal'.",
        advice="private_ipv4_address is for internal load balancers; remove it, or set "
        "internal = true",
        source=f"{PREFLIGHT}; redhat-developer/mapt #312",
    ),
    Refusal(
        rule="subnet-twice",
        when=_twice,
        at="SubnetMappings",
        code=VALIDATION,
        text="",
        advice="subnet {subnet} is given twice; a load balancer has one address in each zone",
        source=API,
    ),
    Refusal(
        rule="one-zone-twice",
        when=_one_zone,
        at="SubnetMappings",
        code=CONFIGURATION,
        text="A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        advice="two of the subnets are in {zone}; give one subnet of each zone",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="other-vpc",
        when=lambda balancer: apart(balancer.vpcs) and {"at": _subnets_at(balancer)},
        at="Subnets",
        code=CONFIGURATION,
        text="All subnets must belong to the same VPC",
        advice="the subnets are those of two VPCs, expected those of one",
        source=API,
    ),
    Refusal(
        rule="other-vpc",
        when=lambda balancer: (
            not apart(balancer.vpcs) and apart((*balancer.vpcs, *balancer.group_vpcs))
        ),
        at="SecurityGroups",
        code="InvalidSecurityGroup",
        text="One or more security groups are invalid",
        advice="security_groups: found one of another VPC than the subnets'",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="address-type",
        when=lambda balancer: balancer.get("IpAddressType") == "dualstack-without-public-ipv4",
        at="IpAddressType",
        code=VALIDATION,
        text="The specified IP address type is not supported on load balancers with type "
        "'network'.",
        advice='ip_address_type: found "dualstack-without-public-ipv4", expected "ipv4" or '
        '"dualstack"; the other is for application load balancers',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="log-bucket",
        when=lambda balancer: (
            balancer.attributes.get("access_logs.s3.enabled") == "true"
            and not balancer.attributes.get("access_logs.s3.bucket")
        ),
        at="access_logs.s3.enabled",
        code=CONFIGURATION,
        text="The key 'access_logs.s3.bucket' must set in order to enable access logs",
        advice='access_logs.bucket: found "", expected the name of a bucket; or set enabled = false',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="source-nat-prefix",
        when=lambda balancer: (
            balancer.get("EnablePrefixForIpv6SourceNat") == "on"
            and balancer.get("IpAddressType", "ipv4") == "ipv4"
        ),
        at="EnablePrefixForIpv6SourceNat",
        code=VALIDATION,
        text="'EnablePrefixForIpv6SourceNat' can only be specified when using IpAddressType "
        "'dualstack'.",
        advice='enable_prefix_for_ipv6_source_nat: found "on" with ip_address_type "ipv4"; set that '
        'to "dualstack", or leave it out',
        source=PREFLIGHT,
    ),
    Refusal(
        rule="secondary-addresses",
        when=lambda balancer: (
            (count := balancer.attributes.get(_SECONDARY, "0")).isdecimal()
            and int(count) > 7
            and {"count": count}
        ),
        at=_SECONDARY,
        code=VALIDATION,
        text="Valid range for the number of secondary IP addresses is from '0-7'",
        advice="secondary_ips_auto_assigned_per_subnet: found {count}, expected 0 to 7",
        source=f"{PREFLIGHT}; {PROVIDER} #43699",
    ),
)
