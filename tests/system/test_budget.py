"""A budget lived through: told twice, and office hours that end with it where that is wanted."""

from __future__ import annotations

from controller.domain.decision.history import EventKind
from controller.domain.notification.messages import Level, level_of, write_message
from system.days import days

HOURS = {"office_hours": ["Mon-Fri 09:00-18:00"], "idle_timeout": "0", "finish_paid_hour": False}
OF_MONEY = (EventKind.BUDGET_NEAR, EventKind.BUDGET_USED_UP)


def of_money(world):
    return [(at, kind) for at, kind in world.story() if kind in OF_MONEY]


def test_people_are_notified_once_at_eighty_percent_and_once_when_it_is_used_up():
    world = days("Mon 06:00", **HOURS, monthly_budget=0.30)
    world.live("Wed 10:00")
    (near, first), (used_up, second) = of_money(world)
    assert (first, second) == OF_MONEY
    assert "Mon 12:00" < near < used_up < "Mon 18:00"
    woken = [at for at, kind in world.story() if kind == "awake"]
    assert [at[:3] for at in woken] == ["Mon", "Tue", "Wed"]  # office hours go on

    events = [event for event in world.reported if event.kind in OF_MONEY]
    assert [level_of(event) for event in events] == [Level.TROUBLE] * 2
    sent = [write_message(world.spec, event) for event in events]
    assert sent[0].subject.startswith("nsfw-api has spent USD 0.2")
    assert "it will be used up on Mon 23 Nov 1" in sent[0].body
    assert sent[1].subject == "nsfw-api has used up its budget of USD 0.30"
    assert "office hours continue" in sent[1].body
    assert "dormouse wake nsfw-api --over-budget" in sent[1].body


def test_office_hours_end_with_it_and_come_back_with_the_month():
    world = days("Mon 06:00", **HOURS, monthly_budget=0.30, budget_stops=True)
    world.live("Mon 23:00")
    used_up = of_money(world)[-1][0]
    slept = [at for at, kind in world.story() if kind == "sleeping"]
    assert len(slept) == 1 and slept[0] <= used_up < "Mon 18:00"
    assert "the budget of 0.30 $ for 2026-11 is used up" in world.reasons()[f"{slept[0]} sleeping"]

    world.live("Mon+1 23:00")
    assert [kind for _, kind in world.story()].count("waking") == 1
    world.live("Tue+1 10:00")  # 1 December
    assert world.story()[-1][1] == "awake"
    assert [kind for _, kind in world.story()].count("waking") == 2
    assert of_money(world)[-1][0] == used_up


def test_requests_of_people_continue_to_work():
    """A wake that was granted is not cut short."""
    world = days("Sat 06:00", **HOURS, monthly_budget=0.05, budget_stops=True)
    world.wake(3)
    world.live("Sat 08:30")
    assert [kind for _, kind in of_money(world)] == [EventKind.BUDGET_USED_UP] or len(
        of_money(world)
    ) == 2
    assert world.status["target"] == "awake"
    world.live("Sat 12:00")
    assert world.status["target"] == "asleep"


def test_a_sleeping_stack_is_looked_at_when_its_address_alone_has_used_it_up():
    world = days("Mon 06:00", idle_timeout="0", monthly_budget=0.10)
    world.live("Mon 07:00")
    assert world.due_at() is not None
    world.live("Tue 06:00")
    assert [kind for _, kind in of_money(world)] == list(OF_MONEY)
    assert world.moment("Tue 02:00") - world.moment("Mon 06:00") == 20 * (
        world.moment("Mon 07:00") - world.moment("Mon 06:00")
    )
    assert of_money(world)[-1][0].startswith("Tue 02:0")
