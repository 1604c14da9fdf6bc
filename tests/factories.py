"""Small builders with defaults; each test says only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.domain.planning.observed import Address, Holder, Observation, Observed, State
from controller.domain.planning.spec import Kind, ResourceSpec, Spec

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

LB = "aws_lb.nlb[0]"
TG = "aws_lb_target_group.ecs_tg[0]"
LISTENER = "aws_lb_listener.nlb_listener[0]"
SERVICE = "aws_ecs_service.nsfw_service[0]"
SCALING_TARGET = "aws_appautoscaling_target.count[0]"
SCALING_POLICY = "aws_appautoscaling_policy.cpu[0]"
SCHEDULED = "aws_appautoscaling_scheduled_action.night[0]"
EIP = "eipalloc-0a1b2c3d4e5f60718"
SUBNET = "subnet-0a1b2c3d4e5f60718"


def load_balancer(**changes: Any) -> ResourceSpec:
    request = {
        "Name": "ecs-nlb",
        "Type": "network",
        "Scheme": "internet-facing",
        "IpAddressType": "ipv4",
        "SubnetMappings": [{"SubnetId": SUBNET, "AllocationId": EIP}],
    }
    return _resource(LB, Kind.LOAD_BALANCER, request, changes)


def target_group(**changes: Any) -> ResourceSpec:
    request = {
        "Name": "ecs-target-group",
        "Protocol": "TCP",
        "Port": 5000,
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "TargetType": "ip",
        "HealthCheckProtocol": "TCP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 10,
        "HealthCheckTimeoutSeconds": 6,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
    }
    defaults = {"attributes": {"deregistration_delay.timeout_seconds": "10"}}
    return _resource(TG, Kind.TARGET_GROUP, request, defaults | changes)


def listener(**changes: Any) -> ResourceSpec:
    request = {
        "LoadBalancerArn": {"$ref": f"{LB}.arn"},
        "Port": 5000,
        "Protocol": "TCP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"$ref": f"{TG}.arn"}}],
    }
    return _resource(LISTENER, Kind.LISTENER, request, {"after": (LB, TG)} | changes)


def service(**changes: Any) -> ResourceSpec:
    request = {
        "cluster": {
            "$look_up": "cluster",
            "name": "nsfw_api_cluster",
            "attribute": "arn",
            "of": "aws_ecs_cluster.nsfw_cluster",
        },
        "serviceName": "nsfw_api_service",
        "taskDefinition": {
            "$look_up": "task_definition",
            "family": "nsfw-api-container",
            "attribute": "arn",
            "of": "aws_ecs_task_definition.nsfw_task",
        },
        "desiredCount": 1,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "healthCheckGracePeriodSeconds": 180,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": [SUBNET],
                "securityGroups": [
                    {
                        "$look_up": "security_group",
                        "name": "nsfw_api_sg",
                        "vpc_id": "vpc-0a1b2c3d4e5f60718",
                        "attribute": "id",
                        "of": "module.nsfw_api_sg.aws_security_group.default",
                    }
                ],
                "assignPublicIp": "ENABLED",
            }
        },
        "loadBalancers": [
            {
                "targetGroupArn": {"$ref": f"{TG}.arn"},
                "containerName": "nsfw-api-container",
                "containerPort": 5000,
            }
        ],
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
    }
    return _resource(SERVICE, Kind.SERVICE, request, {"after": (LISTENER, TG)} | changes)


_SCALED = {
    "ResourceId": {"$ref": f"{SERVICE}.resource_id"},
    "ScalableDimension": "ecs:service:DesiredCount",
    "ServiceNamespace": "ecs",
}


def scaling_target(**changes: Any) -> ResourceSpec:
    request = {**_SCALED, "MinCapacity": 1, "MaxCapacity": 4}
    defaults = {"after": (SERVICE,)}
    return _resource(SCALING_TARGET, Kind.AUTOSCALING_TARGET, request, defaults | changes)


def scaling_policy(**changes: Any) -> ResourceSpec:
    request = {
        **_SCALED,
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
    }
    defaults = {"after": (SERVICE, SCALING_TARGET)}
    return _resource(SCALING_POLICY, Kind.AUTOSCALING_POLICY, request, defaults | changes)


def scheduled_action(**changes: Any) -> ResourceSpec:
    request = {
        **_SCALED,
        "ScheduledActionName": "night",
        "Schedule": "cron(0 20 * * ? *)",
        "Timezone": "UTC",
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1},
    }
    defaults = {"after": (SERVICE, SCALING_TARGET)}
    return _resource(SCHEDULED, Kind.SCHEDULED_ACTION, request, defaults | changes)


def scaled_spec(**changes: Any) -> Spec:
    """The article's stack with a service that scales."""
    scaled = service(scaling={"least": 1, "most": 4})
    four = (target_group(), load_balancer(), listener(), scaled)
    more = (scaling_target(), scaling_policy(), scheduled_action())
    return article_spec(**({"resources": (*four, *more)} | changes))


def _resource(
    address: str, kind: Kind, request: dict[str, Any], changes: Mapping[str, Any]
) -> ResourceSpec:
    given = dict(changes)
    request = {**request, **given.pop("request", {})}
    return ResourceSpec(
        **{"address": address, "kind": kind, "source": "main.tf:1", "request": request, **given}
    )


def article_spec(**changes: Any) -> Spec:
    """The four sleepers of the article's stack."""
    parts: dict[str, Any] = {
        "stack": "nsfw-api",
        "region": "us-east-1",
        "resources": (target_group(), load_balancer(), listener(), service()),
        "endpoint": {"port": 5000, "open_path": "/"},
    }
    return Spec(**(parts | changes))


def observed(states: Mapping[str, State | Observation], holder: Holder = Holder.NOBODY) -> Observed:
    """A look at the article's stack; what is not named is absent."""
    resources = {
        address: one if isinstance(one, Observation) else seen(one, address)
        for address, one in states.items()
    }
    address = Address(allocation_id=EIP, holder=holder, wanted_by=(LB,), public_ip="203.0.113.10")
    return Observed(at=NOON, resources=resources, addresses={EIP: address})


def seen(state: State, address: str = "x", **changes: Any) -> Observation:
    known = {"arn": f"arn:{address}"} if state is not State.ABSENT else {}
    return Observation(**{"state": state, "attributes": known, **changes})
