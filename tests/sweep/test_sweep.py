"""What nobody needs is found and deleted in the right order; everything else survives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.account.sweeper import Sweeper
from controller.aws.clients import Clients
from controller.cli.deployment import Deployment
from controller.cli.sweep import TableRecords
from controller.domain.errors import SpecError
from controller.domain.planning.owner_tags import owner_tags
from controller.domain.planning.spec import Kind
from controller.reconcile.sweep import Sweep
from direct import Crash, DirectSession, Dying
from factories import (
    EIP,
    LB,
    SERVICE,
    SUBNET,
    article_spec,
    service,
    target_group,
)
from local.faults import FOREVER, Fault, throttled
from system.days import STACK, days
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN, StackUnderTest

PAID = {"load_balancer", "service"}


@pytest.fixture
def week():
    """The article's stack, published and asleep, with no office hours."""
    week = days(profile="fast")
    week.live("Mon 06:05")
    start = len(week.aws.calls)
    yield week
    assert not {call.operation for call in list(week.aws.calls)[start:]} & FORBIDDEN


def records_of(week):
    deployment = Deployment(environment={"DORMOUSE_TABLE": "dormouse"})
    vars(deployment)["clients"] = Clients(week.aws.session(), None)  # kept as if opened
    return TableRecords(deployment)


def sweep_of(week, *, records="table", session=None, **options):
    clients = Clients(session or week.aws.session(), None)
    known = records_of(week) if records == "table" else None
    return Sweep([Sweeper(clients, "us-east-1")], known, week.aws.clock, **options)


def leftovers(sweep):
    return [verdict.owned for verdict in sweep.verdicts() if verdict.leftover]


def why(sweep, kind=Kind.LOAD_BALANCER):
    return [(v.leftover, v.why) for v in sweep.verdicts() if v.owned.kind is kind]


def wake_by_hand(week, **changes):
    """The same resources without the controller, as `dormouse apply` would make them."""
    sut = StackUnderTest(week.aws, replace(week.spec, **changes))
    assert sut.wake().result == "converged"
    return sut


def as_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def made_by_hand(week, tags, name="ecs-nlb"):
    reply = (
        week.aws.session()
        .client("elbv2")
        .create_load_balancer(
            Name=name,
            Type="network",
            SubnetMappings=[{"SubnetId": SUBNET, "AllocationId": EIP}],
            **({"Tags": as_list(tags)} if tags else {}),
        )
    )
    week.aws.clock.advance(60)
    return reply["LoadBalancers"][0]["LoadBalancerArn"]


def awake(week):
    week.wake(hours=8)
    week.live("Mon 06:15")
    assert week.sut.standing() == AWAKE
    return week


# what is a leftover


def test_an_account_without_our_tags_has_nothing_to_sweep(week):
    assert sweep_of(week).verdicts() == []


def test_what_belongs_to_no_published_stack_is_left_over(week):
    wake_by_hand(week, stack="gone")
    found = sweep_of(week).verdicts()

    assert {v.owned.kind for v in found} == {*PAID, "target_group"}
    assert all(v.leftover and 'no stack "gone" in the records' in v.why for v in found)


def test_what_it_costs_and_since_when_is_reported(week):
    wake_by_hand(week, stack="gone")
    by_kind = {v.owned.kind: v.to_json() for v in sweep_of(week).verdicts()}

    assert by_kind[Kind.LOAD_BALANCER]["usd_per_hour"] == pytest.approx(0.0225)
    assert by_kind[Kind.SERVICE]["usd_per_hour"] == pytest.approx(0.0173, abs=0.0001)
    assert by_kind[Kind.TARGET_GROUP]["usd_per_hour"] == 0
    assert by_kind[Kind.LOAD_BALANCER]["since"].startswith("2026-11-22T21:")
    assert by_kind[Kind.SERVICE]["address"] == "aws_ecs_service.nsfw_service/0"


