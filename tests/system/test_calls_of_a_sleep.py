"""How often a sleep asks AWS, and that it does not end later for asking less."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.decision.history import Learned, finished_steps
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Target
from controller.domain.planning.timing import FAST, SLOW, TYPICAL, Timing, sleep_chain
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.side_by_side import one_by_one
from controller.reconcile.sleep_pacing import COUNTED
from factories import SERVICE, article_spec
from local.aws import LaptopAws

TERRAFORM = 43
"""
Calls of `terraform destroy` of the same four resources at the typical pace, provider 5.100.
`python -m bench terraform` measures it (docs/benchmarks.md).
"""

A_POLL = 2.0
"""Seconds: of a short way, a poll is more than a share of it."""

NOTHING = Learned()
EACH_SECOND = Limits(poll=timedelta(seconds=1))
SPEC = article_spec()
SERVICE_NAME = SPEC[SERVICE].name
CLUSTER = SPEC[SERVICE].request["cluster"]["name"]

WORLDS = {
    "fast": FAST,
    "typical": TYPICAL,
    "slow": SLOW,
    "drains on": replace(TYPICAL, drains_alone=True),
    "slow, drains on": replace(SLOW, drains_alone=True),
    "holds its address for long": replace(TYPICAL, eip_release=240),
    "refused without a balancer": replace(TYPICAL, count_needs_balancer=True),
}


@dataclass(frozen=True, kw_only=True)
class Slept:
    seconds: float
    calls: Counter[str]
    learned: Learned


class Room:
    """One stack in one account that goes to and fro."""

    def __init__(self, timing: Timing) -> None:
        self.aws = LaptopAws(timing)
        self.aws.furnish_article()

    def run(self, target: Target, limits: Limits, *, progress=None, report=lambda seen: None):
        cloud = AwsCloud(SPEC, Clients(self.aws.session(), SPEC.region), one_by_one)
        clock = self.aws.clock
        run = Reconciler(SPEC, cloud, clock, one_by_one, report=report, progress=progress)
        outcome = run.run(target, limits)
        assert outcome.result is Result.CONVERGED, outcome.cause
        return outcome

    def sleep(self, learned=NOTHING, limits: Limits | None = None, **how) -> Slept:
        """A wake, and then a sleep that knows what `learned` says."""
        woken = self.run(Target.AWAKE, Limits())
        self.aws.clock.advance(3600)
        began, before = self.aws.clock.now(), len(self.aws.calls)
        limits = limits or Limits(learned=learned)
        outcome = self.run(Target.ASLEEP, limits, progress=woken.progress, **how)
        return Slept(
            seconds=(self.aws.clock.now() - began).total_seconds(),
            calls=Counter(call.operation for call in list(self.aws.calls)[before:]),
            learned=learned.after_steps(finished_steps(outcome.timeline, began)),
        )


def test_a_sleep_makes_at_most_half_as_many_calls_again_as_terraform():
    first = Room(TYPICAL).sleep()
    later = Room(TYPICAL).sleep(first.learned)
    for slept in (first, later):
        assert slept.calls.total() <= 1.5 * TERRAFORM, slept.calls
        assert slept.seconds <= 1.03 * sleep_chain(TYPICAL)
    assert later.calls.total() < first.calls.total()


@pytest.mark.parametrize("world", WORLDS)
def test_no_sleep_ends_later_for_asking_less(world):
    """Against one that asks for everything each second."""
    timing = WORLDS[world]
    closely, first = Room(timing).sleep(limits=EACH_SECOND), Room(timing).sleep()
    later = Room(timing).sleep(first.learned)
    for slept in (first, later):
        assert slept.seconds <= max(1.03 * closely.seconds, closely.seconds + A_POLL)
    assert later.calls.total() <= first.calls.total() <= closely.calls.total()


def test_a_sleep_that_is_far_shorter_than_those_before_is_noticed():
    known = Room(WORLDS["slow, drains on"]).sleep().learned
    quick = Room(TYPICAL).sleep(known)
    assert quick.seconds <= 1.05 * Room(TYPICAL).sleep(limits=EACH_SECOND).seconds


@pytest.mark.parametrize("learns", [False, True])
def test_a_count_that_somebody_raises_is_noticed_soon(learns):
    """Its new tasks are paid for: the service is deleted by force, whatever was learned."""
    timing = WORLDS["drains on"]
    learned = Room(timing).sleep().learned if learns else NOTHING
    room, rests, raised = Room(timing), [], []

    def raise_it(seen):
        one = seen.observed[SERVICE]
        if one.rests and one.state is State.PENDING:
            rests.append(seen.now)
        if rests and not raised and seen.now - rests[0] > timedelta(seconds=30):
            ecs = room.aws.session().client("ecs")
            ecs.update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=1)
            raised.append(seen.now)

    room.sleep(learned, report=raise_it)

    deleted = room.aws.calls.of("DeleteService")[0].at
    assert raised
    assert deleted - raised[0] <= COUNTED + timedelta(seconds=5)
