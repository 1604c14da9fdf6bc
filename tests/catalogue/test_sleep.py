"""Faults F39-F50 of AWS behaviour §8: going to sleep, and what people do by hand meanwhile."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from catalogue.tools import (
    ASLEEP,
    AWAKE,
    CLUSTER,
    FAMILY,
    LB,
    LISTENER,
    PROFILES,
    SERVICE_NAME,
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
from controller.domain.planning.plan import Order
from controller.reconcile.outcome import Result
from factories import article_spec, target_group
from local.faults import Fault

# What a person does by hand


def find(desk):
    """ARNs of what stands, by kind."""
    elbv2 = desk.session.client("elbv2")
    arns = {}
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        arns["balancer"] = balancer["LoadBalancerArn"]
        found = elbv2.describe_listeners(LoadBalancerArn=arns["balancer"])["Listeners"]
        if found:
            arns["listener"] = found[0]["ListenerArn"]
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        arns["group"] = group["TargetGroupArn"]
    return arns


def delete_listener(desk):
    with by_hand(desk) as session:
        session.client("elbv2").delete_listener(ListenerArn=find(desk)["listener"])


def delete_balancer(desk):
    with by_hand(desk) as session:
        session.client("elbv2").delete_load_balancer(LoadBalancerArn=find(desk)["balancer"])


def delete_group(desk):
    """The console asks to delete its listener first."""
    delete_listener(desk)
    desk.aws.clock.advance(desk.aws.timing.tg_release + 1)
    with by_hand(desk) as session:
        session.client("elbv2").delete_target_group(TargetGroupArn=find(desk)["group"])


def delete_service(desk):
    with by_hand(desk) as session:
        session.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE_NAME, force=True)


def scale_to_zero(desk):
    with by_hand(desk) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)


def delete_everything(desk):
    delete_service(desk)
    delete_balancer(desk)


def change_attributes(desk):
    with by_hand(desk) as session:
        session.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=find(desk)["group"],
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}],
        )


# F39-F47


@pytest.mark.parametrize("desk", ["typical", "slow"], indirect=True)
def test_f39_tg_in_use_window_is_retried_and_is_no_error(desk):
    """The reference outlives the load balancer for seconds or minutes."""
    desk.wake()
    outcome = desk.sleep(order=Order.SAFE)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    asked = calls_of(desk, "DeleteTargetGroup")
    codes = [call.error_code for call in asked]
    assert set(codes) == {"ResourceInUse", None} and codes[-1] is None
    assert len(asked) <= 2 + desk.aws.timing.tg_release / 3
    assert is_quiet(desk)


def test_f40_deletion_protection_ends_the_sleep_with_the_cause_and_the_service_gone(desk):
    """Somebody switched it on in the console: the NLB costs on, and that is said."""
    desk.wake()
    with by_hand(desk) as session:
        session.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=find(desk)["balancer"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        )
    outcome = desk.sleep(minutes=60)

    assert outcome.result is Result.FAILED
    assert "deletion protection is enabled" in outcome.cause
    assert 'delete load balancer "ecs-nlb"' in outcome.cause
    assert desk.standing() == ASLEEP | {"load_balancers": 1, "target_groups": 1}
    assert len(calls_of(desk, "DeleteLoadBalancer")) == 1
    assert len(calls_of(desk, "DeleteService")) == 1
    assert not calls_of(desk, "ModifyLoadBalancerAttributes")


def test_f41_endpoint_service_ends_the_sleep_with_the_cause_until_it_lets_go(desk):
    desk.wake()
    desk.aws.conditions.endpoint_services.add("ecs-nlb")
    outcome = desk.sleep(minutes=60)

    assert outcome.result is Result.FAILED
    assert "currently associated with another service" in outcome.cause
    assert desk.standing()["services"] == 0
    assert len(calls_of(desk, "DeleteLoadBalancer")) == 1

    desk.aws.conditions.endpoint_services.clear()
    assert desk.sleep(progress=outcome.progress).result is Result.CONVERGED
    assert is_quiet(desk)


@pytest.mark.parametrize("order", list(Order))
def test_f42_drain_long_is_waited_for_without_a_storm(desk_of, order):
    """Five minutes of draining: one DeleteService, and "draining" for people."""
    delay = {"deregistration_delay.timeout_seconds": "300"}
    rest = [r for r in article_spec().resources if r.address != TG]
    desk = desk_of("typical", article_spec(resources=(target_group(attributes=delay), *rest)))
    desk.wake()
    began, watch = desk.aws.clock.now(), Watch()
    outcome = desk.sleep(order=order, report=watch)

    assert outcome.result is Result.CONVERGED
    assert "draining" in watch.waits
    assert len(calls_of(desk, "DeleteService")) == 1
    assert len(calls_of(desk, "DeleteLoadBalancer")) == 1
    took = (desk.aws.clock.now() - began).total_seconds()
    assert took >= 300 if order is Order.SAFE else took <= 75
    assert is_quiet(desk)


@pytest.mark.parametrize("order", list(Order))
def test_f43_drain_stuck_has_its_tasks_stopped_after_a_quarter_of_an_hour(desk, order):
    desk.aws.conditions.containers(FAMILY, "drain_stuck")
    desk.wake()
    began = desk.aws.clock.now()
    outcome = desk.sleep(minutes=40, order=order)

    (stop,) = calls_of(desk, "StopTask")
    assert (stop.at - began).total_seconds() >= 900
    assert outcome.result is Result.CONVERGED
    assert is_quiet(desk)


@pytest.mark.parametrize(
    ("attributes", "seconds"), [({"deregistration_delay.timeout_seconds": "3600"}, 3600), ({}, 300)]
)
def test_f43_a_drain_that_the_files_set_is_not_cut_however_long(desk_of, attributes, seconds):
    """Terraform waits for it too; what lasts a quarter of an hour beyond it is stuck."""
    rest = [r for r in article_spec().resources if r.address != TG]
    spec = article_spec(resources=(target_group(attributes=attributes), *rest))
    desk = desk_of("typical", spec)
    woken = desk.wake()
    began = desk.aws.clock.now()
    outcome = desk.sleep(minutes=90, order=Order.SAFE, progress=woken.progress)
    assert outcome.result is Result.CONVERGED
    assert not calls_of(desk, "StopTask")
    assert (desk.aws.clock.now() - began).total_seconds() >= seconds

    desk.aws.conditions.containers(FAMILY, "drain_stuck")
    desk.wake()
    began = desk.aws.clock.now()
    assert desk.sleep(minutes=90, order=Order.SAFE).result is Result.CONVERGED
    (stop,) = calls_of(desk, "StopTask")
    assert seconds + 900 <= (stop.at - began).total_seconds() <= seconds + 970


def test_f43_a_drain_counts_from_its_own_delete_and_not_from_an_earlier_services(desk):
    """A service's ARN is made of names: the one of today's wake has that of yesterday's."""
    desk.wake()
    slept = desk.sleep()
    desk.aws.clock.advance(3600)
    woken = one_pass(desk, "awake", progress=slept.progress)
    with by_hand(desk) as session:
        session.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE_NAME, force=True)
    outcome = one_pass(desk, "awake", progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert not calls_of(desk, "StopTask")


@pytest.mark.parametrize(("order", "deletes"), [(Order.COUNT, 0), (Order.FORCE, 1)])
def test_f43_drain_stuck_takes_the_load_balancer_along_all_the_same(desk, order, deletes):
    """What costs most goes at once; the service alone is left, and is said."""
    desk.aws.conditions.containers(FAMILY, "drain_stuck")
    desk.wake()
    outcome = desk.sleep(minutes=10, order=order)

    assert outcome.result is Result.FAILED
    assert "draining" in outcome.cause
    assert desk.standing()["load_balancers"] == 0
    assert not desk.elastic_ip().get("AssociationId")
    assert len(calls_of(desk, "DeleteService")) == deletes


def test_f44_tg_deleted_early_does_not_keep_the_service_from_going(desk):
    """Without force AWS would refuse: the target group does not exist."""
    desk.wake()
    delete_group(desk)
    outcome = desk.sleep()

    assert outcome.result is Result.CONVERGED
    (delete,) = calls_of(desk, "DeleteService")
    assert delete.params["force"] is True
    assert is_quiet(desk)


@pytest.mark.parametrize("desk", ["fast"], indirect=True)
def test_f45_inactive_purged_counts_as_gone(desk):
    """DRAINING, then MISSING at once, never INACTIVE."""
    desk.wake()
    assert desk.sleep().result is Result.CONVERGED
    reply = desk.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    assert reply["failures"][0]["reason"] == "MISSING"
    assert is_quiet(desk)
    assert desk.wake().result is Result.CONVERGED


@pytest.mark.parametrize("desk", PROFILES, indirect=True)
def test_f46_delete_already_gone_is_success(desk):
    """A person deleted it all a moment ago, between our look and our calls."""
    desk.wake()
    watch = Watch(lambda: delete_everything(desk))
    outcome = desk.sleep(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert is_quiet(desk)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("DeleteService", "ServiceNotFoundException"),
        ("DeleteLoadBalancer", "LoadBalancerNotFound"),
        ("DeleteTargetGroup", "TargetGroupNotFound"),
    ],
)
def test_f46_not_found_is_success_whichever_call_says_it(desk, operation, code):
    desk.wake()
    desk.aws.faults.add(Fault(operation=operation, code=code, status=400, when="after"))
    outcome = desk.sleep()

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert is_quiet(desk)


