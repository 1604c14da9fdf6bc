"""
The heartbeat with many stacks.

Ten of 10 000 stacks are due, or ten of 100. The table is in memory, with a sorted index like
DynamoDB's (it contains every stack that will be due at some time), so that only the heartbeat's own
work is compared. The requests to this table are counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from bench.report import Measure, interleaved
from controller.bootstrap import Controller, bootstrap
from controller.reconcile.side_by_side import one_by_one
from direct import DirectSession
from local.aws import LaptopAws
from local.records import create_table
from tables.tables import Tables

TABLE = "dormouse"
DUE = 10
FEW, MANY = 100, 10_000


def measure() -> Iterator[Measure]:
    few, many = fleet(FEW), fleet(MANY)
    requests = _requests_before_hand_over(many)
    yield Measure(
        name=f"table requests before the hand-over, {MANY:,} stacks",
        value=requests,
        bound=3,
        detail=f"{DUE} of them due",
        unit="",
    )
    ours, base = interleaved(lambda: _seconds(many), lambda: _seconds(few), times=201)
    yield Measure(
        name=f"heartbeat with {MANY:,} stacks / with {FEW}",
        value=ours / base,
        bound=1.2,
        detail=f"{1000 * ours:.2f} ms / {1000 * base:.2f} ms, {DUE} due in both",
    )


def fleet(stacks: int) -> tuple[LaptopAws, Controller]:
    """So many records, ten of them due now and the others one after the other from tomorrow on."""
    aws = LaptopAws()
    Tables().play(aws)
    session = DirectSession(aws)
    create_table(session.client("dynamodb"), TABLE)
    aws.answer_with("lambda", "Invoke", lambda params: {"StatusCode": 202})
    controller = bootstrap(
        {
            "DORMOUSE_TABLE": TABLE,
            "DORMOUSE_CONTROLLER": "controller",
            "DORMOUSE_PASSES_AT_ONCE": str(DUE),
        },
        session=session,
        clock=aws.clock,
        side_by_side=one_by_one,
        rehearses=False,
    )
    now = aws.clock.now()
    for number in range(stacks):
        later = timedelta(days=1, seconds=number)
        due_at = now if number < DUE else now + later
        controller.table.put_status(f"stack-{number:05}", {}, due_at)
    return aws, controller


def _requests_before_hand_over(of: tuple[LaptopAws, Controller]) -> int:
    aws, controller = of
    start = len(aws.calls)
    controller.hand_on_due()
    made = [call.operation for call in list(aws.calls)[start:]]
    return made.index("Invoke")


def _seconds(of: tuple[LaptopAws, Controller]) -> float:
    started = time.perf_counter()
    of[1].hand_on_due()
    return time.perf_counter() - started
