"""Faults F01-F20 of AWS behaviour §8: what can go wrong with the front while a stack wakes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from catalogue.tools import (
    ASLEEP,
    AWAKE,
    EIP,
    LB,
    LISTENER,
    SUBNET,
    TG,
    Watch,
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    one_balancer_at_a_time,
    one_pass,
    stop_after,
)
from controller.domain.planning.observed import State
from controller.reconcile.outcome import Result
from factories import article_spec, load_balancer
from local.ec2 import interfaces
from local.faults import FOREVER, Fault

HELD = "Elastic IP 203.0.113.25"
REFUSED = {
    "code": "ResourceInUse",
    "message": "The allocation IDs are not available for use",
    "status": 400,
}


def stranger(desk, name="ecs-nlb", **changes):
    """A load balancer without our tags, with the settings of ours, made by hand."""
    with by_hand(desk) as session:
        request = {
            "Name": name,
            "Type": "network",
            "Scheme": "internet-facing",
            "IpAddressType": "ipv4",
            "SubnetMappings": [{"SubnetId": SUBNET, "AllocationId": EIP}],
        }
        reply = session.client("elbv2").create_load_balancer(**request | changes)
    return reply["LoadBalancers"][0]["LoadBalancerArn"]


# F01-F04: the Elastic IP


def test_f01_eip_still_held_the_target_group_is_made_and_the_load_balancer_waits(desk):
    """CreateLoadBalancer soon after DeleteLoadBalancer is refused: wait, and go on elsewhere."""
    desk.wake()
    desk.sleep(still_wanted=lambda: desk.standing() != ASLEEP)
    assert desk.elastic_ip()["AssociationId"]  # all is gone but that

    start, watch = len(desk.aws.calls), Watch()
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert desk.standing() == AWAKE
    assert f"{HELD} is not free yet" in watch.waits
    made = changes_since(desk, start)
    assert made[0] == "CreateTargetGroup"
    assert made.count("CreateLoadBalancer") == 1  # asked for once it is free, not before


def test_f01_the_timeline_has_a_step_for_the_wait(desk):
    """The page lists steps: one that takes a minute and is none of them looks like a hang."""
    desk.wake()
    desk.sleep(still_wanted=lambda: desk.standing() != ASLEEP)
    outcome = desk.wake()

    steps = [s for s in outcome.timeline.steps if "Elastic IP" in s.step]
    assert steps
    assert all(s.finished_at for s in steps)


def test_f02_eip_free_by_read_but_refused_the_write_is_trusted(desk):
    """DescribeAddresses says free, CreateLoadBalancer says no, once or twice: ask again."""
    desk.aws.faults.add(Fault(operation="CreateLoadBalancer", times=2, **REFUSED))
    watch = Watch()
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    asked = calls_of(desk, "CreateLoadBalancer")
    assert len(asked) == 3
    assert all((b.at - a.at).total_seconds() >= 5 for a, b in itertools.pairwise(asked))
    assert not calls_of(desk, "DeleteLoadBalancer", "DeleteTargetGroup")


def test_f03_eip_used_by_somebody_else_is_named_and_nothing_is_made(desk):
    """An instance has it: report the owner, detach nothing."""
    with by_hand(desk) as session:
        session.client("ec2").associate_address(AllocationId=EIP, InstanceId="i-0c0ffee0c0ffee0c0")
    held = desk.elastic_ip()["AssociationId"]
    start = len(desk.aws.calls)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert outcome.cause.startswith(f"{HELD} is in use by i-0c0ffee0c0ffee0c0")
    assert changes_since(desk, start) == []
    assert desk.sleep().result is Result.CONVERGED
    assert desk.elastic_ip()["AssociationId"] == held


def test_f03_an_interface_without_a_description_is_foreign_too(desk):
    """Interfaces that people make often have none: it must not be "not free yet" for ever."""
    region = desk.aws._world.region("us-east-1")
    address = region.ec2.addresses[EIP]
    interfaces.attach(region, region.ec2.subnets[SUBNET], description="", address=address)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert address.interface.id in outcome.cause


def test_f03_somebody_else_who_lets_go_within_minutes_is_waited_for(desk):
    """Somebody's load balancer was deleted a moment ago: its interface goes by itself (§3.4)."""
    arn = stranger(desk, name="the-old-one")
    with by_hand(desk) as session:
        session.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)

    assert desk.wake().result is Result.CONVERGED


