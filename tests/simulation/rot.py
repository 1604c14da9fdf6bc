"""
Weeks of a stack that sleeps while what it needs rots, and somebody who checks its rehearsals.

    python -m simulation.rot --seeds 20 --days 45

A story draws when what breaks, and how long after it was told somebody mends it by hand. The daily
look and the monthly wake for real are the controller's own. What must hold:

    of each look        broken: "could not wake", with the way out; not readable: "not looked at";
                        neither: "could wake". One a day, and one in the hour before an opening
    of what is told     what broke is told once, before the stack is needed; nothing else is told
    of a wake for real  once in 30 days and a few hours, asked once while it stands; afterwards
                        nothing is paid for, and the ledger has each hour of its load balancer
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from controller.domain.decision.history import Event, EventKind
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.proof import Proof, Verdict
from controller.domain.reporting.real_rehearsal import Answer, RealVerdict
from controller.domain.reporting.status import Status
from diagnostics.exam import Exam, index
from factories import EIP, LISTENER, listener
from local.faults import FOREVER, Fault
from system.days import STACK, Days

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONTH = 30 * DAY
LATE = 10 * MINUTE
"""What a heartbeat and a pass may take."""

WAKES_BEFORE = 12 * MINUTE
"""An opening is made ready so long before it, at most."""

FAMILY = "nsfw-api-container"
PARAMETER = "/api/key"
SAID = {
    "image": "there is no such image",
    "certificate": "it expired on",
    "parameter": "there is no such parameter",
    "quota": "vCPUs on demand",
    "Elastic IP": "no such Elastic IP",
}
"""What breaks, and by which words a message names it."""

UNREADABLE = "no right to look"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPENINGS: tuple[tuple[tuple[str, int], ...], ...] = (
    (),
    (),
    (("Tue", 9),),
    (("Mon", 13), ("Thu", 13)),
)
"""Weekday and hour; each is open for an hour."""


@dataclass(frozen=True, slots=True)
class Rot:
    """`kind` breaks at a moment, and is mended so long after that or after it was told."""

    kind: str
    at: datetime
    repaired_after: timedelta


@dataclass(frozen=True, slots=True)
class RotStory:
    """`month` is the time between two wakes for real: a test has a shorter one."""

    seed: int
    days: int
    rehearse: str
    openings: tuple[tuple[str, int], ...]
    rots: tuple[Rot, ...]
    month: timedelta = MONTH

    @property
    def hours(self) -> list[str]:
        return [f"{day} {hour:02}:00-{hour + 1:02}:00" for day, hour in self.openings]

    def __str__(self) -> str:
        rots = ", ".join(f"{each.kind} {each.at:%d %b %H:%M}" for each in self.rots)
        return f"seed {self.seed}: {self.days} days, {self.rehearse}, {self.hours}, {rots}"


START = "Mon 06:00"


def tell(seed: int, days: int) -> RotStory:
    """The story of a seed; something breaks about once a week."""
    choose = random.Random(f"{seed}/rot")
    start = datetime.fromisoformat("2026-11-23T06:00:00+09:00")
    kinds, rots, at = [*SAID, UNREADABLE], [], start
    while True:
        at += choose.uniform(0.5, 11) * DAY
        if at >= start + days * DAY:
            break
        rots.append(Rot(choose.choice(kinds), at, choose.uniform(0.1, 4) * DAY))
    rehearse = choose.choice(("look", "monthly", "monthly"))
    return RotStory(seed, days, rehearse, choose.choice(OPENINGS), tuple(rots))


class World:
    """An account in which the article's stack can wake, with a TLS listener and a secret."""

    def __init__(self, story: RotStory) -> None:
        self.story = story
        policy = {
            "time_zone": "Asia/Tokyo",
            "office_hours": story.hours,
            "rehearse": story.rehearse,
            "finish_paid_hour": False,
        }
        self.day = Days(parse_policy(policy), START, profile="fast", rehearses=True)
        self.aws, exam = self.day.aws, Exam(self.day.sut)
        self.exam = exam
        named = {"domain": "api.example", "expires_at": "2027-12-01T00:00:00+00:00"}
        self.certificate = self.aws.furnish(certificates=[named])["certificates"]["api.example"]
        exam.role()
        exam.define(container={"secrets": [{"name": "KEY", "valueFrom": PARAMETER}]})
        exam.push(index("amd64"))
        self._put_parameter()
        tls = {"Protocol": "TLS", "Certificates": [{"CertificateArn": self.certificate}]}
        self.day.publish(_with_listener(self.day, tls))
        self.broken: dict[str, datetime] = {}
        self._address: object = None
        self._faults: dict[str, Fault] = {}

    def break_(self, kind: str) -> None:
        """It breaks, and a wake fails by it as one of AWS does."""
        self.broken[kind] = self.day.now
        match kind:
            case "image":
                self.exam.client("ecr").delete_repository(repositoryName="api", force=True)
            case "certificate":
                self._expire(self.day.now - MINUTE)
                self._deny("CreateListener", "UnsupportedCertificate")
            case "parameter":
                self.exam.client("ssm").delete_parameter(Name=PARAMETER)
            case "quota":
                self.aws.conditions.vcpu_quota = 0.1
            case "Elastic IP":
                self._address = self._addresses().pop(EIP)
            case _:
                self._deny("DescribeImages", "AccessDeniedException")
        self._start_containers()

    def mend(self, kind: str) -> None:
        """Somebody puts it right."""
        del self.broken[kind]
        match kind:
            case "image":
                self.exam.push(index("amd64"))
            case "certificate":
                self._expire(self.day.now + 400 * DAY)
                self._allow("CreateListener")
            case "parameter":
                self._put_parameter()
            case "quota":
                self.aws.conditions.vcpu_quota = 4000.0
            case "Elastic IP":
                self._addresses()[EIP] = self._address
            case _:
                self._allow("DescribeImages")
        self._start_containers()

    def _start_containers(self) -> None:
        """What becomes of tasks while that is broken."""
        behaviour = "image_pull_error" if "image" in self.broken else "healthy"
        behaviour = "resource_init_error" if "parameter" in self.broken else behaviour
        self.aws.conditions.containers(FAMILY, behaviour)

    def _put_parameter(self) -> None:
        ssm = self.exam.client("ssm")
        ssm.put_parameter(Name=PARAMETER, Value="x", Type="SecureString")

    def _addresses(self) -> dict[str, object]:
        found: dict[str, object] = self.aws.peek("us-east-1").ec2.addresses
        return found

    def _expire(self, at: datetime) -> None:
        held = self.aws.peek("us-east-1").certificates
        held[self.certificate] = replace(held[self.certificate], expires_at=at.isoformat())

    def _deny(self, operation: str, code: str) -> None:
        fault = Fault(operation=operation, code=code, message="no", status=403, times=FOREVER)
        self._faults[operation] = self.aws.faults.add(fault)

    def _allow(self, operation: str) -> None:
        self.aws.faults.remove(self._faults.pop(operation))


