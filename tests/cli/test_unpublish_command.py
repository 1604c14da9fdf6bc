"""`dormouse unpublish`: one stack goes, wherever it is interrupted; everything else stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from deployed import STACK, deploy

from controller.cli import unpublish
from controller.cli.main import run
from controller.domain.money.month import Month
from controller.domain.planning.plan import Target
from controller.store import items
from controller.store.lock import LockKeeper
from controller.store.removal import Removal
from factories import LB, load_balancer
from installation import Installation
from local.faults import FOREVER, Fault
from system.stack_under_test import ASLEEP, AWAKE

DONE = f"{STACK} is removed from the controller; its links no longer work.\n"


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Tuesday, two hours before the office opens, with a second stack beside."""
    made = deploy(monkeypatch, capsys)
    made.world.controller.table.put_spec(replace(made.world.spec, stack="other"), made.world.now)
    made.world.live("Tue 07:02")
    return made


def records(dormouse, stack=STACK):
    """Every record of a stack, by the kind of its sort key."""
    found = dormouse.world.aws.session().client("dynamodb").scan(TableName="dormouse")["Items"]
    ours = [each for each in found if each["pk"]["S"].partition("#")[2] == stack]
    return {items.sort_key(each).partition("#")[0] for each in ours}


HISTORY = {"account", "event", "wake"}


def test_an_awake_stack_is_put_to_sleep_and_then_gone(dormouse):
    dormouse("wake", STACK, "--for", "8h")
    assert dormouse.world.sut.standing() == AWAKE
    said = dormouse("unpublish", STACK)

    assert said.out == DONE
    assert "nsfw-api: going to sleep" in said.err  # followed as any other sleep
    assert dormouse.world.sut.standing() == ASLEEP
    assert records(dormouse) == HISTORY
    assert dormouse.world.controller.table.published() == ["other"]
    assert "asleep" in [kind for _, kind in dormouse.world.story()]


def test_no_pass_reads_it_any_more(dormouse):
    """It opens at nine, and nobody comes."""
    dormouse("unpublish", STACK)
    start = len(dormouse.world.aws.calls)
    dormouse.world.live("Tue 12:00")
    calls = list(dormouse.world.aws.calls)[start:]
    assert [c for c in calls if c.service == "dynamodb" and f"#{STACK}" in str(c.params)] == []
    assert "other" in str(calls)
    assert records(dormouse) <= HISTORY


def test_its_money_stops_with_it(dormouse):
    from system.test_money import ledger

    dormouse("wake", STACK, "--for", "1h")
    dormouse("unpublish", STACK, "--leave", "awake")
    world = dormouse.world
    (*_, (_, use)) = world.controller.table.uses(STACK)
    assert not use.balancers and not use.elastic_ips and not use.tasks
    with pytest.raises(Exception, match="not published"):
        ledger(world)
    until = world.now + timedelta(seconds=1)  # what was recorded this very moment, too
    events = list(world.controller.table.events(STACK, Month.of(world.now).start, until))
    spans = [span for event in events for span in event.facts.get("spans", ())]
    assert {span[0] for span in spans} >= {LB}


def test_it_may_be_left_awake(dormouse, monkeypatch):
    monkeypatch.setattr("controller.cli.sweep.open_session", dormouse.world.aws.session)
    dormouse("wake", STACK, "--for", "8h")
    said = dormouse("unpublish", STACK, "--leave", "awake")

    assert "warning: nsfw-api stays as it is and goes on costing up to 0.04 $ an hour" in said.err
    assert dormouse.world.sut.standing() == AWAKE
    assert records(dormouse) == HISTORY
    result = dormouse("sweep")
    assert 'leftover  load balancer "ecs-nlb"' in result.out


def test_an_unknown_stack_is_an_error(dormouse):
    said = dormouse("unpublish", "nsfw-apu", code=2)
    assert said.err.startswith('Error: there is no stack "nsfw-apu"')
    assert f'"{STACK}"' in said.err
    assert "is no name of a stack" in dormouse("unpublish", "No Name", code=2).err


def test_one_that_no_pass_has_seen_yet_is_looked_at_first(dormouse):
    dormouse.world.publish(replace(dormouse.world.spec, stack="fresh"))
    assert dormouse("unpublish", "fresh").out.startswith("fresh is removed")
    assert records(dormouse, "fresh") <= HISTORY


def test_twice_is_as_once(dormouse):
    dormouse("unpublish", STACK)
    assert dormouse("unpublish", STACK).out == DONE
    assert records(dormouse) <= HISTORY


def test_published_again_it_is_as_new(dormouse):
    dormouse("wake", STACK, "--for", "8h")
    dormouse("unpublish", STACK)
    dormouse.world.publish(dormouse.world.spec)
    dormouse.world.live("Tue 08:00")
    assert dormouse.world.sut.standing() == ASLEEP
    assert dormouse.leases() == ()
    dormouse("wake", STACK, "--for", "1h")
    assert dormouse.world.sut.standing() == AWAKE


def test_what_does_not_get_to_sleep_is_not_taken_out(dormouse):
    dormouse("wake", STACK, "--for", "8h")
    denied = Fault(
        operation="DeleteLoadBalancer", code="AccessDenied", message="no", status=403, times=FOREVER
    )
    dormouse.world.aws.faults.add(denied)
    said = dormouse("unpublish", STACK, code=1)
    assert "was not removed, because it still costs money" in said.err
    assert LB in said.err and "--leave awake" in said.err
    assert STACK in dormouse.world.controller.table.published()


