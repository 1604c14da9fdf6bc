"""Days of a stack: a heartbeat each minute, passes, people, and an AWS that takes its time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from controller.bootstrap import Controller, bootstrap
from controller.domain.decision.history import Event
from controller.domain.decision.hold import Hold, sleep_now
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import OfficeHours, Rules
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import Timing
from controller.domain.policy.policy import Policy, parse_policy
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.aws import LaptopAws
from local.clock import ManualClock
from local.lifetimes import Lifetime
from local.records import create_table
from system.stack_under_test import StackUnderTest
from tables.tables import Tables

STACK = "nsfw-api"
TICK = timedelta(minutes=1)
BUDGET = timedelta(seconds=300)
"""What template.yaml gives the function."""

WEEK = {"Mon": 23, "Tue": 24, "Wed": 25, "Thu": 26, "Fri": 27, "Sat": 28, "Sun": 29}


@dataclass
class Days:
    """
    A stack with this policy from `start` on; times are texts, local to the policy's zone.

    `live(until)` lets the heartbeat tick each minute and runs the passes that it starts; minutes
    in which nothing is due are skipped, unless `every_tick`.
    """

    policy: Policy
    start: str = "Mon 06:00"
    profile: str | Timing = "typical"
    rehearses: bool = False
    spec: Spec = field(init=False)
    reported: list[Event] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = ManualClock(self.moment(self.start))
        self.aws = LaptopAws(profile=self.profile, clock=clock)
        self.aws.furnish_article()
        Tables().play(self.aws)
        create_table(self.aws.session().client("dynamodb"), "dormouse")
        self.spec = article_spec(policy=self.policy.to_json())
        self.sut = StackUnderTest(self.aws, self.spec)
        self.nudged: list[str] = []
        self._planned: list[tuple[datetime, Callable[[], None]]] = []
        self.aws.answer_with("lambda", "Invoke", self._take_invocation)
        self.controller = self.new_controller()
        self.publish(self.spec)

    def new_controller(self, notify: Callable[[Spec, Event], None] | None = None) -> Controller:
        environment = {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "controller"}
        return bootstrap(
            environment,
            session=self.aws.session(),
            clock=self.aws.clock,
            side_by_side=one_by_one,
            rehearses=self.rehearses,
            notify=notify or (lambda _, event: self.reported.append(event)),
        )

    def _take_invocation(self, params: Any) -> dict[str, Any]:
        self.nudged.append(json.loads(params["Payload"])["stack"])
        return {"StatusCode": 202}

    # time

    @property
    def zone(self) -> ZoneInfo:
        return self.policy.zone

    @property
    def now(self) -> datetime:
        return self.aws.clock.now()

    def moment(self, text: str) -> datetime:
        """ "Tue 09:00" of the week of 23 November 2026; "Mon+1 09:00" of the week after."""
        day, _, time = text.partition(" ")
        name, _, weeks = day.partition("+")
        hour, minute, *second = (int(part) for part in time.split(":"))
        midnight = datetime(2026, 11, WEEK[name], tzinfo=self.policy.zone)
        local = midnight + timedelta(days=7 * int(weeks or 0))
        return local.replace(hour=hour, minute=minute, second=second[0] if second else 0)

    def live(self, until: str, *, every_tick: bool = False) -> None:
        self.live_until(self.moment(until), every_tick=every_tick)

    def live_until(self, end: datetime, *, every_tick: bool = False) -> None:
        while True:
            tick = self._next_tick() if every_tick else self._next_tick_with_work(end)
            planned = min((at for at, _ in self._planned), default=None)
            if planned is not None and planned <= min(tick, end):
                self._do_planned(planned)
            elif tick > end:
                self._advance_to(end)
                return
            else:
                self._advance_to(tick)
                self.tick()

    def tick(self) -> list[str]:
        """One heartbeat, and the passes that it starts."""
        due = self.controller.hand_on_due()
        self.run_nudged()
        return due

    def plan(self, at: str, action: Callable[[], None]) -> None:
        """Between two ticks: the action, and the pass that it nudges, two seconds later."""
        self._planned.append((self.moment(at), action))

    def during(self, at: datetime, action: Callable[[], None]) -> None:
        """In the middle of whatever goes on at that moment."""
        self.aws.at(at, action)

    def _do_planned(self, at: datetime) -> None:
        self._advance_to(at)
        for each in [each for each in self._planned if each[0] == at]:
            self._planned.remove(each)
            each[1]()
        self.aws.clock.advance(2)
        self.run_pass()

    def _next_tick(self) -> datetime:
        floor = self.now.replace(second=0, microsecond=0)
        return floor + TICK

    def _next_tick_with_work(self, end: datetime) -> datetime:
        due_at = self.due_at()
        tick = self._next_tick()
        if due_at is None:
            return end + TICK
        late = due_at - due_at.replace(second=0, microsecond=0)
        return max(tick, due_at if not late else due_at - late + TICK)

    def _advance_to(self, moment: datetime) -> None:
        self.aws.clock.advance(max(0.0, (moment - self.now).total_seconds()))

    def run_pass(self) -> dict[str, Any]:
        result = self.controller.run_pass(STACK, f"pass-{len(self.results)}", BUDGET)
        self.results.append(result)
        self.run_nudged()
        return result

    def run_nudged(self) -> None:
        """The passes that were asked for."""
        while self.nudged:
            stack = self.nudged.pop(0)
            result = self.controller.run_pass(stack, f"pass-{len(self.results)}", BUDGET)
            self.results.append(result)

    # people

    def publish(self, spec: Spec) -> None:
        self.spec = spec
        self.policy = Policy.from_json(spec.policy)
        self.controller.table.put_spec(spec, self.now)

    def wake(self, hours: float = 1, id_: str = "", holder: str = "wake link") -> None:
        now = self.now
        self.controller.table.grant(
            Lease(
                stack=STACK,
                id=id_ or f"lease-{now:%d%H%M%S}",
                holder=holder,
                reason="",
                granted_at=now,
                expires_at=now + timedelta(hours=hours),
            )
        )

    def sleep(self) -> None:
        table = self.controller.table
        windows = OfficeHours(Rules.of(self.policy, timedelta(minutes=5)), self.now)
        leases = table.load(STACK).leases
        table.hold(sleep_now(STACK, windows, leases, "ann", "", self.now))

    def hold(self, hold: Hold) -> None:
        self.controller.table.hold(hold)

    def visit(self, first: str, last: str, every: int = 3) -> None:
        """Somebody uses it every so many minutes, from the first minute to the last."""
        at, end = self.moment(first), self.moment(last)
        while at <= end:
            self.aws.traffic.flows("ecs-nlb", at, new_flows=4, bytes=20_000)
            at += every * TICK

    # what can be seen

    @property
    def status(self) -> dict[str, Any]:
        status = self.controller.table.load(STACK).status
        return status.to_json() if status else {}

    @property
    def reason(self) -> str:
        return str(self.status["decision"]["reason"])

    def due_at(self) -> datetime | None:
        reply = (
            self.aws.session()
            .client("dynamodb")
            .query(
                TableName="dormouse",
                IndexName="due",
                KeyConditionExpression="due = :due",
                ExpressionAttributeValues={":due": {"S": "due"}},
                Limit=1,
            )
        )
        found = [datetime.fromisoformat(item["due_at"]["S"]) for item in reply["Items"]]
        return found[0] if found else None

    def story(self, since: str = "Mon 00:00") -> list[tuple[str, str]]:
        """What happened, by local time and kind."""
        events = self.controller.table.events(STACK, self.moment(since), self.now + TICK)
        return [(self.local(event.at), str(event.kind)) for event in events]

    def reasons(self) -> dict[str, str]:
        events = self.controller.table.events(STACK, self.moment(self.start), self.now + TICK)
        return {f"{self.local(event.at)} {event.kind}": event.reason for event in events}

    def local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%a %H:%M}"

    def balancers(self) -> list[Lifetime]:
        return [one for one in self.aws.lifetimes() if one.kind == "load_balancer"]

    def paid_hours(self) -> list[int]:
        """The started hours of each load balancer up to now."""
        return [
            -(-((one.ended_at or self.now) - one.started_at) // timedelta(hours=1))
            for one in self.balancers()
        ]


def days(start: str = "Mon 06:00", profile: str | Timing = "typical", **policy: Any) -> Days:
    holidays = policy.pop("holidays", {})
    parsed = parse_policy({"time_zone": "Asia/Tokyo", **policy}).with_holidays(holidays)
    return Days(parsed, start, profile)
