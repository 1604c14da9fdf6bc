"""Whatever is called in whatever order, the account stays consistent and can be emptied."""

import contextlib
import random
from functools import lru_cache

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_stack import CLUSTER, FAMILY, OTHER_SUBNET, SERVICE, SUBNET, Stack, furnished

import reply_shapes
from local.conditions import Containers
from local.ecs.mishaps import set_container_health


@lru_cache(maxsize=3)
def account(profile):
    """One account for each profile, emptied before each example: clients cost most of the time."""
    aws = furnished(profile)
    session = aws.session()
    reply_shapes.watch(session)
    return aws, session


def fresh(profile):
    aws, session = account(profile)
    aws.reset()
    aws.furnish_article()
    aws.furnish(
        subnets=[
            {
                "id": OTHER_SUBNET,
                "vpc": "vpc-0a1b2c3d4e5f60718",
                "az": "us-east-1c",
                "cidr": "10.0.3.0/24",
            }
        ]
    )
    return Stack(aws, session)


def balancers(stack):
    return [each["LoadBalancerArn"] for each in described(stack, "load_balancers", "LoadBalancers")]


def groups(stack):
    return [each["TargetGroupArn"] for each in described(stack, "target_groups", "TargetGroups")]


def described(stack, what, key):
    return getattr(stack.elbv2, f"describe_{what}")()[key]


def network(*subnets):
    return {"awsvpcConfiguration": {"subnets": list(subnets), "assignPublicIp": "ENABLED"}}


STEPS = {
    "wake": lambda stack, draw: stack.wake(desiredCount=draw([1, 2])),
    "wait long": lambda stack, draw: stack.pass_time(900),
    "balancer": lambda stack, draw: stack.create_balancer(),
    "group": lambda stack, draw: stack.create_group(),
    "listener": lambda stack, draw: stack.create_listener(
        draw(balancers(stack)), draw(groups(stack))
    ),
    "service": lambda stack, draw: stack.create_service(
        draw(groups(stack)), networkConfiguration=network(SUBNET, OTHER_SUBNET)
    ),
    "scale": lambda stack, draw: stack.ecs.update_service(
        cluster=CLUSTER, service=SERVICE, desiredCount=draw([0, 1, 2])
    ),
    "redeploy": lambda stack, draw: stack.ecs.update_service(
        cluster=CLUSTER, service=SERVICE, forceNewDeployment=True
    ),
    "stop task": lambda stack, draw: stack.ecs.stop_task(
        cluster=CLUSTER, task=draw(stack.tasks())["taskArn"]
    ),
    "break": lambda stack, draw: set_container_health(
        stack.aws, draw(stack.tasks())["taskArn"], passes=draw([True, False])
    ),
    "fate": lambda stack, draw: stack.aws.conditions.containers(
        FAMILY, draw([each for each in Containers if each is not Containers.DRAIN_STUCK])
    ),
    "delete service": lambda stack, draw: stack.ecs.delete_service(
        cluster=CLUSTER, service=SERVICE, force=True
    ),
    "delete listener": lambda stack, draw: stack.elbv2.delete_listener(
        ListenerArn=draw(
            stack.elbv2.describe_listeners(LoadBalancerArn=draw(balancers(stack)))["Listeners"]
        )["ListenerArn"]
    ),
    "delete balancer": lambda stack, draw: stack.elbv2.delete_load_balancer(
        LoadBalancerArn=draw(balancers(stack))
    ),
    "delete group": lambda stack, draw: stack.elbv2.delete_target_group(
        TargetGroupArn=draw(groups(stack))
    ),
    "wait": lambda stack, draw: stack.pass_time(draw([1, 5, 30, 120, 600])),
}


class NothingToDrawError(Exception):
    pass


def look(stack):
    """Read everything; shapes are checked on the way."""
    for arn in groups(stack):
        stack.health(arn)
    for arn in balancers(stack):
        stack.elbv2.describe_listeners(LoadBalancerArn=arn)
    service = stack.service()
    stack.tasks("STOPPED")
    live = stack.tasks()
    if service["status"] == "ACTIVE":
        assert service["runningCount"] <= len(live) + 2
        assert len(live) <= 2 * max(1, service["desiredCount"]) + 1
    held = "AssociationId" in stack.address()
    assert held or not balancers(stack)


def empty(stack):
    stack.pass_time(60)  # until reads have caught up with the last creates
    with contextlib.suppress(stack.ecs.exceptions.ServiceNotFoundException):
        stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    for arn in balancers(stack):
        stack.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    stack.pass_time(3600)
    for arn in groups(stack):
        stack.elbv2.delete_target_group(TargetGroupArn=arn)
    stack.pass_time(7200)


@pytest.mark.parametrize("profile", ["fast", "typical", "slow"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=30), seed=st.integers(0, 999))
def test_any_order_of_calls_leaves_an_account_that_can_be_emptied(profile, steps, seed):
    stack, chance = fresh(profile), random.Random(seed)

    def draw(choices):
        if not choices:
            raise NothingToDrawError
        return chance.choice(list(choices))

    for step in steps:
        with contextlib.suppress(ClientError, NothingToDrawError):
            STEPS[step](stack, draw)
        stack.pass_time(chance.choice([0, 1, 25]))
        try:
            look(stack)
        except ClientError as lag:
            assert "NotFound" in lag.response["Error"]["Code"]
    empty(stack)

    assert stack.service()["status"] in ("MISSING", "INACTIVE")
    assert balancers(stack) == groups(stack) == stack.tasks() == []
    assert "AssociationId" not in stack.address()
    assert stack.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    free = {each["AvailableIpAddressCount"] for each in stack.ec2.describe_subnets()["Subnets"]}
    assert free == {251}
    open_ended = [each.kind for each in stack.aws.lifetimes() if each.ended_at is None]
    assert open_ended == ["elastic_ip"]
