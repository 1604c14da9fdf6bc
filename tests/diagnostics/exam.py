"""An account to examine: the article's stack, what Terraform keeps of it, and its roles."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from catalogue.tools import fresh_sut
from controller.account.survey import Survey
from controller.aws.clients import Clients
from controller.domain.diagnostics.account import LINKED_ROLES
from controller.domain.diagnostics.examine import examine
from controller.domain.diagnostics.facts import Facts
from controller.domain.diagnostics.finding import Finding, Level
from controller.domain.planning.spec import Spec
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.aws import LaptopAws
from system.stack_under_test import StackUnderTest

VPC = "vpc-0a1b2c3d4e5f60718"
FAMILY = "nsfw-api-container"
ROLE = "ecs-task-execution"


@dataclass
class Exam:
    sut: StackUnderTest

    def facts(self, spec: Spec | None = None) -> Facts:
        spec = spec or self.sut.spec
        clients = Clients(self.sut.session, spec.region)
        return Survey(spec, clients, one_by_one).gather(self.sut.aws.clock.now())

    def findings(self, spec: Spec | None = None) -> list[Finding]:
        return examine(self.facts(spec))

    def client(self, name: str) -> Any:
        return self.sut.session.client(name)

    def subnet(self, **changes: Any) -> str:
        """One more subnet of the article's VPC, in another zone."""
        thing = {"vpc": VPC, "az": "us-east-1b", "cidr": "10.0.2.0/24", **changes}
        return next(iter(self.sut.aws.furnish(subnets=[thing])["subnets"].values()))

    def dead_end(self, **changes: Any) -> str:
        """A subnet of its own route table, which leads nowhere."""
        subnet, ec2 = self.subnet(az="us-east-1a", **changes), self.client("ec2")
        table = ec2.create_route_table(VpcId=VPC)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return subnet

    def role(self, name: str = ROLE, service: str = "ecs-tasks.amazonaws.com") -> str:
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        return made["Role"]["Arn"]

    def push(self, manifest: dict[str, Any], name: str = "api", tag: str = "latest") -> None:
        """An image in the account's registry, in place of the one that had the tag."""
        ecr = self.client("ecr")
        with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=name)
        ecr.put_image(
            repositoryName=name,
            imageTag=tag,
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=manifest["mediaType"],
        )

    def define(self, **changes: Any) -> None:
        """The next revision of the article's task definition."""
        container = {
            "name": FAMILY,
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/api:latest",
            "portMappings": [{"containerPort": 5000}],
            **changes.pop("container", {}),
        }
        request = {
            "family": FAMILY,
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": f"arn:aws:iam::123456789012:role/{ROLE}",
            "containerDefinitions": [container],
            **changes,
        }
        self.client("ecs").register_task_definition(**request)


def index(*architectures: str) -> dict[str, Any]:
    """The manifest of an image that is built for these, as `docker buildx` pushes it."""
    kind = "application/vnd.oci.image.index.v1+json"
    parts = [
        {"digest": f"sha256:{number:064x}", "platform": {"os": "linux", "architecture": each}}
        for number, each in enumerate([*architectures, "unknown"])
    ]
    return {"schemaVersion": 2, "mediaType": kind, "manifests": parts}


def fit_account(aws: LaptopAws | None = None, **things: Any) -> Exam:
    """An account in which the article's stack can wake."""
    exam = Exam(fresh_sut("fast", article_spec(), aws=aws, direct=False, **things))
    exam.role()
    exam.define()
    exam.push(index("amd64", "arm64"))
    for name, service in LINKED_ROLES.items():
        exam.role(name, service)
    return exam


def said(findings: list[Finding], check: str, level: Level) -> str:
    """What findings of this check and level say; fails if there is none."""
    found = [f"{f.subject}: {f.message}" for f in findings if (f.check, f.level) == (check, level)]
    assert found, [f.to_json() for f in findings]
    return "\n".join(found)
