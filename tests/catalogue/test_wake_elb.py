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


def stranger(sut, name="ecs-nlb", **changes):
    """A load balancer without our tags, with the settings of ours, made by hand."""
    with by_hand(sut) as session:
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


def test_f01_eip_still_held_the_target_group_is_made_and_the_load_balancer_waits(sut):
    """CreateLoadBalancer soon after DeleteLoadBalancer is refused: wait, and go on elsewhere."""
    sut.wake()
    sut.sleep(still_wanted=lambda: sut.standing() != ASLEEP)
    assert sut.elastic_ip()["AssociationId"]  # all is gone but that

    start, watch = len(sut.aws.calls), Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert sut.standing() == AWAKE
    assert f"{HELD} is not free yet" in watch.waits
    made = changes_since(sut, start)
    assert made[0] == "CreateTargetGroup"
    assert made.count("CreateLoadBalancer") == 1  # asked for once it is free, not before


def test_f01_the_timeline_has_a_step_for_the_wait(sut):
    """The page lists steps: one that takes a minute and is none of them looks like a hang."""
    sut.wake()
    sut.sleep(still_wanted=lambda: sut.standing() != ASLEEP)
    outcome = sut.wake()

    steps = [s for s in outcome.timeline.steps if "Elastic IP" in s.step]
    assert steps
    assert all(s.finished_at for s in steps)


def test_f02_eip_free_by_read_but_refused_the_write_is_trusted(sut):
    """DescribeAddresses says free, CreateLoadBalancer says no, once or twice: ask again."""
    sut.aws.faults.add(Fault(operation="CreateLoadBalancer", times=2, **REFUSED))
    watch = Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    requested = calls_of(sut, "CreateLoadBalancer")
    assert len(requested) == 3
    assert all((b.at - a.at).total_seconds() >= 5 for a, b in itertools.pairwise(requested))
    assert not calls_of(sut, "DeleteLoadBalancer", "DeleteTargetGroup")


def test_f03_eip_used_by_somebody_else_is_named_and_nothing_is_made(sut):
    """An instance has it: report the owner, detach nothing."""
    with by_hand(sut) as session:
        session.client("ec2").associate_address(AllocationId=EIP, InstanceId="i-0c0ffee0c0ffee0c0")
    held = sut.elastic_ip()["AssociationId"]
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert outcome.cause.startswith(f"{HELD} is in use by i-0c0ffee0c0ffee0c0")
    assert changes_since(sut, start) == []
    assert sut.sleep().result is Result.CONVERGED
    assert sut.elastic_ip()["AssociationId"] == held


def test_f03_an_interface_without_a_description_is_foreign_too(sut):
    """Interfaces that people make often have none: it must not be "not free yet" for ever."""
    region = sut.aws._world.region("us-east-1")
    address = region.ec2.addresses[EIP]
    interfaces.attach(region, region.ec2.subnets[SUBNET], description="", address=address)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert address.interface.id in outcome.cause


def test_f03_somebody_else_who_lets_go_within_minutes_is_waited_for(sut):
    """Somebody's load balancer was deleted a moment ago: its interface goes by itself (§3.4)."""
    arn = stranger(sut, name="the-old-one")
    with by_hand(sut) as session:
        session.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)

    assert sut.wake().result is Result.CONVERGED


def test_f04_eip_gone_is_reported_and_never_replaced(sut):
    """The allocation was released: a person has to act, no new one is allocated."""
    with by_hand(sut) as session:
        session.client("ec2").release_address(AllocationId=EIP)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert outcome.cause.startswith(f"Elastic IP {EIP} does not exist any more")
    assert changes_since(sut, start) == []
    assert sut.sleep().result is Result.CONVERGED


def test_f04_eip_gone_between_read_and_create_ends_the_wake_with_the_remedy(sut):
    sut.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="AllocationIdNotFound",
            message=f"The allocation IDs '{EIP}' do not exist",
            status=400,
            times=FOREVER,
        )
    )
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert "allocate one and name it in the Terraform files" in outcome.cause
    assert len(calls_of(sut, "CreateLoadBalancer")) == 1
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


