"""The article's stack by hand: clients, the calls of a wake and of a sleep, and short reads."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LaptopAws
from local.clock import ManualClock

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VPC = "vpc-0a1b2c3d4e5f60718"
SUBNET = "subnet-0a1b2c3d4e5f60718"
OTHER_SUBNET = "subnet-0cccccccccccccccc"
EIP = "eipalloc-0a1b2c3d4e5f60718"
CLUSTER = "nsfw_api_cluster"
FAMILY = "nsfw-api-container"
SERVICE = "nsfw_api_service"


class Stack:
    """One account with the article's surroundings, and clients for its four services."""

    def __init__(self, aws: LaptopAws, session: Any = None) -> None:
        self.aws = aws
        session = session or aws.session()
        self.elbv2, self.ecs = session.client("elbv2"), session.client("ecs")
        self.ec2, self.cloudwatch = session.client("ec2"), session.client("cloudwatch")
        groups = self.ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": ["nsfw_api_sg"]}]
        )
        self.group_id = groups["SecurityGroups"][0]["GroupId"]

    def pass_time(self, seconds: float) -> None:
        self.aws.clock.advance(seconds)

    def create_balancer(self, **changes: Any) -> str:
        request = {
            "Name": "ecs-nlb",
            "Type": "network",
            "SubnetMappings": [{"SubnetId": SUBNET, "AllocationId": EIP}],
        }
        reply = self.elbv2.create_load_balancer(**_merged(request, changes))
        return reply["LoadBalancers"][0]["LoadBalancerArn"]

    def create_group(self, **changes: Any) -> str:
        request = {
            "Name": "ecs-target-group",
            "Protocol": "TCP",
            "Port": 5000,
            "VpcId": VPC,
            "TargetType": "ip",
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckTimeoutSeconds": 6,
            "HealthyThresholdCount": 2,
        }
        reply = self.elbv2.create_target_group(**_merged(request, changes))
        return reply["TargetGroups"][0]["TargetGroupArn"]

    def create_listener(self, balancer: str, group: str, **changes: Any) -> str:
        request = {
            "LoadBalancerArn": balancer,
            "Protocol": "TCP",
            "Port": 5000,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        }
        reply = self.elbv2.create_listener(**_merged(request, changes))
        return reply["Listeners"][0]["ListenerArn"]

    def create_front(self, **group: Any) -> tuple[str, str]:
        """A load balancer and a target group, tied by a listener that ECS already sees."""
        balancer, group_arn = self.create_balancer(), self.create_group(**group)
        self.create_listener(balancer, group_arn)
        self.pass_time(self.aws.timing.association_visible)
        return balancer, group_arn

    def service_request(self, group: str | None = None, **changes: Any) -> dict[str, Any]:
        network = {
            "subnets": [SUBNET],
            "securityGroups": [self.group_id],
            "assignPublicIp": "ENABLED",
        }
        request: dict[str, Any] = {
            "cluster": CLUSTER,
            "serviceName": SERVICE,
            "taskDefinition": FAMILY,
            "desiredCount": 1,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "networkConfiguration": {"awsvpcConfiguration": network},
        }
        if group:
            entry = {"targetGroupArn": group, "containerName": FAMILY, "containerPort": 5000}
            request["loadBalancers"] = [entry]
        return _merged(request, changes)

    def create_service(self, group: str | None = None, **changes: Any) -> dict[str, Any]:
        return self.ecs.create_service(**self.service_request(group, **changes))["service"]

    def wake(self, **service: Any) -> tuple[str, str]:
        """All calls of a wake, none of its waiting."""
        balancer, group = self.create_front()
        self.create_service(group, **service)
        return balancer, group

    def wake_up(self, **service: Any) -> tuple[str, str]:
        """A wake, and the time that it takes at most."""
        found = self.wake(**service)
        self.pass_time(900)
        return found

    def balancer_state(self, name: str = "ecs-nlb") -> str:
        reply = self.elbv2.describe_load_balancers(Names=[name])
        return reply["LoadBalancers"][0]["State"]["Code"]

    def health(self, group: str) -> list[tuple[str, str]]:
        reply = self.elbv2.describe_target_health(TargetGroupArn=group)
        states = [each["TargetHealth"] for each in reply["TargetHealthDescriptions"]]
        return [(each["State"], each.get("Reason", "")) for each in states]

    def service(self, name: str = SERVICE) -> dict[str, Any]:
        """The service as described; {"status": "MISSING"} when there is none."""
        reply = self.ecs.describe_services(cluster=CLUSTER, services=[name], include=["TAGS"])
        if reply["failures"]:
            return {"status": reply["failures"][0]["reason"]}
        return reply["services"][0]

    def events(self) -> list[str]:
        """Newest first."""
        return [event["message"] for event in self.service()["events"]]

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus=status)
        if not arns["taskArns"]:
            return []
        return self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns["taskArns"], include=["TAGS"])[
            "tasks"
        ]

    def address(self) -> dict[str, Any]:
        return self.ec2.describe_addresses(AllocationIds=[EIP])["Addresses"][0]

    def seconds_until(self, reached: Any, *, step: float = 1, most: float = 3600) -> float:
        """Move the clock in steps until `reached()`; the seconds that took."""
        passed = 0.0
        while not reached():
            if passed > most:
                raise AssertionError(f"not reached within {most} seconds")
            self.pass_time(step)
            passed += step
        return passed


def missing(arn: str) -> str:
    """An ARN of the same kind that names nothing."""
    return arn[:-16] + "0" * 16


def _merged(request: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`request` with `changes`; a change to None leaves the field out."""
    return {key: value for key, value in {**request, **changes}.items() if value is not None}


def furnished(profile: Any = "typical", **options: Any) -> LaptopAws:
    """The article's surroundings and a second subnet, in another zone."""
    aws = LaptopAws(profile=profile, clock=ManualClock(START), **options)
    aws.furnish_article()
    aws.furnish(
        subnets=[{"id": OTHER_SUBNET, "vpc": VPC, "az": "us-east-1c", "cidr": "10.0.3.0/24"}]
    )
    return aws


@contextmanager
def refused(code: str, text: str = ""):
    """The call inside is refused with this code, and `text` in its message."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert (error["Code"], text in error["Message"]) == (code, True), error
