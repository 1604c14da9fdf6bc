"""
Generates `aws.jsonl` from the provider's own description of its types.

    terraform providers schema -json | python -m controller.hcl.schema.extract > aws.jsonl

Kept are the four sleeper kinds and the types that stacks like ours are commonly built of: the names
and types of their arguments and attributes, nothing else. One line a type.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

PROVIDER = "registry.terraform.io/hashicorp/aws"
COMMON = re.compile(
    r"""aws_(
      acm_certificate(_validation)? | alb.* | lb.* | appautoscaling_(target|policy|scheduled_action)
    | autoscaling_group | availability_zones? | caller_identity | partition | region
    | cloudwatch_(log_group|log_stream|metric_alarm|event_rule|event_target)
    | db_(instance|subnet_group) | default_(vpc|subnet|security_group|route_table|tags)
    | dynamodb_table | ec2_managed_prefix_list | ecr_(repository|image|lifecycle_policy)
    | ecs_.* | efs_(file_system|mount_target|access_point) | eips? | eip_association
    | elasticache_(cluster|subnet_group) | flow_log
    | iam_(role|roles|policy|policy_document|policy_attachment|instance_profile|user|group)
    | iam_role_policy(_attachment)? | instance | instances | internet_gateway
    | kms_(key|alias) | lambda_(function|permission) | launch_template | nat_gateways?
    | network_acl(_rule)? | network_interface | prefix_list | rds_cluster
    | route | route_table | route_tables | route_table_association
    | route53_(record|zone) | s3_bucket | s3_bucket_policy | s3_object
    | secretsmanager_secret(_version)? | security_groups? | security_group_rule
    | vpc_security_group_(ingress|egress)_rule | service_discovery_.* | service_principal
    | sns_topic | sqs_queue | ssm_parameters?(_by_path)? | subnets? | vpcs?
    | vpc_endpoint | vpc_dhcp_options | vpc_peering_connection | vpc_ipv4_cidr_block_association
    )""",
    re.VERBOSE,
)
ALIAS = re.compile("aws_alb")


def main() -> None:
    schemas = json.load(sys.stdin)["provider_schemas"][PROVIDER]
    modes = (("managed", "resource_schemas"), ("data", "data_source_schemas"))
    for mode, key in modes:
        for type_, schema in sorted(schemas[key].items()):
            if COMMON.fullmatch(type_) and not ALIAS.match(type_):
                line = {"mode": mode, "type": type_, **_block(schema["block"])}
                sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


def _block(block: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: [_type(attribute), _flags(attribute)]
        for name, attribute in block.get("attributes", {}).items()
    }
    blocks = {
        name: {
            "nesting": nested["nesting_mode"],
            "min": nested.get("min_items", 0),
            "max": nested.get("max_items", 0),
            **_block(nested["block"]),
        }
        for name, nested in block.get("block_types", {}).items()
    }
    return {"attributes": attributes, "blocks": blocks}


def _flags(attribute: dict[str, Any]) -> str:
    return "".join(flag[0] for flag in ("required", "optional", "computed") if attribute.get(flag))


def _type(attribute: dict[str, Any]) -> Any:
    if "type" in attribute:
        return attribute["type"]
    nested = attribute["nested_type"]
    object_ = ["object", {name: _type(a) for name, a in nested["attributes"].items()}]
    return object_ if nested["nesting_mode"] == "single" else [nested["nesting_mode"], object_]


if __name__ == "__main__":
    main()
