"""
Which look-up finds which Terraform type, by which of its arguments.

The kinds, keys and attributes are those of `look_ups.py`. `keys` maps a key of the look-up to the
argument that holds it. A resource needs one of the sets in `enough`; of the keys outside the set,
those that are written down and known are added, since they only narrow it. What a data source
says is a filter, so all of it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.domain.planning.spec import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    How things of one Terraform type are found.

    `attributes` maps the attribute as Terraform names it to the look-up's own name for it.
    `fixed` are keys whose value follows from the type. `way_out` says what to write when no set
    of `enough` is there. Of the sets in `weak` another thing may well have the same. `within` are
    attributes that tell of another thing, which is found by this one's id.
    """

    kind: str
    attributes: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    enough: tuple[tuple[str, ...], ...] = ((),)
    fixed: Mapping[str, Json] = field(default_factory=dict)
    way_out: str = ""
    weak: tuple[tuple[str, ...], ...] = ()
    within: Mapping[str, Within] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Within:
    """A thing of `kind` that has `fixed`, and the id of what it is in under the key `by`."""

    kind: str
    fixed: Mapping[str, Json]
    by: str
    take: str


def _same(*names: str, **others: str) -> dict[str, str]:
    return {**{name: name for name in names}, **others}


def _named(argument: str, *attributes: str) -> Source:
    """A type whose attributes are the name that the configuration gives it."""
    return Source(
        kind="name",
        keys={"name": argument},
        enough=(("name",),),
        attributes=dict.fromkeys((argument, *attributes), "name"),
        way_out=f"give it a {argument}",
    )


_CLUSTER = _same("arn", id="arn", name="name", cluster_name="name")
_TASK = _same("arn", "arn_without_revision", "family", "revision")
_GROUP = _same("id", "arn", "name", "vpc_id", "owner_id")
_ADDRESS = _same("public_ip", "public_dns", allocation_id="allocation_id", id="allocation_id")
_SUBNET = _same(
    "id", "arn", "vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "owner_id"
)
_VPC = _same("id", "arn", "cidr_block", "owner_id", "main_route_table_id")
_OF_A_VPC = {
    # Each VPC has one group of this name, which cannot be deleted:
    # https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    "default_security_group_id": Within("security_group", {"name": "default"}, "vpc_id", "id"),
}
_ROLE = _same("arn", "name", "unique_id", id="name")
_BALANCER = _same("arn", "arn_suffix", "name", "dns_name", "zone_id", "vpc_id", id="arn")
_TARGETS = _same("arn", "arn_suffix", "name", "vpc_id", id="arn")
_CERTIFICATE = _same("arn", "domain", id="arn", domain_name="domain")
_SERVER_CERTIFICATE = _same("arn", "name", "id")
_TRUST_STORE = _same("arn", "name", id="arn")
_DISCOVERY = _same("arn", "id", "name")
_NAMESPACE = _same("arn", "id", "name", "hosted_zone")
_PARAMETER = _same("value", "arn", "name", "type", "version", id="name", insecure_value="value")
_ZONES = {"names": "names", "zone_ids": "zone_ids"}

_NAME = (("name",),)
_ADD_TAG = "give it a tag that no other has, such as tags = { Name = … }"


def _namespace(type_: str) -> Source:
    return Source(
        kind="service_discovery_namespace",
        keys={"name": "name"},
        enough=_NAME,
        fixed={"type": type_},
        attributes=_NAMESPACE,
        way_out="give it a name",
    )


_FRONT = {
    "load_balancer": Source(
        kind="load_balancer",
        keys={"name": "name", "arn": "arn", "name_prefix": "name_prefix", "tags": "tags"},
        enough=(("name",), ("arn",), ("name_prefix",), ("tags",)),
        attributes=_BALANCER,
        way_out="give it a name",
    ),
    "target_group": Source(
        kind="target_group",
        keys={"name": "name", "arn": "arn", "name_prefix": "name_prefix", "tags": "tags"},
        enough=(("name",), ("arn",), ("name_prefix",), ("tags",)),
        attributes=_TARGETS,
        way_out="give it a name",
    ),
}

