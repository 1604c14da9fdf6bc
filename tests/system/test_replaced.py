"""
A spec that is replaced while its stack serves people: only what nothing names any more goes.

Awake and with a lease of hours, on a simulated AWS at its usual pace.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.aws.forwarding import shares
from controller.bootstrap import bootstrap
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from factories import EIP, LB, SERVICE, SUBNET, TG, load_balancer, service, target_group
from local.aws import LaptopAws
from local.faults import FOREVER, Fault
from local.furnish import ARTICLE
from system.days import STACK, Days, days
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN, StackUnderTest

FACTORIES = {LB: load_balancer, TG: target_group, SERVICE: service}
ROLE_A = "arn:aws:iam::111111111111:role/dormouse"
ROLE_B = "arn:aws:iam::222222222222:role/dormouse"
EUROPE = "eu-west-1"


@pytest.fixture
def day():
    made = days("Mon 06:00", "typical", idle_timeout="0", finish_paid_hour=False)
    made.plan("Mon 07:00", lambda: made.wake(hours=9))
    made.live("Mon 07:30")
    assert made.sut.standing() == AWAKE
    yield made
    assert not {call.operation for call in made.aws.calls} & FORBIDDEN


def changed(day: Days, address: str, **request: Any):
    """The stack's spec with other arguments of one resource."""
    resources = [
        FACTORIES[address](request=request) if each.address == address else each
        for each in day.spec.resources
    ]
    return replace(day.spec, resources=tuple(resources))


def publish(day: Days, spec, at: str = "Mon 07:30") -> list[str]:
    """Publish, live for ten minutes, and return the calls that changed something."""
    start = len(day.aws.calls)
    day.plan(at, lambda: day.publish(spec))
    day.live("Mon 07:40")
    return writes(day.aws, start)


def writes(aws: LaptopAws, start: int = 0) -> list[str]:
    calls = list(aws.calls)[start:]
    return [c.operation for c in calls if not c.is_read and c.service in ("ecs", "elbv2", "ec2")]


def leftovers(day: Days):
    return day.controller.table.load(STACK).leftovers


def serving(day: Days) -> Callable[[], float]:
    """Watch from now on; the seconds in which no healthy target was behind the listener."""
    world, gaps = day.aws, []

    def look() -> None:
        elbv2 = day.aws.session().client("elbv2")
        gaps.append((day.now, _serves(elbv2)))

    for second in range(0, 600, 5):
        world.at(day.now + timedelta(seconds=second), look)
    return lambda: sum(5.0 for _, serves in gaps if not serves)


def _serves(elbv2: Any) -> bool:
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for arn in (arn for each in found for arn, share in shares(each).items() if share):
            health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            states = [target["TargetHealth"]["State"] for target in health]
            if balancer["State"]["Code"] == "active" and "healthy" in states:
                return True
    return False


# what is no change of a resource


def elsewhere_in_the_files(day):
    resources = []
    for each in day.spec.resources:
        request = json.loads(json.dumps(each.request).replace("[0].arn", ".arn"))
        after = tuple(address.removesuffix("[0]") for address in each.after)
        address = each.address.removesuffix("[0]")
        resources.append(replace(each, address=address, request=request, after=after))
    return replace(day.spec, resources=tuple(resources))


@pytest.mark.parametrize(
    "change",
    [
        lambda day: replace(day.spec, region=None),
        lambda day: changed(
            day,
            SERVICE,
            cluster={**day.spec[SERVICE].request["cluster"], "of": "aws_ecs_cluster.main"},
        ),
        elsewhere_in_the_files,
    ],
    ids=["region left out", "the cluster's address", "every address"],
)
def test_what_is_written_otherwise_touches_nothing(day, change):
    """A moved block, or a region that was meant anyway."""
    assert publish(day, change(day)) == []
    assert leftovers(day) == ()
    assert day.status["phase"] == "awake"
    assert day.status["cause"] == ""


