"""Any call of a wake or a sleep fails once. What dies at any call: tests/simulation."""

from __future__ import annotations

import itertools

from controller.reconcile.outcome import Result
from local.aws import LaptopAws
from local.faults import Fault
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest


def fresh_sut() -> StackUnderTest:
    aws = LaptopAws(profile="typical")
    aws.furnish_article()
    return StackUnderTest(aws)


def at_most_one_load_balancer(sut: StackUnderTest) -> bool:
    """By the account's own record of lifetimes, no two ever overlapped."""
    spans = sorted(
        (life.started_at, life.ended_at)
        for life in sut.aws.lifetimes()
        if life.kind == "load_balancer"
    )
    return all(one[1] and one[1] <= after[0] for one, after in itertools.pairwise(spans))


def test_each_call_may_fail_once_before_or_after_its_effect():
    """AWS behaviour F51-F54: throttles, and 5xx whose call took effect all the same."""
    for operation in (
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "CreateListener",
        "CreateService",
        "ModifyTargetGroupAttributes",
        "DescribeLoadBalancers",
        "DescribeServices",
        "DescribeTags",
        "DescribeAddresses",
        "DeleteService",
        "DeleteLoadBalancer",
        "DeleteTargetGroup",
    ):
        for when in ("before", "after"):
            sut = fresh_sut()
            sut.aws.faults.add(Fault(operation=operation, when=when))
            assert sut.wake().result is Result.CONVERGED, (operation, when)
            assert sut.standing() == AWAKE, (operation, when)
            assert sut.sleep().result is Result.CONVERGED, (operation, when)
            assert sut.standing() == ASLEEP, (operation, when)
            assert at_most_one_load_balancer(sut), (operation, when)
