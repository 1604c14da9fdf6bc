"""What a pass asks of AWS and of the table, recorded from real passes on the simulated AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.shipped import STACK, compiled
from controller.bootstrap import bootstrap
from controller.reconcile.heartbeat import SHORT_PASS
from controller.reconcile.side_by_side import one_by_one
from direct import DirectSession
from local.aws import LaptopAws
from local.calls import Call
from local.clock import ManualClock
from local.furnish_spec import furnish_for
from local.records import create_table
from tables.tables import Tables

OFFICE_HOURS = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""A Monday morning in Tokyo, where the shipped stack keeps its hours."""

Asked = Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """
    One pass: its rounds (seconds since it began, and what was asked of each throttle then), and
    the requests to the table.
    """

    rounds: Sequence[tuple[float, Asked]]
    table: int
    seconds: float

    def total(self, throttle: str) -> int:
        return sum(requested[throttle] for _, requested in self.rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """`patient` wakes in one pass; `first` makes everything, `look` sees how far it is."""

    patient: Recorded
    first: Recorded
    look: Recorded
    last: Recorded


def record() -> Passes:
    (patient,) = _wake(timedelta(seconds=300))
    first, *looks, last = _wake(SHORT_PASS)
    return Passes(patient=patient, first=first, look=looks[0], last=last)


def _wake(budget: timedelta) -> list[Recorded]:
    """The passes of one wake, a minute apart, each with so much time."""
    spec = compiled(STACK)
    aws = LaptopAws("typical", clock=ManualClock(OFFICE_HOURS))
    Tables().play(aws)
    aws.furnish(**furnish_for(spec))
    session = DirectSession(aws)
    create_table(session.client("dynamodb"), "dormouse")
    environment = {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "controller"}
    controller = bootstrap(
        environment, session=session, clock=aws.clock, side_by_side=one_by_one, rehearses=False
    )
    controller.table.put_spec(spec, aws.clock.now())
    passes: list[Recorded] = []
    while True:
        began, start = aws.clock.now(), len(aws.calls)
        result = controller.run_pass(spec.stack, "bench", budget)
        passes.append(_recorded(list(aws.calls)[start:], began, aws.clock.now()))
        if result["result"] == "converged":
            return passes
        if len(passes) > 10:
            raise SystemExit(f"the recorded stack does not wake: {result['cause']}")
        aws.clock.advance_to(OFFICE_HOURS + len(passes) * timedelta(minutes=1))


def _recorded(calls: Sequence[Call], began: datetime, ended: datetime) -> Recorded:
    rounds: dict[float, Asked] = {}
    table = 0
    for call in calls:
        if call.service == "dynamodb":
            table += 1
            continue
        at = (call.at - began).total_seconds()
        requested = rounds.setdefault(at, Counter())
        requested[f"{call.service}:{'read' if call.is_read else 'write'}"] += 1
        if call.operation == "CreateService" and call.error_code is None:
            requested["task launches"] += 1
    return Recorded(
        rounds=sorted(rounds.items()), table=table, seconds=(ended - began).total_seconds()
    )
