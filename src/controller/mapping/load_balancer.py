"""
`aws_lb` -> create_load_balancer and modify_load_balancer_attributes.

What is sent, and when, is what the provider (5.100 and 6) sends in its own create
(internal/service/elbv2/load_balancer.go): all attributes of network load balancers every time,
with the provider's defaults.
"""

from __future__ import annotations

from controller.domain.planning.spec import Json, Kind
from controller.hcl.origins import describe_origins
from controller.hcl.world import Block
from controller.mapping.fill import Filling, given, known
from controller.mapping.kind import KindMapping
from controller.mapping.naming import write_upper_tags
from controller.mapping.table import (
    Dropped,
    Handled,
    Nested,
    ReadOnly,
    Refused,
    Sent,
    SetAfter,
    Table,
)

_APPLICATION = "it applies to application load balancers; Terraform drops it too, so remove it"


def _scheme(internal: Json) -> Json:
    return "internal" if internal else "internet-facing"


_SUBNET_MAPPING: Table = {
    "allocation_id": Sent("AllocationId"),
    "ipv6_address": Sent("IPv6Address"),
    "outpost_id": ReadOnly(),
    "private_ipv4_address": Sent("PrivateIPv4Address"),
    "subnet_id": Sent("SubnetId", unset=()),
}

_LOGS: Table = {
    "bucket": SetAfter("access_logs.s3.bucket", findable=True),
    "enabled": SetAfter("access_logs.s3.enabled", default="false"),
    "prefix": SetAfter("access_logs.s3.prefix", findable=True),
}

_APPLICATION_LOGS: Table = {
    "bucket": Dropped(_APPLICATION),
    "enabled": Dropped(_APPLICATION),
    "prefix": Dropped(_APPLICATION),
}

TABLE: Table = {
    "access_logs": Nested(_LOGS),
    "arn": ReadOnly(),
    "arn_suffix": ReadOnly(),
    "client_keep_alive": Dropped(_APPLICATION),
    "connection_logs": Nested(_APPLICATION_LOGS),
    "customer_owned_ipv4_pool": Refused(
        "AWS takes it for application load balancers on Outposts only; leave it out"
    ),
    "desync_mitigation_mode": Dropped(_APPLICATION),
    "dns_name": ReadOnly(),
    "dns_record_client_routing_policy": SetAfter(
        "dns_record.client_routing_policy", default="any_availability_zone"
    ),
    "drop_invalid_header_fields": Dropped(_APPLICATION),
    "enable_cross_zone_load_balancing": SetAfter(
        "load_balancing.cross_zone.enabled", default="false"
    ),
    "enable_deletion_protection": SetAfter("deletion_protection.enabled", default="false"),
    "enable_http2": Dropped(_APPLICATION),
    "enable_prefix_for_ipv6_source_nat": Sent("EnablePrefixForIpv6SourceNat"),
    "enable_tls_version_and_cipher_suite_headers": Dropped(_APPLICATION),
    "enable_waf_fail_open": Dropped(_APPLICATION),
    "enable_xff_client_port": Dropped(_APPLICATION),
    "enable_zonal_shift": SetAfter("zonal_shift.config.enabled", default="false"),
    "enforce_security_group_inbound_rules_on_private_link_traffic": Dropped(
        "it only matters behind PrivateLink, which a load balancer that comes and goes cannot "
        "serve; a new one has it on",
        harmless=("on",),
    ),
    "health_check_logs": Nested(_APPLICATION_LOGS),
    "id": ReadOnly(),
    "idle_timeout": Dropped(
        f"{_APPLICATION}; for a network load balancer set tcp_idle_timeout_seconds of its listener",
        rule="idle-timeout",
    ),
    "internal": Sent("Scheme", read=_scheme),
    "ip_address_type": Sent("IpAddressType"),
    "ipam_pools": Dropped(_APPLICATION),
    "load_balancer_type": Handled("load_balancer.check"),
    "minimum_load_balancer_capacity": Refused(
        "reserved capacity is paid for by the hour and set in a call of its own; leave it out"
    ),
    "name": Handled("naming.name"),
    "name_prefix": Handled("naming.name"),
    "preserve_host_header": Dropped(_APPLICATION),
    "region": Handled("provider.find_home"),
    "secondary_ips_auto_assigned_per_subnet": SetAfter("secondary_ips.auto_assigned.per_subnet"),
    "security_groups": Sent("SecurityGroups", unset=([],)),
    "subnet_mapping": Nested(_SUBNET_MAPPING, to="SubnetMappings", many=True, unordered=True),
    "subnets": Sent("Subnets", unset=([],)),
    "tags": Handled("naming.tags"),
    "tags_all": Dropped("it follows from tags and the provider's default_tags"),
    "timeouts": Dropped("dormouse does not wait as Terraform does; see wake_timeout"),
    "vpc_id": ReadOnly(),
    "xff_header_processing_mode": Dropped(_APPLICATION),
    "zone_id": ReadOnly(),
}


def check(body: Block, filling: Filling) -> None:
    """What the provider or AWS would refuse, and what one table row cannot say."""
    _send_type(body, filling)
    _check_subnets(body, filling)
    _drop_unused_logs(filling)


def _send_type(body: Block, filling: Filling) -> None:
    """Those of type "application" and "gateway" do not come here (`fronts.py`)."""
    argument = given(body, "load_balancer_type")
    type_ = known(body, "load_balancer_type")
    if type_ == "network" or argument is None:
        filling.request["Type"] = "network"
        return
    found = f'"{type_}"'
    if type_ is None:
        origins = describe_origins(argument.value.data.origins)
        found = f"a value that comes from {origins}, which is not known when compiling"
    filling.error(
        "load-balancer-type",
        f'load_balancer_type: found {found}, expected "network" (or "application" or "gateway", '
        "which Terraform keeps); write it out, or pass it as a variable",
        argument.place,
    )


def _check_subnets(body: Block, filling: Filling) -> None:
    mappings, subnets = body.of_type("subnet_mapping"), given(body, "subnets")
    if mappings and subnets is not None and subnets.value.data == ():
        return  # modules write an empty list beside the mappings, which Terraform passes over
    if bool(mappings) == (subnets is not None):
        filling.error(
            "subnets",
            f"found {'both' if mappings else 'neither'} subnet_mapping and subnets, expected one "
            "of them; an Elastic IP needs subnet_mapping",
            subnets.place if subnets else None,
        )


def _drop_unused_logs(filling: Filling) -> None:
    """The provider sends where logs go only together with the switch that turns them on."""
    enabled = filling.attributes.setdefault("access_logs.s3.enabled", "false")
    if enabled == "false":
        filling.attributes.pop("access_logs.s3.bucket", None)
        filling.attributes.pop("access_logs.s3.prefix", None)


MAPPING = KindMapping(
    kind=Kind.LOAD_BALANCER,
    types=("aws_lb", "aws_alb"),
    table=TABLE,
    check=check,
    operation=("elbv2", "CreateLoadBalancer"),
    attributes=frozenset({"arn", "id", "arn_suffix", "dns_name", "zone_id", "vpc_id"}),
    # `zone_id` is that of all network load balancers of a region (AWS, "Elastic Load Balancing
    # endpoints and quotas").
    surviving=frozenset(
        {
            "internal",
            "ip_address_type",
            "load_balancer_type",
            "name",
            "name_prefix",
            "region",
            "security_groups",
            "subnets",
            "tags",
            "tags_all",
            "vpc_id",
            "zone_id",
        }
    ),
    name_prefix="tf-lb-",
    write_tags=write_upper_tags,
)