def test_f04_eip_gone_is_reported_and_never_replaced(desk):
    """The allocation was released: a person has to act, no new one is allocated."""
    with by_hand(desk) as session:
        session.client("ec2").release_address(AllocationId=EIP)
    start = len(desk.aws.calls)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert outcome.cause.startswith(f"Elastic IP {EIP} does not exist any more")
    assert changes_since(desk, start) == []
    assert desk.sleep().result is Result.CONVERGED


def test_f04_eip_gone_between_read_and_create_ends_the_wake_with_the_remedy(desk):
    desk.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="AllocationIdNotFound",
            message=f"The allocation IDs '{EIP}' do not exist",
            status=400,
            times=FOREVER,
        )
    )
    outcome = desk.wake()

    assert outcome.result is Result.FAILED
    assert "allocate one and name it in the Terraform files" in outcome.cause
    assert len(calls_of(desk, "CreateLoadBalancer")) == 1
    assert desk.sleep().result is Result.CONVERGED
    assert is_quiet(desk)


@pytest.mark.parametrize("trouble", ["gone", "held"])
def test_f03_f04_the_sentence_about_the_elastic_ip_names_the_remedy(desk, trouble):
    """One line: what failed, which thing, found, and the way out."""
    with by_hand(desk) as session:
        ec2 = session.client("ec2")
        if trouble == "gone":
            ec2.release_address(AllocationId=EIP)
        else:
            ec2.associate_address(AllocationId=EIP, InstanceId="i-0c0ffee0c0ffee0c0")

    assert "Terraform" in desk.wake().cause


# F05-F08: the load balancer's own states


@pytest.mark.parametrize("desk", ["slow"], indirect=True)
def test_f05_lb_not_found_after_create_keeps_the_arn_and_makes_no_other(desk):
    """Twenty seconds of LoadBalancerNotFound after an own create mean nothing."""
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    (create,) = calls_of(desk, "CreateLoadBalancer")
    assert outcome.observed[LB].arn == create.result
    assert [s.step for s in outcome.timeline.steps if s.address == LB] == [
        "creating",
        "load balancer starting",
    ]


def test_f06_lb_provisioning_long_is_waited_for(desk):
    """A quarter of an hour of provisioning: keep polling, delete nothing."""
    desk.aws.conditions.load_balancer("ecs-nlb", provisioning=900)
    began, watch = desk.aws.clock.now(), Watch()
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert (desk.aws.clock.now() - began).total_seconds() >= 900
    assert len(calls_of(desk, "CreateLoadBalancer")) == 1
    assert not calls_of(desk, "DeleteLoadBalancer")
    (starting,) = [s for s in outcome.timeline.steps if s.step == "load balancer starting"]
    assert (starting.finished_at - starting.started_at).total_seconds() >= 895


def test_f06_lb_provisioning_for_ever_fails_the_wake_and_says_so(desk):
    desk.aws.conditions.load_balancer("ecs-nlb", "provisioning")
    outcome = desk.wake(minutes=20)

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("not awake in time: load balancer starting")
    assert len(calls_of(desk, "CreateLoadBalancer")) == 1
    assert not calls_of(desk, "DeleteLoadBalancer")
    assert desk.sleep().result is Result.CONVERGED
    assert is_quiet(desk)


def test_f07_lb_failed_is_created_again_exactly_once(desk):
    """`failed` never recovers: delete, wait for the Elastic IP, make it anew once, then give up."""
    desk.aws.conditions.load_balancer("ecs-nlb", "failed")
    outcome = desk.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("created again once, and failed again")
    made = [c for c in calls_of(desk, "CreateLoadBalancer") if c.result]
    assert len(made) == 2
    assert len(calls_of(desk, "DeleteLoadBalancer")) == 1
    assert one_balancer_at_a_time(desk)
    assert len(calls_of(desk, "CreateService")) - len(_refused(desk, "CreateService")) == 1
    assert desk.sleep().result is Result.CONVERGED
    assert is_quiet(desk)


def fails_once(desk):
    """The load balancer fails after half a minute; one that is made later turns out well."""
    desk.aws.conditions.load_balancer("ecs-nlb", "failed", provisioning=30)

    def get_better():
        desk.aws.conditions.load_balancer("ecs-nlb", "active")

    return Watch(get_better, when=lambda seen: seen.observed[LB].state is State.FAILED)


def _refused(desk, operation):
    return [call for call in calls_of(desk, operation) if call.error_code]


