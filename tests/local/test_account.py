"""The account as a whole: what it records, that it repeats itself, that it keeps to itself."""

from datetime import timedelta
from threading import Thread

import pytest
from simulated_stack import CLUSTER, EIP, SERVICE, START, Stack, furnished, refused

from local.aws import LaptopAws
from local.clock import ManualClock
from local.furnish import PRESETS


def a_day(stack, look_every=10):
    """A wake at once, a sleep at 9:10, and nothing more until 12:00."""
    balancer, group = stack.wake()
    watch(stack, START + timedelta(minutes=10), look_every)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    watch(stack, START + timedelta(minutes=30), look_every)
    stack.elbv2.delete_target_group(TargetGroupArn=group)
    watch(stack, START + timedelta(hours=3), 600)


def watch(stack, until, look_every):
    while stack.aws.clock.now() < until:
        left = (until - stack.aws.clock.now()).total_seconds()
        stack.pass_time(min(left, look_every))
        stack.service()


def test_the_same_script_gives_the_same_calls_ids_and_times():
    first, second, other = (Stack(furnished(seed=seed)) for seed in ("a", "a", "b"))
    for stack in (first, second, other):
        a_day(stack)
    assert first.aws.calls == second.aws.calls
    assert first.aws.lifetimes() == second.aws.lifetimes()
    assert [each.arn for each in first.aws.lifetimes()] != [
        each.arn for each in other.aws.lifetimes()
    ]


@pytest.mark.parametrize("look_every", [1, 13, 600])
def test_what_happens_does_not_depend_on_how_often_it_is_read(look_every):
    watched, unwatched = Stack(furnished()), Stack(furnished())
    a_day(watched, look_every)
    a_day(unwatched, 10_000)
    assert watched.aws.lifetimes() == unwatched.aws.lifetimes()


def test_lifetimes_are_what_is_paid_for(stack):
    """AWS behaviour §7.1: a task from the start of its pull, a load balancer until its delete."""
    a_day(stack)
    spans = {each.kind: each for each in stack.aws.lifetimes()}
    assert spans["load_balancer"].started_at == START
    assert spans["load_balancer"].ended_at == START + timedelta(seconds=600)
    assert spans["task"].started_at == START + timedelta(seconds=3 + 15)
    assert spans["task"].ended_at == START + timedelta(seconds=600 + 1 + 30)
    assert spans["task"].details == {
        "cpu": 256,
        "memory": 512,
        "capacity": "FARGATE",
        "public_ip": True,
    }
    assert spans["elastic_ip"].arn == EIP
    assert spans["elastic_ip"].ended_at is None


def test_a_task_stopped_before_its_pull_costs_nothing(stack):
    stack.create_service()
    stack.pass_time(14)
    stack.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    stack.pass_time(600)
    assert [each.kind for each in stack.aws.lifetimes()] == ["elastic_ip"]


def test_calls_are_recorded_in_order_with_what_came_of_them(stack):
    arn = stack.create_balancer()
    stack.pass_time(5)
    stack.balancer_state()
    made, read = stack.aws.calls[-2:]
    assert (made.service, made.operation, made.result) == ("elbv2", "CreateLoadBalancer", arn)
    assert (made.at, read.at) == (START, START + timedelta(seconds=5))
    assert stack.aws.calls.writes().names() == ["CreateLoadBalancer"]
    assert "CreateLoadBalancer" not in stack.aws.calls.reads().names()
    assert stack.aws.calls.of("CreateLoadBalancer") == [made]
    assert str(read) == "09:00:05 elbv2:DescribeLoadBalancers -> ok"


def test_what_a_write_was_given_is_recorded_as_it_was_then(stack):
    tags = [{"Key": "a", "Value": "1"}]
    stack.create_group(Tags=tags)
    tags[0]["Value"] = "2"
    assert stack.aws.calls[-1].params["Tags"] == [{"Key": "a", "Value": "1"}]
    stack.pass_time(2)
    group = stack.elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    found = stack.elbv2.describe_tags(ResourceArns=[group])["TagDescriptions"][0]
    assert found["Tags"] == [{"Key": "a", "Value": "1"}]


def test_something_can_be_arranged_for_a_later_moment(stack):
    """F50: someone deletes the listener by hand while nobody looks."""
    balancer, group = stack.create_front()
    listener = stack.elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="TCP",
        Port=5000,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    by_hand = START + timedelta(minutes=5)
    stack.aws.at(by_hand, lambda: stack.elbv2.delete_listener(ListenerArn=listener))
    stack.pass_time(3600)
    assert stack.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []
    assert stack.aws.calls.of("DeleteListener")[0].at == by_hand


def test_regions_have_their_own_resources(stack):
    stack.create_group()
    elsewhere = stack.aws.session().client("elbv2", region_name="ap-northeast-1")
    stack.pass_time(2)
    assert elsewhere.describe_target_groups()["TargetGroups"] == []
    assert stack.aws.calls[-1].region == "ap-northeast-1"
    stack.aws.furnish(region="ap-northeast-1", vpcs=[{"id": "vpc-0tokyo"}])
    made = elsewhere.create_target_group(
        Name="t", Protocol="TCP", Port=80, VpcId="vpc-0tokyo", TargetType="ip"
    )
    assert ":ap-northeast-1:123456789012:" in made["TargetGroups"][0]["TargetGroupArn"]


def test_a_reset_account_is_empty(stack):
    stack.create_group()
    stack.aws.reset()
    assert stack.aws.calls == []
    assert stack.elbv2.describe_target_groups()["TargetGroups"] == []
    with refused("InvalidAllocationID.NotFound"):
        stack.address()


def test_ids_can_be_given_or_are_made_up():
    aws = LaptopAws(clock=ManualClock(START))
    ids = aws.furnish(
        vpcs=[{"id": "vpc-0given"}],
        security_groups=[{"name": "web", "vpc": "vpc-0given"}],
        clusters=["c", {"name": "d", "tags": {"a": "b"}}],
        task_definitions=[{"family": "f", "container_definitions": [{"name": "x", "image": "y"}]}],
    )
    assert ids["vpcs"] == {"vpc-0given": "vpc-0given"}
    assert ids["security_groups"]["web"].startswith("sg-")
    assert ids["clusters"]["d"] == "arn:aws:ecs:us-east-1:123456789012:cluster/d"
    assert ids["task_definitions"]["f"].endswith("task-definition/f:1")
    with pytest.raises(ValueError, match="cannot furnish lambdas; expected vpcs"):
        aws.furnish(lambdas=[])


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_can_be_used_again_and_again(preset):
    """Each account gets its own copy."""
    for _ in range(2):
        aws = LaptopAws(clock=ManualClock(START))
        assert aws.furnish(**PRESETS[preset])["elastic_ips"] == {"203.0.113.25": EIP}


def test_calls_from_several_threads_do_not_tread_on_each_other(stack):
    def make(number):
        for each in range(20):
            stack.create_group(Name=f"tg-{number}-{each}")
            stack.aws.clock.advance(0.1)

    threads = [Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stack.pass_time(2)
    assert len(stack.elbv2.describe_target_groups()["TargetGroups"]) == 80
    assert len(stack.aws.calls.of("CreateTargetGroup")) == 80