@pytest.mark.parametrize("trouble", ["gone", "held"])
def test_f03_f04_the_sentence_about_the_elastic_ip_names_the_remedy(sut, trouble):
    """One line: what failed, which thing, found, and the way out."""
    with by_hand(sut) as session:
        ec2 = session.client("ec2")
        if trouble == "gone":
            ec2.release_address(AllocationId=EIP)
        else:
            ec2.associate_address(AllocationId=EIP, InstanceId="i-0c0ffee0c0ffee0c0")

    assert "Terraform" in sut.wake().cause


# F05-F08: the load balancer's own states


@pytest.mark.parametrize("sut", ["slow"], indirect=True)
def test_f05_lb_not_found_after_create_keeps_the_arn_and_makes_no_other(sut):
    """Twenty seconds of LoadBalancerNotFound after an own create mean nothing."""
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    (create,) = calls_of(sut, "CreateLoadBalancer")
    assert outcome.observed[LB].arn == create.result
    assert [s.step for s in outcome.timeline.steps if s.address == LB] == [
        "creating",
        "load balancer starting",
    ]


def test_f06_lb_provisioning_long_is_waited_for(sut):
    """A quarter of an hour of provisioning: keep polling, delete nothing."""
    sut.aws.conditions.load_balancer("ecs-nlb", provisioning=900)
    began, watch = sut.aws.clock.now(), Watch()
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert (sut.aws.clock.now() - began).total_seconds() >= 900
    assert len(calls_of(sut, "CreateLoadBalancer")) == 1
    assert not calls_of(sut, "DeleteLoadBalancer")
    (starting,) = [s for s in outcome.timeline.steps if s.step == "load balancer starting"]
    assert (starting.finished_at - starting.started_at).total_seconds() >= 895


def test_f06_lb_provisioning_for_ever_fails_the_wake_and_says_so(sut):
    sut.aws.conditions.load_balancer("ecs-nlb", "provisioning")
    outcome = sut.wake(minutes=20)

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("not awake in time: load balancer starting")
    assert len(calls_of(sut, "CreateLoadBalancer")) == 1
    assert not calls_of(sut, "DeleteLoadBalancer")
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def test_f07_lb_failed_is_created_again_exactly_once(sut):
    """`failed` never recovers: delete, wait for the Elastic IP, make it anew once, then give up."""
    sut.aws.conditions.load_balancer("ecs-nlb", "failed")
    outcome = sut.wake(minutes=60)

    assert outcome.result is Result.FAILED
    assert outcome.cause.startswith("created again once, and failed again")
    made = [c for c in calls_of(sut, "CreateLoadBalancer") if c.result]
    assert len(made) == 2
    assert len(calls_of(sut, "DeleteLoadBalancer")) == 1
    assert one_balancer_at_a_time(sut)
    assert len(calls_of(sut, "CreateService")) - len(_refused(sut, "CreateService")) == 1
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def fails_once(sut):
    """The load balancer fails after half a minute; one that is made later turns out well."""
    sut.aws.conditions.load_balancer("ecs-nlb", "failed", provisioning=30)

    def get_better():
        sut.aws.conditions.load_balancer("ecs-nlb", "active")

    return Watch(get_better, when=lambda seen: seen.observed[LB].state is State.FAILED)


def _refused(sut, operation):
    return [call for call in calls_of(sut, operation) if call.error_code]


def test_f07_lb_failed_once_and_well_the_second_time(sut):
    watch = fails_once(sut)
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert sut.standing() == AWAKE
    assert "could not be set up" in watch.said


def test_f07_an_old_failure_does_not_count_against_a_later_wake(sut):
    """Memory is kept from pass to pass: last month's failed load balancer is no reason today."""
    first = sut.wake(report=fails_once(sut))
    assert first.result is Result.CONVERGED
    slept = sut.sleep(progress=first.progress)
    sut.aws.clock.advance(30 * 24 * 3600)

    again = sut.wake(report=fails_once(sut), progress=slept.progress)
    assert again.result is Result.CONVERGED