def _with_listener(day: Days, changes: dict[str, object]) -> object:
    given = listener()
    tls = replace(given, request={**given.request, **changes})
    rest = [tls if each.address == LISTENER else each for each in day.spec.resources]
    return replace(day.spec, resources=tuple(rest))


@dataclass
class RotObserver:
    """Looks after each heartbeat at what is recorded, told, standing and paid."""

    world: World
    problems: list[str] = field(default_factory=list)
    looks: int = 0
    reported: int = 0
    requested: list[datetime] = field(default_factory=list)
    _proof_at: datetime | None = None
    _heard: int = 0
    _named: set[str] = field(default_factory=set)
    _asleep_since: datetime | None = None

    def complain(self, what: str) -> None:
        self.problems.append(f"{self.world.day.now:%a %d %b %H:%M}  {what}")

    def look(self) -> None:
        day = self.world.day
        status = day.controller.table.load(STACK).status or Status()
        for event in day.reported[self._heard :]:
            self._hear(event)
        self._heard = len(day.reported)
        if status.proof and status.proof.at != self._proof_at:
            self._proof_at = status.proof.at
            self._judge(status.proof)
        self._see(status)

    @property
    def _hinders(self) -> set[str]:
        return set(self.world.broken) - {UNREADABLE}

    def _judge(self, proof: Proof) -> None:
        self.looks += 1
        unreadable, said = (
            UNREADABLE in self.world.broken,
            "\n".join(each.message for each in proof.hindrances),
        )
        seen = self._hinders - ({"image"} if unreadable else set())
        expected = Verdict.COULD_WAKE
        if seen:
            expected = Verdict.COULD_NOT_WAKE
        elif unreadable:
            expected = Verdict.NOT_CHECKED
        if proof.verdict is not expected:
            self.complain(f'it says "{proof.verdict}", expected "{expected}": {sorted(seen)}')
        for kind in seen:
            if SAID[kind] not in said:
                self.complain(f"it does not find what broke: {kind}")
        if any("; " not in each.message for each in proof.hindrances):
            self.complain("a finding has no way out")

    def _hear(self, event: Event) -> None:
        if event.kind is EventKind.COULD_WAKE:
            self._named.clear()
            if self._hinders:
                self.complain(f"told that it could wake, with {sorted(self._hinders)} broken")
        if event.kind is EventKind.ASLEEP:
            self._check_bill(event)
        if event.kind is not EventKind.COULD_NOT_WAKE:
            return
        self.reported += 1
        named = {kind for kind, words in SAID.items() if words in event.reason}
        if not named or not named <= self._hinders:
            self.complain(f"told without cause: {event.reason}")
        elif named <= self._named:
            self.complain(f"told twice: {sorted(named)}")
        self._named |= named

    def repaired(self, kind: str) -> None:
        self._named.discard(kind)

    def _see(self, status: Status) -> None:
        day = self.world.day
        asleep = status.target is Target.ASLEEP and status.settled
        standing = [
            each.kind
            for each in day.aws.lifetimes()
            if each.ended_at is None and each.kind in ("load_balancer", "task")
        ]
        if asleep and standing:
            self.complain(f"asleep, and paid for: {standing}")
        if not asleep:
            self._asleep_since = None
            return
        self._asleep_since = self._asleep_since or day.now
        looked = max(self._asleep_since, self._proof_at or self._asleep_since)
        if day.now - looked > DAY + LATE:
            self.complain("it was not looked at for more than a day")
        for kind, since in self._untold():
            if day.now - max(since, self._asleep_since) > DAY + LATE:
                self.complain(f"nobody was told of what broke a day ago: {kind}")

    def _untold(self) -> list[tuple[str, datetime]]:
        """What is broken, could be seen, and was not told; since when."""
        broken = self.world.broken
        if UNREADABLE in broken:
            return []
        return [(kind, since) for kind, since in broken.items() if kind not in self._named]

    def opens(self) -> None:
        """An opening comes: what broke before the last hour has been told."""
        for kind, since in self._untold():
            if self.world.day.now - since > HOUR + LATE:
                self.complain(f"an opening comes, and nobody was told: {kind}")

    def _check_bill(self, event: Event) -> None:
        """Each load balancer of this time awake, by its started hours."""
        held = {one.arn: one for one in self.world.day.balancers()}
        for _, arn, since, until, *_ in event.facts["spans"]:
            if arn in held:
                counted = datetime.fromisoformat(until) - datetime.fromisoformat(since)
                paid = (held[arn].ended_at or event.at) - held[arn].started_at
                if ceil(counted / HOUR) != ceil(paid / HOUR):
                    self.complain(f"the ledger has {counted} of {arn}, which stood for {paid}")

    def ask(self, url: str, path: str) -> Answer:
        day = self.world.day
        if day.balancers()[-1].ended_at is not None:
            self.complain("it is asked while nothing stands")
        if self.requested and day.now - self.requested[-1] < self.world.story.month:
            self.complain("it was woken for real twice in a month")
        self.requested.append(day.now)
        return Answer(RealVerdict.ANSWERED, "HTTP 200")


