"""The main job: the stack wakes, the stack sleeps, on an AWS that takes its time."""

import pytest

from controller.domain.planning.plan import Order
from controller.domain.planning.timing import profile, wake_chain
from controller.reconcile.outcome import Result
from factories import EIP, LB, SERVICE, TG
from system.stack_under_test import ASLEEP, AWAKE

PROFILES = ["fast", "typical", "slow"]


@pytest.mark.parametrize("sut", PROFILES, indirect=True)
def test_a_wake_ends_with_a_healthy_target_behind_the_elastic_ip(sut):
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == AWAKE
    assert sut.elastic_ip()["AssociationId"]
    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert balancer["State"]["Code"] == "active"
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    (target,) = health["TargetHealthDescriptions"]
    assert target["TargetHealth"]["State"] == "healthy"


@pytest.mark.parametrize("sut", PROFILES, indirect=True)
def test_a_sleep_ends_with_nothing_left_but_the_elastic_ip(sut):
    sut.wake()
    outcome = sut.sleep()

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == ASLEEP
    address = sut.elastic_ip()
    assert address["AllocationId"] == EIP
    assert not address.get("AssociationId")


def test_the_wake_is_as_long_as_its_longest_chain(sut):
    """Nothing waits for the load balancer that does not need it (AWS behaviour §1.8)."""
    began = sut.aws.clock.now()
    sut.wake()
    took = (sut.aws.clock.now() - began).total_seconds()

    chain = wake_chain(profile("typical"), interval=10, healthy_threshold=2)
    assert took <= 1.05 * chain


def test_a_pass_over_an_awake_stack_reads_at_most_eight_times_and_writes_nothing(sut):
    known = sut.wake().progress
    start = len(sut.aws.calls)
    assert sut.wake(progress=known).result is Result.CONVERGED

    calls = list(sut.aws.calls)[start:]
    assert all(call.is_read for call in calls)
    assert len(calls) <= 8


def test_a_pass_over_an_asleep_stack_reads_four_times(sut):
    known = sut.sleep().progress
    start = len(sut.aws.calls)
    assert sut.sleep(progress=known).result is Result.CONVERGED
    assert len(sut.aws.calls) - start == 4


def test_a_sleep_without_memory_reads_until_nothing_can_appear_any_more(sut):
    """What a killed process made a moment ago is not listed yet (AWS behaviour §1.7)."""
    began = sut.aws.clock.now()
    assert sut.sleep().result is Result.CONVERGED
    assert 20 < (sut.aws.clock.now() - began).total_seconds() <= 30


def test_the_load_balancer_is_deleted_in_the_first_round_of_a_sleep(sut):
    """Its clock costs most; it waits for an answer alone (AWS behaviour §3.6)."""
    sut.wake()
    start, began = len(sut.aws.calls), sut.aws.clock.now()
    sut.sleep()

    writes = [c for c in list(sut.aws.calls)[start:] if not c.is_read]
    assert [c.operation for c in writes[:3]] == [
        "ModifyTargetGroupAttributes",
        "UpdateService",
        "DeleteLoadBalancer",
    ]
    assert all(c.at == began for c in writes[:2])


def test_the_safe_order_deletes_the_load_balancer_once_the_service_is_inactive(sut):
    sut.wake()
    start = len(sut.aws.calls)
    assert sut.sleep(order=Order.SAFE).result is Result.CONVERGED

    writes = [c.operation for c in list(sut.aws.calls)[start:] if not c.is_read]
    # The target group is refused while AWS still sees the old reference (§3.3, F39).
    assert list(dict.fromkeys(writes)) == [
        "DeleteService",
        "DeleteLoadBalancer",
        "DeleteTargetGroup",
    ]
    assert sut.standing() == ASLEEP


def test_everything_made_carries_both_owner_tags_from_the_start(sut):
    sut.wake()
    creates = [c for c in sut.aws.calls if c.operation.startswith("Create")]
    assert len({c.operation for c in creates}) == 4
    for call in creates:
        tags = call.params.get("Tags") or [
            {"Key": t["key"], "Value": t["value"]} for t in call.params["tags"]
        ]
        keys = {t["Key"]: t["Value"] for t in tags}
        assert keys["dormouse:stack"] == "nsfw-api"
        assert keys["dormouse:address"]


def test_the_steps_say_what_took_how_long(sut):
    steps = sut.wake().timeline.steps

    starting = next(s for s in steps if s.address == LB and s.step == "load balancer starting")
    assert (starting.finished_at - starting.started_at).total_seconds() == pytest.approx(150, abs=6)
    names = [s.step for s in steps if s.address == SERVICE]
    assert names[-2:] == ["task starting", "health check"]
    assert all(s.finished_at for s in steps)


def test_a_wake_during_a_sleep_finishes_the_doomed_and_rebuilds(sut):
    """AWS behaviour F48: name and Elastic IP are both still held; no deadlock."""
    sut.wake()
    rounds = iter(range(3))
    sut.sleep(still_wanted=lambda: next(rounds, None) is not None)
    assert sut.wake().result is Result.CONVERGED
    assert sut.standing() == AWAKE


def test_a_sleep_during_a_wake_leaves_nothing_behind(sut):
    """AWS behaviour F49: deleting a provisioning load balancer is accepted."""
    rounds = iter(range(3))
    sut.wake(still_wanted=lambda: next(rounds, None) is not None)
    assert sut.sleep().result is Result.CONVERGED
    assert sut.standing() == ASLEEP


def test_the_next_wake_is_another_service_and_another_target_group(sut):
    sut.wake()
    first = sut.wake().observed[TG].arn
    sut.sleep()
    assert sut.wake().result is Result.CONVERGED
    assert sut.wake().observed[TG].arn != first
