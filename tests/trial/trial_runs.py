"""A trial on the simulated AWS, in this process: what a test sets up and asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import Timing
from controller.domain.trial.measures import Given
from controller.reconcile.outcome import Iteration
from controller.reconcile.side_by_side import one_by_one
from controller.trial.run import Trial
from controller.trial.site import Site
from factories import EIP, article_spec
from local.aws import LaptopAws
from local.session import make_session

GIVEN = Given(checks=20, delay=10)
"""What the article's stack asks for (factories)."""


@dataclass
class TrialRun:
    """One account and a trial of the article's stack in it."""

    aws: LaptopAws
    spec: Spec = field(default_factory=article_spec)

    @staticmethod
    def at(profile: str | Timing) -> TrialRun:
        aws = LaptopAws(profile=profile)
        aws.furnish_article()
        return TrialRun(aws)

    def site(self, change: Callable[..., None] | None = None) -> Site:
        """
        Its sessions are new ones: clients that were made before are not heard. `change` is given
        each answer before it is heard.
        """

        def new_session() -> Any:
            session = make_session(self.aws, self.aws.region_name)
            if change:
                session.events.register_first("after-call", change)
            return session

        return Site(self.spec, new_session, self.aws.clock, one_by_one)

    def trial(self, site: Site | None = None) -> Trial:
        return Trial(site or self.site(), view)

    def standing(self) -> list[str]:
        """Everything paid or named that there is in the account, whoever made it."""
        region = self.aws.peek()
        services = [
            f"service {one.name}"
            for cluster in region.ecs.clusters.values()
            for one in cluster.services.values()
            if one.status != "INACTIVE"
        ]
        balancers = [f"balancer {one.name}" for one in region.elbv2.balancers.values()]
        groups = [f"group {one.name}" for one in region.elbv2.groups.values()]
        return [*services, *balancers, *groups]

    def is_leaving(self) -> bool:
        """Whether nothing stands that has tags to read."""
        return not any(one.startswith(("balancer", "group")) for one in self.standing())

    def is_address_untouched(self) -> bool:
        """There, free, and nobody has called what could touch it."""
        touching = {"ReleaseAddress", "AllocateAddress", "AssociateAddress", "DisassociateAddress"}
        address = self.aws.peek().ec2.addresses.get(EIP)
        called = touching & {call.operation for call in self.aws.calls}
        return bool(address) and not address.association_id and not called


@contextmanager
def view(title: str) -> Iterator[object]:
    def say_nothing(seen: Iteration) -> None:
        pass

    yield say_nothing
