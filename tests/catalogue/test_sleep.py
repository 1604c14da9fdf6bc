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


def find(sut):
    """ARNs of what stands, by kind."""
    elbv2 = sut.session.client("elbv2")
    arns = {}
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        arns["balancer"] = balancer["LoadBalancerArn"]
        found = elbv2.describe_listeners(LoadBalancerArn=arns["balancer"])["Listeners"]
        if found:
            arns["listener"] = found[0]["ListenerArn"]
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        arns["group"] = group["TargetGroupArn"]
    return arns


def delete_listener(sut):
    with by_hand(sut) as session:
        session.client("elbv2").delete_listener(ListenerArn=find(sut)["listener"])


def delete_balancer(sut):
    with by_hand(sut) as session:
        session.client("elbv2").delete_load_balancer(LoadBalancerArn=find(sut)["balancer"])


def delete_group(sut):
    """The console asks to delete its listener first."""
    delete_listener(sut)
    sut.aws.clock.advance(sut.aws.timing.tg_release + 1)
    with by_hand(sut) as session:
        session.client("elbv2").delete_target_group(TargetGroupArn=find(sut)["group"])


def delete_service(sut):
    with by_hand(sut) as session:
        session.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE_NAME, force=True)


def scale_to_zero(sut):
    with by_hand(sut) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)


def delete_everything(sut):
    delete_service(sut)
    delete_balancer(sut)


def change_attributes(sut):
    with by_hand(sut) as session:
        session.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=find(sut)["group"],
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}],
        )


# F39-F47


@pytest.mark.parametrize("sut", ["typical", "slow"], indirect=True)
def test_f39_tg_in_use_window_is_retried_and_is_no_error(sut):
    """The reference outlives the load balancer for seconds or minutes."""
    sut.wake()
    outcome = sut.sleep(order=Order.SAFE)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    requested = calls_of(sut, "DeleteTargetGroup")
    codes = [call.error_code for call in requested]
    assert set(codes) == {"ResourceInUse", None} and codes[-1] is None
    assert len(requested) <= 2 + sut.aws.timing.tg_release / 3
    assert is_quiet(sut)


def test_f40_deletion_protection_ends_the_sleep_with_the_cause_and_the_service_gone(sut):
    """Somebody switched it on in the console: the NLB costs on, and that is said."""
    sut.wake()
    with by_hand(sut) as session:
        session.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=find(sut)["balancer"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        )
    outcome = sut.sleep(minutes=60)

    assert outcome.result is Result.FAILED
    assert "deletion protection is enabled" in outcome.cause
    assert 'delete load balancer "ecs-nlb"' in outcome.cause
    assert sut.standing() == ASLEEP | {"load_balancers": 1, "target_groups": 1}
    assert len(calls_of(sut, "DeleteLoadBalancer")) == 1
    assert len(calls_of(sut, "DeleteService")) == 1
    assert not calls_of(sut, "ModifyLoadBalancerAttributes")


def test_f41_endpoint_service_ends_the_sleep_with_the_cause_until_it_lets_go(sut):
    sut.wake()
    sut.aws.conditions.endpoint_services.add("ecs-nlb")
    outcome = sut.sleep(minutes=60)

    assert outcome.result is Result.FAILED
    assert "currently associated with another service" in outcome.cause
    assert sut.standing()["services"] == 0
    assert len(calls_of(sut, "DeleteLoadBalancer")) == 1

    sut.aws.conditions.endpoint_services.clear()
    assert sut.sleep(progress=outcome.progress).result is Result.CONVERGED
    assert is_quiet(sut)


@pytest.mark.parametrize("order", list(Order))
def test_f42_drain_long_is_waited_for_without_a_storm(sut_of, order):
    """Five minutes of draining: one DeleteService, and "draining" for people."""
    delay = {"deregistration_delay.timeout_seconds": "300"}
    rest = [r for r in article_spec().resources if r.address != TG]
    sut = sut_of("typical", article_spec(resources=(target_group(attributes=delay), *rest)))
    sut.wake()
    began, watch = sut.aws.clock.now(), Watch()
    outcome = sut.sleep(order=order, report=watch)

    assert outcome.result is Result.CONVERGED
    assert "draining" in watch.waits
    assert len(calls_of(sut, "DeleteService")) == 1
    assert len(calls_of(sut, "DeleteLoadBalancer")) == 1
    took = (sut.aws.clock.now() - began).total_seconds()
    assert took >= 300 if order is Order.SAFE else took <= 75
    assert is_quiet(sut)


@pytest.mark.parametrize("order", list(Order))
def test_f43_drain_stuck_has_its_tasks_stopped_after_a_quarter_of_an_hour(sut, order):
    sut.aws.conditions.containers(FAMILY, "drain_stuck")
    sut.wake()
    began = sut.aws.clock.now()
    outcome = sut.sleep(minutes=40, order=order)

    (stop,) = calls_of(sut, "StopTask")
    assert (stop.at - began).total_seconds() >= 900
    assert outcome.result is Result.CONVERGED
    assert is_quiet(sut)