def test_what_an_earlier_configuration_left_behind_goes_first(dormouse):
    world = dormouse.world
    dormouse("wake", STACK, "--for", "8h")
    resources = [
        load_balancer(request={"Name": "front"}) if each.address == LB else each
        for each in world.spec.resources
    ]
    world.publish(replace(world.spec, resources=tuple(resources)))
    dormouse("unpublish", STACK)
    assert world.sut.standing() == ASLEEP
    assert records(dormouse) <= HISTORY


def test_who_wakes_it_in_between_is_heard(dormouse, monkeypatch):
    """A press after it slept and before it is gone: it is put to sleep again, then goes."""
    dormouse("wake", STACK, "--for", "8h")
    plainly, presses = Removal.take_out, [1]

    def take_out(table, stack, requested):
        if presses:
            presses.pop()
            dormouse.world.wake(hours=1, id_="late")
            return (
                False if not plainly(table, stack, requested) else pytest.fail("it was not heard")
            )
        return plainly(table, stack, requested)

    monkeypatch.setattr(Removal, "take_out", take_out)
    assert dormouse("unpublish", STACK).out == DONE
    assert dormouse.world.sut.standing() == ASLEEP
    assert records(dormouse) == HISTORY


def test_who_wakes_it_before_the_lock_is_taken_is_heard(dormouse, monkeypatch):
    """It slept when it was looked at last, and does not any more."""
    plainly, presses = LockKeeper.acquire, [1]

    def acquire(keeper, stack, holder, now):
        if presses and holder == "unpublish":
            presses.pop()
            dormouse.world.wake(hours=1, id_="late")
        return plainly(keeper, stack, holder, now)

    monkeypatch.setattr(LockKeeper, "acquire", acquire)
    removed, states = unpublish._is_taken_out, []

    def is_taken_out(stacks, view):
        states.append(view.report.decision.state)
        return removed(stacks, view)

    monkeypatch.setattr(unpublish, "_is_taken_out", is_taken_out)
    dormouse("unpublish", STACK)
    assert presses == []
    assert states == [Target.ASLEEP]
    assert dormouse.world.sut.standing() == ASLEEP


def test_who_wakes_it_while_its_history_is_written_is_heard(dormouse, monkeypatch):
    """What counts is the request that was known when it was seen asleep."""
    plainly, answers = Removal.take_out, []
    last_events = unpublish._last_events

    def pressing(view):
        if not answers:
            dormouse.world.wake(hours=1, id_="late")
        return last_events(view)

    def take_out(table, stack, known):
        answers.append(plainly(table, stack, known))
        return answers[-1]

    monkeypatch.setattr(unpublish, "_last_events", pressing)
    monkeypatch.setattr(Removal, "take_out", take_out)
    dormouse("unpublish", STACK)
    assert answers == [False, True]
    assert dormouse.world.sut.standing() == ASLEEP


def test_an_asleep_stack_waits_for_what_an_earlier_configuration_left(dormouse, monkeypatch):
    """No pass has looked for it yet: with its record gone, nobody ever would."""
    plainly, left = Removal.take_out, []

    def take_out(table, stack, known):
        left.append(table.load(stack).leftovers)
        return plainly(table, stack, known)

    world = dormouse.world
    resources = [
        load_balancer(request={"Name": "front"}) if each.address == LB else each
        for each in world.spec.resources
    ]
    dormouse.world.controller.table.put_spec(
        replace(world.spec, resources=tuple(resources)), world.now
    )
    assert world.controller.table.load(STACK).leftovers
    monkeypatch.setattr(Removal, "take_out", take_out)
    dormouse("unpublish", STACK)
    assert [list(each) for each in left] == [[]]


def test_an_interrupted_command_gives_the_lock_back(dormouse, monkeypatch):
    def ended(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Removal, "take_out", ended)
    assert run(["unpublish", STACK]) == 130
    locks = LockKeeper(dormouse.world.aws.session().client("dynamodb"), "dormouse")
    assert not locks.is_held(STACK, dormouse.world.now)


WRITES = ("TransactWriteItems", "DeleteItem", "PutItem")


def test_interrupted_anywhere_it_ends_the_same_when_repeated(dormouse, monkeypatch):
    """Of each try one more write to the table is made, and the next is the end of its process."""
    world, plainly = dormouse.world, dormouse.world.aws.call
    dormouse("wake", STACK, "--for", "8h")
    for most in range(12):
        left = [most]

        def dying(service, operation, params, region=None, left=left):
            if service == "dynamodb" and operation in WRITES and STACK in str(params):
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
            return plainly(service, operation, params, region)

        monkeypatch.setattr(world.aws, "call", dying)
        code = run(["unpublish", STACK])
        monkeypatch.setattr(world.aws, "call", plainly)
        assert code in (0, 130)
        world.aws.clock.advance(61)
        world.run_nudged()
        world.tick()
    assert dormouse("unpublish", STACK).out.endswith(DONE)
    assert world.sut.standing() == ASLEEP
    assert records(dormouse) <= HISTORY


def test_its_links_open_nothing(monkeypatch, capsys):
    installation = Installation()
    assert installation.page().status == 200
    assert installation.table.take_out(
        "nsfw-api", installation.table.load("nsfw-api").request_version
    )
    installation.table.clear_out("nsfw-api")
    assert installation.page().status == 404
    assert installation.press("wake").status == 404
