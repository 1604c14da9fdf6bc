"""
Days of clients at a door whose own calls fail and whose processes die, and what must hold of them.

    PYTHONPATH=tests python -m doorstep.soak --seeds 50       # says what broke, and by which seed
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from direct import Crash
from doorstep.service import Service
from doorstep.world import STACK, Visit, World
from local.faults import Fault
from local.system import without_logs

STACKS = 3
FAILING = ("GetItem", "Query", "UpdateItem", "TransactWriteItems", "Invoke", "GetParameter")
PAUSES = (1, 5, 30, 300, 1200)
WISHES = (
    {},
    {"prefer": "wait=5"},
    {"prefer": "respond-async"},
    {"prefer": "wait=20,respond-async"},
)


def stack_of(number: int) -> str:
    return f"{STACK}-{number}" if number else STACK


@dataclass
class Day:
    """What came of the requests of one seed."""

    seed: int
    requests: int
    visits: list[Visit] = field(default_factory=list)
    received: Counter[str] = field(default_factory=Counter)
    still_held: int = 0

    @property
    def statuses(self) -> Counter[int]:
        return Counter(visit.reply.status for visit in self.visits if visit.reply)

    @property
    def died(self) -> int:
        return sum(visit.failure is not None for visit in self.visits)

    def problems(self) -> Iterator[str]:
        """Every promise that was broken."""
        for number, visit in enumerate(self.visits):
            sent = self.received[str(number)]
            status = visit.reply.status if visit.reply else None
            if visit.ended_at is None:
                yield f"request {number} has no answer"
            if visit.failure and not isinstance(visit.failure, Crash):
                yield f"request {number} failed: {visit.failure!r}"
            if sent > 1:
                yield f"request {number} was sent {sent} times"
            if status == 200 and not sent:
                yield f"request {number} was answered and not sent"
            if status in (429, 503) and sent:
                yield f"request {number} was told to come again, and was sent"
            if status not in (None, 200, 429, 503):
                yield f"request {number} was answered with {status}"
        if self.still_held:
            yield f"{self.still_held} slots are held after all was over"


def live(service: Service, seed: int, requests: int) -> Day:
    """Let clients come at random, each once."""
    dice, day = random.Random(seed), Day(seed, requests)
    policy = {"idle_timeout": "10m", "wake_for": "15m"}
    world = World(service.port, stacks=STACKS, policy=policy)
    world.strike = lambda *_: dice.choice(["before", "after"]) if dice.random() < 0.002 else None
    for operation in FAILING:
        for when in ("before", "after"):
            world.aws.faults.add(
                Fault(
                    operation=operation,
                    probability=0.02,
                    when=when,
                    predicate=lambda _: world.is_visiting,
                )
            )
    service.received.clear()
    for number in range(requests):
        world.run(dice.choice(PAUSES))
        stack = stack_of(dice.randrange(STACKS))
        more = {"x_request": str(number), **dice.choice(WISHES)}
        day.visits.append(world.send("POST", "orders", b"x", stack=stack, **more))
    world.run(600)
    day.received = Counter(each.headers["x-request"] for each in service.received)
    day.still_held = len(world.held_slots())
    return day


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--requests", type=int, default=100)
    given = parser.parse_args()
    broken, answers, died = 0, Counter[int](), 0
    with without_logs(), Service() as service:
        for seed in range(given.first, given.first + given.seeds):
            day = live(service, seed, given.requests)
            answers, died = answers + day.statuses, died + day.died
            for problem in day.problems():
                broken += 1
                sys.stdout.write(f"seed {seed}: {problem}\n")
    reported = ", ".join(f"{count} times {status}" for status, count in sorted(answers.items()))
    sys.stdout.write(f"{reported}; {died} processes died; {broken} promises broken\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
