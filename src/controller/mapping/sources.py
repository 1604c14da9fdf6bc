"""
Which look-up finds which Terraform type, by which of its arguments.

The kinds, keys and attributes are those of `look_ups.py`. `keys` maps a key of the look-up to the
argument that holds it. A resource needs one of the sets in `enough`; of the keys outside the set,
those that are written down and known are added, since they only narrow it. What a data source
says is a filter, so all of it counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    How resources of one Terraform type are found.

    `attributes` maps the attribute as Terraform names it to the look-up's own name for it. `fixed`
    are keys whose value follows from the type. `remedy` says what to write when no set of `enough`
    is there. Of the sets in `weak` another thing may well have the same. `within` are attributes
    that belong to another resource, which is found by this one's id.
    """

    kind: str
    attributes: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    enough: tuple[tuple[str, ...], ...] = ((),)
    fixed: Mapping[str, Json] = field(default_factory=dict)
    remedy: str = ""
    weak: tuple[tuple[str, ...], ...] = ()
    within: Mapping[str, Within] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Within:
    """A resource of `kind` that has `fixed`, and the id of what it is in under the key `by`."""

    kind: str
    fixed: Mapping[str, Json]
    by: str
    take: str


def same_names(*names: str, **others: str) -> dict[str, str]:
    return {**{name: name for name in names}, **others}


def by_its_name(argument: str, *attributes: str) -> Source:
    """A type whose attributes are the name that the configuration gives it."""
    return Source(
        kind="name",
        keys={"name": argument},
        enough=(("name",),),
        attributes=dict.fromkeys((argument, *attributes), "name"),
        remedy=f"give it a {argument}",
    )


CLUSTER = same_names("arn", id="arn", name="name", cluster_name="name")
TASK = same_names("arn", "arn_without_revision", "family", "revision")
GROUP = same_names("id", "arn", "name", "vpc_id", "owner_id")
ADDRESS = same_names("public_ip", "public_dns", allocation_id="allocation_id", id="allocation_id")
SUBNET = same_names(
    "id", "arn", "vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "owner_id"
)
VPC = same_names("id", "arn", "cidr_block", "owner_id", "main_route_table_id")
_OF_A_VPC = {
    # Each VPC has one group of this name, which cannot be deleted:
    # https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    "default_security_group_id": Within("security_group", {"name": "default"}, "vpc_id", "id"),
}
ROLE = same_names("arn", "name", "unique_id", id="name")
_BALANCER = same_names("arn", "arn_suffix", "name", "dns_name", "zone_id", "vpc_id", id="arn")
_TARGETS = same_names("arn", "arn_suffix", "name", "vpc_id", id="arn")
CERTIFICATE = same_names("arn", "domain", id="arn", domain_name="domain")
SERVER_CERTIFICATE = same_names("arn", "name", "id")
TRUST_STORE = same_names("arn", "name", id="arn")
DISCOVERY = same_names("arn", "id", "name")
NAMESPACE = same_names("arn", "id", "name", "hosted_zone")
PARAMETER = same_names("value", "arn", "name", "type", "version", id="name", insecure_value="value")
ZONES = {"names": "names", "zone_ids": "zone_ids"}

BY_NAME = (("name",),)
_ADD_TAG = "give it a tag that no other has, such as tags = { Name = … }"


def namespace(type_: str) -> Source:
    return Source(
        kind="service_discovery_namespace",
        keys={"name": "name"},
        enough=BY_NAME,
        fixed={"type": type_},
        attributes=NAMESPACE,
        remedy="give it a name",
    )


FRONT = {
    "load_balancer": Source(
        kind="load_balancer",
        keys={"name": "name", "arn": "arn", "name_prefix": "name_prefix", "tags": "tags"},
        enough=(("name",), ("arn",), ("name_prefix",), ("tags",)),
        attributes=_BALANCER,
        remedy="give it a name",
    ),
    "target_group": Source(
        kind="target_group",
        keys={"name": "name", "arn": "arn", "name_prefix": "name_prefix", "tags": "tags"},
        enough=(("name",), ("arn",), ("name_prefix",), ("tags",)),
        attributes=_TARGETS,
        remedy="give it a name",
    ),
}