MANAGED: Mapping[str, Source] = {
    "aws_ecs_cluster": Source(
        kind="cluster",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_CLUSTER,
        way_out="give it a name",
    ),
    "aws_ecs_task_definition": Source(
        kind="task_definition",
        keys={"family": "family"},
        enough=(("family",),),
        attributes={**_TASK, "id": "family"},
        way_out="give it a family",
    ),
    "aws_security_group": Source(
        kind="security_group",
        keys={"name": "name", "name_prefix": "name_prefix", "vpc_id": "vpc_id", "tags": "tags"},
        enough=(
            ("name", "vpc_id"),
            ("name_prefix", "vpc_id"),
            ("name",),
            ("name_prefix",),
            ("tags",),
        ),
        attributes=_GROUP,
        way_out="give it a name",
    ),
    "aws_default_security_group": Source(
        kind="security_group",
        keys={"vpc_id": "vpc_id"},
        fixed={"name": "default"},
        attributes=_GROUP,
    ),
    "aws_eip": Source(
        kind="elastic_ip",
        keys={"tags": "tags"},
        enough=(("tags",),),
        attributes=_ADDRESS,
        way_out=f"{_ADD_TAG}, or pass its allocation id as a variable",
    ),
    "aws_subnet": Source(
        kind="subnet",
        keys={
            "vpc_id": "vpc_id",
            "cidr_block": "cidr_block",
            "availability_zone": "availability_zone",
            "tags": "tags",
        },
        enough=(("vpc_id", "cidr_block"), ("tags",)),
        attributes=_SUBNET,
        way_out=_ADD_TAG,
    ),
    "aws_default_subnet": Source(
        kind="subnet",
        keys={"availability_zone": "availability_zone"},
        enough=(("availability_zone",),),
        fixed={"default_for_az": True},
        attributes=_SUBNET,
        way_out="write its availability_zone as a text",
    ),
    "aws_vpc": Source(
        kind="vpc",
        keys={"tags": "tags", "cidr_block": "cidr_block"},
        enough=(("tags",), ("cidr_block",)),
        weak=(("cidr_block",),),
        attributes=_VPC,
        within=_OF_A_VPC,
        way_out=_ADD_TAG,
    ),
    "aws_default_vpc": Source(
        kind="vpc", fixed={"default": True}, attributes=_VPC, within=_OF_A_VPC
    ),
    "aws_iam_role": Source(
        kind="iam_role",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_ROLE,
        way_out="give it a name (not a name_prefix)",
    ),
    "aws_lb": _FRONT["load_balancer"],
    "aws_alb": _FRONT["load_balancer"],
    "aws_lb_target_group": _FRONT["target_group"],
    "aws_alb_target_group": _FRONT["target_group"],
    "aws_acm_certificate": Source(
        kind="certificate",
        keys={"domain": "domain_name", "tags": "tags"},
        enough=(("domain",), ("tags",)),
        attributes=_CERTIFICATE,
        way_out=_ADD_TAG,
    ),
    "aws_service_discovery_service": Source(
        kind="service_discovery_service",
        keys={"name": "name", "namespace_id": "namespace_id"},
        enough=(("name", "namespace_id"),),
        attributes=_DISCOVERY,
        way_out="give it a name and a namespace_id",
    ),
    "aws_service_discovery_http_namespace": _namespace("HTTP"),
    "aws_service_discovery_private_dns_namespace": _namespace("DNS_PRIVATE"),
    "aws_service_discovery_public_dns_namespace": _namespace("DNS_PUBLIC"),
    "aws_ssm_parameter": Source(
        kind="ssm_parameter",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_PARAMETER,
        way_out="give it a name",
    ),
    "aws_iam_server_certificate": Source(
        kind="server_certificate",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_SERVER_CERTIFICATE,
        way_out="give it a name",
    ),
    "aws_lb_trust_store": Source(
        kind="trust_store",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_TRUST_STORE,
        way_out="give it a name",
    ),
    "aws_kms_alias": Source(
        kind="kms_key",
        keys={"key_id": "name"},
        enough=(("key_id",),),
        attributes={"target_key_arn": "arn", "target_key_id": "id"},
        way_out="give it a name",
    ),
    "aws_s3_bucket": _named("bucket", "id"),
    "aws_cloudwatch_log_group": _named("name", "id"),
    "aws_cloudwatch_metric_alarm": _named("alarm_name", "id"),
    "aws_cloudwatch_composite_alarm": _named("alarm_name", "id"),
}

_EC2 = {"tags": "tags", "filters": "filter"}

