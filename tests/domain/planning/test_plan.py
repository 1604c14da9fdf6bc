"""Desired and observed in, ordered actions out."""

import itertools
from dataclasses import replace

import pytest

from controller.domain.planning.observed import Address, Holder, Leftover, State
from controller.domain.planning.plan import Order, Plan, Target, Verb, make_plan
from controller.domain.planning.plan_words import describe_address
from controller.domain.planning.spec import Kind
from factories import (
    EIP,
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
    assert blocked.waits_for == "Elastic IP 203.0.113.10 is not free yet"


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
def test_a_foreign_resource_is_never_changed_or_deleted(address, target):
    plan = make_plan(article_spec(), target, observed({**AWAKE, address: State.FOREIGN}))

    assert address not in [a.address for a in plan.actions]


def test_a_failed_load_balancer_is_created_again():
    """AWS behaviour §1.4: failed never recovers."""
    failed = observed({**AWAKE, LB: State.FAILED}, Holder.US)
    assert ready(make_plan(article_spec(), Target.AWAKE, failed)) == [f"delete {LB}"]


def test_a_failed_service_fails_the_wake_and_is_deleted_at_sleep():
    """AWS behaviour F34, §10.2: asleep is absence, not a running count of 0."""
    failed = observed({**AWAKE, SERVICE: seen(State.FAILED, cause="image missing")}, Holder.US)

    assert make_plan(article_spec(), Target.AWAKE, failed).failed == ((SERVICE, "image missing"),)
    assert f"delete {SERVICE}" in ready(make_plan(article_spec(), Target.ASLEEP, failed))


def test_a_service_that_terraform_keeps_is_scaled_and_stays():
    """A service in both worlds is updated."""
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


KEPT = article_spec(
    resources=(target_group(), load_balancer(), listener(), service(asleep={"desiredCount": 0}))
)
OLD = Leftover(kind=Kind.LOAD_BALANCER, name="old", arn="arn:old", address="aws_lb.old")
OLD_GROUP = replace(OLD, kind=Kind.TARGET_GROUP)


def test_an_action_is_written_as_plain_json():
    plan = make_plan(article_spec(), Target.AWAKE, observed({LB: State.READY, TG: State.READY}))

    assert plan.actions[0].to_json() == {
        "verb": "create",
        "kind": "listener",
        "address": LISTENER,
        "after": [LB, TG],
    }


@pytest.mark.parametrize("target", list(Target))
def test_plan_and_actions_say_for_which_world_they_are(target):
    world = observed({LB: State.FAILED})
    plan = make_plan(article_spec(), target, world)

    assert plan.target is target
    assert {action.target for action in plan.actions} == {target}


def test_what_terraform_keeps_and_is_not_there_is_terraforms_to_make():
    plan = make_plan(KEPT, Target.AWAKE, observed({**AWAKE, SERVICE: State.ABSENT}, Holder.US))

    assert not plan.actions
    [(address, said)] = plan.blocked
    assert address == SERVICE
    assert said.startswith('service "nsfw_api_service" is not there')
    assert "terraform apply" in said


@pytest.mark.parametrize("target", list(Target))
def test_a_foreign_resource_that_blocks_a_wake_is_reported_with_its_cause(target):
    stranger = seen(State.FOREIGN, cause="made by hand")
    plan = make_plan(KEPT, target, observed({**AWAKE, SERVICE: stranger}, Holder.US))

    assert plan.blocked == ((SERVICE, "made by hand"),)


@pytest.mark.parametrize("target", list(Target))
def test_a_setting_of_what_leaves_is_corrected_while_it_leaves(target):
    """A draining service is told to run no task (AWS behaviour §3.1)."""
    draining = seen(State.LEAVING, phase="draining", differs=("desiredCount",))
    plan = make_plan(article_spec(), target, observed({SERVICE: draining}))

    [update] = [action for action in plan.actions if action.verb is Verb.UPDATE]
    assert update.ready
    assert (update.address, update.changes) == (SERVICE, ("desiredCount",))


def test_what_leaves_without_a_word_is_said_to_leave():
    plan = make_plan(article_spec(), Target.AWAKE, observed({LB: State.LEAVING}))

    waits = {action.address: action.waits_for for action in plan.actions}
    assert waits[LB] == "its old self is still leaving"


def test_a_setting_is_corrected_once_what_it_refers_to_stands():
    other_group = seen(State.READY, differs=("DefaultActions",))
    plan = make_plan(article_spec(), Target.AWAKE, observed({LISTENER: other_group}))
    update = next(action for action in plan.actions if action.verb is Verb.UPDATE)
    assert update.waits_for == f"waits for {LB}"

    plan = make_plan(article_spec(), Target.AWAKE, observed({**AWAKE, LISTENER: other_group}))
    [update] = plan.actions
    assert update.ready
    assert (update.address, update.kind) == (LISTENER, Kind.LISTENER)
    assert (update.after, update.changes) == ((), ("DefaultActions",))


def test_what_takes_time_is_reported_by_its_phase():
    starting = seen(State.PENDING, phase="task starting")
    plan = make_plan(article_spec(), Target.AWAKE, observed({**AWAKE, SERVICE: starting}))
    assert plan.waiting == ((SERVICE, "task starting"),)

    draining = seen(State.LEAVING, phase="draining")
    plan = make_plan(article_spec(), Target.ASLEEP, observed({SERVICE: draining}, Holder.LEAVING))
    assert plan.waiting == (
        (SERVICE, "draining"),
        (EIP, "Elastic IP 203.0.113.10 is not free yet"),
    )


OUTDATED = ("scheme", "subnets")


@pytest.mark.parametrize(
    ("address", "others"),
    [
        (LB, {}),
        (LB, {TG: State.READY, LISTENER: State.READY, SERVICE: State.PENDING}),
        (TG, {}),
        (TG, {SERVICE: State.ABSENT}),
        (TG, {LB: State.PENDING}),
    ],
)
def test_what_nobody_uses_yet_is_created_again_at_once(address, others):
    world = observed({**others, address: seen(State.READY, outdated=OUTDATED)}, Holder.US)
    plan = make_plan(article_spec(), Target.AWAKE, world)

    assert f"delete {address}" in ready(plan)
    assert not plan.warnings


@pytest.mark.parametrize("address", [LB, TG, LISTENER, SERVICE])
def test_what_serves_people_is_created_again_at_the_next_wake_and_says_so(address):
    outdated = seen(State.READY, outdated=OUTDATED)
    plan = make_plan(
        article_spec(), Target.AWAKE, observed({**AWAKE, address: outdated}, Holder.US)
    )

    assert plan.converged
    [warning] = plan.warnings
    assert f"({address}) differs from the Terraform files in scheme, subnets" in warning


@pytest.mark.parametrize("user", [LISTENER, SERVICE])
def test_a_target_group_in_use_is_not_created_again(user):
    outdated = seen(State.READY, outdated=OUTDATED)
    plan = make_plan(article_spec(), Target.AWAKE, observed({TG: outdated, user: State.PENDING}))

    assert Verb.DELETE not in [action.verb for action in plan.actions]


def test_a_warning_names_the_kind_in_the_users_words():
    outdated = seen(State.READY, outdated=OUTDATED)
    world = observed({**AWAKE, TG: outdated}, Holder.US)
    plan = make_plan(article_spec(), Target.AWAKE, replace(world, leftovers=(OLD,)))

    assert plan.warnings[0].startswith(f'target group "ecs-target-group" ({TG}) differs')
    assert plan.warnings[1] == OLD.cause


def test_leftovers_are_reported_at_sleep_and_keep_only_target_groups():
    """It may forward to one: refused until it is gone (AWS behaviour §3.3)."""
    stranger = seen(State.FOREIGN, cause="made by hand")
    world = observed({**AWAKE, SERVICE: stranger}, Holder.US)
    plan = make_plan(KEPT, Target.ASLEEP, replace(world, leftovers=(OLD,)))
    assert ready(plan) == [f"delete {LB}"]
    assert TG not in [action.address for action in plan.actions]
    assert plan.blocked == ((SERVICE, "made by hand"), (OLD.address, OLD.cause))

    plan = make_plan(
        article_spec(),
        Target.ASLEEP,
        replace(observed({TG: State.READY}), leftovers=(OLD_GROUP,)),
    )
    assert ready(plan) == [f"delete {TG}"]


def test_a_kept_service_at_rest_is_left_alone():
    for state, waiting in ((State.READY, ()), (State.PENDING, ((SERVICE, "scaling"),))):
        rests = observed({SERVICE: seen(state, phase="scaling")})
        plan = make_plan(KEPT, Target.ASLEEP, rests)
        assert plan.actions == ()
        assert plan.waiting == waiting

    busy = observed({SERVICE: seen(State.READY, differs=("desiredCount",)), TG: State.READY})
    plan = make_plan(KEPT, Target.ASLEEP, busy)
    assert {a.address: a.changes for a in plan.ready} == {SERVICE: ("desiredCount",), TG: ()}


@pytest.mark.parametrize(
    ("spec", "target", "address", "state"),
    [
        (article_spec(), Target.ASLEEP, LB, State.PENDING),
        (article_spec(), Target.AWAKE, LB, State.FAILED),
        (KEPT, Target.ASLEEP, SERVICE, State.PENDING),
    ],
)
def test_what_is_not_known_to_be_ours_is_neither_deleted_nor_changed(spec, target, address, state):
    unread = seen(state, owned=False, differs=("desiredCount",))
    plan = make_plan(spec, target, observed({address: unread}))

    [action] = [action for action in plan.actions if action.address == address]
    assert action.waits_for == "waits until its owner tags can be read"


def test_a_listener_is_deleted_by_itself_where_no_load_balancer_takes_it_along():
    plan = make_plan(article_spec(), Target.ASLEEP, observed({LISTENER: State.READY}))

    assert ready(plan) == [f"delete {LISTENER}"]
    assert plan.actions[0].carried_by == ""


def test_references_alone_say_what_comes_first():
    """Terraform's depends_on need not name what a request refers to."""
    loose = article_spec(
        resources=(target_group(), load_balancer(), listener(after=()), service(after=()))
    )
    plan = make_plan(loose, Target.AWAKE, observed({}))

    afters = {action.address: action.after for action in plan.actions}
    assert afters == {TG: (), LB: (), LISTENER: (LB, TG), SERVICE: (TG,)}


@pytest.mark.parametrize(
    ("holder", "held_by", "said"),
    [
        (Holder.FOREIGN, "i-0123", "Elastic IP 203.0.113.10 is in use by i-0123; detach it"),
        (Holder.FOREIGN, "", "Elastic IP 203.0.113.10 is in use by something else; detach it"),
        (Holder.LEFTOVER, "old", "Elastic IP 203.0.113.10 is held by old, which carries this"),
        (Holder.GONE, "", "Elastic IP 203.0.113.10 does not exist any more; allocate one"),
    ],
)
def test_an_elastic_ip_that_cannot_be_used_blocks_a_wake_in_words(holder, held_by, said):
    address = Address(
        allocation_id=EIP,
        holder=holder,
        wanted_by=(LB,),
        public_ip="203.0.113.10",
        held_by=held_by,
    )
    world = replace(observed({}), addresses={EIP: address})
    plan = make_plan(article_spec(), Target.AWAKE, world)

    assert plan.blocked == ((EIP, describe_address(address)),)
    assert describe_address(address).startswith(said)


@pytest.mark.parametrize("holder", [Holder.NOBODY, Holder.US])
def test_an_elastic_ip_that_can_be_used_needs_no_words(holder):
    assert describe_address(Address(allocation_id=EIP, holder=holder)) == ""
