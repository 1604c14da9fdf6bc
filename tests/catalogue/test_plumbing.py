"""
Faults F51-F70 of AWS behaviour §8: throttles, lost answers, killed processes, clocks.

What the loop alone decides is tested here and, where two passes meet, in `test_two_passes`. The
others of the catalogue:

    F57 duplicate, late ticks  belongs to the handlers: a tick only names a stack, and the decision
                               is computed from the records and now (tests of domain.desired)
    F58 tick-deduplicated      cannot occur: no FIFO queue; the schedule invokes the function
    F59 recursion-stopped      cannot occur: no function writes to a queue that it reads
    F60 poison-message         belongs to the handlers: one stack's error must not stop the others
    F62 metrics-missing        belongs to idle detection: unknown is not idle
    F63 metrics-partial        belongs to idle detection
    F64 scanner-noise          belongs to idle detection
    F65 long-lived-connection  belongs to idle detection
    F66 dst-skip               belongs to domain.schedule, whose tests compare it with an oracle
    F68 url-403                belongs to the deployment: template.yaml has both statements
    F69 prefetch-get           belongs to the wake URL: GET never changes anything
    F55 in part                fresh credentials for the next pass belong to bootstrap

Alarms and the slow retry of a terminal refusal (F01, F06, F15, F30, F40, F43) belong to the pass
and the notifications: here a refusal ends the loop's run with its cause, and that is asserted.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from catalogue.tools import (
    AWAKE,
    LB,
    PROFILES,
    SERVICE,
    TG,
    Watch,
    calls_of,
    changes_since,
    is_quiet,
    one_balancer_at_a_time,
    one_pass,
)
from controller.domain.planning.progress import Progress
from controller.reconcile.outcome import Result
from local.faults import FOREVER, Fault, throttled

THROTTLED = {"f51_elb": "elbv2", "f52_ecs": "ecs", "f53_ec2": "ec2"}


# F51-F53: throttles


@pytest.mark.parametrize("service", THROTTLED.values(), ids=THROTTLED.keys())
def test_f51_f52_f53_throttle_on_every_third_call_changes_nothing_but_the_time(sut, service):
    """In the middle of a plan and on reads alike."""
    sut.aws.faults.add(throttled(service, "*", probability=0.34))
    watch = Watch()
    outcome = one_pass(sut, "awake", report=watch, minutes=30)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert one_pass(sut, "asleep", minutes=30).result is Result.CONVERGED
    sut.aws.faults.clear()
    assert is_quiet(sut)
    assert one_balancer_at_a_time(sut)


@pytest.mark.parametrize("service", THROTTLED.values(), ids=THROTTLED.keys())
def test_f51_f52_f53_throttle_without_end_ends_the_pass_as_retry_later(sut, service):
    """A Lambda's time runs out: no failure, a due time, and AWS's own words."""
    sut.aws.faults.add(throttled(service, "*", times=FOREVER))
    outcome = one_pass(sut, "awake", seconds=120, minutes=None)

    assert outcome.result is Result.UNFINISHED
    assert "ate exceeded" in outcome.cause or "limit exceeded" in outcome.cause
    sut.aws.faults.clear()
    assert one_pass(sut, "awake", progress=outcome.progress).result is Result.CONVERGED


def test_f51_a_throttled_read_is_not_repeated_every_second(sut):
    """AWS said "too fast" and we know that ten seconds are in order: so the next look waits."""
    sut.aws.faults.add(throttled("elbv2", "Describe*", times=FOREVER))
    one_pass(sut, "awake", seconds=60, minutes=None)

    requested = [c.at for c in calls_of(sut, "DescribeLoadBalancers") if "Names" in c.params]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(requested)]
    assert gaps and min(gaps) >= 5


def test_f51_a_throttled_create_is_repeated_after_ten_seconds_while_others_go_on(sut):
    sut.aws.faults.add(throttled("elbv2", "CreateLoadBalancer", times=3))
    watch = Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    requested = calls_of(sut, "CreateLoadBalancer")
    assert all((b.at - a.at).total_seconds() >= 10 for a, b in itertools.pairwise(requested))
    (group,) = calls_of(sut, "CreateTargetGroup")
    assert group.at == requested[0].at
    assert any("Rate exceeded" in note for note in watch.notes)


@pytest.mark.parametrize("profile", PROFILES)
def test_f51_f52_f53_a_storm_of_five_minutes_on_everything_is_got_through(sut_of, profile):
    """Three calls in ten fail, whichever they are; half an hour is enough for a wake."""
    sut = sut_of(profile)
    for way in ("awake", "asleep", "awake"):
        for service in THROTTLED.values():
            sut.aws.faults.add(throttled(service, "*", probability=0.3))
        start = len(sut.aws.calls)
        over = sut.aws.clock.now() + timedelta(minutes=5)
        sut.aws.at(over, sut.aws.faults.clear)
        outcome = one_pass(sut, way, minutes=30)

        assert outcome.result is Result.CONVERGED, way
        assert outcome.cause == "", way
        if sut.aws.clock.now() < over:
            sut.aws.clock.advance(300)
        made = [c for c in list(sut.aws.calls)[start:] if not c.is_read and not c.error_code]
        for operation in {call.operation for call in made}:
            done = [c for c in made if c.operation == operation]
            assert len(done) <= 2, (way, operation)  # nothing is done twice for being refused once
    assert sut.standing() == AWAKE
    assert one_balancer_at_a_time(sut)


# F54: the answer is lost, the effect is not


WRITES = (
    "CreateTargetGroup",
    "CreateLoadBalancer",
    "CreateListener",
    "CreateService",
    "ModifyTargetGroupAttributes",
    "DeleteService",
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(("sut", "lost"), [("typical", 500), ("slow", "answer")], indirect=["sut"])
def test_f54_5xx_after_effect_is_repeated_without_duplicates(sut, operation, lost):
    """A create answered with 500, or not at all, was made: to repeat it gives the same object."""
    sut.aws.faults.add(Fault(operation=operation, when="after", dropped=lost == "answer"))
    woken = sut.wake()

    assert woken.result is Result.CONVERGED
    assert woken.cause == ""
    assert sut.standing() == AWAKE
    results = {c.result for c in calls_of(sut, operation) if c.result}
    assert len(results) <= 1
    slept = sut.sleep()
    assert slept.result is Result.CONVERGED
    assert is_quiet(sut)
    assert one_balancer_at_a_time(sut)
    assert len(calls_of(sut, operation)) <= 5 + sut.aws.timing.association_visible / 3


# F55: credentials


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
@pytest.mark.parametrize("operation", ["DescribeServices", "CreateListener", "CreateService"])
def test_f55_expired_token_ends_the_pass_at_once_and_the_next_goes_on(sut, code, operation):
    message = "The security token included in the request is expired"
    sut.aws.faults.add(Fault(operation=operation, code=code, message=message, status=403))
    outcome = sut.wake()

    assert outcome.result is Result.UNFINISHED
    assert message in outcome.cause
    (refused,) = [n for n, call in enumerate(sut.aws.calls) if call.error_code == code]
    rest = list(sut.aws.calls)[refused + 1 :]
    assert all(call.is_read and call.at == sut.aws.clock.now() for call in rest)  # side by side
    assert one_pass(sut, "awake", progress=outcome.progress).result is Result.CONVERGED
    assert len({c.result for c in calls_of(sut, "CreateLoadBalancer")}) == 1


def test_f55_what_was_made_beside_the_refused_call_is_remembered(sut):
    """Side by side with the target group, which ran out of credentials, the balancer was made."""
    sut.aws.faults.add(Fault(operation="CreateTargetGroup", code="ExpiredToken", status=403))
    outcome = sut.wake()

    assert outcome.result is Result.UNFINISHED
    assert LB in outcome.progress.created


# F56: the process has little time


@pytest.mark.parametrize("memory", ["kept", "lost"])
@pytest.mark.parametrize("profile", PROFILES)
def test_f56_lambda_time_out_a_transition_cut_into_minutes_comes_to_its_end(
    sut_of, profile, memory
):
    """Each pass has a minute, ends in time, and says what it waits for; the next one goes on."""
    sut = sut_of(profile)
    progress = None
    for way in ("awake", "asleep"):
        for _ in range(25):
            began, watch = sut.aws.clock.now(), Watch()
            outcome = one_pass(sut, way, seconds=60, minutes=None, progress=progress, report=watch)
            assert (sut.aws.clock.now() - began).total_seconds() <= 60
            if memory == "kept":
                progress = Progress.from_json(outcome.progress.to_json())
            if outcome.result is Result.CONVERGED:
                break
            assert outcome.result is Result.UNFINISHED
            assert outcome.cause
            sut.aws.clock.advance(15)
        assert outcome.result is Result.CONVERGED, way
    assert is_quiet(sut)
    assert one_balancer_at_a_time(sut)
    for operation in ("CreateLoadBalancer", "DeleteLoadBalancer", "DeleteService"):
        done = [c for c in calls_of(sut, operation) if not c.error_code]
        assert len(done) == 1, operation


# F67: clocks that differ


class SkewedClock:
    """Ours goes before or after AWS's by some seconds."""

    def __init__(self, clock, seconds):
        self._clock = clock
        self._off = timedelta(seconds=seconds)

    def now(self):
        return self._clock.now() + self._off

    def sleep(self, seconds):
        self._clock.sleep(seconds)


