"""Progress as a terminal shows it, and as a pipe gets it."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from controller.cli import report_views, views
from controller.cli.stack_status import StackStatus
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Plan, Target, make_plan
from controller.domain.planning.progress import Timeline
from controller.domain.reporting.report import make_report
from controller.domain.reporting.status import Status
from controller.reconcile.outcome import Iteration
from factories import LB, LISTENER, NOON, SERVICE, TG, article_spec, observed
from local.clock import ManualClock

SPEC = article_spec()
BUSY = Timeline().see(TG, "creating", NOON).see(LB, "load balancer starting", NOON)
WAY = BUSY.see(TG, "", NOON + timedelta(seconds=5))
NOW = NOON + timedelta(seconds=80)


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)


def waking():
    status = Status(
        target=Target.AWAKE,
        phase="load balancer starting",
        timeline=WAY,
        lifecycle=Lifecycle(waking_since=NOON),
    )
    policy = {"office_hours": [[["mon"], "09:00", "18:00"]]}
    return StackStatus(make_report(article_spec(policy=policy), status, (), None, NOW).to_json())


def a_round():
    return Iteration(
        target=Target.AWAKE,
        observed=observed({LB: State.PENDING, TG: State.READY}),
        plan=Plan(target=Target.AWAKE, waiting=((LB, "load balancer starting"),)),
        timeline=WAY,
        now=NOW,
    )


def said_of(target, states):
    """What each resource is said to be in a round in which this stands."""
    seen = observed(states)
    plan = make_plan(SPEC, target, seen)
    round_ = Iteration(target=target, observed=seen, plan=plan, timeline=Timeline(), now=NOW)
    return views._states(round_)


def test_what_is_to_be_deleted_is_not_called_ready():
    states = dict.fromkeys((TG, LB, LISTENER, SERVICE), State.READY)
    assert said_of(Target.ASLEEP, states) == {
        TG: f"waits until {SERVICE} is gone",
        LB: "to be deleted",
        LISTENER: f"goes with {LB}",
        SERVICE: "to be deleted",
    }
    assert said_of(Target.AWAKE, states) == dict.fromkeys(states, "ready")


def test_what_is_to_be_created_is_not_called_missing():
    states = dict.fromkeys((TG, LB, LISTENER, SERVICE), State.ABSENT)
    assert said_of(Target.AWAKE, states) == {
        TG: "to be created",
        LB: "to be created",
        LISTENER: f"waits for {LB}",
        SERVICE: f"waits for {TG}",
    }
    assert said_of(Target.ASLEEP, states) == dict.fromkeys(states, "gone")


def test_a_terminal_shows_each_resource_with_its_time(terminal):
    with report_views.LiveReports(ManualClock(NOW), terminal) as view:
        view([waking()])
    shown = terminal.file.getvalue()
    assert "nsfw-api is waking: load balancer starting" in shown
    assert "1 min 20 s" in shown
    assert "✔" in shown


def test_a_pipe_gets_a_line_for_each_change_and_none_twice(capsys):
    with report_views.PlainReports() as view:
        view([waking()])
        view([waking()])
    assert capsys.readouterr().err.splitlines() == [
        "         0 s  nsfw-api: waking: load balancer starting",
        f"         0 s  nsfw-api: {TG}: ready",
        f"         0 s  nsfw-api: {LB}: load balancer starting",
    ]


def test_a_terminal_shows_the_rounds_of_an_apply(terminal):
    with views.LiveView(SPEC, ManualClock(NOW), terminal) as view:
        view(a_round())
    shown = terminal.file.getvalue()
    assert "nsfw-api is waking" in shown