def test_a_load_balancer_of_a_stack_that_sleeps_is_left_over(week):
    made_by_hand(week, owner_tags(STACK, LB))

    assert why(sweep_of(week)) == [(True, 'stack "nsfw-api" is asleep')]


def test_nothing_of_an_awake_stack_is_left_over(week):
    found = sweep_of(awake(week)).verdicts()

    assert len(found) == 3
    assert {(v.leftover, v.why) for v in found} == {
        (False, 'stack "nsfw-api" is awake, or about to be')
    }


def test_what_an_awake_stacks_spec_does_not_name_is_left_over(week):
    awake(week)
    arn = (
        week.aws.session()
        .client("elbv2")
        .create_target_group(
            **{**target_group().request, "Name": "old"},
            Tags=as_list(owner_tags(STACK, "aws_lb_target_group.old")),
        )["TargetGroups"][0]["TargetGroupArn"]
    )
    week.aws.clock.advance(30)

    (owned,) = leftovers(sweep_of(week))
    assert owned.arn == arn
    assert sweep_of(week).delete([owned]).deleted == [owned]
    assert week.sut.standing() == AWAKE


def test_a_stack_that_somebody_has_just_requested_is_not_touched(week):
    """The lease is in the records, and no pass has seen it yet."""
    made_by_hand(week, owner_tags(STACK, LB))
    (owned,) = leftovers(sweep_of(week))
    week.wake()

    assert not leftovers(sweep_of(week))
    result = sweep_of(week).delete([owned])
    assert not result.deleted
    assert result.kept == [(owned, 'stack "nsfw-api" is awake, or about to be')]


def test_a_stack_that_a_pass_is_working_on_is_not_touched(week):
    made_by_hand(week, owner_tags(STACK, LB))
    (owned,) = leftovers(sweep_of(week))
    assert records_of(week).take(STACK, week.now)

    assert "a pass is working" in why(sweep_of(week))[0][1]
    assert sweep_of(week).delete([owned]).kept == [(owned, "a pass is working on its stack")]
    assert week.sut.standing()["load_balancers"] == 1


def test_a_stack_on_its_way_to_sleep_is_the_controllers(week):
    awake(week).sleep()
    seen = []
    week.during(week.now + timedelta(seconds=8), lambda: seen.append(sweep_of(week).verdicts()))
    week.run_pass()

    assert seen and not [v for v in seen[0] if v.leftover]
    assert week.sut.standing() == ASLEEP


def test_a_sleep_that_no_pass_continues_is_swept(week):
    """The heartbeat stopped while the money runs."""
    awake(week).sleep()
    half_way = {**week.status, "target": "asleep", "settled": False}
    week.controller.table.put_status(STACK, half_way, week.now)
    week.aws.clock.advance(600)

    all_owned = leftovers(sweep_of(week))
    assert {owned.kind for owned in all_owned} == {*PAID, "target_group"}
    assert not sweep_of(week).delete(all_owned).kept
    assert week.sut.standing() == ASLEEP


def test_a_service_that_stands_asleep_too_is_no_leftover(week):
    both = service(asleep={"desiredCount": 0})
    resources = tuple(both if r.address == SERVICE else r for r in week.spec.resources)
    wake_by_hand(week)
    week.publish(article_spec(resources=resources, policy=week.spec.policy))
    week.live("Mon 06:20")

    found = {v.owned.kind: v for v in sweep_of(week).verdicts()}
    assert not found[Kind.SERVICE].leftover
    assert found[Kind.SERVICE].why == "it exists while the stack sleeps, too"


def test_records_that_a_later_release_wrote_are_not_taken_for_none(week):
    made_by_hand(week, owner_tags(STACK, LB))
    key = {"pk": {"S": f"stack#{STACK}"}, "sk": {"S": "spec"}}
    week.aws.session().client("dynamodb").update_item(
        TableName="dormouse",
        Key=key,
        UpdateExpression="SET version = :v",
        ExpressionAttributeValues={":v": {"N": "99"}},
    )

    with pytest.raises(SpecError, match="deploy the release that wrote it"):
        sweep_of(week).verdicts()


