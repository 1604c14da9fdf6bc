"""Guard rails: told apart from what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.decision.desired import Decision
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.decision.sleep_rules import Rule
from controller.domain.guards.overdue import GRACE, Overdue, find_overdue
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.status import Status, Trouble

SATURDAY = datetime(2026, 11, 28, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RULES = Rules.of(parse_policy({"office_hours": ["Mon-Fri 09:00-18:00"], "max_awake": "3h"}))
LIMIT = timedelta(hours=3) + GRACE
STANDING = (
    BilledResource(address="aws_lb.nlb[0]", arn="arn:…:loadbalancer/net/x/1", since=SATURDAY),
)


def decision(rule=Rule.LEASE, state=Target.AWAKE):
    return Decision(state=state, rule=rule, reason="", until=None, evidence={})


def awake(since):
    lifecycle = Lifecycle(waking_since=since, ready_at=since, billed=STANDING)
    return Status(target=Target.AWAKE, since=since, settled=True, lifecycle=lifecycle)


def going_to_sleep(since):
    return Status(target=Target.ASLEEP, since=since, lifecycle=Lifecycle(billed=STANDING))


def test_awake_outside_office_hours_for_an_hour_more_than_allowed():
    status = awake(SATURDAY)
    assert find_overdue(status, decision(), RULES, SATURDAY + LIMIT) is None
    late = SATURDAY + LIMIT + SECOND
    assert find_overdue(status, decision(), RULES, late) is Overdue.AWAKE_TOO_LONG


def test_a_sleep_may_take_as_long_as_its_files_let_it_drain():
    status, asleep = going_to_sleep(SATURDAY), decision(Rule.IDLE, Target.ASLEEP)
    drain = timedelta(minutes=50)
    assert find_overdue(status, asleep, RULES, SATURDAY + GRACE + drain, drain) is None
    late = SATURDAY + GRACE + drain + SECOND
    assert find_overdue(status, asleep, RULES, late, drain) is Overdue.SLEEP_STUCK


@pytest.mark.parametrize("rule", list(Rule))
def test_whatever_rule_keeps_it_awake_counts_but_a_hold(rule):
    found = find_overdue(awake(SATURDAY), decision(rule), RULES, SATURDAY + 2 * LIMIT)
    assert found is (None if rule is Rule.HOLD else Overdue.AWAKE_TOO_LONG)


def test_in_office_hours_it_may_be_awake_as_long_as_they_last():
    thursday = datetime(2026, 11, 26, 9, tzinfo=UTC)
    status = awake(thursday)
    assert find_overdue(status, decision(), RULES, thursday + timedelta(hours=8)) is None
    closed_at = thursday + timedelta(hours=9)
    assert find_overdue(status, decision(), RULES, closed_at + LIMIT) is None
    late = closed_at + LIMIT + SECOND
    assert find_overdue(status, decision(), RULES, late) is Overdue.AWAKE_TOO_LONG


def test_a_sleep_is_stuck_an_hour_after_it_was_decided():
    status = going_to_sleep(SATURDAY)
    asleep = decision(Rule.SLEPT, Target.ASLEEP)
    assert find_overdue(status, asleep, RULES, SATURDAY + GRACE) is None
    late = SATURDAY + GRACE + SECOND
    assert find_overdue(status, asleep, RULES, late) is Overdue.SLEEP_STUCK
    assert find_overdue(replace(status, settled=True), asleep, RULES, late) is None


def test_what_costs_nothing_is_never_overdue():
    late = SATURDAY + 10 * LIMIT
    for status in (awake(SATURDAY), going_to_sleep(SATURDAY)):
        free = replace(status, lifecycle=status.lifecycle.with_billed(()))
        assert find_overdue(free, decision(), RULES, late) is None


def test_a_stack_that_was_never_seen_is_not_overdue():
    assert find_overdue(Status(), decision(), RULES, SATURDAY) is None


def test_a_stack_that_has_forgotten_since_when_it_is_awake_is_not_overdue():
    status = replace(awake(SATURDAY), lifecycle=Lifecycle(billed=STANDING))
    assert find_overdue(status, decision(), RULES, SATURDAY + 10 * LIMIT) is None


@pytest.mark.parametrize(
    ("left", "found"), [(("aws_lb.nlb[0]",), Overdue.SLEEP_STUCK), ((), None)], ids=["paid", "free"]
)
def test_what_a_replaced_spec_left_behind_is_overdue_after_an_hour(left, found):
    """Whatever the stack itself does: awake as wanted, or asleep with nothing known to stand."""
    replaced = {"hash": Trouble(since=SATURDAY, cause="no right", standing=left)}
    for status in (awake(SATURDAY), Status(target=Target.ASLEEP, settled=True)):
        status = replace(status, replaced=replaced)
        assert find_overdue(status, decision(), RULES, SATURDAY + GRACE) is None
        assert find_overdue(status, decision(), RULES, SATURDAY + GRACE + SECOND) is found
