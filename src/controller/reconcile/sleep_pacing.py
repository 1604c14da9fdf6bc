"""
What to read of a stack that goes to sleep, and when. Pure.

A sleep is over when its slowest part is: the tasks of a service, or an Elastic IP that its load
balancer still holds. So an Elastic IP is read once nothing else is left. Of what is on its way out,
half as much is read while the time that it took at earlier sleeps is not near.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from controller.domain.planning.observed import State, tasks_of
from controller.domain.planning.plan import Action, Verb
from controller.domain.planning.progress import Step
from controller.domain.planning.spec import Kind
from controller.domain.planning.waits import assumed_seconds
from controller.reconcile.outcome import Limits
from controller.reconcile.turn import Seen, Turn

NEARNESS = 0.85
"""Near is what has lasted for this share of its usual length."""

COUNTED = timedelta(seconds=5)
"""How often it is checked that nobody has raised the count of a service whose tasks stop."""

TOGETHER = timedelta(milliseconds=500)
"""What is due within this is read by the same poll."""

FREELY = 2
"""So many times the usual pace goes by between two reads of what is not near its end."""


class SleepPacing:
    """`pace` says how far apart polls are at a moment of the turn."""

    def __init__(self, limits: Limits, pace: Callable[[Turn, datetime], timedelta]) -> None:
        self._limits = limits
        self._pace = pace

    def read_next(self, turn: Turn, seen: Seen, now: datetime) -> frozenset[str] | None:
        """
        What was touched or is due by now; of a service, its tasks alone may be.

        A service without tasks is gone when it is read next, and what it kept goes by a full read.
        """
        if any(map(_ends_a_service, turn.taken)):
            return None
        due_by = now + TOGETHER
        due = {each for each in _on_its_way(turn, seen, now) if self._due_at(turn, each) <= due_by}
        return frozenset(due | _touched(turn, seen))

    def _due_at(self, turn: Turn, name: str) -> datetime:
        at = turn.last_read(name)
        if name in _counted(turn):
            return at + COUNTED
        pace, near_at = self._pace(turn, at), self._near_at(turn, name)
        if near_at is None or at >= near_at:
            return at + pace
        return max(at + pace, min(at + FREELY * pace, near_at))

    def _near_at(self, turn: Turn, name: str) -> datetime | None:
        """From when on its end is near, by what it is busy with; None if that is not known."""
        running = (s for s in turn.steps if name in (s.address, tasks_of(s.address)))
        step = next((each for each in running if each.finished_at is None), None)
        usual = step and self._usual(step)
        return step.started_at + timedelta(seconds=usual * NEARNESS) if step and usual else None

    def _usual(self, step: Step) -> float | None:
        """Of an Elastic IP that no sleep has taught yet, what is assumed."""
        learned = self._limits.learned.usual_seconds(step.address, step.step)
        return assumed_seconds(step.step) if learned is None else learned


def _on_its_way(turn: Turn, seen: Seen, now: datetime) -> set[str]:
    """What may change by itself, or is to be changed now; Elastic IPs when nothing else is."""
    held = turn.progress.is_held_back
    plan, resources = seen.plan, seen.observed.resources
    waiting = {address for address, _ in plan.waiting if address in resources}
    ready = {a.address for a in plan.actions if a.ready and not held(a.address, now)}
    if plan.actions or waiting:
        return waiting | ready | {tasks_of(each) for each in _counted(turn)}
    return {id_ for id_, one in seen.observed.addresses.items() if not one.usable}


def _counted(turn: Turn) -> set[str]:
    """Services whose count is 0, and that wait for their tasks."""
    found = turn.seen.observed.resources.items() if turn.seen else ()
    return {address for address, one in found if one.rests and one.state is State.PENDING}


def _ends_a_service(action: Action) -> bool:
    is_service = action.verb is Verb.DELETE and action.kind is Kind.SERVICE
    return is_service and not action.lowers_count


def _touched(turn: Turn, seen: Seen) -> set[str]:
    """What this round has changed, and what went with it."""
    taken = {action.address for action in turn.taken}
    with_it = {a.address for a in seen.plan.actions if not taken.isdisjoint((a.carried_by,))}
    return taken | with_it