def test_f08_lb_active_impaired_counts_as_awake_with_a_warning(sut):
    sut.aws.conditions.load_balancer("ecs-nlb", "active_impaired")
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert "lacks resources to scale" in outcome.observed[LB].cause
    assert not calls_of(sut, "DeleteLoadBalancer")


# F09-F14: things of the same name


def test_f09_duplicate_lb_of_somebody_else_is_terminal_and_untouched(sut):
    """Same name, other settings, not ours: nothing is made beside it."""
    stranger(sut, SubnetMappings=[{"SubnetId": SUBNET}])
    sut.aws.clock.advance(300)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb" is not ours' in outcome.cause
    assert "delete it or rename ours in the Terraform files" in outcome.cause
    assert changes_since(sut, start) == []


def test_f09_duplicate_lb_by_the_answer_of_the_create_is_retried_then_reported(sut):
    """Nothing was seen under the name, yet the create says that it is taken."""
    text = "A load balancer with the same name 'ecs-nlb' exists, but with different settings"
    sut.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="DuplicateLoadBalancerName",
            message=text,
            status=400,
            times=FOREVER,
        )
    )
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert text in outcome.cause
    assert len(calls_of(sut, "CreateLoadBalancer")) <= 3
    assert not calls_of(sut, "DeleteLoadBalancer")
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)


def test_f09_a_load_balancer_of_ours_in_other_subnets_is_reported_while_people_use_it(sut_of):
    """It is not what the files say; the next wake makes it so."""
    other = {"id": "subnet-0ddddddddddddddd0", "vpc": "vpc-0a1b2c3d4e5f60718", "az": "us-east-1b"}
    sut = sut_of("fast", subnets=[{**other, "cidr": "10.0.2.0/24"}])
    sut.wake()
    mapping = {"SubnetId": other["id"], "AllocationId": EIP}
    moved = load_balancer(request={"SubnetMappings": [mapping]})
    rest = [r for r in sut.spec.resources if r.address != LB]
    sut.spec = article_spec(resources=(moved, *rest))
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert 'load balancer "ecs-nlb"' in outcome.cause
    assert "SubnetMappings" in outcome.cause
    assert sut.standing() == AWAKE


def test_f09_a_load_balancer_in_other_subnets_that_nobody_uses_yet_is_replaced(sut_of):
    """A wake died after its first calls, and the files changed before the next."""
    other = {"id": "subnet-0ddddddddddddddd0", "vpc": "vpc-0a1b2c3d4e5f60718", "az": "us-east-1b"}
    sut = sut_of("fast", subnets=[{**other, "cidr": "10.0.2.0/24"}])
    whole = sut.spec
    mapping = {"SubnetId": other["id"], "AllocationId": EIP}
    moved = load_balancer(request={"SubnetMappings": [mapping]})
    sut.spec = article_spec(resources=(moved, *(r for r in whole.resources if r.address != LB)))
    one_pass(sut, "awake", still_wanted=stop_after(1))
    sut.spec = whole

    assert sut.wake().result is Result.CONVERGED
    (balancer,) = sut.session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [zone["SubnetId"] for zone in balancer["AvailabilityZones"]] == [SUBNET]
    assert one_balancer_at_a_time(sut)


def test_f10_foreign_lb_adopted_by_a_create_is_neither_used_nor_deleted(sut):
    """A stranger was quicker by a second: the create gives back theirs, with status 200."""
    arns = []
    watch = Watch(lambda: arns.append(stranger(sut)))
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.BLOCKED
    assert 'load balancer "ecs-nlb" is not ours' in outcome.cause
    (create,) = calls_of(sut, "CreateLoadBalancer")
    assert create.result == arns[0]
    assert not calls_of(sut, "CreateListener", "CreateService", "DeleteLoadBalancer", "AddTags")

    sut.sleep(progress=outcome.progress)
    assert sut.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(sut, "DeleteLoadBalancer")