# what is nobody's business


@pytest.mark.parametrize(
    "tags",
    [{}, {"dormouse:stack": "gone"}, {"dormouse:address": "aws_lb.nlb/0"}, {"stack": "gone"}],
)
def test_foreign_resources_are_not_even_read(week, tags):
    made_by_hand(week, tags)

    assert sweep_of(week).verdicts() == []


def test_what_changed_hands_since_it_was_shown_survives(week):
    arn = made_by_hand(week, owner_tags("gone", LB))
    all_owned = leftovers(sweep_of(week))
    elbv2 = week.aws.session().client("elbv2")
    elbv2.remove_tags(ResourceArns=[arn], TagKeys=["dormouse:stack"])
    result = sweep_of(week).delete(all_owned)

    assert not result.deleted
    assert week.sut.standing()["load_balancers"] == 1


# deleting


def test_leftovers_go_in_order_and_the_elastic_ip_is_free_after(week):
    """Paid ones first; the target group when its tasks are gone (AWS behaviour §3.3, §3.7)."""
    wake_by_hand(week, stack="gone")
    start = len(week.aws.calls)
    result = sweep_of(week).delete(leftovers(sweep_of(week)))

    deletes = [
        c.operation for c in list(week.aws.calls)[start:] if c.operation.startswith("Delete")
    ]
    assert deletes[-1] == "DeleteTargetGroup"
    assert set(deletes) == {"DeleteService", "DeleteLoadBalancer", "DeleteTargetGroup"}
    assert len(result.deleted) == 3 and not result.kept
    assert week.sut.standing() == ASLEEP
    week.aws.clock.advance(300)
    assert not week.sut.elastic_ip().get("AssociationId")


def test_a_target_group_waits_until_its_tasks_are_gone(week):
    wake_by_hand(week, stack="gone")
    elbv2, registered = week.aws.session().client("elbv2"), []

    def look(text):
        if "target group" in text:
            arn = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
            health = elbv2.describe_target_health(TargetGroupArn=arn)
            registered.append(health["TargetHealthDescriptions"])

    sweep_of(week, say=look).delete(leftovers(sweep_of(week)))

    assert registered[0] == []


def test_swept_twice_the_second_finds_nothing(week):
    wake_by_hand(week, stack="gone")
    all_owned = leftovers(sweep_of(week))
    sweep_of(week).delete(all_owned)
    start = len(week.aws.calls)

    assert sweep_of(week).verdicts() == []
    assert sweep_of(week).delete(all_owned).kept == []
    assert all(call.is_read for call in list(week.aws.calls)[start:])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", ["DeleteService", "DeleteLoadBalancer", "DeleteTargetGroup"])
def test_killed_anywhere_the_next_sweep_finishes(week, operation, after):
    wake_by_hand(week, stack="gone")
    all_owned = leftovers(sweep_of(week))
    session = DirectSession(week.aws, Dying(operation, after=after))
    with pytest.raises(Crash):
        sweep_of(week, session=session).delete(all_owned)
    week.aws.clock.advance(30)
    sweep_of(week).delete(leftovers(sweep_of(week)))

    assert week.sut.standing() == ASLEEP
    assert sweep_of(week).verdicts() == []


def test_killed_under_a_stacks_lock_the_stack_can_be_woken_within_a_minute(week):
    made_by_hand(week, owner_tags(STACK, LB))
    session = DirectSession(week.aws, Dying("DeleteLoadBalancer", after=True))
    with pytest.raises(Crash):
        sweep_of(week, session=session).delete(leftovers(sweep_of(week)))

    awake(week)