@pytest.mark.parametrize("seconds", [-600, -5, 5, 600])
@pytest.mark.parametrize("profile", ["typical", "slow"])
def test_f67_clock_skew_makes_no_difference(sut_of, profile, seconds):
    """The catalogue asks for five seconds; ten minutes are a machine whose time is not kept."""
    sut = sut_of(profile)
    clock = SkewedClock(sut.aws.clock, seconds)
    outcome = one_pass(sut, "awake", clock=clock)

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "CreateLoadBalancer")) == 1
    assert all(step.finished_at >= step.started_at for step in outcome.timeline.steps)
    assert one_pass(sut, "asleep", clock=clock).result is Result.CONVERGED
    assert is_quiet(sut)


# F70: rights and tags that lag


@pytest.mark.parametrize(
    "operation",
    [
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "CreateListener",
        "ModifyTargetGroupAttributes",
        "CreateService",
        "DeleteService",
        "DeleteLoadBalancer",
        "DeleteTargetGroup",
    ],
)
def test_f70_access_denied_once_is_a_lag_and_retried_after_five_seconds(sut, operation):
    """The authorizer does not see the tag of a fresh object yet."""
    code = "AccessDeniedException" if operation.endswith("Service") else "AccessDenied"
    sut.aws.faults.add(Fault(operation=operation, code=code, status=403))
    woken = sut.wake()

    assert woken.result is Result.CONVERGED
    assert woken.cause == ""
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)
    requested = calls_of(sut, operation)
    assert (requested[1].at - requested[0].at).total_seconds() >= 5