def live(story: RotStory) -> RotObserver:
    """Live through a story; what must not be is in `problems` of what is returned."""
    world = World(story)
    day, observer = world.day, RotObserver(world)
    day.controller = replace(day.controller, ask_service=observer.ask)
    tick = day.tick

    def ticked() -> list[str]:
        due = tick()
        observer.look()
        return due

    day.tick = ticked  # type: ignore[method-assign]
    begin = day.now
    for at, act in _agenda(story, world, observer):
        day.live_until(at)
        act()
    day.live_until(begin + story.days * DAY)
    observer.look()
    _judge_month(story, world, observer, begin)
    return observer


def _agenda(
    story: RotStory, world: World, observer: RotObserver
) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """Breaks, repairs and openings by their time; one kind breaks once at a time."""
    found: list[tuple[datetime, Callable[[], None]]] = []
    until: dict[str, datetime] = {}
    for rot in story.rots:
        if rot.at < until.get(rot.kind, rot.at):
            continue
        until[rot.kind] = rot.at + rot.repaired_after
        found.append((rot.at, lambda kind=rot.kind: world.break_(kind)))
        found.append((until[rot.kind], lambda kind=rot.kind: _mend(world, observer, kind)))
    for offset in range(story.days):
        day = (world.day.now + offset * DAY).astimezone(world.day.zone)
        for name, hour in story.openings:
            if WEEKDAYS[day.weekday()] == name:
                opening = day.replace(hour=hour, minute=0)
                found.append((opening - WAKES_BEFORE, observer.opens))
    yield from sorted(found, key=lambda each: each[0])


def _mend(world: World, observer: RotObserver, kind: str) -> None:
    world.mend(kind)
    observer.repaired(kind)


def _judge_month(story: RotStory, world: World, observer: RotObserver, begin: datetime) -> None:
    """Where nothing was in the way at the first night that was due, it was woken for real."""
    if story.rehearse != "monthly":
        if observer.requested:
            observer.complain("it was woken for real, and nobody had asked for that")
        return
    first = begin + story.month
    quiet = not any(
        rot.at < first + 2 * DAY and rot.at + rot.repaired_after > first - DAY for rot in story.rots
    )
    if quiet and story.days * DAY > story.month + 3 * DAY and not observer.requested:
        observer.complain("it was not woken for real in a month")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulation.rot", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--days", type=int, default=40)
    options = parser.parse_args()
    broken = 0
    for seed in range(options.first, options.first + options.seeds):
        story = tell(seed, options.days)
        observer = live(story)
        broken += bool(observer.problems)
        print("BROKE " if observer.problems else "ok    ", story, flush=True)
        print(
            f"       {observer.looks} reads, {observer.reported} reported, "
            f"{len(observer.requested)} for real"
        )
        for each in observer.problems:
            print(f"       {each}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
