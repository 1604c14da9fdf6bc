"""Desired and observed in, ordered actions out."""

import itertools

import pytest

from controller.domain.observed import Holder, State
from controller.domain.plan import Order, Plan, Target, Verb, make_plan
from factories import (
    LB,
    LISTENER,
    SERVICE,
    TG,
    article_spec,
    listener,
    load_balancer,
    observed,
    seen,
    service,
    target_group,
)

AWAKE = {LB: State.READY, TG: State.READY, LISTENER: State.READY, SERVICE: State.READY}


def ready(plan: Plan) -> list[str]:
    return [f"{a.verb} {a.address}" for a in plan.ready]


def all_of(plan: Plan) -> list[str]:
    return [f"{a.verb} {a.address}" for a in plan.actions]


def test_a_wake_starts_with_load_balancer_and_target_group_side_by_side():
    plan = make_plan(article_spec(), Target.AWAKE, observed({}))

    assert set(ready(plan)) == {f"create {LB}", f"create {TG}"}
    assert all_of(plan)[2:] == [f"create {LISTENER}", f"create {SERVICE}"]


def test_listener_and_service_wait_for_no_load_balancer_to_be_active():
    """AWS behaviour §1.8: nothing in the chain needs it."""
    provisioning = {LB: State.PENDING, TG: State.READY}
    plan = make_plan(article_spec(), Target.AWAKE, observed(provisioning))
    assert ready(plan) == [f"create {LISTENER}"]

    plan = make_plan(
        article_spec(), Target.AWAKE, observed({**provisioning, LISTENER: State.READY})
    )
    assert ready(plan) == [f"create {SERVICE}"]


def test_a_held_elastic_ip_blocks_the_load_balancer_alone():
    """AWS behaviour F01: the target group goes ahead."""
    plan = make_plan(article_spec(), Target.AWAKE, observed({}, Holder.LEAVING))

    assert ready(plan) == [f"create {TG}"]
    blocked = next(a for a in plan.actions if a.address == LB)
    assert blocked.waits_for == "Elastic IP 203.0.113.10 is being released"


def test_a_draining_service_does_not_keep_the_load_balancer_from_being_made():
    """AWS behaviour F22, F48: wake during a sleep."""
    plan = make_plan(
        article_spec(),
        Target.AWAKE,
        observed({TG: State.READY, SERVICE: seen(State.LEAVING, phase="draining")}),
    )

    assert ready(plan) == [f"create {LB}"]
    assert plan.actions[-1].waits_for == "draining"


def test_what_is_not_known_to_be_ours_is_not_built_upon():
    """AWS behaviour §1.6: a create may have returned a stranger's object."""
    unread = {LB: seen(State.PENDING, owned=False), TG: State.READY}
    plan = make_plan(article_spec(), Target.AWAKE, observed(unread))

    assert ready(plan) == []


def test_awake_is_converged_only_when_every_part_is_ready():
    assert make_plan(article_spec(), Target.AWAKE, observed(AWAKE, Holder.US)).converged
    for address in AWAKE:
        almost = observed({**AWAKE, address: State.PENDING}, Holder.US)
        assert not make_plan(article_spec(), Target.AWAKE, almost).converged


def test_a_sleep_deletes_service_and_load_balancer_together():
    """AWS behaviour §3.6, fast: the load balancer's clock stops first."""
    plan = make_plan(article_spec(), Target.ASLEEP, observed(AWAKE, Holder.US))

    assert set(ready(plan)) == {f"delete {SERVICE}", f"delete {LB}"}
    carried = {a.address: a.carried_by for a in plan.actions if a.carried_by}
    assert carried == {LISTENER: LB}
    group = next(a for a in plan.actions if a.address == TG)
    assert {SERVICE, LB} <= set(group.after)


def test_the_safe_order_drains_first():
    """AWS behaviour §3.6, safe: Terraform's order."""
    plan = make_plan(article_spec(), Target.ASLEEP, observed(AWAKE, Holder.US), Order.SAFE)
    assert ready(plan) == [f"delete {SERVICE}"]

    draining = {**AWAKE, SERVICE: State.LEAVING}
    plan = make_plan(article_spec(), Target.ASLEEP, observed(draining, Holder.US), Order.SAFE)
    assert ready(plan) == []

    gone = {**AWAKE, SERVICE: State.ABSENT}
    plan = make_plan(article_spec(), Target.ASLEEP, observed(gone, Holder.US), Order.SAFE)
    assert ready(plan) == [f"delete {LB}"]


