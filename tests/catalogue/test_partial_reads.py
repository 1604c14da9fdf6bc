"""
A look reads what is waited for; everything else once a minute, and before anything is done.

ELB's calls are throttled by the account and not by the stack (AWS behaviour §5.2): a wake that
waits for three minutes is not to spend them on what it knows.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from catalogue.tools import LISTENER, SERVICE, Watch, by_hand, calls_of, one_pass
from controller.domain.planning.observed import State
from controller.reconcile.outcome import POLL, Result
from controller.reconcile.pacing import WHOLE
from local.faults import Fault

AT_REST = ("DescribeTargetGroups", "DescribeListeners", "DescribeTags", "DescribeAddresses")


def reads_between(sut, start, end):
    """How often each operation was called in [start, end)."""
    calls = (call for call in sut.aws.calls.reads() if start <= call.at < end)
    return Counter(call.operation for call in calls)


def test_a_wake_that_waits_reads_its_balancer_and_its_service_alone(sut_of):
    sut = sut_of("typical")
    begun = sut.aws.clock.now()
    watch = Watch()
    assert one_pass(sut, "awake", report=watch).result is Result.CONVERGED
    settled = begun + timedelta(seconds=20)  # every step is taken by then
    found = reads_between(sut, settled, sut.aws.clock.now())
    minutes = (sut.aws.clock.now() - settled) / WHOLE
    for operation in AT_REST:
        assert found[operation] <= minutes + 2, operation
    assert found["DescribeLoadBalancers"] > 5 * minutes


def test_a_sleep_that_waits_for_the_drain_does_not_read_what_is_gone(sut_of):
    sut = sut_of("slow")
    sut.wake()
    begun = sut.aws.clock.now() + timedelta(seconds=10)
    sut.sleep()
    found = reads_between(sut, begun, sut.aws.clock.now())
    assert found["DescribeListeners"] == 0
    assert found["DescribeServices"] > 2 * found["DescribeTags"]


def delete_listener(sut):
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        balancer = elbv2.describe_load_balancers(Names=["ecs-nlb"])["LoadBalancers"][0]
        found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
        elbv2.delete_listener(ListenerArn=found["Listeners"][0]["ListenerArn"])


def test_what_somebody_deletes_while_a_wake_waits_is_found_within_a_minute(sut_of):
    """A look in part does not see it; the next whole one does, and what is missing is made."""
    sut = sut_of("typical")
    deleted = []

    def delete():
        deleted.append(sut.aws.clock.now())
        delete_listener(sut)

    watch = Watch(then=delete, when=lambda seen: seen.observed[SERVICE].phase == "health check")
    outcome = one_pass(sut, "awake", report=watch)
    assert outcome.result is Result.CONVERGED
    _, remade = calls_of(sut, "CreateListener")
    assert remade.at - deleted[0] <= WHOLE + POLL
    assert outcome.observed[LISTENER].state is State.READY


def test_a_wake_ends_only_after_reading_everything(sut_of):
    """What is not ours any more when the target becomes healthy is not told as awake."""
    sut = sut_of("typical")

    def disown():
        with by_hand(sut) as session:
            elbv2 = session.client("elbv2")
            group = elbv2.describe_target_groups(Names=["ecs-target-group"])["TargetGroups"][0]
            arns = [group["TargetGroupArn"]]
            elbv2.remove_tags(ResourceArns=arns, TagKeys=["dormouse:stack", "dormouse:address"])

    late = sut.aws.clock.now() + timedelta(seconds=160)
    watch = Watch(then=disown, when=lambda seen: seen.now > late)
    outcome = one_pass(sut, "awake", report=watch)
    assert outcome.result is Result.BLOCKED
    assert 'tag "dormouse:stack" is missing' in outcome.cause


def test_tags_that_cannot_be_read_yet_are_requested_at_each_read(sut_of):
    """The rest of a wake waits for them (§1.6, §1.7): not until the next whole look."""
    sut = sut_of("typical")
    unknown = Fault(operation="DescribeTags", code="TargetGroupNotFound", status=400, times=20)
    sut.aws.faults.add(unknown)
    assert one_pass(sut, "awake").result is Result.CONVERGED
    (listener,) = calls_of(sut, "CreateListener")
    refused = [call.at for call in calls_of(sut, "DescribeTags") if call.error_code]
    assert len(refused) == 20
    assert refused[-1] - refused[0] < WHOLE / 2
    assert listener.at - refused[-1] <= POLL


@pytest.mark.parametrize(
    ("profile", "seconds"),
    [("fast", 1), ("fast", 7), *(("typical", n) for n in (1, 20, 47)), ("slow", 1), ("slow", 47)],
)
def test_a_wake_into_a_sleep_goes_on_as_soon_as_its_elastic_ip_is_free(sut_of, profile, seconds):
    """It is the longest part of such a wake, which reads the address at each of its polls."""
    sut = sut_of(profile)
    sut.wake()
    began = sut.aws.clock.now()
    till = began + timedelta(seconds=seconds)
    slept = one_pass(sut, "asleep", still_wanted=lambda: sut.aws.clock.now() < till)
    outcome = one_pass(sut, "awake", progress=slept.progress)

    assert outcome.result is Result.CONVERGED
    deleted = calls_of(sut, "DeleteLoadBalancer")[-1]
    made = calls_of(sut, "CreateLoadBalancer")[-1]
    held = sut.aws.timing.lb_gone + sut.aws.timing.eip_release
    assert (made.at - deleted.at).total_seconds() <= held + POLL.total_seconds() + 1
    assert widest_gap(sut, "DescribeAddresses", max(deleted.at, till), made.at) <= POLL


def test_a_load_balancer_that_failed_is_created_again_as_soon_as_its_elastic_ip_is_free(sut_of):
    sut = sut_of("typical")
    sut.aws.conditions.load_balancer("ecs-nlb", "failed")
    watch = Watch(
        then=lambda: sut.aws.conditions.load_balancer("ecs-nlb", "active"),
        when=lambda seen: bool(calls_of(sut, "DeleteLoadBalancer")),
    )
    assert one_pass(sut, "awake", report=watch).result is Result.CONVERGED
    deleted = calls_of(sut, "DeleteLoadBalancer")[-1]
    made = calls_of(sut, "CreateLoadBalancer")[-1]
    assert (made.at - deleted.at).total_seconds() <= 61 + POLL.total_seconds() + 1
    assert widest_gap(sut, "DescribeAddresses", deleted.at, made.at) <= POLL


def widest_gap(sut, operation, start, end):
    """The longest time between two calls of this operation."""
    moments = [start, *(c.at for c in calls_of(sut, operation) if start <= c.at <= end), end]
    return max(after - before for before, after in pairwise(moments))