@pytest.mark.parametrize(
    ("attributes", "seconds"), [({"deregistration_delay.timeout_seconds": "3600"}, 3600), ({}, 300)]
)
def test_f43_a_drain_that_the_files_set_is_not_cut_however_long(sut_of, attributes, seconds):
    """Terraform waits for it too; what lasts a quarter of an hour beyond it is stuck."""
    rest = [r for r in article_spec().resources if r.address != TG]
    spec = article_spec(resources=(target_group(attributes=attributes), *rest))
    sut = sut_of("typical", spec)
    woken = sut.wake()
    began = sut.aws.clock.now()
    outcome = sut.sleep(minutes=90, order=Order.SAFE, progress=woken.progress)
    assert outcome.result is Result.CONVERGED
    assert not calls_of(sut, "StopTask")
    assert (sut.aws.clock.now() - began).total_seconds() >= seconds

    sut.aws.conditions.containers(FAMILY, "drain_stuck")
    sut.wake()
    began = sut.aws.clock.now()
    assert sut.sleep(minutes=90, order=Order.SAFE).result is Result.CONVERGED
    (stop,) = calls_of(sut, "StopTask")
    assert seconds + 900 <= (stop.at - began).total_seconds() <= seconds + 970


def test_f43_a_drain_counts_from_its_own_delete_and_not_from_an_earlier_services(sut):
    """A service's ARN is made of names: the one of today's wake has that of yesterday's."""
    sut.wake()
    slept = sut.sleep()
    sut.aws.clock.advance(3600)
    woken = one_pass(sut, "awake", progress=slept.progress)
    with by_hand(sut) as session:
        session.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE_NAME, force=True)
    outcome = one_pass(sut, "awake", progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert not calls_of(sut, "StopTask")


@pytest.mark.parametrize(("order", "deletes"), [(Order.COUNT, 0), (Order.FORCE, 1)])
def test_f43_drain_stuck_takes_the_load_balancer_along_all_the_same(sut, order, deletes):
    """What costs most goes at once; the service alone is left, and is said."""
    sut.aws.conditions.containers(FAMILY, "drain_stuck")
    sut.wake()
    outcome = sut.sleep(minutes=10, order=order)

    assert outcome.result is Result.FAILED
    assert "draining" in outcome.cause
    assert sut.standing()["load_balancers"] == 0
    assert not sut.elastic_ip().get("AssociationId")
    assert len(calls_of(sut, "DeleteService")) == deletes


def test_f44_tg_deleted_early_does_not_keep_the_service_from_going(sut):
    """Without force AWS would refuse: the target group does not exist."""
    sut.wake()
    delete_group(sut)
    outcome = sut.sleep()

    assert outcome.result is Result.CONVERGED
    (delete,) = calls_of(sut, "DeleteService")
    assert delete.params["force"] is True
    assert is_quiet(sut)


@pytest.mark.parametrize("sut", ["fast"], indirect=True)
def test_f45_inactive_purged_counts_as_gone(sut):
    """DRAINING, then MISSING at once, never INACTIVE."""
    sut.wake()
    assert sut.sleep().result is Result.CONVERGED
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    assert reply["failures"][0]["reason"] == "MISSING"
    assert is_quiet(sut)
    assert sut.wake().result is Result.CONVERGED


@pytest.mark.parametrize("sut", PROFILES, indirect=True)
def test_f46_delete_already_gone_is_success(sut):
    """A person deleted it all a moment ago, between our look and our calls."""
    sut.wake()
    watch = Watch(lambda: delete_everything(sut))
    outcome = sut.sleep(report=watch)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert is_quiet(sut)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("DeleteService", "ServiceNotFoundException"),
        ("DeleteLoadBalancer", "LoadBalancerNotFound"),
        ("DeleteTargetGroup", "TargetGroupNotFound"),
    ],
)
def test_f46_not_found_is_success_whichever_call_says_it(sut, operation, code):
    sut.wake()
    sut.aws.faults.add(Fault(operation=operation, code=code, status=400, when="after"))
    outcome = sut.sleep()

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert is_quiet(sut)


def test_f47_service_not_active_update_is_planned_anew(sut):
    """Scaled to zero by hand, and deleted between our look and our UpdateService."""
    sut.wake()
    scale_to_zero(sut)
    sut.aws.clock.advance(180)
    watch = Watch(lambda: delete_service(sut))
    start = len(sut.aws.calls)
    outcome = sut.wake(report=watch)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == AWAKE
    updates = calls_of(sut, "UpdateService", since=start)
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