def test_a_region_that_is_written_out_touches_nothing(day):
    publish(day, replace(day.spec, region=None))
    start = len(day.aws.calls)
    day.publish(replace(day.spec, region="us-east-1"))
    day.live("Mon 08:30")
    assert writes(day.aws, start) == []


# one thing renamed


def test_a_target_group_that_is_renamed_takes_nothing_else_down(day):
    gap = serving(day)
    made = publish(day, changed(day, TG, Name="targets"))

    assert "DeleteLoadBalancer" not in made
    assert "DeleteService" not in made
    assert made[-1] == "DeleteTargetGroup"
    assert made.index("ModifyListener") < made.index("DeleteTargetGroup")
    assert day.sut.standing() == AWAKE
    assert leftovers(day) == ()
    assert gap() <= 5


def test_a_service_that_is_renamed_runs_before_the_old_one_ends(day):
    gap = serving(day)
    made = publish(day, changed(day, SERVICE, serviceName="api"))

    assert "DeleteLoadBalancer" not in made
    assert made.index("CreateService") < made.index("DeleteService")
    assert day.sut.standing() == AWAKE
    assert leftovers(day) == ()
    assert gap() == 0
    assert day.status["cause"] == ""


def test_a_load_balancer_that_is_renamed_leaves_the_service_running(day):
    gap = serving(day)
    made = publish(day, changed(day, LB, Name="front"))

    assert made == ["DeleteLoadBalancer", "CreateLoadBalancer", "CreateListener"]
    assert day.sut.standing() == AWAKE
    assert leftovers(day) == ()
    assert 60 < gap() < 300
    assert day.status["cause"] == ""


def test_what_is_renamed_and_back_again_goes_on(day):
    first = day.spec
    publish(day, changed(day, SERVICE, serviceName="api"))
    day.publish(first)
    day.live("Mon 08:00")

    ecs = day.aws.session().client("ecs")
    (arn,) = ecs.list_services(cluster="nsfw_api_cluster")["serviceArns"]
    assert arn.endswith("/nsfw_api_service")
    assert leftovers(day) == ()


def test_a_renamed_stack_sleeps_as_any_other(day):
    publish(day, changed(day, SERVICE, serviceName="api"))
    day.live("Mon 16:30")

    assert day.sut.standing() == ASLEEP
    assert all(each.ended_at for each in day.balancers())


def test_a_service_renamed_while_the_stack_goes_to_sleep_is_not_forgotten(day):
    renamed = changed(day, SERVICE, serviceName="api")
    day.plan("Mon 16:00", lambda: day.publish(renamed))
    day.live("Mon 16:30")

    assert day.sut.standing() == ASLEEP
    assert leftovers(day) == ()


# another region, another account


def test_another_region_is_woken_before_the_old_one_sleeps(day):
    day.aws.furnish(region=EUROPE, **ARTICLE)
    start = len(day.aws.calls)
    day.publish(replace(day.spec, region=EUROPE))
    day.live("Mon 08:00")

    calls = [c for c in list(day.aws.calls)[start:] if c.operation.startswith(("Create", "Delete"))]
    assert {c.region for c in calls if c.operation.startswith("Create")} == {EUROPE}
    assert {c.region for c in calls if c.operation == "DeleteLoadBalancer"} == {"us-east-1"}
    assert day.sut.standing() == ASLEEP
    assert leftovers(day) == ()
    (there,) = [each for each in day.balancers() if each.ended_at is None]
    assert there.region == EUROPE


