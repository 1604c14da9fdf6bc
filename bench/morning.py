"""
One Monday morning of a fleet, simulated: every stack opens at 9:00.

Real are the heartbeat (`Controller.hand_on_due`, with its index, its waves and its marks), the
decision that says when a stack is due, the lead of a stack that was never awake, the share of the
spread, and what each pass asks for (`bench.recorded`). Simulated are Lambda (so many passes side
by side, others queue for five minutes and are then dropped), the throttles of each place (an
account's region), and the minutes that AWS takes.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.buckets import PATIENCE, RATES, Bucket
from bench.recorded import Asked, Passes, Recorded
from controller.bootstrap import bootstrap
from controller.domain.decision.desired import decide
from controller.domain.decision.history import Learned
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.decision.wake_spread import spread_offset
from controller.domain.planning.timing import TYPICAL
from controller.domain.policy.policy import parse_policy
from controller.reconcile.heartbeat import QUEUED, SHORT_PASS
from controller.reconcile.outcome import POLL
from controller.reconcile.verdicts import LAST_STEPS, ONE_MORE
from direct import DirectSession
from local.aws import LaptopAws
from local.clock import ManualClock
from local.records import create_table
from tables.tables import Tables

OPENS = datetime(2026, 11, 23, 9, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 20, tzinfo=UTC)
POLICY = {"office_hours": ["Mon-Fri 09:00-18:00"]}
HEALTH_CHECKS = 20.0
TABLE = "dormouse"

INVOKE, MARK, THREADS = 0.030, 0.010, 8
"""Assumed seconds of an asynchronous invocation and of a small write; `Threads` runs eight."""

OVERHEAD = 0.5
"""Assumed seconds of a pass beside its rounds: start, records, lock."""

LAMBDA_GROWS = 1000, 10.0
"""So many new environments in so many seconds (Lambda guide, "Concurrency scaling rate")."""

ALL_OF_IT = timedelta(seconds=300)
"""What template.yaml gives the function."""

GIVE_UP = 20 * 60.0
"""The policy's wake_timeout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """So many stacks in so many places, and the settings."""

    stacks: int
    places: int
    concurrency: int
    at_once: int
    spread_minutes: int = 0


@dataclass
class Stack:
    name: str
    place: int
    steps: int = 0
    made: float | None = None
    awake: float | None = None
    begun: float | None = None
    known_awake: bool = False
    failed: bool = False


@dataclass
class Found:
    """What the morning came to; moments are seconds after 9:00."""

    stacks: list[Stack]
    heartbeats: int = 0
    longest_heartbeat: float = 0.0
    table: int = 0
    invocations: int = 0
    busiest: int = 0
    queued: float = 0.0
    dropped: int = 0
    places: list[dict[str, Bucket]] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)

    @property
    def last_awake(self) -> float | None:
        moments = [stack.awake for stack in self.stacks]
        return None if None in moments else max(m for m in moments if m is not None)

    @property
    def on_time(self) -> float:
        return sum(1 for s in self.stacks if s.awake is not None and s.awake <= 0) / len(
            self.stacks
        )

    @property
    def first_limit(self) -> str:
        """What was waited for first, by more than a second."""
        return min(self.waits, key=lambda name: self.waits[name], default="the waves")


Round = tuple[float, Asked]


@dataclass(frozen=True, slots=True)
class _Way:
    """A pass under way."""

    stack: Stack
    rounds: Sequence[Round]
    brief: bool
    ends: float