def test_f47_service_not_active_update_is_planned_anew(desk):
    """Scaled to zero by hand, and deleted between our look and our UpdateService."""
    desk.wake()
    scale_to_zero(desk)
    desk.aws.clock.advance(180)
    watch = Watch(lambda: delete_service(desk))
    start = len(desk.aws.calls)
    outcome = desk.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == AWAKE
    updates = calls_of(desk, "UpdateService", since=start)
    assert [u.error_code for u in updates] == ["ServiceNotActiveException"]  # no undraining


# F48, F49: somebody changes their mind. At every poll of the way.


MODES = [
    ("fast", "kept"),
    ("fast", "lost"),
    ("typical", "kept"),
    ("typical", "lost"),
    ("slow", "by turns"),
]
"""Profile, and whether the second way remembers what the first one made and deleted."""


PACES = {
    name: (timedelta(seconds=there), timedelta(seconds=back))
    for name, there, back in (("fast", 2, 5), ("typical", 5, 10), ("slow", 10, 30))
}
"""How often the two ways look."""


def at_every_round(desk, way, memory, *, order=Order.COUNT, step=1):
    """
    Yield what came of changing one's mind after 1, 2, 3 … rounds, until the way is at its end.

    Each turn starts from where the last one ended: the stack goes to and fro in one account.
    """
    then = {"awake": "asleep", "asleep": "awake"}[way]
    session = desk.session
    look, look_back = PACES[desk.aws.timing.name]
    if way == "asleep":
        one_pass(desk, "awake", session=session, every=look_back)
    for rounds in itertools.count(1, step):
        start = len(desk.aws.calls)
        begun = one_pass(
            desk,
            way,
            session=session,
            still_wanted=stop_after(rounds),
            minutes=None,
            order=order,
            every=look,
        )
        if begun.result is Result.CONVERGED:
            assert rounds >= 3
            return
        remembers = memory == "kept" or (memory == "by turns" and rounds % 2)
        known = begun.progress if remembers else None
        back = one_pass(desk, then, session=session, progress=known, minutes=45, every=look_back)
        yield f"interrupted after {rounds} rounds", start, back