@pytest.mark.parametrize("leaving", [SERVICE, LB])
def test_a_target_group_outlives_service_and_load_balancer(leaving):
    """AWS behaviour §3.3, §3.7."""
    plan = make_plan(
        article_spec(), Target.ASLEEP, observed({TG: State.READY, leaving: State.LEAVING})
    )
    assert ready(plan) == []
    assert f"waits until {leaving} is gone" in [a.waits_for for a in plan.actions]

    plan = make_plan(article_spec(), Target.ASLEEP, observed({TG: State.READY}))
    assert ready(plan) == [f"delete {TG}"]


def test_asleep_includes_the_elastic_ip_being_free():
    assert make_plan(article_spec(), Target.ASLEEP, observed({})).converged
    plan = make_plan(article_spec(), Target.ASLEEP, observed({}, Holder.LEAVING))
    assert not plan.converged
    assert not plan.actions


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("address", list(AWAKE))
def test_a_stranger_is_never_changed_or_deleted(address, target):
    plan = make_plan(article_spec(), target, observed({**AWAKE, address: State.FOREIGN}))

    assert address not in [a.address for a in plan.actions]


def test_a_failed_load_balancer_is_made_anew():
    """AWS behaviour §1.4: failed never recovers."""
    failed = observed({**AWAKE, LB: State.FAILED}, Holder.US)
    assert ready(make_plan(article_spec(), Target.AWAKE, failed)) == [f"delete {LB}"]


def test_a_failed_service_fails_the_wake_and_is_deleted_at_sleep():
    """AWS behaviour F34, §10.2: asleep is absence, not a running count of 0."""
    failed = observed({**AWAKE, SERVICE: seen(State.FAILED, cause="image missing")}, Holder.US)

    assert make_plan(article_spec(), Target.AWAKE, failed).failed == ((SERVICE, "image missing"),)
    assert f"delete {SERVICE}" in ready(make_plan(article_spec(), Target.ASLEEP, failed))


def test_a_service_that_terraform_keeps_is_scaled_and_stays():
    """Design §1.1: a service in both worlds is updated."""
    kept = article_spec(
        resources=(target_group(), load_balancer(), listener(), service(asleep={"desiredCount": 0}))
    )
    busy = seen(State.PENDING, differs=("desiredCount",))
    plan = make_plan(kept, Target.ASLEEP, observed({**AWAKE, SERVICE: busy}, Holder.US))

    assert f"update {SERVICE}" in ready(plan)
    assert Verb.DELETE not in [a.verb for a in plan.actions if a.address == SERVICE]


def test_whatever_stands_taking_all_ready_steps_reaches_the_target():
    """From every half-done state, each plan either acts, waits, or is converged."""
    states = (State.ABSENT, State.PENDING, State.READY, State.LEAVING)
    for combination in itertools.product(states, repeat=4):
        world = dict(zip((TG, LB, LISTENER, SERVICE), combination, strict=True))
        for target in Target:
            assert settles(world, target), (world, target)


def settles(world: dict[str, State], target: Target) -> bool:
    """Play time: what is pending becomes ready, what leaves is gone, steps are taken."""
    for _ in range(12):
        plan = make_plan(article_spec(), target, observed(world))
        if plan.converged:
            return True
        for action in plan.ready:
            made = State.PENDING if action.verb is Verb.CREATE else State.LEAVING
            world = {**world, action.address: made}
            if action.address == LB and action.verb is Verb.DELETE:
                world[LISTENER] = State.ABSENT
        moved = {State.PENDING: State.READY, State.LEAVING: State.ABSENT}
        busy = {a.address for a in plan.actions}
        world = {
            a: s if a in busy and s is not State.LEAVING else moved.get(s, s)
            for a, s in world.items()
        }
        if world[LB] is State.ABSENT and target is Target.ASLEEP:
            world[LISTENER] = State.ABSENT
    return False