class Morning:
    """Runs one scenario; the clock of the real parts is that of the simulation."""

    def __init__(self, scenario: Scenario, passes: Passes) -> None:
        self._scenario = scenario
        self._passes = passes
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._queue: deque[tuple[float, Stack, bool]] = deque()
        self._running = 0
        self._environments = 0
        self._grown: deque[float] = deque()
        self._fences: Counter[str] = Counter()
        self._busy: set[str] = set()
        self.aws = LaptopAws(clock=ManualClock(SUNDAY))
        Tables().play(self.aws)
        self.aws.answer_with("lambda", "Invoke", self._invoked)
        session = DirectSession(self.aws)
        create_table(session.client("dynamodb"), TABLE)
        self._controller = bootstrap(
            {
                "DORMOUSE_TABLE": TABLE,
                "DORMOUSE_CONTROLLER": "controller",
                "DORMOUSE_PASSES_AT_ONCE": str(scenario.at_once),
            },
            session=session,
            clock=_Clock(self),
            side_by_side=self._side_by_side,
            rehearses=False,
        )
        self._table = self._controller.table
        stacks = [Stack(f"stack-{n:05}", n % scenario.places) for n in range(scenario.stacks)]
        self._stacks = {stack.name: stack for stack in stacks}
        self.found = Found(stacks)
        self.found.places = [
            {name: Bucket(rate, burst) for name, (rate, burst) in RATES.items()}
            for _ in range(scenario.places)
        ]

    # time

    @property
    def now(self) -> float:
        return (self.aws.clock.now() - OPENS).total_seconds()

    def run_until(self, moment: float) -> None:
        while self._events and self._events[0][0] <= moment:
            at, _, action = heapq.heappop(self._events)
            self._move_to(at)
            action()
        self._move_to(moment)

    def _move_to(self, moment: float) -> None:
        self.aws.clock.advance(max(0.0, moment - self.now))

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(moment, self.now), next(self._order), action))

    # the morning

    def run(self, hours: float = 12) -> Found:
        first = self._publish()
        self._move_to(60 * (first // 60))
        while not self._is_over() and self.now < 3600 * hours:
            self._heartbeat()
            self.run_until(60 * (self.now // 60 + 1))
        self.found.table = sum(1 for call in self.aws.calls if call.service == "dynamodb")
        self.found.table += self._pass_requests
        return self.found

    _pass_requests = 0

    def _publish(self) -> float:
        """Let each stack be due when its own decision says; the first of those moments."""
        policy = parse_policy(POLICY)
        spread = timedelta(minutes=self._scenario.spread_minutes)
        moments = []
        for name in self._stacks:
            lead = Learned().lead(policy.wake_timeout) + spread_offset(name, spread)
            due_at = decide(Rules.of(policy, lead), (), None, Lifecycle(), SUNDAY).until
            assert due_at is not None
            self._table.put_status(name, {}, due_at)
            moments.append((due_at - OPENS).total_seconds())
        self.aws.calls.clear()
        return min(moments)

    def _is_over(self) -> bool:
        return all(stack.known_awake or stack.failed for stack in self.found.stacks)

    def _heartbeat(self) -> None:
        began = self.now
        self._controller.hand_on_due()
        self.found.heartbeats += 1
        self.found.longest_heartbeat = max(self.found.longest_heartbeat, self.now - began)

    def _side_by_side(self, jobs: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run the heartbeat's jobs, and let the time pass that eight threads would take."""
        answers = []
        marked = MARK if len(jobs) > 1 else 0.0
        for job in jobs:
            answers.append(job())
            self.run_until(self.now + (INVOKE + marked) / THREADS)
        return answers

    # lambda

    def _invoked(self, params: Any) -> dict[str, Any]:
        event = json.loads(params["Payload"])
        self.found.invocations += 1
        self._queue.append((self.now, self._stacks[event["stack"]], "seconds" in event))
        self._start_queued()
        return {"StatusCode": 202}

    def _start_queued(self) -> None:
        while self._queue and self._has_room():
            came, stack, brief = self._queue.popleft()
            waited = self.now - came
            if waited > QUEUED.total_seconds():
                self.found.dropped += 1
                continue
            self._note_wait("Lambda's concurrency", waited)
            self.found.queued = max(self.found.queued, waited)
            self._running += 1
            self.found.busiest = max(self.found.busiest, self._running)
            self._begin(stack, brief)

    def _has_room(self) -> bool:
        if self._running >= self._scenario.concurrency - 1:  # the heartbeat has one
            return False
        if self._running < self._environments:
            return True
        most, seconds = LAMBDA_GROWS
        while self._grown and self._grown[0] <= self.now - seconds:
            self._grown.popleft()
        if len(self._grown) >= most:
            self._at(self._grown[0] + seconds, self._start_queued)
            return False
        self._grown.append(self.now)
        self._environments += 1
        return True

    def _ended(self) -> None:
        self._running -= 1
        self._start_queued()

    # passes

    def _begin(self, stack: Stack, brief: bool) -> None:
        if stack.name in self._busy:
            self._at(self.now + OVERHEAD, self._ended)
            return
        self._busy.add(stack.name)
        self._fences[stack.name] += 1
        stack.begun = self.now if stack.begun is None else stack.begun
        due_at = self.aws.clock.now() + timedelta(seconds=60)
        self._table.claim(stack.name, self._fences[stack.name], due_at)
        self._pass_requests += self._kind(stack, brief).table - 2  # the two that are made here
        budget = (SHORT_PASS if brief else ALL_OF_IT) - LAST_STEPS - ONE_MORE
        way = _Way(stack, self._rounds(stack, brief), brief, self.now + budget.total_seconds())
        self._go_on(way, 0)

    def _kind(self, stack: Stack, brief: bool) -> Recorded:
        if not brief:
            return self._passes.patient
        if stack.made is None:
            return self._passes.first
        is_awake = stack.awake is not None and stack.awake <= self.now
        return self._passes.last if is_awake else self._passes.look

    def _rounds(self, stack: Stack, brief: bool) -> list[Round]:
        """A look at what is there, what is left to make, and with patience the polls after it."""
        making = self._passes.first.rounds
        rounds = list(making[stack.steps :])
        if stack.steps:
            rounds.insert(0, (making[stack.steps - 1][0], self._passes.look.rounds[0][1]))
        if not brief:
            rounds += [each for each in self._passes.patient.rounds if each[0] > making[-1][0]]
        return rounds

    def _go_on(self, way: _Way, place: int) -> None:
        """One round: ask, wait for the tokens, and do the next as much later as recorded."""
        stack, rounds = way.stack, way.rounds
        is_awake = stack.awake is not None and stack.awake <= self.now
        if place == len(rounds) or self.now > way.ends or (is_awake and place > 0):
            self._at(self.now + OVERHEAD, lambda: self._leave(stack))
            return
        offset, requested = rounds[place]
        wait = self._ask(stack, requested)
        if wait is None:
            again = OVERHEAD if way.brief else POLL.total_seconds()
            following = len(rounds) if way.brief else place
            self._at(self.now + again, lambda: self._go_on(way, following))
            return
        at = self.now + wait
        if requested is self._making_of(stack):
            stack.steps += 1
        if requested["task launches"]:
            self._made(stack, at)
        gap = rounds[place + 1][0] - offset if place + 1 < len(rounds) else 0.0
        self._at(at + gap, lambda: self._go_on(way, place + 1))

    def _making_of(self, stack: Stack) -> Asked | None:
        making = self._passes.first.rounds
        return making[stack.steps][1] if stack.steps < len(making) else None

    def _ask(self, stack: Stack, requested: Asked) -> float | None:
        """Seconds until all of it is granted; None when a client gives up."""
        longest = 0.0
        for name, tokens in requested.items():
            wait = self.found.places[stack.place][name].take(tokens, self.now)
            self._note_wait(name, PATIENCE if wait is None else wait)
            if wait is None:
                return None
            longest = max(longest, wait)
        return longest

    def _made(self, stack: Stack, at: float) -> None:
        """The service was the last to be made; the load balancer some seconds before it."""
        stack.made = at
        task = TYPICAL.task_start + TYPICAL.activating + TYPICAL.registration
        stack.awake = at + max(TYPICAL.lb_provisioning, task) + HEALTH_CHECKS
        if stack.begun is not None and stack.awake - stack.begun > GIVE_UP:
            stack.failed = True

    def _leave(self, stack: Stack) -> None:
        self._busy.discard(stack.name)
        if stack.awake is not None and stack.awake <= self.now:
            stack.known_awake = True
        now = self.aws.clock.now()
        due_at = now + timedelta(minutes=15) if stack.known_awake else now
        self._table.put_status(stack.name, {}, due_at, self._fences[stack.name])
        self._ended()

    def _note_wait(self, name: str, seconds: float) -> None:
        if seconds > 1:
            self.found.waits.setdefault(name, self.now)


class _Clock:
    """The heartbeat's clock: while it sleeps, the morning goes on."""

    def __init__(self, morning: Morning) -> None:
        self._morning = morning

    def now(self) -> datetime:
        return self._morning.aws.clock.now()

    def sleep(self, seconds: float) -> None:
        self._morning.run_until(self._morning.now + seconds)
