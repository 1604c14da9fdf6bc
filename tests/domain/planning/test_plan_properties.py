"""
The planner over stacks and worlds that are drawn: several load balancers, listeners that share a
target group, services that Terraform keeps, strangers, failures, half-done wakes and sleeps.

Its ready steps are taken in a small world that does what AWS does; in it every plan must come to
an end, and no step may be one that AWS, or the owner of something else, would not forgive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.planning.observed import (
    ABSENT,
    Address,
    Holder,
    Leftover,
    Observation,
    Observed,
    State,
)
from controller.domain.planning.plan import Action, Order, Plan, Target, Verb, make_plan
from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from factories import NOON, article_spec

ROUNDS = 20


@dataclass
class World:
    """What stands, and what AWS makes of each call and of time."""

    spec: Spec
    seen: dict[str, Observation]
    addresses: dict[str, Address]
    leftovers: tuple[Leftover, ...]

    def look(self) -> Observed:
        return Observed(
            at=NOON,
            resources=dict(self.seen),
            addresses=dict(self.addresses),
            leftovers=self.leftovers,
        )

    def take(self, action: Action) -> None:
        if action.verb is Verb.UPDATE:
            self.seen[action.address] = replace(self.seen[action.address], differs=())
        elif action.verb is Verb.CREATE:
            self.seen[action.address] = Observation(state=State.PENDING, owned=False)
            self._hand_over(action.address, Holder.US)
        elif action.kind is Kind.SERVICE:
            self.seen[action.address] = replace(self.seen[action.address], state=State.LEAVING)
        else:
            self.seen[action.address] = ABSENT
            self._hand_over(action.address, Holder.LEAVING)
            for other in self.spec.of_kind(Kind.LISTENER):
                if action.address in other.after and action.kind is Kind.LOAD_BALANCER:
                    self.seen[other.address] = ABSENT

    def pass_time(self) -> None:
        next_state = {State.PENDING: State.READY, State.LEAVING: State.ABSENT}
        for name, one in self.seen.items():
            if not one.owned:
                self.seen[name] = replace(one, owned=True)
            elif one.state is State.LEAVING:
                self.seen[name] = ABSENT
            else:
                self.seen[name] = replace(one, state=next_state.get(one.state, one.state))
        for name, address in self.addresses.items():
            if address.holder is Holder.LEAVING:
                self.addresses[name] = replace(address, holder=Holder.NOBODY)

    def _hand_over(self, balancer: str, holder: Holder) -> None:
        for name, address in self.addresses.items():
            if balancer in address.wanted_by and address.usable:
                self.addresses[name] = replace(address, holder=holder)


def resource(
    kind: Kind, number: int, needs: tuple[str, ...], asleep: dict | None = None
) -> ResourceSpec:
    called = "serviceName" if kind is Kind.SERVICE else "Name"
    request = {called: f"{kind}-{number}", "Uses": [{"$ref": f"{name}.arn"} for name in needs]}
    address = f"aws_{kind}.this[{number}]"
    return ResourceSpec(
        address=address, kind=kind, source="", request=request, after=needs, asleep=asleep
    )


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    balancers = [resource(Kind.LOAD_BALANCER, n, ()) for n in range(draw(st.integers(1, 2)))]
    groups = [resource(Kind.TARGET_GROUP, n, ()) for n in range(draw(st.integers(1, 3)))]
    one_balancer = st.sampled_from([b.address for b in balancers])
    one_group = st.sampled_from([g.address for g in groups])
    listeners = [
        resource(Kind.LISTENER, n, (draw(one_balancer), draw(one_group)))
        for n in range(draw(st.integers(0, 3)))
    ]
    services = []
    for n in range(draw(st.integers(0, 2))):
        group = draw(one_group)
        forwards = tuple(one.address for one in listeners if group in one.after)
        asleep = draw(st.sampled_from([None, None, {"desiredCount": 0}]))
        services.append(resource(Kind.SERVICE, n, (group, *forwards), asleep))
    return article_spec(resources=(*groups, *balancers, *listeners, *services))


@st.composite
def observations(draw: st.DrawFn, kind: Kind) -> Observation:
    usual = [State.ABSENT, State.PENDING, State.READY]
    state = draw(st.sampled_from([*usual, *usual, State.FAILED, State.LEAVING, State.FOREIGN]))
    if state in (State.ABSENT, State.FOREIGN):
        return Observation(state=state, cause="not ours" if state is State.FOREIGN else "")
    return Observation(
        state=state,
        phase="on its way" if state in (State.PENDING, State.LEAVING) else "",
        cause="it broke" if state is State.FAILED else "",
        owned=state not in (State.PENDING, State.FAILED) or draw(st.booleans()),
        differs=draw(st.sampled_from([(), (), ("desiredCount",)])),
        outdated=() if kind is Kind.SERVICE else draw(st.sampled_from([(), (), ("scheme",)])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    spec = draw(specs())
    seen = {r.address: draw(observations(r.kind)) for r in spec.resources}
    addresses = {}
    for n, balancer in enumerate(spec.of_kind(Kind.LOAD_BALANCER)):
        stands = seen[balancer.address].state.exists
        usual = [Holder.US] if stands else [Holder.NOBODY, Holder.LEAVING]
        holder = draw(st.sampled_from([*usual * 4, Holder.FOREIGN, Holder.GONE]))
        addresses[f"eipalloc-{n}"] = Address(
            allocation_id=f"eipalloc-{n}", holder=holder, wanted_by=(balancer.address,)
        )
    leftover = Leftover(kind=Kind.LOAD_BALANCER, name="old", arn="arn:old", address="aws_lb.old")
    leftovers = draw(st.sampled_from([(), (), (), (leftover,)]))
    return World(spec, seen, addresses, leftovers)


targets = st.sampled_from(list(Target))
orders = st.sampled_from(list(Order))
examples = settings(max_examples=150, deadline=None, database=None)


@examples
@given(worlds(), targets, orders)
def test_taking_what_is_ready_comes_to_an_end(world, target, order):
    """Reached, or nothing is left but what a person is told of."""
    for _ in range(ROUNDS):
        plan = make_plan(world.spec, target, world.look(), order)
        for action in plan.ready:
            world.take(action)
        world.pass_time()
    plan = make_plan(world.spec, target, world.look(), order)

    assert not plan.ready
    assert not plan.waiting
    assert plan.converged or plan.blocked or plan.failed
    reported = [text for _, text in (*plan.blocked, *plan.failed)]
    assert all(reported), reported
    if target is Target.ASLEEP and not world.leftovers:
        assert nothing_is_paid_for(world), world.seen


def nothing_is_paid_for(world: World) -> bool:
    """But for strangers and what Terraform keeps."""
    ours = [r for r in world.spec.resources if r.asleep is None]
    return all(world.seen[r.address].state in (State.ABSENT, State.FOREIGN) for r in ours)


@examples
@given(worlds(), st.lists(targets, min_size=8, max_size=8), orders)
def test_no_step_is_one_that_is_not_forgiven(world, targets_in_turn, order):
    """Whatever is wanted from one moment to the next."""
    for target in targets_in_turn:
        plan = make_plan(world.spec, target, world.look(), order)
        for action in plan.actions:
            check(action, plan, world, order)
        for action in plan.ready:
            world.take(action)
        world.pass_time()


def check(action: Action, plan: Plan, world: World, order: Order) -> None:
    spec, seen = world.spec, world.look()
    one = seen[action.address]
    assert action.target is plan.target
    assert one.state is not State.FOREIGN, f"{action} is on a stranger's"
    if not action.ready:
        return
    if action.verb is Verb.CREATE:
        assert one.state is State.ABSENT
        assert spec[action.address].asleep is None, "Terraform makes that"
        for name in spec[action.address].after:
            assert seen[name].state.exists and seen[name].owned, f"{action} before {name}"
        wanted = [a for a in world.addresses.values() if action.address in a.wanted_by]
        assert all(a.usable for a in wanted), f"{action} with an address in use"
    else:
        assert one.owned, f"{action} on what is not known to be ours"
    if action.verb is Verb.DELETE:
        assert spec[action.address].asleep is None, f"{action}: Terraform keeps it"
        left = [name for name in users_of(spec, action.address, plan.target) if stands(world, name)]
        assert not left, f"{action} before {left}"
        if order is Order.SAFE and plan.target is Target.ASLEEP:
            services = [s.address for s in spec.of_kind(Kind.SERVICE)]
            assert action.kind is Kind.SERVICE or not [s for s in services if stands(world, s)]


def users_of(spec: Spec, address: str, target: Target) -> list[str]:
    """
    What a target group has to outlive; nothing else has to outlive anything (AWS §3.3, §3.7).

    A sleep takes a listener along with its load balancer, a wake knows whether there is one.
    """
    if spec[address].kind is not Kind.TARGET_GROUP:
        return []
    listeners = [one for one in spec.of_kind(Kind.LISTENER) if address in one.after]
    services = [one for one in spec.of_kind(Kind.SERVICE) if address in one.after]
    behind = [name for one in listeners for name in one.after if name != address]
    users = [one.address for one in (*listeners, *services)]
    return users if target is Target.AWAKE else [*users, *behind]


def stands(world: World, address: str) -> bool:
    state = world.seen[address].state
    kept = world.spec[address].asleep is not None
    return not kept and (state.exists or state is State.LEAVING)


@examples
@given(worlds(), targets, orders)
def test_an_action_comes_after_those_it_names(world, target, order):
    """And equal inputs give equal plans."""
    plan = make_plan(world.spec, target, world.look(), order)
    assert plan == make_plan(world.spec, target, world.look(), order)

    places = {a.address: n for n, a in enumerate(plan.actions) if a.verb is not Verb.UPDATE}
    for action in plan.actions:
        for name in action.after:
            known = places.get(name, -1)
            if plan.target is Target.ASLEEP or action.verb is Verb.CREATE:
                assert known < places[action.address], f"{action} after {name}"