class Accounts:
    """A session that reaches two accounts: its own, and by roles those of their numbers."""

    def __init__(self, own: LaptopAws, others: dict[str, LaptopAws]) -> None:
        self._own = own
        self._others = others
        self.refused: set[str] = set()

    def client(self, name: str, **options: Any) -> Any:
        if name == "sts":
            return self
        other = self._others.get(options.pop("aws_access_key_id", ""))
        if other is None:
            return self._own.session().client(name, **options)
        options = {k: v for k, v in options.items() if not k.startswith("aws_")}
        return other.session().client(name, **options)

    def assume_role(self, RoleArn: str, **_: Any) -> Any:  # noqa: N803
        account = RoleArn.split(":")[4]
        if account in self.refused:
            from botocore.exceptions import ClientError

            said = {"Code": "AccessDenied", "Message": "not authorized to perform sts:AssumeRole"}
            raise ClientError({"Error": said}, "AssumeRole")
        keys = ("SecretAccessKey", "SessionToken")
        return {"Credentials": {"AccessKeyId": account, **dict.fromkeys(keys, "x")}}


@pytest.fixture
def moved(day):
    """A stack that moved from the controller's account to one of a role's, and both accounts."""
    other = LaptopAws(profile="typical", clock=day.aws.clock, account="222222222222")
    other.furnish_article()
    session = Accounts(day.aws, {"222222222222": other})
    environment = {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "controller"}
    day.controller = bootstrap(
        environment,
        session=session,
        clock=day.aws.clock,
        side_by_side=one_by_one,
        rehearses=False,
        notify=lambda _, event: day.reported.append(event),
    )
    day.other, day.session = other, session
    day.publish(replace(day.spec, role_arn=ROLE_B))
    return day


def test_another_account_is_woken_before_the_old_one_sleeps_there(moved):
    moved.live("Mon 08:00")

    assert StackUnderTest(moved.other).standing() == AWAKE
    assert moved.sut.standing() == ASLEEP
    assert leftovers(moved) == ()
    assert moved.status["replaced"] == {}


def test_back_to_an_account_that_cannot_be_left(moved):
    """The role is withdrawn before what it made is gone: told once, and the stack wakes."""
    moved.live("Mon 08:00")
    moved.session.refused.add("222222222222")
    moved.publish(replace(moved.spec, role_arn=None))
    moved.live("Mon 09:30")

    assert moved.sut.standing() == AWAKE
    assert moved.status["phase"] == "awake"
    assert StackUnderTest(moved.other).standing() == AWAKE
    reported = [event for event in moved.reported if event.kind == "stuck"]
    assert len(reported) == 1
    for said in ("222222222222", '"ecs-nlb"', "sts:AssumeRole", "sweep --forget nsfw-api"):
        assert said in reported[0].reason
    assert float(sum(map(float, reported[0].facts["hours"].values()))) > 0.03
    (trouble,) = moved.status["replaced"].values()
    assert len(trouble["standing"]) == 2

    moved.session.refused.clear()
    moved.live("Mon 10:00")
    assert StackUnderTest(moved.other).standing() == ASLEEP
    assert leftovers(moved) == ()
    assert moved.status["replaced"] == {}
    assert moved.sut.standing() == AWAKE


# what cannot be reached


def refuse(aws: LaptopAws, region: str, error: Fault) -> None:
    """Every call in one region is answered with an error."""
    plainly = aws.call

    def call(service, operation, params, place=None):
        if place == region and service in ("elbv2", "ecs", "ec2"):
            raise error.error()
        return plainly(service, operation, params, place)

    aws.call = call


DENIED = Fault(operation="*", code="AccessDenied", message="no", status=403)
SILENT = Fault(operation="*", code="InternalFailure", message="later", status=500)


@pytest.mark.parametrize("error", [DENIED, SILENT], ids=["denied", "silent"])
def test_a_region_that_cannot_be_reached_does_not_keep_the_stack_from_waking(error):
    day = days("Mon 06:00", "typical", idle_timeout="0")
    first = day.spec
    day.publish(replace(first, region=EUROPE))
    day.publish(first)
    refuse(day.aws, EUROPE, error)
    day.plan("Mon 07:00", lambda: day.wake(hours=9))
    day.live("Mon 08:30")

    assert day.sut.standing() == AWAKE
    kinds = [kind for _, kind in day.story()]
    assert kinds.count("stuck") == 1
    assert "awake" in kinds
    report = day.controller.table.load(STACK)
    assert len(report.leftovers) == 1