def test_f07_lb_failed_once_and_well_the_second_time(desk):
    watch = fails_once(desk)
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert desk.standing() == AWAKE
    assert "could not be set up" in watch.said


def test_f07_an_old_failure_does_not_count_against_a_later_wake(desk):
    """Memory is kept from pass to pass: last month's failed load balancer is no reason today."""
    first = desk.wake(report=fails_once(desk))
    assert first.result is Result.CONVERGED
    slept = desk.sleep(progress=first.progress)
    desk.aws.clock.advance(30 * 24 * 3600)

    again = desk.wake(report=fails_once(desk), progress=slept.progress)
    assert again.result is Result.CONVERGED


def test_f08_lb_active_impaired_counts_as_awake_with_a_warning(desk):
    desk.aws.conditions.load_balancer("ecs-nlb", "active_impaired")
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    assert "lacks resources to scale" in outcome.observed[LB].cause
    assert not calls_of(desk, "DeleteLoadBalancer")


# F09-F14: things of the same name


def test_f09_duplicate_lb_of_somebody_else_is_terminal_and_untouched(desk):
    """Same name, other settings, not ours: nothing is made beside it."""
    stranger(desk, SubnetMappings=[{"SubnetId": SUBNET}])
    desk.aws.clock.advance(300)
    start = len(desk.aws.calls)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb" is not ours' in outcome.cause
    assert "delete it or rename ours in the Terraform files" in outcome.cause
    assert changes_since(desk, start) == []


def test_f09_duplicate_lb_by_the_answer_of_the_create_is_retried_then_reported(desk):
    """Nothing was seen under the name, yet the create says that it is taken."""
    text = "A load balancer with the same name 'ecs-nlb' exists, but with different settings"
    desk.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="DuplicateLoadBalancerName",
            message=text,
            status=400,
            times=FOREVER,
        )
    )
    outcome = desk.wake()

    assert outcome.result is Result.FAILED
    assert text in outcome.cause
    assert len(calls_of(desk, "CreateLoadBalancer")) <= 3
    assert not calls_of(desk, "DeleteLoadBalancer")
    assert desk.sleep().result is Result.CONVERGED
    assert is_quiet(desk)


def test_f09_a_load_balancer_of_ours_in_other_subnets_is_reported_while_people_use_it(desk_of):
    """It is not what the files say; the next wake makes it so."""
    other = {"id": "subnet-0ddddddddddddddd0", "vpc": "vpc-0a1b2c3d4e5f60718", "az": "us-east-1b"}
    desk = desk_of("fast", subnets=[{**other, "cidr": "10.0.2.0/24"}])
    desk.wake()
    mapping = {"SubnetId": other["id"], "AllocationId": EIP}
    moved = load_balancer(request={"SubnetMappings": [mapping]})
    rest = [r for r in desk.spec.resources if r.address != LB]
    desk.spec = article_spec(resources=(moved, *rest))
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    assert 'load balancer "ecs-nlb"' in outcome.cause
    assert "SubnetMappings" in outcome.cause
    assert desk.standing() == AWAKE


def test_f09_a_load_balancer_in_other_subnets_that_nobody_uses_yet_is_replaced(desk_of):
    """A wake died after its first calls, and the files changed before the next."""
    other = {"id": "subnet-0ddddddddddddddd0", "vpc": "vpc-0a1b2c3d4e5f60718", "az": "us-east-1b"}
    desk = desk_of("fast", subnets=[{**other, "cidr": "10.0.2.0/24"}])
    whole = desk.spec
    mapping = {"SubnetId": other["id"], "AllocationId": EIP}
    moved = load_balancer(request={"SubnetMappings": [mapping]})
    desk.spec = article_spec(resources=(moved, *(r for r in whole.resources if r.address != LB)))
    one_pass(desk, "awake", still_wanted=stop_after(1))
    desk.spec = whole

    assert desk.wake().result is Result.CONVERGED
    (balancer,) = desk.session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [zone["SubnetId"] for zone in balancer["AvailabilityZones"]] == [SUBNET]
    assert one_balancer_at_a_time(desk)


def test_f10_foreign_lb_adopted_by_a_create_is_neither_used_nor_deleted(desk):
    """A stranger was quicker by a second: the create gives back theirs, with status 200."""
    arns = []
    watch = Watch(lambda: arns.append(stranger(desk)))
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb" is not ours' in outcome.cause
    (create,) = calls_of(desk, "CreateLoadBalancer")
    assert create.result == arns[0]
    assert not calls_of(desk, "CreateListener", "CreateService", "DeleteLoadBalancer", "AddTags")

    desk.sleep(progress=outcome.progress)
    assert desk.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(desk, "DeleteLoadBalancer")