@pytest.mark.parametrize("minutes", [0, 5])
def test_f10_a_sleep_right_after_an_adoption_leaves_foreign_resources_alone(sut, minutes):
    watch = Watch(lambda: stranger(sut))
    outcome = sut.wake(report=watch, still_wanted=stop_after(2))
    assert outcome.result is Result.INTERRUPTED
    sut.aws.clock.advance(60 * minutes)
    sut.sleep(progress=outcome.progress)

    assert sut.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(sut, "DeleteLoadBalancer")


def test_f10_a_sleep_beside_a_foreign_load_balancer_comes_to_an_end(sut):
    """It has our name and our Elastic IP: nothing "is not free yet"."""
    stranger(sut)
    sut.aws.clock.advance(300)
    watch = Watch()
    outcome = sut.sleep(report=watch)

    assert outcome.result in (Result.CONVERGED, Result.BLOCKED)
    assert "is not free yet" not in watch.said
    assert sut.standing()["load_balancers"] == 1


def test_f11_duplicate_tg_of_somebody_else_is_terminal_and_untouched(sut):
    with by_hand(sut) as session:
        session.client("elbv2").create_target_group(
            Name="ecs-target-group",
            Protocol="TCP",
            Port=80,
            VpcId="vpc-0a1b2c3d4e5f60718",
            TargetType="ip",
        )
    sut.aws.clock.advance(60)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert 'target group "ecs-target-group" is not ours' in outcome.cause
    assert changes_since(sut, start) == []


def test_f11_duplicate_tg_a_leftover_of_ours_with_another_port_is_replaced(sut):
    """It stands unattached since a crash; the files have changed meanwhile."""
    spec = sut.spec
    sut.spec = article_spec(
        resources=tuple(
            replace(r, request={**r.request, "Port": 4000}) if r.address == TG else r
            for r in spec.resources
        )
    )
    with by_hand(sut):
        one_pass(sut, "awake", still_wanted=stop_after(1))
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        sut.aws.clock.advance(10)
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    sut.aws.clock.advance(120)
    sut.spec = spec

    assert sut.wake().result is Result.CONVERGED
    (group,) = sut.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert group["Port"] == 5000


def listener_by_hand(sut, **changes):
    """Change our listener as a person would in the console, or make one."""
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        if found:
            return elbv2.modify_listener(ListenerArn=found[0]["ListenerArn"], **changes)
        return elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **changes)


def test_f12_listener_exists_and_forwards_elsewhere_is_corrected(sut):
    """Ours, on our port, to another group: ModifyListener, no second one."""
    sut.wake()
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        (other,) = elbv2.create_target_group(
            Name="theirs", Protocol="TCP", Port=5000, VpcId="vpc-0a1b2c3d4e5f60718", TargetType="ip"
        )["TargetGroups"]
    listener_by_hand(
        sut, DefaultActions=[{"Type": "forward", "TargetGroupArn": other["TargetGroupArn"]}]
    )
    sut.aws.clock.advance(60)
    start = len(sut.aws.calls)
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert changes_since(sut, start) == ["ModifyListener"]
    with by_hand(sut) as session:
        groups = session.client("elbv2").describe_target_groups(Names=["theirs"])["TargetGroups"]
    assert groups[0]["LoadBalancerArns"] == []
    assert not calls_of(sut, "DeleteTargetGroup")


def test_f12_listener_exists_by_the_answer_of_the_create(sut):
    """DuplicateListener once: somebody else's pass was quicker; look again and converge."""
    sut.aws.faults.add(
        Fault(operation="CreateListener", code="DuplicateListener", status=400, times=1)
    )
    assert sut.wake().result is Result.CONVERGED


