"""A stack, the simulated AWS, and passes over it, for tests that look at a single pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.plan import Order, Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Spec
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Iteration, Limits, Outcome
from controller.reconcile.side_by_side import one_by_one
from factories import EIP, article_spec
from local.aws import LaptopAws

FORBIDDEN = {
    "ReleaseAddress",
    "AllocateAddress",
    "AssociateAddress",
    "DisassociateAddress",
    "DeleteCluster",
    "DeregisterTaskDefinition",
    "DeleteSecurityGroup",
}
"""Calls that no pass may ever make (AWS behaviour §9.1)."""


def _ignore(seen: Iteration) -> None:
    pass


@dataclass
class StackUnderTest:
    aws: LaptopAws
    spec: Spec = field(default_factory=article_spec)

    @property
    def session(self) -> Any:
        return self.aws.session()

    def run(
        self,
        target: str,
        *,
        session: Any = None,
        progress: Progress | None = None,
        minutes: float = 20,
        order: Order = Order.COUNT,
        report: Callable[[Iteration], None] = _ignore,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """One pass, which gives up after `minutes`."""
        cloud = AwsCloud(self.spec, Clients(session or self.session, self.spec.region), one_by_one)
        reconciler = Reconciler(
            self.spec,
            cloud,
            self.aws.clock,
            one_by_one,
            order=order,
            report=report,
            progress=progress,
        )
        limits = Limits(give_up_at=self.aws.clock.now() + timedelta(minutes=minutes))
        return reconciler.run(Target(target), limits, still_wanted)

    def wake(self, **options: Any) -> Outcome:
        return self.run("awake", **options)

    def sleep(self, **options: Any) -> Outcome:
        return self.run("asleep", **options)

    def calls_since(self, start: int) -> list[str]:
        return [call.operation for call in list(self.aws.calls)[start:]]

    def standing(self) -> dict[str, int]:
        """How many of each there are now, whoever made them."""
        elbv2, ecs = self.session.client("elbv2"), self.session.client("ecs")
        services = ecs.list_services(cluster="nsfw_api_cluster")["serviceArns"]
        return {
            "load_balancers": len(elbv2.describe_load_balancers()["LoadBalancers"]),
            "target_groups": len(elbv2.describe_target_groups()["TargetGroups"]),
            "services": len(services),
        }

    def elastic_ip(self) -> dict[str, Any]:
        reply = self.session.client("ec2").describe_addresses(AllocationIds=[EIP])
        return reply["Addresses"][0]

    def seconds(self, outcome: Outcome, since: Any) -> float:
        return (self.aws.clock.now() - since).total_seconds()


ASLEEP = {"load_balancers": 0, "target_groups": 0, "services": 0}
AWAKE = {"load_balancers": 1, "target_groups": 1, "services": 1}