def test_a_load_balancer_that_may_not_go_keeps_serving_until_it_may(day):
    """It holds the Elastic IP, so the new one waits; nobody loses what works meanwhile."""
    denied = Fault(
        operation="DeleteLoadBalancer", code="AccessDenied", message="no", status=403, times=FOREVER
    )
    day.aws.faults.add(denied)
    gap = serving(day)
    publish(day, changed(day, LB, Name="front"))
    day.live("Mon 09:30")

    assert gap() == 0
    assert day.sut.standing() == AWAKE
    kinds = [kind for _, kind in day.story("Mon 07:29")]
    assert kinds == ["stuck", "degraded"]
    assert 'held by load balancer "ecs-nlb"' in day.status["cause"]

    denied.times = 0
    day.live("Mon 10:30")
    assert [each.name for each in day.balancers() if not each.ended_at] == ["front"]
    assert day.status["phase"] == "awake"
    assert day.status["replaced"] == {}
    assert leftovers(day) == ()


NOWHERE = {"SubnetId": SUBNET, "AllocationId": "eipalloc-0000000000000dead"}
NO_SUBNET = {"$look_up": "subnet", "tags": {"Name": "x"}, "attribute": "id"}
UNKNOWN = {"SubnetId": NO_SUBNET, "AllocationId": EIP}
BY_TAG = {"$look_up": "elastic_ip", "tags": {"Name": "x"}, "attribute": "allocation_id"}
UNTAGGED = {"SubnetId": SUBNET, "AllocationId": BY_TAG}


@pytest.mark.parametrize(
    "mapping", [NOWHERE, UNKNOWN, UNTAGGED], ids=["address", "subnet", "address by tag"]
)
def test_what_serves_people_does_not_go_for_what_cannot_come(day, mapping):
    """A new name, and with it an Elastic IP or a subnet that is not there."""
    gap = serving(day)
    made = publish(day, changed(day, LB, Name="front", SubnetMappings=[mapping]))
    assert made == []
    assert gap() == 0
    assert [kind for _, kind in day.story("Mon 07:29")] == ["degraded"]

    day.publish(changed(day, LB, Name="front"))
    day.live("Mon 08:30")
    assert [each.name for each in day.balancers() if not each.ended_at] == ["front"]
    assert day.status["phase"] == "awake"


def test_a_pass_that_dies_anywhere_while_a_name_changes_leaves_nothing(day):
    """Each call is the last of one process; the next pass goes on."""
    day.publish(changed(day, LB, Name="front"))
    for _ in range(60):
        before, plainly = len(day.aws.calls), day.aws.call

        def dying(*arguments, before=before, plainly=plainly):
            if len(day.aws.calls) - before >= 25:
                raise KeyboardInterrupt
            return plainly(*arguments)

        day.aws.call = dying
        try:
            day.controller.run_pass(STACK, "dying", timedelta(seconds=300))
        except KeyboardInterrupt:
            pass
        finally:
            day.aws.call = plainly
        day.aws.clock.advance(61)
    day.live("Mon 08:59")
    assert day.sut.standing() == AWAKE
    assert leftovers(day) == ()
    names = [each.name for each in day.balancers() if each.ended_at is None]
    assert names == ["front"]


def test_the_money_of_what_was_replaced_is_counted(day):
    from system.test_money import agree

    publish(day, changed(day, SERVICE, serviceName="api"))
    publish_later = replace(changed(day, LB, Name="front"))
    day.publish(publish_later)
    day.live("Mon 17:00")
    assert day.sut.standing() == ASLEEP
    agree(day)


def test_a_table_knows_where_it_is(day):
    assert isinstance(day.controller.table, Table)
    assert day.controller.table.region == "us-east-1"
