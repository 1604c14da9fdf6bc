"""Ended or killed before and after every change, a trial leaves nothing, and no Elastic IP."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from trial_runs import GIVEN, TrialRun

from controller.cli import trial as command
from controller.cli.signals import EndedError
from controller.domain.planning.timing import Timing
from controller.trial.preflight import examine
from direct import Crash
from factories import article_spec, listener, load_balancer, service, target_group
from local.aws import LaptopAws
from local.calls import READS

QUICK = Timing(
    name="quick",
    describe_lag=1,
    lb_provisioning=4,
    association_visible=0,
    task_start=3,
    activating=1,
    registration=2,
    deregistration_floor=3,
    honours_delay=False,
    stop=2,
    inactive=1,
    purge=0,
    lb_gone=1,
    eip_release=5,
    tg_release=2,
    first_metric=0,
    metric_lag=0,
)


class MortalAws(LaptopAws):
    """One whose caller is ended at its n-th call, before or after its effect."""

    nth, named, when, end = 0, "", "before", Crash("never")

    def __init__(self, profile: Timing = QUICK) -> None:
        super().__init__(profile=profile)
        self.seen: list[str] = []
        self.furnish_article()

    def call(self, service, operation, params, region=None):
        self.seen.append(operation)
        first = operation == self.named and self.seen.count(operation) == 1
        here = first or len(self.seen) == self.nth
        if here and self.when == "before":
            raise self.end
        try:
            return super().call(service, operation, params, region)
        finally:
            if here:
                raise self.end


def set_up(profile: Timing = QUICK) -> TrialRun:
    aws = MortalAws(profile)
    checks = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
    quick = target_group(request={**target_group().request, **checks})
    return TrialRun(aws, article_spec(resources=(quick, load_balancer(), listener(), service())))


def run(one: TrialRun):
    site = one.site()
    with command._to_the_end() as signals:
        return command._run(site, examine(site), GIVEN, signals)


def killed(one: TrialRun) -> None:
    """Nothing that a process would do at its end is done."""
    site = one.site()
    examine(site)
    one.trial(site).run()


@pytest.fixture(scope="module")
def points():
    """
    Each change: after it is before the next where they are neighbours. Between two of those only
    reads come, and they differ for nobody.
    """
    one = set_up()
    assert run(one).cause == ""
    seen = one.aws.seen
    changes = [n for n, name in enumerate(seen, start=1) if not name.startswith(READS)]
    assert len(changes) >= 12, [seen[n - 1] for n in changes]
    after = [(n, "after") for n in changes if n + 1 not in changes]
    return sorted([*((n, "before") for n in changes), *after])


@pytest.mark.slow
def test_ended_at_any_call_it_takes_everything_down_by_itself(points):
    for nth, when in points:
        one = set_up()
        one.aws.nth, one.aws.when, one.aws.end = nth, when, EndedError("SIGINT")
        result = run(one)
        where = f"{when} call {nth}, {one.aws.seen[nth - 1]}"
        assert result.left_behind == (), where
        assert one.standing() == [], where
        assert one.is_address_untouched(), where
        assert result.cause == "ended by SIGINT", where


@pytest.mark.slow
def test_killed_at_any_call_it_is_taken_up_by_the_next(points):
    for nth, when in points:
        one = set_up()
        one.aws.nth, one.aws.when = nth, when
        with suppress(Crash):
            killed(one)
        where = f"{when} call {nth}, {one.aws.seen[nth - 1]}"
        one.aws.clock.advance(60)  # nobody types faster than reads lag
        site = one.site()
        found = examine(site)
        assert bool(found.remains) is bool(one.standing()), where
        assert not found.remains or found.since or one.is_leaving(), where
        assert one.trial(site).clean_up("again") == (), where
        assert one.standing() == [], where
        assert one.is_address_untouched(), where


@pytest.mark.parametrize("operation", ["CreateTargetGroup", "CreateLoadBalancer", "CreateService"])
def test_a_create_whose_answer_nobody_heard_is_taken_down_although_reads_lag(operation):
    """The signal came while it waited for the answer, and AWS shows what it made only later."""
    one = set_up(replace(QUICK, describe_lag=45))
    one.aws.when, one.aws.end = "after", EndedError("SIGINT")
    one.aws.named = operation
    result = run(one)
    assert one.aws.seen.count(operation) >= 1
    assert result.left_behind == ()
    one.aws.clock.advance(600)
    assert one.standing() == []
