"""Every operation that is simulated here, by service; what is missing goes to moto."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local import acm, cloudwatch, quotas
from local.autoscaling import policies, scheduled_actions
from local.autoscaling import targets as scalable_targets
from local.calls import Call
from local.ec2 import addresses, endpoints, interfaces, networks, routes, security_groups, subnets
from local.ec2 import tags as ec2_tags
from local.ecs import clusters, services, task_calls, task_definitions
from local.ecs import tags as ecs_tags
from local.elbv2 import (
    attributes,
    balancer_changes,
    health,
    listeners,
    load_balancers,
    target_groups,
)
from local.elbv2 import tags as elbv2_tags
from local.errors import AwsError, not_answered
from local.world import Region

Operation = Callable[[Region, Mapping[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, Mapping[str, Operation]] = {
    "elbv2": {
        **load_balancers.OPERATIONS,
        **balancer_changes.OPERATIONS,
        **target_groups.OPERATIONS,
        **listeners.OPERATIONS,
        **health.OPERATIONS,
        **attributes.OPERATIONS,
        **elbv2_tags.OPERATIONS,
    },
    "ecs": {
        **clusters.OPERATIONS,
        **task_definitions.OPERATIONS,
        **services.OPERATIONS,
        **task_calls.OPERATIONS,
        **ecs_tags.OPERATIONS,
    },
    "ec2": {
        **networks.OPERATIONS,
        **subnets.OPERATIONS,
        **routes.OPERATIONS,
        **addresses.OPERATIONS,
        **security_groups.OPERATIONS,
        **interfaces.OPERATIONS,
        **endpoints.OPERATIONS,
        **ec2_tags.OPERATIONS,
    },
    "application-autoscaling": {
        **scalable_targets.OPERATIONS,
        **policies.OPERATIONS,
        **scheduled_actions.OPERATIONS,
    },
    "cloudwatch": cloudwatch.OPERATIONS,
    "service-quotas": quotas.OPERATIONS,
    "acm": {
        "ListCertificates": acm.list_all,
        "ListTagsForCertificate": acm.list_tags,
        "DescribeCertificate": acm.describe,
    },
}
"""By botocore's name of the service and the API's of the operation."""


def operate(region: Region, call: Call) -> dict[str, Any]:
    """Answer one call as AWS would. Raises AwsError."""
    operation = OPERATIONS.get(call.service, {}).get(call.operation)
    if not operation:
        raise not_answered(call.service, call.operation)
    if call.service == "ec2" and call.params.get("DryRun"):
        message = "Request would have succeeded, but DryRun flag is set."
        raise AwsError("DryRunOperation", message, 412)
    return operation(region, call.params)
