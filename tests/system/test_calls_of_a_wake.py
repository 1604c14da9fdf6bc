"""How often a wake asks AWS, and that it does not end later for asking less."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.decision.history import Learned, Wake, finished_steps
from controller.domain.planning.plan import Target
from controller.domain.planning.timing import FAST, SLOW, TYPICAL, Timing, wake_chain
from controller.reconcile.heartbeat import SHORT_PASS
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.aws import LaptopAws

TERRAFORM = 73
"""
Calls of `terraform apply` for the same four resources at the typical pace: provider 5.100, without
looking at the health of a target. `python -m bench terraform` measures it (docs/benchmarks.md).
"""

EACH_SECOND = Limits(poll=timedelta(seconds=1))
SPEC = article_spec()

WORLDS = {
    "fast": FAST,
    "typical": TYPICAL,
    "slow": SLOW,
    "slow to register": replace(TYPICAL, lb_provisioning=70, registration=200),
    "slow to start": replace(TYPICAL, lb_provisioning=70, task_start=170, registration=40),
    "quick to check": replace(TYPICAL, lb_provisioning=97, registration=20),
}


@dataclass(frozen=True, kw_only=True)
class Woken:
    seconds: float
    calls: Counter[str]
    learned: Learned


def wake(timing: Timing, learned: Learned | None = None, limits: Limits | None = None) -> Woken:
    learned = learned or Learned()
    aws = LaptopAws(timing)
    aws.furnish_article()
    began, before = aws.clock.now(), len(aws.calls)
    cloud = AwsCloud(SPEC, Clients(aws.session(), SPEC.region), one_by_one)
    run = Reconciler(SPEC, cloud, aws.clock, one_by_one)
    outcome = run.run(Target.AWAKE, limits or Limits(learned=learned))
    assert outcome.result is Result.CONVERGED, outcome.cause
    done = Wake(
        started_at=began,
        ready_at=aws.clock.now(),
        reason="",
        from_rest=True,
        steps=finished_steps(outcome.timeline, began),
    )
    calls = Counter(call.operation for call in aws.calls[before:])
    return Woken(seconds=done.seconds, calls=calls, learned=learned.after(done))


def test_a_wake_makes_at_most_half_as_many_calls_again_as_terraform():
    first = wake(TYPICAL)
    later = wake(TYPICAL, first.learned)
    most, chain = 1.5 * TERRAFORM, wake_chain(TYPICAL, interval=10, healthy_threshold=2)
    for woken in (first, later):
        assert woken.calls.total() <= most, woken.calls
        assert woken.seconds <= 1.03 * chain
    assert later.calls.total() <= first.calls.total()


def test_what_cannot_have_changed_is_not_read_again():
    """Tags, listeners and settings: once they are there, with the rest each minute, at the end."""
    calls = wake(TYPICAL).calls
    minutes = int(wake_chain(TYPICAL, interval=10, healthy_threshold=2) // 60)
    started_and_ended = 2
    assert calls["DescribeTargetGroupAttributes"] <= 1
    assert calls["ModifyTargetGroupAttributes"] == 1
    for operation, to_make in {"DescribeTags": 4, "DescribeListeners": 2}.items():
        assert calls[operation] <= to_make + minutes + started_and_ended, calls


@pytest.mark.parametrize("world", WORLDS)
def test_no_wake_ends_later_for_asking_less(world):
    """Against one that asks for everything each second."""
    timing = WORLDS[world]
    closely, first = wake(timing, limits=EACH_SECOND), wake(timing)
    for woken in (first, wake(timing, first.learned)):
        assert woken.seconds <= 1.03 * closely.seconds
        assert woken.calls.total() <= 0.5 * closely.calls.total()


@pytest.mark.parametrize("timing", [FAST, WORLDS["quick to check"]])
def test_a_wake_that_is_far_shorter_than_those_before_is_noticed(timing):
    quick = wake(timing, wake(SLOW).learned)
    assert quick.seconds <= 1.05 * wake(timing, limits=EACH_SECOND).seconds


def test_a_pass_in_a_crowd_makes_all_parts_of_a_wake_in_its_time():
    """The next one comes a minute later; the tasks would start by so much later."""
    aws = LaptopAws(TYPICAL)
    aws.furnish_article()
    cloud = AwsCloud(SPEC, Clients(aws.session(), SPEC.region), one_by_one)
    limits = Limits(deadline=aws.clock.now() + SHORT_PASS, patient=False)
    outcome = Reconciler(SPEC, cloud, aws.clock, one_by_one).run(Target.AWAKE, limits)

    assert outcome.result is Result.UNFINISHED
    assert [call.error_code for call in aws.calls.of("CreateService")][-1] is None