def test_woken_in_the_middle_of_a_sweep_the_stack_ends_up_awake(week):
    """The load balancer is on its way out; the wake waits for the Elastic IP, and gets it."""
    wake_by_hand(week)
    all_owned = leftovers(sweep_of(week))
    assert len(all_owned) == 3
    week.during(week.now + timedelta(seconds=7), lambda: week.wake(hours=8))
    sweep_of(week).delete(all_owned)
    week.live("Mon 06:30")

    assert week.sut.standing() == AWAKE
    assert week.status["target"] == "awake" and week.status["settled"]


def test_what_cannot_be_deleted_is_reported_and_keeps_nothing_else(week):
    """AWS behaviour F40."""
    wake_by_hand(week, stack="gone")
    elbv2 = week.aws.session().client("elbv2")
    arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    result = sweep_of(week).delete(leftovers(sweep_of(week)))

    causes = {owned.kind: cause for owned, cause in result.kept}
    assert "deletion protection is enabled" in causes[Kind.LOAD_BALANCER]
    assert week.sut.standing()["services"] == 0


def test_a_throttled_delete_is_tried_again(week):
    wake_by_hand(week, stack="gone")
    for name, client in {"DeleteLoadBalancer": "elbv2", "DeleteService": "ecs"}.items():
        week.aws.faults.add(throttled(client, name, times=3))
    assert not sweep_of(week).delete(leftovers(sweep_of(week))).kept
    assert week.sut.standing() == ASLEEP


def test_a_read_that_is_throttled_meanwhile_is_retried(week):
    wake_by_hand(week, stack="gone")
    sweep = sweep_of(week)
    all_owned = leftovers(sweep)
    week.aws.faults.add(throttled("elbv2", "DescribeLoadBalancers", times=2))

    assert len(sweep.delete(all_owned).deleted) == 3
    assert week.sut.standing() == ASLEEP


def test_a_region_that_cannot_be_read_hides_no_other(week):
    wake_by_hand(week, stack="gone")
    near, far = (
        Sweeper(Clients(week.aws.session(), region), region)
        for region in ("us-east-1", "eu-west-1")
    )
    week.aws.faults.add(
        Fault(
            operation="DescribeLoadBalancers",
            code="AccessDenied",
            message="no",
            status=403,
            times=FOREVER,
        )
    )
    sweep = Sweep([far], records_of(week), week.aws.clock)
    assert sweep.verdicts() == []
    assert "look for leftovers in eu-west-1: AccessDenied" in sweep.unseen[0]

    week.aws.faults.clear()
    sweep = Sweep([far, near], records_of(week), week.aws.clock)
    assert {owned.region for owned in leftovers(sweep)} == {"us-east-1"}


# without records


def test_without_records_nothing_is_a_leftover(week):
    made_by_hand(week, owner_tags("gone", LB))

    assert why(sweep_of(week, records=None)) == [
        (False, "the records cannot be read, so it may well be needed")
    ]


def test_without_records_only_the_stacks_that_somebody_answers_for_go(week):
    wake_by_hand(week, stack="gone")
    sweep = sweep_of(week, records=None, answered_for=["other"])
    assert not leftovers(sweep)

    sweep = sweep_of(week, records=None, answered_for=["gone"])
    assert len(sweep.delete(leftovers(sweep)).deleted) == 3
    assert week.sut.standing() == ASLEEP


def test_a_balancer_that_the_spec_names_otherwise_is_left_over(week):
    """A lost table forgets what was renamed; its tags do not."""
    awake(week)
    made = owner_tags(STACK, LB)
    elbv2 = week.aws.session().client("elbv2")
    elbv2.create_load_balancer(
        Name="before",
        Type="network",
        Scheme="internal",
        Subnets=[SUBNET],
        Tags=as_list(made),
    )
    week.aws.clock.advance(60)

    reported = [(v.owned.name, v.why) for v in sweep_of(week).verdicts() if v.leftover]
    assert reported == [("before", 'the spec of "nsfw-api" now calls it "ecs-nlb"')]