@pytest.mark.parametrize("minutes", [0, 5])
def test_f10_a_sleep_right_after_an_adoption_leaves_foreign_resources_alone(desk, minutes):
    watch = Watch(lambda: stranger(desk))
    outcome = desk.wake(report=watch, still_wanted=stop_after(2))
    assert outcome.result is Result.INTERRUPTED
    desk.aws.clock.advance(60 * minutes)
    desk.sleep(progress=outcome.progress)

    assert desk.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(desk, "DeleteLoadBalancer")


def test_f10_a_sleep_beside_a_foreign_load_balancer_comes_to_an_end(desk):
    """It has our name and our Elastic IP: nothing "is not free yet"."""
    stranger(desk)
    desk.aws.clock.advance(300)
    watch = Watch()
    outcome = desk.sleep(report=watch)

    assert outcome.result in (Result.CONVERGED, Result.BLOCKED)
    assert "is not free yet" not in watch.said
    assert desk.standing()["load_balancers"] == 1


def test_f11_duplicate_tg_of_somebody_else_is_terminal_and_untouched(desk):
    with by_hand(desk) as session:
        session.client("elbv2").create_target_group(
            Name="ecs-target-group",
            Protocol="TCP",
            Port=80,
            VpcId="vpc-0a1b2c3d4e5f60718",
            TargetType="ip",
        )
    desk.aws.clock.advance(60)
    start = len(desk.aws.calls)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert 'target group "ecs-target-group" is not ours' in outcome.cause
    assert changes_since(desk, start) == []


def test_f11_duplicate_tg_a_leftover_of_ours_with_another_port_is_replaced(desk):
    """It stands unattached since a crash; the files have changed meanwhile."""
    spec = desk.spec
    desk.spec = article_spec(
        resources=tuple(
            replace(r, request={**r.request, "Port": 4000}) if r.address == TG else r
            for r in spec.resources
        )
    )
    with by_hand(desk):
        one_pass(desk, "awake", still_wanted=stop_after(1))
    with by_hand(desk) as session:
        elbv2 = session.client("elbv2")
        desk.aws.clock.advance(10)
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    desk.aws.clock.advance(120)
    desk.spec = spec

    assert desk.wake().result is Result.CONVERGED
    (group,) = desk.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert group["Port"] == 5000


def listener_by_hand(desk, **changes):
    """Change our listener as a person would in the console, or make one."""
    with by_hand(desk) as session:
        elbv2 = session.client("elbv2")
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        if found:
            return elbv2.modify_listener(ListenerArn=found[0]["ListenerArn"], **changes)
        return elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **changes)


def test_f12_listener_exists_and_forwards_elsewhere_is_corrected(desk):
    """Ours, on our port, to another group: ModifyListener, no second one."""
    desk.wake()
    with by_hand(desk) as session:
        elbv2 = session.client("elbv2")
        (other,) = elbv2.create_target_group(
            Name="theirs", Protocol="TCP", Port=5000, VpcId="vpc-0a1b2c3d4e5f60718", TargetType="ip"
        )["TargetGroups"]
    listener_by_hand(
        desk, DefaultActions=[{"Type": "forward", "TargetGroupArn": other["TargetGroupArn"]}]
    )
    desk.aws.clock.advance(60)
    start = len(desk.aws.calls)
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    assert changes_since(desk, start) == ["ModifyListener"]
    with by_hand(desk) as session:
        groups = session.client("elbv2").describe_target_groups(Names=["theirs"])["TargetGroups"]
    assert groups[0]["LoadBalancerArns"] == []
    assert not calls_of(desk, "DeleteTargetGroup")


def test_f12_listener_exists_by_the_answer_of_the_create(desk):
    """DuplicateListener once: somebody else's pass was quicker; look again and converge."""
    desk.aws.faults.add(
        Fault(operation="CreateListener", code="DuplicateListener", status=400, times=1)
    )
    assert desk.wake().result is Result.CONVERGED