MANAGED: Mapping[str, Source] = {
    "aws_ecs_cluster": Source(
        kind="cluster",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=CLUSTER,
        remedy="give it a name",
    ),
    "aws_ecs_task_definition": Source(
        kind="task_definition",
        keys={"family": "family"},
        enough=(("family",),),
        attributes={**TASK, "id": "family"},
        remedy="give it a family",
    ),
    "aws_security_group": Source(
        kind="security_group",
        keys={
            "name": "name",
            "name_prefix": "name_prefix",
            "vpc_id": "vpc_id",
            "tags": "tags",
            "description": "description",
        },
        enough=(
            ("name", "vpc_id"),
            ("name_prefix", "vpc_id"),
            ("name",),
            ("name_prefix",),
            ("tags",),
            ("description", "vpc_id"),
        ),
        attributes=GROUP,
        weak=(("description", "vpc_id"),),
        remedy="give it a name",
    ),
    "aws_default_security_group": Source(
        kind="security_group",
        keys={"vpc_id": "vpc_id"},
        fixed={"name": "default"},
        attributes=GROUP,
    ),
    "aws_eip": Source(
        kind="elastic_ip",
        keys={"tags": "tags"},
        enough=(("tags",),),
        attributes=ADDRESS,
        remedy=f"{_ADD_TAG}, or pass its allocation id as a variable",
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
        attributes=SUBNET,
        remedy=_ADD_TAG,
    ),
    "aws_default_subnet": Source(
        kind="subnet",
        keys={"availability_zone": "availability_zone"},
        enough=(("availability_zone",),),
        fixed={"default_for_az": True},
        attributes=SUBNET,
        remedy="write its availability_zone as a text",
    ),
    "aws_vpc": Source(
        kind="vpc",
        keys={"tags": "tags", "cidr_block": "cidr_block"},
        enough=(("tags",), ("cidr_block",)),
        weak=(("cidr_block",),),
        attributes=VPC,
        within=_OF_A_VPC,
        remedy=_ADD_TAG,
    ),
    "aws_default_vpc": Source(
        kind="vpc", fixed={"default": True}, attributes=VPC, within=_OF_A_VPC
    ),
    "aws_iam_role": Source(
        kind="iam_role",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=ROLE,
        remedy="give it a name (not a name_prefix)",
    ),
    "aws_lb": FRONT["load_balancer"],
    "aws_alb": FRONT["load_balancer"],
    "aws_lb_target_group": FRONT["target_group"],
    "aws_alb_target_group": FRONT["target_group"],
    "aws_acm_certificate": Source(
        kind="certificate",
        keys={"domain": "domain_name", "tags": "tags"},
        enough=(("domain",), ("tags",)),
        attributes=CERTIFICATE,
        remedy=_ADD_TAG,
    ),
    "aws_service_discovery_service": Source(
        kind="service_discovery_service",
        keys={"name": "name", "namespace_id": "namespace_id"},
        enough=(("name", "namespace_id"),),
        attributes=DISCOVERY,
        remedy="give it a name and a namespace_id",
    ),
    "aws_service_discovery_http_namespace": namespace("HTTP"),
    "aws_service_discovery_private_dns_namespace": namespace("DNS_PRIVATE"),
    "aws_service_discovery_public_dns_namespace": namespace("DNS_PUBLIC"),
    "aws_ssm_parameter": Source(
        kind="ssm_parameter",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=PARAMETER,
        remedy="give it a name",
    ),
    "aws_iam_server_certificate": Source(
        kind="server_certificate",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=SERVER_CERTIFICATE,
        remedy="give it a name",
    ),
    "aws_lb_trust_store": Source(
        kind="trust_store",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=TRUST_STORE,
        remedy="give it a name",
    ),
    "aws_kms_alias": Source(
        kind="kms_key",
        keys={"key_id": "name"},
        enough=(("key_id",),),
        attributes={"target_key_arn": "arn", "target_key_id": "id"},
        remedy="give it a name",
    ),
    "aws_s3_bucket": by_its_name("bucket", "id"),
    "aws_cloudwatch_log_group": by_its_name("name", "id"),
    "aws_cloudwatch_metric_alarm": by_its_name("alarm_name", "id"),
    "aws_cloudwatch_composite_alarm": by_its_name("alarm_name", "id"),
}

EC2 = {"tags": "tags", "filters": "filter"}
