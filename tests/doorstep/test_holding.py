"""Many requests at one time, processes that die in the middle of a hold, and an AWS that fails."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from controller.domain.decision.held import MOST_HELD, Held
from controller.store.held_slots import HeldSlots
from direct import Crash
from doorstep.soak import live, stack_of
from doorstep.world import STACK, World, statuses
from local.faults import Fault


def received_ids(service):
    return Counter(each.headers["x-request"] for each in service.received)


# caps


def test_three_requests_of_a_stack_are_held_and_the_next_is_asked_to_retry_later(world, service):
    held = [world.send(x_request=str(number)) for number in range(MOST_HELD)]
    refused = world.ask(x_request="3", seconds=1)

    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert len(world.status()["held"]) == MOST_HELD
    world.run(300)
    assert statuses(held) == {200: MOST_HELD}
    assert received_ids(service) == {"0": 1, "1": 1, "2": 1}
    assert world.held_slots() == []


def test_the_account_holds_half_of_what_it_has_free(service):
    world = World(service.port, stacks=4, limit=10)
    visits = [world.send(stack=stack_of(number)) for number in range(4) for _ in range(2)]
    world.run(1)

    assert statuses(visits) == {503: 3}
    assert world.calls["lambda:GetAccountSettings"] == len(visits)  # each is a process of its own
    world.run(300)
    assert statuses(visits) == {200: 5, 503: 3}


def test_an_account_that_does_not_show_its_limit_counts_as_a_new_one(service):
    world = World(service.port, stacks=2)
    world.aws.faults.add(Fault(operation="GetAccountSettings", service="lambda", times=99))
    visits = [world.send(stack=stack_of(number)) for number in range(2) for _ in range(3)]
    world.run(1)
    assert statuses(visits) == {503: 1}


def test_a_slot_whose_holder_died_is_free_after_its_end(world):
    visits = [world.send(prefer="wait=60") for _ in range(MOST_HELD)]
    world.run(1)
    for visit in visits:
        visit.process.kill()
    assert len(world.status()["held"]) == MOST_HELD
    assert world.ask(seconds=1).status == 503
    world.run(66)
    assert world.status()["held"] == []
    again = world.send(prefer="wait=30")
    world.run(1)
    assert again.reply is None
    assert len(world.status()["held"]) == 1


def test_a_late_give_back_leaves_the_slot_of_whoever_came_after(world):
    """A process that was away for longer than its slot counted."""
    dynamodb = world.aws.session().client("dynamodb")
    book = HeldSlots(dynamodb, "dormouse", lambda _: 0)

    def take(id_, now):
        held = Held(id=id_, who="x", since=now, until=now + timedelta(seconds=60))
        return book.take(STACK, held, 1, now)

    first = take("first", world.now)
    assert take("second", world.now) is None
    world.run(61)
    second = take("second", world.now)
    book.give_back(first)
    assert len(world.held_slots()) == 2
    book.give_back(second)
    assert world.held_slots() == []


@pytest.mark.slow
def test_a_hundred_clients_of_33_stacks_are_all_served_and_none_twice(service):
    """Ninety-nine are held; the hundredth finds its stack full, and comes again as it is told."""
    world = World(service.port, stacks=33, limit=1000, profile="fast")
    visits = [
        world.send("POST", "orders", b"x", stack=stack_of(number % 33), x_request=str(number))
        for number in range(100)
    ]
    world.run(5)
    assert statuses(visits) == {503: 1}
    assert sum(len(world.status(stack_of(number))["held"]) for number in range(33)) == 99
    world.run(120)

    (refused,) = [visit for visit in visits if visit.reply.status == 503]
    number = visits.index(refused)
    assert world.ask("POST", "orders", b"x", x_request=str(number)).status == 200
    assert statuses(visits) == {200: 99, 503: 1}
    assert received_ids(service) == {str(number): 1 for number in range(100)}
    assert world.held_slots() == []


# processes that die


def calls_of_a_hold(service):
    """What a hold asks of AWS, in order."""
    seen = []
    world = World(service.port, profile="fast")
    world.strike = lambda process, service_, operation: seen.append(f"{service_}:{operation}")
    assert world.ask().status == 200
    return seen


def points(seen):
    """Each call once before and after; of equal ones in a row, the first and the last."""
    for number, call in enumerate(seen):
        inner = 0 < number < len(seen) - 1 and seen[number - 1] == call == seen[number + 1]
        if not inner:
            yield from ((number, "before"), (number, "after"))


@pytest.mark.slow
def test_killed_at_any_call_of_a_hold_the_wake_goes_on_and_no_hold_stays(service):
    """A client asks again; what it gets then is its one answer."""
    seen = calls_of_a_hold(service)
    assert {"ssm:GetParameter", "dynamodb:TransactWriteItems", "lambda:Invoke"} <= set(seen)
    tried = 0
    for nth, when in points(seen):
        tried += 1
        service.received.clear()
        world, count = World(service.port, profile="fast"), iter(range(10_000))

        def strike(process, *call, count=count, nth=nth, when=when):
            return when if next(count) == nth else None

        world.strike = strike
        visit = world.send(x_request="once")
        world.run(400)
        assert isinstance(visit.failure, Crash), (nth, when, seen[nth])
        sent_before = len(service.received)
        requested = bool(world.table.load(STACK).leases)
        assert requested == (nth > first(seen) or (nth == first(seen) and when == "after"))
        assert (world.status()["state"] == "awake") == requested, (nth, when, seen[nth])
        assert world.status()["held"] == []
        assert world.held_slots() == []
        if not sent_before:
            world.strike = None
            assert world.ask(x_request="once", prefer="wait=270").status == 200
            assert received_ids(service) == {"once": 1}
        assert len(service.received) == 1
    assert tried > 20


def first(seen):
    """The call with which the lease is written."""
    return seen.index("dynamodb:TransactWriteItems")


# an AWS that fails


@pytest.mark.slow
def test_in_a_day_of_faults_nothing_is_sent_twice_and_nobody_is_left_without_answer(service):
    """Its calls fail now and then, before or after their effect, and its processes die."""
    day = live(service, seed=1, requests=50)

    assert list(day.problems()) == []
    assert day.statuses[200] > 10
    assert day.statuses[503] > 0