def at_every_round(sut, way, memory, *, order=Order.COUNT, step=1):
    """
    Yield what came of changing one's mind after 1, 2, 3 … rounds, until the way is at its end.

    Each turn starts from where the last one ended: the stack goes to and fro in one account.
    """
    then = {"awake": "asleep", "asleep": "awake"}[way]
    session = sut.session
    look, look_back = PACES[sut.aws.timing.name]
    if way == "asleep":
        one_pass(sut, "awake", session=session, every=look_back)
    for rounds in itertools.count(1, step):
        start = len(sut.aws.calls)
        begun = one_pass(
            sut,
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
        back = one_pass(sut, then, session=session, progress=known, minutes=45, every=look_back)
        yield f"interrupted after {rounds} rounds", start, back


def assert_came_out_well(sut, where, start, outcome, stands):
    assert outcome.result is Result.CONVERGED, (where, outcome.cause)
    assert outcome.cause == "", where
    assert sut.standing() == stands, where
    assert one_balancer_at_a_time(sut), where
    for operation in ("CreateService", "DeleteService", "CreateLoadBalancer", "DeleteLoadBalancer"):
        took_effect = [c for c in calls_of(sut, operation, since=start) if not c.error_code]
        assert len(took_effect) <= 2, (where, operation)  # no storm
    assert all(step.finished_at for step in outcome.timeline.steps), where


@pytest.mark.parametrize(
    ("profile", "memory", "order"),
    [(*mode, Order.COUNT) for mode in MODES] + [(p, "by turns", Order.SAFE) for p in PROFILES],
)
def test_f48_wake_during_sleep_at_every_poll(sut_of, profile, memory, order):
    """
    Name and Elastic IP are both held: finish what is doomed, rebuild, no deadlock.

    The safe order on the slow profile takes a quarter of an hour: every third poll.
    """
    sut = sut_of(profile)
    step = 3 if order is Order.SAFE and profile == "slow" else 1
    for where, start, outcome in at_every_round(sut, "asleep", memory, order=order, step=step):
        assert_came_out_well(sut, where, start, outcome, AWAKE)
        assert sut.elastic_ip()["AssociationId"], where


@pytest.mark.parametrize(("profile", "memory"), MODES)
def test_f49_sleep_during_wake_at_every_poll(sut_of, profile, memory):
    """Deleting a load balancer that is being provisioned is accepted; nothing stays behind."""
    sut = sut_of(profile)
    for where, start, outcome in at_every_round(sut, "awake", memory):
        assert_came_out_well(sut, where, start, outcome, ASLEEP)
        sut.aws.clock.advance(120)  # what a read did not show yet would show up now
        assert is_quiet(sut), where


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
def test_f50_manual_change_is_corrected_by_the_next_pass(sut_of, profile, change, pause):
    """Right after it, or minutes later: the stack is awake again as the files say."""
    sut = sut_of(profile)
    sut.wake()
    change(sut)
    sut.aws.clock.advance(pause)
    outcome = sut.wake(minutes=40)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == AWAKE
    found = find(sut)
    assert {"balancer", "listener", "group"} <= found.keys()
    assert outcome.observed[LB].arn == found["balancer"]
    assert outcome.observed[LISTENER].arn == found["listener"]
    elbv2 = sut.session.client("elbv2")
    health = elbv2.describe_target_health(TargetGroupArn=found["group"])
    states = [h["TargetHealth"]["State"] for h in health["TargetHealthDescriptions"]]
    assert "healthy" in states
    values = elbv2.describe_target_group_attributes(TargetGroupArn=found["group"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "10"} in values
    assert one_balancer_at_a_time(sut)


@pytest.mark.parametrize(
    "change",
    [delete_listener, scale_to_zero, delete_service, delete_balancer, delete_group],
    ids=lambda change: change.__name__,
)
def test_f50_manual_change_does_not_keep_the_stack_from_sleeping(sut_of, change):
    sut = sut_of("typical")
    sut.wake()
    change(sut)
    outcome = sut.sleep()

    assert outcome.result is Result.CONVERGED
    assert is_quiet(sut)


def untag(sut, *kinds):
    with by_hand(sut) as session:
        found = find(sut)
        session.client("elbv2").remove_tags(
            ResourceArns=[found[kind] for kind in kinds],
            TagKeys=["dormouse:stack", "dormouse:address"],
        )


def test_f50_a_load_balancer_that_lost_our_tags_is_left_and_the_sleep_says_so(sut):
    """It is not ours any more, so it stays, and costs: everything else goes, and it is named."""
    sut.wake()
    untag(sut, "balancer")
    sut.aws.clock.advance(120)
    outcome = sut.sleep()

    assert sut.standing() == ASLEEP | {"load_balancers": 1}
    assert not calls_of(sut, "DeleteLoadBalancer")
    assert 'load balancer "ecs-nlb" is not ours' in outcome.observed[LB].cause
    assert "not asleep in time" not in outcome.cause


def test_f50_nothing_is_changed_on_a_stack_that_is_as_the_files_say(sut):
    sut.wake()
    start = len(sut.aws.calls)
    for _ in range(3):
        sut.aws.clock.advance(600)
        assert sut.wake().result is Result.CONVERGED
    assert changes_since(sut, start) == []
