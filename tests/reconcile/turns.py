"""Turns of a run, made of what was seen; each test says only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from controller.domain.planning.plan import Plan, Target
from controller.domain.planning.progress import Progress
from controller.reconcile.serving import Served, Serving
from controller.reconcile.turn import Seen, Turn
from factories import NOON, observed

PATIENCE = timedelta(minutes=20)


def plan(target: Target = Target.AWAKE, **parts: Any) -> Plan:
    return Plan(target=target, **parts)


def saw(plan: Plan, states: Any = None, **world: Any) -> Seen:
    return Seen(observed(states or {}, **world), plan)


def turn(target: Target = Target.AWAKE, seen: Seen | None = None, **parts: Any) -> Turn:
    given = {"began_at": NOON, "now": NOON, "whole_at": NOON, "serving": Serving(), **parts}
    return Turn(target=target, seen=seen, **({"progress": Progress()} | given))


def new(**changes: Any) -> Serving:
    """Of a wake that has looked and found nobody served."""
    return replace(Serving(has_looked=True, unserved_since=NOON), **changes)


def ready(**changes: Any) -> Serving:
    """Of a stack that has been ready, and serves people unless `changes` say otherwise."""
    served = Served(patience=PATIENCE, since=NOON)
    return replace(Serving.of(served), has_looked=True, **changes)