DATA: Mapping[str, Source] = {
    "aws_ecs_cluster": Source(
        kind="cluster", keys={"name": "cluster_name"}, enough=_NAME, attributes=_CLUSTER
    ),
    "aws_ecs_task_definition": Source(
        kind="task_definition",
        keys={"family": "task_definition"},
        enough=(("family",),),
        attributes={**_TASK, "id": "arn"},
    ),
    "aws_security_group": Source(
        kind="security_group",
        keys={"id": "id", "name": "name", "vpc_id": "vpc_id", **_EC2},
        attributes=_GROUP,
    ),
    "aws_security_groups": Source(
        kind="security_groups", keys=_EC2, attributes=_same("ids", "arns", "vpc_ids")
    ),
    "aws_eip": Source(
        kind="elastic_ip",
        keys={"allocation_id": "id", "public_ip": "public_ip", **_EC2},
        attributes=_ADDRESS,
    ),
    "aws_eips": Source(
        kind="elastic_ips", keys=_EC2, attributes=_same("allocation_ids", "public_ips")
    ),
    "aws_subnet": Source(
        kind="subnet",
        keys={
            "id": "id",
            "vpc_id": "vpc_id",
            "cidr_block": "cidr_block",
            "availability_zone": "availability_zone",
            "availability_zone_id": "availability_zone_id",
            "default_for_az": "default_for_az",
            "state": "state",
            **_EC2,
        },
        attributes=_SUBNET,
    ),
    "aws_subnets": Source(kind="subnets", keys=_EC2, attributes=_same("ids")),
    "aws_vpc": Source(
        kind="vpc",
        keys={
            "id": "id",
            "cidr_block": "cidr_block",
            "default": "default",
            "dhcp_options_id": "dhcp_options_id",
            "state": "state",
            **_EC2,
        },
        attributes=_VPC,
    ),
    "aws_availability_zones": Source(
        kind="availability_zones",
        keys={
            "state": "state",
            "all_availability_zones": "all_availability_zones",
            "exclude_names": "exclude_names",
            "exclude_zone_ids": "exclude_zone_ids",
            "filters": "filter",
        },
        attributes=_ZONES,
    ),
    "aws_iam_role": Source(kind="iam_role", keys={"name": "name"}, enough=_NAME, attributes=_ROLE),
    "aws_lb": _FRONT["load_balancer"],
    "aws_alb": _FRONT["load_balancer"],
    "aws_lb_target_group": _FRONT["target_group"],
    "aws_alb_target_group": _FRONT["target_group"],
    "aws_acm_certificate": Source(
        kind="certificate",
        keys={
            "domain": "domain",
            "statuses": "statuses",
            "types": "types",
            "key_types": "key_types",
            "most_recent": "most_recent",
            "tags": "tags",
        },
        enough=(("domain",), ("tags",)),
        attributes=_CERTIFICATE,
        way_out="give it a domain",
    ),
    "aws_service_discovery_service": Source(
        kind="service_discovery_service",
        keys={"name": "name", "namespace_id": "namespace_id"},
        enough=(("name", "namespace_id"),),
        attributes=_DISCOVERY,
    ),
    "aws_service_discovery_http_namespace": _namespace("HTTP"),
    "aws_service_discovery_dns_namespace": Source(
        kind="service_discovery_namespace",
        keys={"name": "name", "type": "type"},
        enough=(("name", "type"),),
        attributes=_NAMESPACE,
    ),
    "aws_ssm_parameter": Source(
        kind="ssm_parameter",
        keys={"name": "name", "with_decryption": "with_decryption"},
        enough=_NAME,
        attributes=_PARAMETER,
    ),
    "aws_iam_server_certificate": Source(
        kind="server_certificate",
        keys={"name": "name"},
        enough=_NAME,
        attributes=_SERVER_CERTIFICATE,
    ),
    "aws_lb_trust_store": Source(
        kind="trust_store", keys={"name": "name"}, enough=_NAME, attributes=_TRUST_STORE
    ),
    "aws_kms_key": Source(
        kind="kms_key",
        keys={"key_id": "key_id"},
        enough=(("key_id",),),
        attributes={"arn": "arn", "id": "id", "key_id": "id"},
    ),
    "aws_kms_alias": Source(
        kind="kms_key",
        keys={"key_id": "name"},
        enough=(("key_id",),),
        attributes={"target_key_arn": "arn", "target_key_id": "id"},
    ),
    "aws_s3_bucket": _named("bucket", "id"),
    "aws_cloudwatch_log_group": _named("name", "id"),
    "aws_caller_identity": Source(
        kind="caller_identity", attributes={"account_id": "account_id", "id": "account_id"}
    ),
    "aws_region": Source(
        kind="region",
        keys={"name": "name", "endpoint": "endpoint"},
        attributes=_same("name", "description", "endpoint", id="name"),
    ),
    "aws_partition": Source(
        kind="partition",
        attributes=_same("partition", "dns_suffix", "reverse_dns_prefix", id="partition"),
    ),
}
