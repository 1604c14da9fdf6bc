"""The same day in the account of anybody: a wake and a sleep, with whatever identifies them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from controller.recording.masks import Masks
from controller.recording.recorder import Recorder
from local.aws import LaptopAws
from local.clock import ManualClock

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Identity:
    """`word` is in every name, `tail` ends every id, `password` stands in the environment."""

    word: str
    account: str
    tail: str
    public_ip: str
    password: str

    def id(self, prefix: str) -> str:
        return f"{prefix}-{self.tail}"

    def things(self) -> dict[str, list[Any]]:
        """What Terraform keeps for a stack of theirs."""
        container = {
            "name": f"{self.word}-web",
            "image": f"{self.account}.dkr.ecr.us-east-1.amazonaws.com/{self.word}/app:1.29",
            "essential": True,
            "command": ["serve", f"--token={self.password}"],
            "environment": [{"name": "DB_PASSWORD", "value": self.password}],
            "secrets": [
                {
                    "name": "KEY",
                    "valueFrom": f"arn:aws:ssm:us-east-1:{self.account}:parameter/{self.word}/key",
                }
            ],
            "portMappings": [{"containerPort": 5000, "protocol": "tcp"}],
        }
        return {
            "vpcs": [{"id": self.id("vpc"), "cidr": "10.0.0.0/16"}],
            "subnets": [
                {
                    "id": self.id("subnet"),
                    "vpc": self.id("vpc"),
                    "az": "us-east-1a",
                    "cidr": "10.0.1.0/24",
                    "tags": {"Name": f"{self.word} public"},
                }
            ],
            "elastic_ips": [{"allocation_id": self.id("eipalloc"), "public_ip": self.public_ip}],
            "security_groups": [
                {
                    "id": self.id("sg"),
                    "name": f"{self.word}_sg",
                    "vpc": self.id("vpc"),
                    "ingress": [{"protocol": "tcp", "port": 5000, "cidr": "0.0.0.0/0"}],
                }
            ],
            "clusters": [f"{self.word}-cluster"],
            "task_definitions": [
                {
                    "family": f"{self.word}-web",
                    "container_definitions": [container],
                    "task_role": f"arn:aws:iam::{self.account}:role/{self.word}-task",
                }
            ],
        }


ACME = Identity("acme", "210987654321", "0a1b2c3d4e5f60718", "203.0.113.25", "hunter2-swordfish")
OTHER = Identity("Contoso-2", "112233445566", "0f9e8d7c6b5a49382", "198.51.100.7", "correct-horse")


def record_a_day(who: Identity, path: Path) -> LaptopAws:
    """Record a wake and a sleep in the account of `who`; the simulated AWS that answered them."""
    aws = LaptopAws("fast", ManualClock(START), account=who.account, seed=who.word)
    aws.furnish(**who.things())
    with Recorder(path, aws.clock, Masks(key=b"the same in all tests")) as recorder:
        session = aws.session()
        recorder.attach(session)
        _a_day(who, aws, session)
    return aws


def _a_day(who: Identity, aws: LaptopAws, session: Any) -> None:
    ec2, elbv2, ecs = (session.client(name) for name in ("ec2", "elbv2", "ecs"))
    cluster, service = f"{who.word}-cluster", f"{who.word}-web"
    ec2.describe_subnets(SubnetIds=[who.id("subnet")])
    ec2.describe_vpcs()
    ec2.describe_security_groups(GroupIds=[who.id("sg")])
    ecs.describe_task_definition(taskDefinition=service, include=["TAGS"])
    session.client("sts").get_caller_identity()
    balancer = elbv2.create_load_balancer(
        Name=f"{who.word}-nlb",
        Type="network",
        SubnetMappings=[{"SubnetId": who.id("subnet"), "AllocationId": who.id("eipalloc")}],
        Tags=[{"Key": "Owner", "Value": f"{who.word} team"}],
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(
        Name="web", Protocol="TCP", Port=5000, VpcId=who.id("vpc"), TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="TCP",
        Port=5000,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    with suppress(ClientError):  # the second of this name: the message repeats it
        elbv2.create_listener(
            LoadBalancerArn=balancer,
            Protocol="TCP",
            Port=5000,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
    with suppress(ClientError):
        elbv2.delete_target_group(TargetGroupArn=group)
    network = {"subnets": [who.id("subnet")], "securityGroups": [who.id("sg")]}
    ecs.create_service(
        cluster=cluster,
        serviceName=service,
        taskDefinition=service,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {**network, "assignPublicIp": "ENABLED"}},
        loadBalancers=[{"targetGroupArn": group, "containerName": service, "containerPort": 5000}],
    )
    for _ in range(12):
        aws.clock.advance(10)
        elbv2.describe_load_balancers(LoadBalancerArns=[balancer])
        elbv2.describe_target_health(TargetGroupArn=group)
        ecs.describe_services(cluster=cluster, services=[service], include=["TAGS"])
        ec2.describe_addresses(AllocationIds=[who.id("eipalloc")])
        tasks = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
        if tasks:
            ecs.describe_tasks(cluster=cluster, tasks=tasks)
    ecs.delete_service(cluster=cluster, service=service, force=True)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    for _ in range(4):
        aws.clock.advance(10)
        ecs.describe_services(cluster=cluster, services=[service])
        with suppress(ClientError):
            elbv2.describe_load_balancers(LoadBalancerArns=[balancer])
        ec2.describe_addresses(AllocationIds=[who.id("eipalloc")])
    elbv2.delete_target_group(TargetGroupArn=group)