def test_f12_a_foreign_listener_on_our_port_blocks_the_wake_and_is_reported(desk):
    """Made by hand on our load balancer: not ours, so not changed."""
    group = {}

    def quicker():
        with by_hand(desk) as session:
            found = session.client("elbv2").describe_target_groups()["TargetGroups"]
        group.update(found[0])
        action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
        listener_by_hand(desk, Protocol="TCP", Port=5000, DefaultActions=[action])

    desk.wake(still_wanted=stop_after(1))
    desk.aws.clock.advance(5)
    start = len(desk.aws.calls)
    quicker()
    desk.aws.clock.advance(60)
    outcome = desk.wake()

    assert outcome.result is Result.BLOCKED
    assert "listener on port 5000 is not ours" in outcome.cause
    assert not set(changes_since(desk, start)) & {"ModifyListener", "DeleteListener"}


@pytest.mark.parametrize("desk", ["slow"], indirect=True)
def test_f13_listener_read_lag_makes_no_second_listener(desk):
    """Reads do not show it for twenty seconds."""
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(desk, "CreateListener")) == 1
    arn = calls_of(desk, "CreateListener")[0].result
    assert outcome.observed[LISTENER].arn == arn


def test_f14_tg_second_lb_waits_until_the_old_one_lets_go(desk_of):
    """
    The group is tied to the load balancer that was deleted a moment ago.

    With an Elastic IP its release takes longer than the tie, so this is a stack without one.
    """
    bare = load_balancer(request={"SubnetMappings": [{"SubnetId": SUBNET}]})
    spec = article_spec()
    rest = [r for r in spec.resources if r.address != LB]
    desk = desk_of("typical", article_spec(resources=(bare, *rest)))
    first = desk.wake()
    group = first.observed[TG].arn
    interrupted = desk.sleep(still_wanted=stop_after(1))
    watch = Watch()
    outcome = desk.wake(report=watch, progress=interrupted.progress)

    assert outcome.result is Result.CONVERGED
    assert outcome.observed[TG].arn == group
    codes = {call.error_code for call in calls_of(desk, "CreateListener")}
    assert codes == {"TargetGroupAssociationLimit", None}
    assert "cannot be associated with more than one load balancer" in watch.said
    assert len(calls_of(desk, "CreateListener")) <= 6
    assert not calls_of(desk, "DeleteTargetGroup")


# F15-F20: what only a person can put right


def refused_for_good(desk, said, most=1):
    outcome = desk.wake()

    assert outcome.result is Result.FAILED
    assert said in outcome.cause
    assert len(calls_of(desk, "CreateLoadBalancer")) <= most
    assert not calls_of(desk, "CreateListener", "CreateService")
    assert not desk.elastic_ip().get("AssociationId")
    assert desk.sleep().result is Result.CONVERGED
    assert is_quiet(desk)
    return outcome


def test_f15_subnet_full_is_terminal(desk_of):
    """Fewer than eight free addresses in the subnet."""
    full = {
        "id": SUBNET,
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "az": "us-east-1a",
        "cidr": "10.0.1.0/24",
        "free_addresses": 4,
    }
    desk = desk_of("fast", subnets=[full])
    refused_for_good(desk, f"Not enough IP space available in {SUBNET}")


def test_f16_quota_lb_is_terminal_with_a_hint(desk):
    desk.aws.conditions.load_balancer_quota = 0
    refused_for_good(desk, "raise the quota of network load balancers")


def test_f17_az_unsupported_is_terminal(desk):
    desk.aws.conditions.unsupported_zones.add("us-east-1a")
    refused_for_good(desk, "not supported in us-east-1a")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDenied", "elasticloadbalancing:AddTags"),
        (
            "AccessDenied",
            "iam:CreateServiceLinkedRole on resource: arn:aws:iam::123456789012:role/"
            "aws-service-role/elasticloadbalancing.amazonaws.com/"
            "AWSServiceRoleForElasticLoadBalancing",
        ),
    ],
    ids=["f18_no_addtags", "f19_slr_missing_elb"],
)
def test_f18_f19_a_missing_right_is_terminal_and_named(desk, code, said):
    """Asked twice, because a right may lag behind a tag (F70), not more often."""
    desk.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code=code,
            message=f"User: arn:aws:sts::123456789012:x is not authorized to perform: {said}",
            status=403,
            times=FOREVER,
        )
    )
    refused_for_good(desk, said, most=2)


def test_f20_account_restricted_is_terminal(desk):
    text = (
        "This AWS account currently does not support creating load balancers. For more "
        "information, please contact AWS Support."
    )
    desk.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="OperationNotPermitted",
            message=text,
            status=400,
            times=FOREVER,
        )
    )
    refused_for_good(desk, text)
