"""
The chains that `controller.domain.planning.timing` promises are those that the accounts
really show.
"""

import dataclasses

import pytest
from simulated_stack import CLUSTER, SERVICE

from controller.domain.planning.timing import (
    NEVER,
    PROFILES,
    SLOW,
    TYPICAL,
    profile,
    sleep_chain,
    wake_chain,
)

DELAY = 20


def is_awake(stack, group):
    return (
        stack.balancer_state() == "active"
        and stack.service().get("runningCount") == 1
        and stack.health(group) == [("healthy", "")]
    )


def is_asleep(stack):
    return (
        stack.service()["status"] in ("INACTIVE", "MISSING")
        and not stack.elbv2.describe_load_balancers()["LoadBalancers"]
        and "AssociationId" not in stack.address()
    )


def wake(stack, **group):
    """The group and the seconds from the first call to awake, by looking every second."""
    start = stack.aws.clock.now()
    _, group = stack.create_front(**group)
    stack.create_service(group)
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(DELAY)}]
    stack.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=delay)
    stack.pass_time(stack.aws.timing.describe_lag)
    stack.seconds_until(lambda: is_awake(stack, group))
    return group, (stack.aws.clock.now() - start).total_seconds()


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(("interval", "threshold"), [(5, 2), (10, 2), (30, 3)])
def test_a_wake_takes_as_long_as_its_longest_chain(stack_of, name, interval, threshold):
    stack = stack_of(name)
    _, seconds = wake(
        stack,
        HealthCheckIntervalSeconds=interval,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=threshold,
    )
    assert seconds == wake_chain(PROFILES[name], interval=interval, healthy_threshold=threshold)


@pytest.mark.parametrize("name", PROFILES)
def test_a_fast_sleep_takes_as_long_as_its_longest_chain(stack_of, name):
    stack = stack_of(name)
    group, _ = wake(stack)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    arn = stack.elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    seconds = stack.seconds_until(lambda: is_asleep(stack))
    stack.elbv2.delete_target_group(TargetGroupArn=group)
    assert seconds == sleep_chain(PROFILES[name], delay=DELAY)


@pytest.mark.parametrize("name", PROFILES)
def test_a_sleep_that_drains_first_takes_the_drain_longer(stack_of, name):
    stack = stack_of(name)
    group, _ = wake(stack)
    arn = stack.elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    seconds = stack.seconds_until(lambda: stack.service()["status"] in ("INACTIVE", "MISSING"))
    stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    seconds += stack.seconds_until(lambda: is_asleep(stack))
    assert seconds == sleep_chain(PROFILES[name], delay=DELAY, drain_first=True)
    stack.elbv2.delete_target_group(TargetGroupArn=group)


def test_a_held_address_comes_on_top():
    usual = wake_chain(TYPICAL, interval=10, healthy_threshold=2)
    assert usual == 170
    assert wake_chain(TYPICAL, interval=10, healthy_threshold=2, eip_wait=60) == 230


def test_the_drain_of_a_network_load_balancer_has_a_floor():
    """AWS behaviour §3.5, §9.2."""
    assert PROFILES["fast"].deregistration(300) == 10
    assert TYPICAL.deregistration(0) == 120
    assert TYPICAL.deregistration(300) == 300
    assert SLOW.deregistration(0) == 300


def test_profiles_are_found_by_name_or_taken_as_given(stack_of):
    assert profile("slow") is SLOW
    assert SLOW.purge == NEVER
    own = dataclasses.replace(TYPICAL, name="own", lb_provisioning=7)
    stack = stack_of(own)
    stack.create_balancer()
    stack.pass_time(7)
    assert stack.balancer_state() == "active"
    with pytest.raises(ValueError, match='no timing profile "quick"; expected one of fast'):
        profile("quick")
