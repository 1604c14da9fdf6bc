"""What does not carry our owner tags is never used, changed or deleted."""

import pytest

from controller.domain.planning.observed import State
from controller.reconcile.outcome import Result
from factories import EIP, SERVICE, SUBNET
from system.stack_under_test import AWAKE

CHANGES = ("Create", "Modify", "Delete", "Update", "Set", "Add", "Remove", "Put", "Register")


@pytest.fixture
def foreign_resources(sut):
    """Load balancer, target group and listener of the same names and settings, made by hand."""
    elbv2 = sut.session.client("elbv2")
    (balancer,) = elbv2.create_load_balancer(
        Name="ecs-nlb",
        Type="network",
        Scheme="internet-facing",
        IpAddressType="ipv4",
        SubnetMappings=[{"SubnetId": SUBNET, "AllocationId": EIP}],
    )["LoadBalancers"]
    sut.aws.clock.advance(300)
    return balancer["LoadBalancerArn"]


def test_a_wake_blocked_by_a_foreign_load_balancer_makes_nothing(sut, foreign_resources):
    """AWS behaviour F10: creating it would return the stranger's."""
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb" is not ours: tag "dormouse:stack" is missing' in outcome.cause
    assert not [c for c in sut.calls_since(start) if c.startswith(CHANGES)]


def test_a_sleep_leaves_a_foreign_load_balancer_alone(sut, foreign_resources):
    start = len(sut.aws.calls)
    sut.sleep(minutes=1)

    assert not [c for c in sut.calls_since(start) if c.startswith(CHANGES)]
    assert sut.standing()["load_balancers"] == 1


@pytest.mark.parametrize("tags", [{}, {"dormouse:stack": "other", "dormouse:address": SERVICE}])
@pytest.mark.parametrize("target", ["awake", "asleep"])
def test_a_foreign_service_that_drains_under_our_name_keeps_its_tasks(sut, tags, target):
    """Whose it is comes before how it stands: it may drain for as long as its owner likes."""
    sut.aws.conditions.drains_for_ever = True
    sut.wake()
    ecs = sut.session.client("ecs")
    (arn,) = ecs.list_services(cluster="nsfw_api_cluster")["serviceArns"]
    ecs.untag_resource(resourceArn=arn, tagKeys=["dormouse:stack", "dormouse:address"])
    ecs.tag_resource(
        resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()]
    )
    ecs.delete_service(cluster="nsfw_api_cluster", service="nsfw_api_service", force=True)
    start = len(sut.aws.calls)
    outcome = sut.run(target, minutes=40)

    calls = sut.calls_since(start)
    assert not {"StopTask", "UpdateService", "DeleteService"} & set(calls)
    if target == "awake":
        assert outcome.result is Result.BLOCKED
        assert 'service "nsfw_api_service" is not ours' in outcome.cause
        assert "CreateService" not in calls
    else:
        assert outcome.observed[SERVICE].state is State.FOREIGN


def test_another_stacks_resources_are_foreign_too(sut):
    from dataclasses import replace

    sut.wake()
    other = replace(sut, spec=replace(sut.spec, stack="other"))
    start = len(sut.aws.calls)

    assert other.wake().result is Result.BLOCKED
    other.sleep(minutes=1)
    assert not [c for c in sut.calls_since(start) if c.startswith(CHANGES)]
    assert sut.standing() == AWAKE


def test_an_elastic_ip_that_somebody_else_holds_is_named_and_left_alone(sut):
    """AWS behaviour F03: never detached by force."""
    elbv2 = sut.session.client("elbv2")
    elbv2.create_load_balancer(
        Name="theirs",
        Type="network",
        SubnetMappings=[{"SubnetId": SUBNET, "AllocationId": EIP}],
    )
    sut.aws.clock.advance(300)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert "is in use by ELB net/theirs/" in outcome.cause
    assert not [c for c in sut.calls_since(start) if c.startswith(CHANGES)]


def test_an_elastic_ip_that_is_gone_is_never_replaced(sut):
    """AWS behaviour F04."""
    sut.aws.session().client("ec2").release_address(AllocationId=EIP)
    sut.aws.calls.clear()
    outcome = sut.wake()

    assert outcome.result in (Result.BLOCKED, Result.FAILED)
    assert EIP in outcome.cause
    assert not [c for c in sut.calls_since(0) if c.startswith(CHANGES)]