def assert_came_out_well(desk, where, start, outcome, stands):
    assert outcome.result is Result.CONVERGED, (where, outcome.cause)
    assert outcome.cause == "", where
    assert desk.standing() == stands, where
    assert one_balancer_at_a_time(desk), where
    for operation in ("CreateService", "DeleteService", "CreateLoadBalancer", "DeleteLoadBalancer"):
        took_effect = [c for c in calls_of(desk, operation, since=start) if not c.error_code]
        assert len(took_effect) <= 2, (where, operation)  # no storm
    assert all(step.finished_at for step in outcome.timeline.steps), where


@pytest.mark.parametrize(
    ("profile", "memory", "order"),
    [(*mode, Order.COUNT) for mode in MODES] + [(p, "by turns", Order.SAFE) for p in PROFILES],
)
def test_f48_wake_during_sleep_at_every_poll(desk_of, profile, memory, order):
    """
    Name and Elastic IP are both held: finish what is doomed, rebuild, no deadlock.

    The safe order on the slow profile takes a quarter of an hour: every third poll.
    """
    desk = desk_of(profile)
    step = 3 if order is Order.SAFE and profile == "slow" else 1
    for where, start, outcome in at_every_round(desk, "asleep", memory, order=order, step=step):
        assert_came_out_well(desk, where, start, outcome, AWAKE)
        assert desk.elastic_ip()["AssociationId"], where


