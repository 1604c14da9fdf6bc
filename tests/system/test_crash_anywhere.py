"""
The process dies before or after any call of a wake or a sleep; the next pass converges.

After every crash the same must hold: no second load balancer, nothing left over, nothing
foreign touched, no call that releases, detaches or allocates an address (the fixture checks).
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from controller.reconcile.loop import Result
from local.aws import LaptopAws
from system.desk import ASLEEP, AWAKE, FORBIDDEN, Desk


class Crash(BaseException):
    """What a killed process looks like from inside: nothing after it runs."""


class DyingSession:
    """A session whose process dies at its n-th write, before or after the call's effect."""

    def __init__(self, session: Any, nth: int, *, after: bool) -> None:
        self._session = session
        self._left = nth
        self._after = after

    def client(self, name: str, **options: Any) -> DyingClient:
        return DyingClient(self._session.client(name, **options), self)

    def call(self, operation: str, make: Any, params: dict[str, Any]) -> Any:
        if operation.startswith(("describe_", "list_", "get_")):
            return make(**params)
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash(operation)
        try:
            return make(**params)
        finally:
            if self._left == 0:
                raise Crash(operation)


class DyingClient:
    def __init__(self, client: Any, session: DyingSession) -> None:
        self._client = client
        self._session = session

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found) or name in ("get_paginator", "exceptions"):
            return found
        return lambda **params: self._session.call(name, found, params)


def fresh_desk(*, awake: bool) -> Desk:
    aws = LaptopAws(profile="typical")
    aws.furnish_article()
    desk = Desk(aws)
    if awake:
        desk.wake()
    return desk


def crash_points(way: str) -> list[tuple[int, bool]]:
    desk = fresh_desk(awake=way == "asleep")
    start = len(desk.aws.calls)
    desk.run(way)
    writes = sum(1 for call in list(desk.aws.calls)[start:] if not call.is_read)
    return [(nth, after) for nth in range(1, writes + 1) for after in (False, True)]


@pytest.mark.parametrize("then", ["awake", "asleep"])
@pytest.mark.parametrize("way", ["awake", "asleep"])
def test_a_pass_that_died_anywhere_is_finished_or_undone_by_the_next(way, then, capsys):
    points = crash_points(way)
    assert len(points) >= 6
    for nth, after in points:
        desk = fresh_desk(awake=way == "asleep")
        with pytest.raises(Crash):
            desk.run(way, session=DyingSession(desk.session, nth, after=after))
        outcome = desk.run(then)

        where = f"{way}, then {then}, died {'after' if after else 'before'} write {nth}"
        assert outcome.result is Result.CONVERGED, where
        assert desk.standing() == (AWAKE if then == "awake" else ASLEEP), where
        made = {call.operation for call in desk.aws.calls}
        assert not made & FORBIDDEN, where
        assert at_most_one_load_balancer(desk), where
    with capsys.disabled():
        print(f" [{len(points)} points: {way}, then {then}]", end="")


def at_most_one_load_balancer(desk: Desk) -> bool:
    """By the account's own record of lifetimes, no two ever overlapped."""
    spans = sorted(
        (life.started_at, life.ended_at)
        for life in desk.aws.lifetimes()
        if life.kind == "load_balancer"
    )
    return all(one[1] and one[1] <= after[0] for one, after in itertools.pairwise(spans))


def test_each_call_may_fail_once_before_or_after_its_effect():
    """AWS behaviour F51-F54: throttles, and 5xx whose call took effect all the same."""
    from local.faults import Fault

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
            desk = fresh_desk(awake=False)
            desk.aws.faults.add(Fault(operation=operation, when=when))
            assert desk.wake().result is Result.CONVERGED, (operation, when)
            assert desk.standing() == AWAKE, (operation, when)
            assert desk.sleep().result is Result.CONVERGED, (operation, when)
            assert desk.standing() == ASLEEP, (operation, when)
            assert at_most_one_load_balancer(desk), (operation, when)
