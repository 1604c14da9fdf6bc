"""
A wake at any second of a sleep ends after Elastic IP, load balancer and health check.

In each way in which AWS may answer what is open: targets that drain on or not when their load
balancer is gone, counts that are refused without one (F71 to F74).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.tools import ASLEEP, is_quiet
from catalogue.turn_round import Sleeper, paid_seconds
from controller.domain.planning.plan import Order
from controller.domain.planning.timing import FAST, SLOW, TYPICAL
from controller.reconcile.pacing import END_POLL
from factories import TG, article_spec, target_group

ANSWERS = {
    "unused at once": {},
    "drains on": {"drains_alone": True},
    "refused without a balancer": {"count_needs_balancer": True},
    "both": {"drains_alone": True, "count_needs_balancer": True},
}
PATIENT = {"HealthCheckIntervalSeconds": 30, "HealthyThresholdCount": 3}
SLACK = 5.0
"""Seconds between two polls: a short way is late by one of them, not by a share."""


def spec_of(delay, **check):
    group = target_group(attributes={"deregistration_delay.timeout_seconds": str(delay)})
    group = replace(group, request={**group.request, **check})
    rest = [each for each in article_spec().resources if each.address != TG]
    return article_spec(resources=(group, *rest))


SECONDS = {"fast": (1, 2, 9, 17), "typical": (1, 2, 30, 122, 152, 161), "slow": (2, 62, 305, 361)}
"""At once, while it drains, while the Elastic IP is held, and about when the tasks have stopped."""


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("timing", "spec"),
    [(FAST, spec_of(10)), (TYPICAL, spec_of(300, **PATIENT)), (SLOW, spec_of(300))],
    ids=["fast", "typical", "slow"],
)
def test_f48_f74_a_wake_at_any_second_of_a_sleep_waits_for_no_drain(sut_of, timing, spec, answer):
    sleeper = Sleeper(sut_of(replace(timing, **ANSWERS[answer]), spec)).awake()
    for second in SECONDS[timing.name]:
        turn = sleeper.turn_round(second)
        assert turn.seconds <= max(1.05 * turn.bound, turn.bound + SLACK), turn


def test_f74_by_force_a_wake_waits_for_the_drain(sut_of):
    """What the count saves: or the test above could not fail."""
    timing = replace(TYPICAL, drains_alone=True)
    turn = Sleeper(sut_of(timing), Order.FORCE).awake().turn_round(3)

    assert turn.ratio > 1.3


def test_f48_without_memory_it_is_taken_up_just_the_same(sut_of):
    sleeper = Sleeper(sut_of(replace(TYPICAL, drains_alone=True))).awake()
    for second in (2, 70, 130):
        turn = sleeper.turn_round(second, remembers=False)
        assert turn.ratio <= 1.05, turn


# What it costs


def costs_of_a_sleep(sut, order):
    sleeper = Sleeper(sut, order).awake()
    began = sut.aws.clock.now()
    sleeper.asleep()
    assert sut.standing() == ASLEEP
    assert is_quiet(sut)
    return paid_seconds(sut.aws, began)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("timing", [FAST, TYPICAL, SLOW], ids=lambda each: each.name)
def test_f71_f74_a_sleep_by_count_pays_for_no_second_more(sut_of, timing, answer):
    """Compared with a forced deletion that lets the target group drain as its files say."""
    account = replace(timing, **ANSWERS[answer])
    by_count = costs_of_a_sleep(sut_of(account, spec_of(300)), Order.COUNT)
    by_force = costs_of_a_sleep(sut_of(account, spec_of(300)), Order.FORCE)

    assert by_count["load_balancer"] <= by_force["load_balancer"] < 1
    assert by_count["task"] <= by_force["task"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_f48_a_turn_round_pays_for_no_load_balancer_more_and_no_idle_task(sut_of, answer):
    """
    Of a task, the time before anybody could use it counts: as much as in any wake, whose service is
    asked for twice (3 s), and whose end is seen a poll late at most, as this one's is.
    """
    account = replace(TYPICAL, **ANSWERS[answer])
    idle, balancers = {}, {}
    for order in (Order.COUNT, Order.FORCE):
        sut = sut_of(account)
        sleeper = Sleeper(sut, order).awake()
        drained = costs_of_a_sleep(sut, order)["task"]
        sleeper.awake()
        began = sut.aws.clock.now()
        sleeper.turn_round(20)
        paid = paid_seconds(sut.aws, began)
        idle[order], balancers[order] = paid["task"] - drained, paid["load_balancer"]
    fresh = sut_of(account)
    began = fresh.aws.clock.now()
    Sleeper(fresh).awake()

    assert balancers[Order.COUNT] <= balancers[Order.FORCE] + SLACK
    late = SLACK + END_POLL.total_seconds()
    assert idle[Order.COUNT] <= paid_seconds(fresh.aws, began)["task"] + late