@pytest.mark.parametrize("operation", ["DeleteLoadBalancer", "DeleteService"])
def test_f70_access_denied_for_good_ends_a_sleep_with_the_rest_done(sut, operation):
    sut.wake()
    code = "AccessDeniedException" if operation.endswith("Service") else "AccessDenied"
    sut.aws.faults.add(
        Fault(operation=operation, code=code, message="not allowed", status=403, times=FOREVER)
    )
    outcome = sut.sleep(minutes=60)

    assert outcome.result is Result.FAILED
    assert "not allowed; the role lacks this right" in outcome.cause
    assert len(calls_of(sut, operation)) == 2
    kept = "load_balancers" if operation == "DeleteLoadBalancer" else "services"
    gone = {"load_balancers", "services"} - {kept}
    assert sut.standing()[kept] == 1
    assert [sut.standing()[kind] for kind in gone] == [0]


@pytest.mark.parametrize("operation", ["DescribeLoadBalancers", "DescribeServices", "DescribeTags"])
def test_f70_a_read_that_is_denied_for_a_moment_tears_nothing_down(sut, operation):
    """The rights of a role that was just changed take seconds to be seen everywhere."""
    woken = sut.wake()
    start = len(sut.aws.calls)
    sut.aws.faults.add(Fault(operation=operation, code="AccessDenied", status=403, times=4))
    outcome = sut.wake(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert changes_since(sut, start) == []


def test_f70_a_read_that_is_denied_for_good_is_reported_after_a_minute(sut):
    sut.aws.faults.add(
        Fault(operation="DescribeServices", code="AccessDenied", status=403, times=FOREVER)
    )
    began = sut.aws.clock.now()
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "the role lacks this right" in outcome.cause
    assert 60 <= (sut.aws.clock.now() - began).total_seconds() <= 70


def test_f70_a_right_that_an_update_lacks_is_reported_before_the_wake_is_paid_for(sut):
    """ModifyTargetGroupAttributes is denied: known after ten seconds, not after minutes."""
    sut.aws.faults.add(
        Fault(
            operation="ModifyTargetGroupAttributes", code="AccessDenied", status=403, times=FOREVER
        )
    )
    began = sut.aws.clock.now()
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert (sut.aws.clock.now() - began).total_seconds() <= 60


@pytest.mark.parametrize(
    ("seconds", "memory"), [(5, "kept"), (25, "kept"), (55, "kept"), (5, "lost"), (25, "lost")]
)
def test_tags_that_are_readable_later_than_their_object_do_not_make_it_foreign(
    sut_of, seconds, memory
):
    """AWS behaviour §1.7: DescribeTags on a fresh ARN may know nothing yet."""
    sut = sut_of("fast")
    with lagging_tags(sut, seconds):
        first = sut.wake(still_wanted=iter([True, True, False]).__next__)
        progress = first.progress if memory == "kept" else None
        watch = Watch()
        outcome = sut.wake(progress=progress, report=watch)

        assert outcome.result is Result.CONVERGED, outcome.cause
        assert len({c.result for c in calls_of(sut, "CreateLoadBalancer")}) == 1
        assert sut.sleep().result is Result.CONVERGED
        assert is_quiet(sut)


class lagging_tags:  # noqa: N801  # reads as a statement
    """DescribeTags answers with no tags for things that are younger than so many seconds."""

    def __init__(self, sut, seconds):
        self._aws = sut.aws
        self._seconds = seconds

    def __enter__(self):
        from local.elbv2 import tags

        region = self._aws._world.region("us-east-1")

        def answer(params):
            reply = tags.describe(region, params)
            for one in reply["TagDescriptions"]:
                if region.now - self._born(region, one["ResourceArn"]) < self._seconds:
                    one["Tags"] = []
            return reply

        self._aws.answer_with("elbv2", "DescribeTags", answer)

    @staticmethod
    def _born(region, arn):
        state = region.elbv2
        for things in (state.balancers, state.groups, state.listeners):
            if arn in things:
                return things[arn].created_at
        return 0.0

    def __exit__(self, *_):
        self._aws._overrides.clear()


# Beyond the list


def test_a_direct_session_is_answered_as_boto3_is(sut_of):
    """The catalogue leaves botocore out for speed: the same calls, refusals and ends come of it."""
    records = []
    for direct in (True, False):
        sut = sut_of("typical", direct=direct)
        sut.aws.faults.add(throttled("ecs", "CreateService", times=2))
        sut.aws.faults.add(Fault(operation="CreateListener", when="after", dropped=True))
        ends = [sut.wake(), sut.sleep()]
        records.append(
            [(o.result, o.timeline) for o in ends]
            + [(c.at, c.operation, c.error_code, c.result) for c in sut.aws.calls]
        )
    assert records[0] == records[1]


def test_nothing_is_kept_in_memory_without_end(sut_of):
    """What a pass remembers is one record's item: 400 kB at most, after years of wakes."""
    sut = sut_of("fast")
    progress, sizes = None, []
    for _ in range(6):
        progress = one_pass(sut, "awake", progress=progress).progress
        progress = one_pass(sut, "asleep", progress=progress).progress
        sizes.append(len(str(progress.to_json())))
    assert sizes[-1] <= 1.2 * sizes[1]


def test_a_refusal_that_is_over_leaves_nothing_in_the_next_pass(sut):
    sut.aws.faults.add(throttled("elbv2", "CreateLoadBalancer", times=2))
    woken = sut.wake()
    start = len(sut.aws.calls)
    again = sut.wake(progress=woken.progress)

    assert again.result is Result.CONVERGED
    assert again.cause == ""
    assert changes_since(sut, start) == []
    assert {SERVICE, TG} <= again.observed.resources.keys()
