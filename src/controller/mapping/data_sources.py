"""Which look-up finds which data source, by which of its arguments; what it says is a filter."""

from __future__ import annotations

from collections.abc import Mapping

from controller.mapping.sources import (
    ADDRESS,
    BY_NAME,
    CERTIFICATE,
    CLUSTER,
    DISCOVERY,
    EC2,
    FRONT,
    GROUP,
    NAMESPACE,
    PARAMETER,
    ROLE,
    SERVER_CERTIFICATE,
    SUBNET,
    TASK,
    TRUST_STORE,
    VPC,
    ZONES,
    Source,
    by_its_name,
    namespace,
    same_names,
)

DATA: Mapping[str, Source] = {
    "aws_ecs_cluster": Source(
        kind="cluster", keys={"name": "cluster_name"}, enough=BY_NAME, attributes=CLUSTER
    ),
    "aws_ecs_task_definition": Source(
        kind="task_definition",
        keys={"family": "task_definition"},
        enough=(("family",),),
        attributes={**TASK, "id": "arn"},
    ),
    "aws_security_group": Source(
        kind="security_group",
        keys={"id": "id", "name": "name", "vpc_id": "vpc_id", **EC2},
        attributes=GROUP,
    ),
    "aws_security_groups": Source(
        kind="security_groups", keys=EC2, attributes=same_names("ids", "arns", "vpc_ids")
    ),
    "aws_eip": Source(
        kind="elastic_ip",
        keys={"allocation_id": "id", "public_ip": "public_ip", **EC2},
        attributes=ADDRESS,
    ),
    "aws_eips": Source(
        kind="elastic_ips", keys=EC2, attributes=same_names("allocation_ids", "public_ips")
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
            **EC2,
        },
        attributes={**SUBNET, **same_names("map_public_ip_on_launch", "tags")},
    ),
    "aws_subnets": Source(kind="subnets", keys=EC2, attributes=same_names("ids")),
    "aws_vpc": Source(
        kind="vpc",
        keys={
            "id": "id",
            "cidr_block": "cidr_block",
            "default": "default",
            "dhcp_options_id": "dhcp_options_id",
            "state": "state",
            **EC2,
        },
        attributes=VPC,
    ),
    "aws_vpcs": Source(kind="vpcs", keys=EC2, attributes=same_names("ids")),
    "aws_availability_zones": Source(
        kind="availability_zones",
        keys={
            "state": "state",
            "all_availability_zones": "all_availability_zones",
            "exclude_names": "exclude_names",
            "exclude_zone_ids": "exclude_zone_ids",
            "filters": "filter",
        },
        attributes=ZONES,
    ),
    "aws_iam_role": Source(kind="iam_role", keys={"name": "name"}, enough=BY_NAME, attributes=ROLE),
    "aws_lb": FRONT["load_balancer"],
    "aws_alb": FRONT["load_balancer"],
    "aws_lb_target_group": FRONT["target_group"],
    "aws_alb_target_group": FRONT["target_group"],
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
        attributes=CERTIFICATE,
        remedy="give it a domain",
    ),
    "aws_service_discovery_service": Source(
        kind="service_discovery_service",
        keys={"name": "name", "namespace_id": "namespace_id"},
        enough=(("name", "namespace_id"),),
        attributes=DISCOVERY,
    ),
    "aws_service_discovery_http_namespace": namespace("HTTP"),
    "aws_service_discovery_dns_namespace": Source(
        kind="service_discovery_namespace",
        keys={"name": "name", "type": "type"},
        enough=(("name", "type"),),
        attributes=NAMESPACE,
    ),
    "aws_ssm_parameter": Source(
        kind="ssm_parameter",
        keys={"name": "name", "with_decryption": "with_decryption"},
        enough=BY_NAME,
        attributes=PARAMETER,
    ),
    "aws_iam_server_certificate": Source(
        kind="server_certificate",
        keys={"name": "name"},
        enough=BY_NAME,
        attributes=SERVER_CERTIFICATE,
    ),
    "aws_lb_trust_store": Source(
        kind="trust_store", keys={"name": "name"}, enough=BY_NAME, attributes=TRUST_STORE
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
    "aws_s3_bucket": by_its_name("bucket", "id"),
    "aws_cloudwatch_log_group": by_its_name("name", "id"),
    "aws_caller_identity": Source(
        kind="caller_identity", attributes={"account_id": "account_id", "id": "account_id"}
    ),
    "aws_region": Source(
        kind="region",
        keys={"name": "name", "endpoint": "endpoint"},
        attributes=same_names("name", "description", "endpoint", id="name"),
    ),
    "aws_partition": Source(
        kind="partition",
        attributes=same_names("partition", "dns_suffix", "reverse_dns_prefix", id="partition"),
    ),
}