def test_f12_a_foreign_listener_on_our_port_blocks_the_wake_and_is_reported(sut):
    """Made by hand on our load balancer: not ours, so not changed."""
    group = {}

    def quicker():
        with by_hand(sut) as session:
            found = session.client("elbv2").describe_target_groups()["TargetGroups"]
        group.update(found[0])
        action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
        listener_by_hand(sut, Protocol="TCP", Port=5000, DefaultActions=[action])

    sut.wake(still_wanted=stop_after(1))
    sut.aws.clock.advance(5)
    start = len(sut.aws.calls)
    quicker()
    sut.aws.clock.advance(60)
    outcome = sut.wake()

    assert outcome.result is Result.BLOCKED
    assert "listener on port 5000 is not ours" in outcome.cause
    assert not set(changes_since(sut, start)) & {"ModifyListener", "DeleteListener"}


@pytest.mark.parametrize("sut", ["slow"], indirect=True)
def test_f13_listener_read_lag_makes_no_second_listener(sut):
    """Reads do not show it for twenty seconds."""
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert len(calls_of(sut, "CreateListener")) == 1
    arn = calls_of(sut, "CreateListener")[0].result
    assert outcome.observed[LISTENER].arn == arn


def test_f14_tg_second_lb_waits_until_the_old_one_lets_go(sut_of):
    """
    The group is tied to the load balancer that was deleted a moment ago.

    With an Elastic IP its release takes longer than the tie, so this is a stack without one.
    """
    bare = load_balancer(request={"SubnetMappings": [{"SubnetId": SUBNET}]})
    spec = article_spec()
    rest = [r for r in spec.resources if r.address != LB]
    sut = sut_of("typical", article_spec(resources=(bare, *rest)))
    first = sut.wake()
    group = first.observed[TG].arn
    interrupted = sut.sleep(still_wanted=stop_after(1))
    watch = Watch()
    outcome = sut.wake(report=watch, progress=interrupted.progress)

    assert outcome.result is Result.CONVERGED
    assert outcome.observed[TG].arn == group
    codes = {call.error_code for call in calls_of(sut, "CreateListener")}
    assert codes == {"TargetGroupAssociationLimit", None}
    assert "cannot be associated with more than one load balancer" in watch.said
    assert len(calls_of(sut, "CreateListener")) <= 6
    assert not calls_of(sut, "DeleteTargetGroup")


# F15-F20: what only a person can put right


def refused_for_good(sut, said, most=1):
    outcome = sut.wake()

    assert outcome.result is Result.FAILED
    assert said in outcome.cause
    assert len(calls_of(sut, "CreateLoadBalancer")) <= most
    assert not calls_of(sut, "CreateListener", "CreateService")
    assert not sut.elastic_ip().get("AssociationId")
    assert sut.sleep().result is Result.CONVERGED
    assert is_quiet(sut)
    return outcome


def test_f15_subnet_full_is_terminal(sut_of):
    """Fewer than eight free addresses in the subnet."""
    full = {
        "id": SUBNET,
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "az": "us-east-1a",
        "cidr": "10.0.1.0/24",
        "free_addresses": 4,
    }
    sut = sut_of("fast", subnets=[full])
    refused_for_good(sut, f"Not enough IP space available in {SUBNET}")


def test_f16_quota_lb_is_terminal_with_a_hint(sut):
    sut.aws.conditions.load_balancer_quota = 0
    refused_for_good(sut, "raise the quota of network load balancers")


def test_f17_az_unsupported_is_terminal(sut):
    sut.aws.conditions.unsupported_zones.add("us-east-1a")
    refused_for_good(sut, "not supported in us-east-1a")


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
def test_f18_f19_a_missing_right_is_terminal_and_named(sut, code, said):
    """Asked twice, because a right may lag behind a tag (F70), not more often."""
    sut.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code=code,
            message=f"User: arn:aws:sts::123456789012:x is not authorized to perform: {said}",
            status=403,
            times=FOREVER,
        )
    )
    refused_for_good(sut, said, most=2)


def test_f20_account_restricted_is_terminal(sut):
    text = (
        "This AWS account currently does not support creating load balancers. For more "
        "information, please contact AWS Support."
    )
    sut.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="OperationNotPermitted",
            message=text,
            status=400,
            times=FOREVER,
        )
    )
    refused_for_good(sut, text)
