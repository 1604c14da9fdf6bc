"""A stack that ends: told ahead, held asleep, taken out a week later, unless it is extended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import EventKind
from controller.domain.decision.hold import Hold
from controller.domain.decision.term import HOLDER, Term
from controller.domain.errors import NotPublishedError
from controller.domain.notification.messages import Level, write_message
from controller.domain.planning.plan import Target
from system.days import STACK, days

DAY = timedelta(days=1)
OF_TERM = ("ending", "ended", "unpublished")


KEEPS = [
    {"address": "aws_nat_gateway.n", "what": "NAT gateway", "month": 32.85},
    {"address": "aws_sagemaker_endpoint.m", "what": "model endpoint", "month": None},
]
"""As a compiled spec has it (tests/mapping/test_meaning.py)."""


def ending(after: timedelta, owner: str = "ann", keeps=(), **policy):
    day = days("Mon 06:00", profile="fast", **policy)
    if keeps:
        day.publish(replace(day.spec, source={"keeps": keeps}))
    day.live("Mon 06:02")
    term = Term(stack=STACK, owner=owner, expires_at=day.now + after, set_at=day.now)
    day.controller.table.change_term(STACK, lambda _: term)
    return day


def live(day, length: timedelta) -> None:
    """So long, a heartbeat each minute in which something is due."""
    day.live_until(day.now + length)


def reported(day) -> list[str]:
    return [str(event.kind) for event in day.reported if str(event.kind) in OF_TERM]


def test_a_term_is_announced_twice_and_at_its_end_and_the_stack_goes_a_week_later():
    day = ending(5 * DAY)
    end = day.now + 5 * DAY
    live(day, 13 * DAY)

    found = [(str(event.kind), event.at) for event in day.reported if str(event.kind) in OF_TERM]
    assert [kind for kind, _ in found] == ["ending", "ending", "ended", "unpublished"]
    planned = [end - 3 * DAY, end - DAY, end, end + 7 * DAY]
    late = [at - due for (_, at), due in zip(found, planned, strict=True)]
    assert all(timedelta(0) <= each < timedelta(minutes=5) for each in late)
    assert {event.facts["owner"] for event in day.reported if str(event.kind) in OF_TERM} == {"ann"}
    with pytest.raises(NotPublishedError):
        day.controller.table.load(STACK)
    assert day.controller.table.published() == []
    assert not day.sut.standing()["load_balancers"]


def test_from_its_end_on_it_is_held_asleep_through_office_hours():
    day = ending(DAY, office_hours=["daily 09:00-18:00"])
    live(day, 3 * DAY)

    hold = day.controller.table.load(STACK).hold
    assert (hold.by, str(hold.state)) == (HOLDER, "asleep")
    woken = [at for at, kind in day.story() if kind == "awake"]
    assert len(woken) == 1  # on the first day alone


def test_who_wakes_it_after_its_end_is_not_cut_off_and_it_sleeps_again():
    day = ending(timedelta(hours=1), idle_timeout="0")
    live(day, timedelta(hours=2))
    day.wake(hours=2)
    live(day, timedelta(hours=1))
    assert day.status["target"] == "awake"
    live(day, timedelta(hours=3))
    assert day.status["target"] == "asleep"
    assert reported(day).count("ended") == 1


def test_what_is_extended_begins_anew():
    day = ending(2 * DAY)
    live(day, timedelta(hours=30))
    assert reported(day) == ["ending", "ending"]  # it was published less than three days ahead
    term = day.controller.table.load(STACK).term
    day.controller.table.change_term(
        STACK, lambda _: term.prolonged(day.now + 14 * DAY, "bob", day.now)
    )
    live(day, 5 * DAY)
    assert reported(day) == ["ending"] * 2
    live(day, 7 * DAY)
    assert reported(day) == ["ending"] * 3
    assert day.controller.table.load(STACK).hold is None


def test_one_that_is_wanted_is_not_taken_out():
    """It is awake at the moment of its removal, and asleep again an hour and a half later."""
    day = ending(timedelta(hours=1), idle_timeout="0", finish_paid_hour=False)
    live(day, 7 * DAY)
    day.hold(awake(day, timedelta(hours=2)))
    live(day, timedelta(minutes=90))
    assert day.controller.table.load(STACK).spec.stack == STACK
    assert day.status["target"] == "awake"
    assert reported(day)[-1] == "ended"
    live(day, timedelta(hours=1))
    assert reported(day)[-1] == "unpublished"
    with pytest.raises(NotPublishedError):
        day.controller.table.load(STACK)


def awake(day, length):
    return Hold(
        stack=STACK, state=Target.AWAKE, by="ann", reason="", set_at=day.now, until=day.now + length
    )


def test_messages_name_owner_remedy_and_what_terraform_keeps():
    """As far as the files said what costs by the hour; and what they did not say."""
    day = ending(DAY, keeps=KEEPS)
    live(day, 9 * DAY)
    of_term = [event for event in day.reported if str(event.kind) in OF_TERM]
    texts = {event.kind: write_message(day.spec, event) for event in of_term}
    assert all(message.level is Level.TROUBLE for message in texts.values())
    gone = texts[EventKind.UNPUBLISHED].body
    assert (
        "What Terraform keeps, and its price a month:\n"
        "  eipalloc-0a1b2c3d4e5f60718: USD 3.65\n"
        "  aws_nat_gateway.n (NAT gateway): USD 32.85\n"
        "  aws_sagemaker_endpoint.m (model endpoint): price not known\n"
        "That is USD 36.50 a month, and 1 more whose price is not known. What is billed by use "
        "(storage, traffic, logs) is not included, nor what other directories keep."
    ) in gone
    assert "USD 36.50 a month" in texts[EventKind.ENDED].body
    assert "--expires 14d" in texts[EventKind.ENDED].body
    assert "Its owner is ann." in texts[EventKind.ENDING].body


def test_a_term_without_an_end_is_announced_to_nobody():
    day = ending(DAY)
    term = day.controller.table.load(STACK).term
    day.controller.table.change_term(STACK, lambda _: replace(term, expires_at=None))
    live(day, 5 * DAY)
    assert reported(day) == []