@pytest.mark.parametrize(("profile", "memory"), MODES)
def test_f49_sleep_during_wake_at_every_poll(desk_of, profile, memory):
    """Deleting a load balancer that is being provisioned is accepted; nothing stays behind."""
    desk = desk_of(profile)
    for where, start, outcome in at_every_round(desk, "awake", memory):
        assert_came_out_well(desk, where, start, outcome, ASLEEP)
        desk.aws.clock.advance(120)  # what a read did not show yet would show up now
        assert is_quiet(desk), where


# F50: manual changes


@pytest.mark.parametrize(
    "change",
    [
        delete_listener,
        scale_to_zero,
        delete_service,
        delete_balancer,
        delete_everything,
        change_attributes,
        delete_group,
    ],
    ids=lambda change: change.__name__,
)
@pytest.mark.parametrize("pause", [1, 400])
@pytest.mark.parametrize("profile", ["typical", "slow"])
def test_f50_manual_change_is_corrected_by_the_next_pass(desk_of, profile, change, pause):
    """Right after it, or minutes later: the stack is awake again as the files say."""
    desk = desk_of(profile)
    desk.wake()
    change(desk)
    desk.aws.clock.advance(pause)
    outcome = desk.wake(minutes=40)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == AWAKE
    found = find(desk)
    assert {"balancer", "listener", "group"} <= found.keys()
    assert outcome.observed[LB].arn == found["balancer"]
    assert outcome.observed[LISTENER].arn == found["listener"]
    elbv2 = desk.session.client("elbv2")
    health = elbv2.describe_target_health(TargetGroupArn=found["group"])
    states = [h["TargetHealth"]["State"] for h in health["TargetHealthDescriptions"]]
    assert "healthy" in states
    values = elbv2.describe_target_group_attributes(TargetGroupArn=found["group"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "10"} in values
    assert one_balancer_at_a_time(desk)


@pytest.mark.parametrize(
    "change",
    [delete_listener, scale_to_zero, delete_service, delete_balancer, delete_group],
    ids=lambda change: change.__name__,
)
def test_f50_manual_change_does_not_keep_the_stack_from_sleeping(desk_of, change):
    desk = desk_of("typical")
    desk.wake()
    change(desk)
    outcome = desk.sleep()

    assert outcome.result is Result.CONVERGED
    assert is_quiet(desk)


def untag(desk, *kinds):
    with by_hand(desk) as session:
        found = find(desk)
        session.client("elbv2").remove_tags(
            ResourceArns=[found[kind] for kind in kinds],
            TagKeys=["dormouse:stack", "dormouse:address"],
        )


def test_f50_a_load_balancer_that_lost_our_tags_is_left_and_the_sleep_says_so(desk):
    """It is not ours any more, so it stays, and costs: everything else goes, and it is named."""
    desk.wake()
    untag(desk, "balancer")
    desk.aws.clock.advance(120)
    outcome = desk.sleep()

    assert desk.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(desk, "DeleteLoadBalancer")
    assert 'load balancer "ecs-nlb" is not ours' in outcome.observed[LB].cause
    assert "not asleep in time" not in outcome.cause


def test_f50_nothing_is_changed_on_a_stack_that_is_as_the_files_say(desk):
    desk.wake()
    start = len(desk.aws.calls)
    for _ in range(3):
        desk.aws.clock.advance(600)
        assert desk.wake().result is Result.CONVERGED
    assert changes_since(desk, start) == []
