"""
F56 at its worst: the process dies right after a call, and what it remembered dies with it.

AWS behaviour §1.7: for up to twenty seconds (the slow profile) no read shows what was made. The
next pass begins at once or some seconds later, knows nothing, and must make no second load
balancer or service and leave nothing behind.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from catalogue.tools import (
    ASLEEP,
    AWAKE,
    LB,
    SUBNET,
    Crash,
    DirectSession,
    Dying,
    calls_of,
    is_quiet,
    one_balancer_at_a_time,
    one_pass,
)
from controller.reconcile.outcome import Result
from factories import article_spec, load_balancer

AT = pytest.mark.parametrize(
    ("profile", "pause"),
    [("fast", 0), ("typical", 0), ("typical", 3), ("slow", 0), ("slow", 3), ("slow", 19)],
)
"""Seconds until the next pass: at once, after ECS's lag, just before ELBv2's ends."""


def without_elastic_ip():
    """Nothing but the reads tells that a load balancer was made."""
    bare = load_balancer(request={"SubnetMappings": [{"SubnetId": SUBNET}]})
    rest = [r for r in article_spec().resources if r.address != LB]
    return article_spec(resources=(bare, *rest))


WRITES = {
    "awake": (
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "ModifyTargetGroupAttributes",
        "CreateListener",
        "CreateService",
    ),
    "asleep": ("DeleteService", "DeleteLoadBalancer", "DeleteTargetGroup"),
}
LOOK = timedelta(seconds=5)


def die_at_every_write(sut, way):
    """Yield after each death: before each write of the way, and after its effect."""
    for operation, after in itertools.product(WRITES[way], (False, True)):
        sut.aws.clock.restart()
        sut.aws.reset()
        sut.aws.furnish_article()
        if way == "asleep":
            one_pass(sut, "awake", every=LOOK)
        start = len(sut.aws.calls)
        session = DirectSession(sut.aws, Dying(operation, after=after))
        with pytest.raises(Crash):
            one_pass(sut, way, session=session, every=LOOK)
        yield f"died {'after' if after else 'before'} {operation}", start


def check(sut, where, outcome, stands):
    assert outcome.result is Result.CONVERGED, (where, outcome.cause)
    assert sut.standing() == stands, where
    sut.aws.clock.advance(60)  # whatever no read showed shows up now
    assert sut.standing() == stands, where
    assert one_balancer_at_a_time(sut), where
    if stands == ASLEEP:
        assert is_quiet(sut), where
    else:
        tasks = [life for life in sut.aws.lifetimes() if life.kind == "task"]
        assert sum(1 for life in tasks if not life.ended_at) == 1, where


@AT
@pytest.mark.parametrize(("way", "stands"), [("awake", AWAKE), ("asleep", ASLEEP)])
def test_f56_a_transition_that_died_anywhere_is_finished_by_a_pass_without_memory(
    sut_of, profile, way, stands, pause
):
    sut = sut_of(profile)
    for where, start in die_at_every_write(sut, way):
        sut.aws.clock.advance(pause)
        check(sut, where, one_pass(sut, way, every=LOOK), stands)
        for operation in ("CreateLoadBalancer", "CreateService"):
            made = {c.result for c in calls_of(sut, operation, since=start) if c.result}
            assert len(made) <= 1, (where, operation)


@AT
def test_f56_a_sleep_that_died_anywhere_is_undone_by_a_wake_that_knows_nothing(
    sut_of, profile, pause
):
    sut = sut_of(profile)
    for where, _ in die_at_every_write(sut, "asleep"):
        sut.aws.clock.advance(pause)
        check(sut, where, one_pass(sut, "awake", every=LOOK), AWAKE)


@pytest.mark.parametrize(
    ("profile", "pause"),
    [
        ("fast", 0),
        ("typical", 0),
        ("typical", 3),
        ("slow", 0),
        ("slow", 3),
        ("slow", 19),
        ("slow", 21),
    ],
)
def test_f56_a_wake_that_died_anywhere_is_undone_by_a_sleep_that_knows_nothing(
    sut_of, profile, pause
):
    """Ctrl-C, and at once the way back: even a free target group must not be left."""
    sut = sut_of(profile)
    for where, _ in die_at_every_write(sut, "awake"):
        sut.aws.clock.advance(pause)
        check(sut, where, one_pass(sut, "asleep", every=LOOK), ASLEEP)


@pytest.mark.parametrize("way", ["awake", "asleep"])
def test_f56_without_an_elastic_ip_a_load_balancer_is_not_lost_sight_of(sut_of, way):
    """No association tells of it: for twenty seconds nothing does, and it costs by the hour."""
    sut = sut_of("slow", without_elastic_ip())
    for where, _ in die_at_every_write(sut, "awake"):
        check(sut, where, one_pass(sut, way, every=LOOK), AWAKE if way == "awake" else ASLEEP)
        assert len({c.result for c in calls_of(sut, "CreateLoadBalancer")}) <= 1
