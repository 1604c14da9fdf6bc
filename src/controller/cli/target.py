"""What `plan` and `apply` share: a compiled directory, a way to AWS, and the wait for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from controller.aws.cloud import AwsCloud
from controller.cli.session import clients_for, open_clock
from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.plan import Order
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock, SideBySide
from controller.domain.reporting.report import policy_of
from controller.reconcile.side_by_side import Threads


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A spec with the AWS that it is in."""

    spec: Spec
    cloud: AwsCloud
    clock: Clock
    side_by_side: SideBySide

    def afresh(self) -> Stack:
        """With clients of their own, where the credentials of these have run out."""
        cloud = AwsCloud(self.spec, clients_for(self.spec), self.side_by_side)
        return replace(self, cloud=cloud)


def order_of(spec: Spec, *, safe: bool) -> Order:
    """How the stack is taken down: as its policy says, or the way of `--safe`."""
    return Order.SAFE if safe else Order(policy_of(spec).sleep_order)


@contextmanager
def open_stack(spec: Spec) -> Iterator[Stack]:
    """Connect a spec to the AWS that the SDK's settings name."""
    threads = Threads()
    try:
        yield Stack(
            spec=spec,
            cloud=AwsCloud(spec, clients_for(spec), threads),
            clock=open_clock(),
            side_by_side=threads,
        )
    finally:
        threads.close()
