"""
`until` against a clock that strikes every minute.

A small world plays 32 hours of a stack: people ask and hold, traffic comes and goes,
CloudWatch is late, mute at times, and wakes take a while. Whoever asks every minute and whoever
asks only when something was recorded or `until` has come must live through the same day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.domain.decision.booking import Booking
from controller.domain.decision.desired import Decision, decide, live_requests, settle_lifecycle
from controller.domain.decision.hold import Hold
from controller.domain.decision.idle import Counts, Minute, judge, window_to_read
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import BilledResource, Failure, Lifecycle
from controller.domain.decision.office_hours import Rules, Stop
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.timestamps import parse_timestamp

START = datetime(2026, 3, 27, 18, tzinfo=UTC)  # a Friday; clocks in Europe change on Sunday
MINUTE = timedelta(minutes=1)
LENGTH = 32 * 60
ARN = "arn:aws:elasticloadbalancing:::loadbalancer/net/a/1"
ZONES = ["UTC", "Asia/Tokyo", "Australia/Lord_Howe", "America/St_Johns", "Europe/London"]


def moment(minute: int) -> datetime:
    return START + minute * MINUTE


@dataclass(frozen=True)
class Story:
    """What happens, by minute: who asks for what, who uses it, what CloudWatch withholds."""

    policy: dict
    lead: int
    leases: tuple[tuple[int, int], ...]
    extensions: tuple[tuple[int, int, int], ...]
    holds: tuple[tuple[int, str, int], ...]
    lifts: tuple[int, ...]
    used: frozenset[int]
    mute: tuple[tuple[int, int], ...]
    late: int
    wake_takes: int
    fails_at: frozenset[int]
    bookings: tuple[tuple[int, int, int], ...] = ()
    cancels: tuple[tuple[int, int], ...] = ()
    stop: tuple[int, int] | None = None

    def times(self) -> set[int]:
        """The minutes at which a record changes from outside."""
        return {
            *(at for at, _ in self.leases),
            *(at for at, _, _ in self.extensions),
            *(at for at, _, _ in self.holds),
            *self.lifts,
            *(at for at, _, _ in self.bookings),
            *(at for at, _ in self.cancels),
        }


def make_rules(story: Story) -> Rules:
    rules = Rules.of(parse_policy(story.policy), story.lead * MINUTE)
    if story.stop is None:
        return rules
    start, length = story.stop
    return rules.with_stop(Stop(moment(start), moment(start + length), "the budget is used up"))


@dataclass
class World:
    story: Story
    rules: Rules
    minute: int = -1
    leases: dict[str, Lease] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    hold: Hold | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    reported: Decision | None = None

    def live(self, minute: int) -> bool:
        """Let this minute come; True when a record has changed in it."""
        self.minute = minute
        now = moment(minute)
        for index, (at, length) in enumerate(self.story.leases):
            if at == minute:
                self.leases[str(index)] = Lease(
                    stack="s",
                    id=str(index),
                    holder=f"person {index}",
                    reason="",
                    granted_at=now,
                    expires_at=now + length * MINUTE,
                )
        for at, index, length in self.story.extensions:
            found = self.leases.get(str(index))
            if at == minute and found and found.expires_at > now:
                self.leases[found.id] = found.extended(now + length * MINUTE, at=now)
        self.book(minute, now)
        for at, state, length in self.story.holds:
            if at == minute:
                over = frozenset(self.leases)
                until = now + length * MINUTE
                self.hold = Hold(
                    stack="s",
                    state=Target(state),
                    by="ann",
                    reason="",
                    set_at=now,
                    until=until,
                    over=over,
                )
        if minute in self.story.lifts:
            self.hold = None
        return minute in self.story.times() or self.progress(now)

    def book(self, minute: int, now: datetime) -> None:
        """Somebody books, or cancels what was booked."""
        before = dict(self.bookings)
        for index, (at, ahead, length) in enumerate(self.story.bookings):
            if at == minute:
                self.bookings[str(index)] = Booking(
                    stack="s",
                    id=str(index),
                    owner="x",
                    by=f"person {index}",
                    reason="",
                    made_at=now,
                    opens_at=now + ahead * MINUTE,
                    closes_at=now + (ahead + length) * MINUTE,
                )
        for at, index in self.story.cancels:
            found = self.bookings.get(str(index))
            if at == minute and found and found.is_live(now):
                self.bookings[found.id] = found.cancelled(now)
        if self.bookings != before:
            self.rules = self.rules.with_bookings(self.bookings.values())

    def progress(self, now: datetime) -> bool:
        """A wake becomes ready, or fails, when its time has come: both are records of a pass."""
        lifecycle = self.lifecycle
        if lifecycle.waking_since is None or lifecycle.ready_at is not None:
            return False
        if now < lifecycle.waking_since + self.story.wake_takes * MINUTE:
            return False
        woken = int((lifecycle.waking_since - START) / MINUTE)
        if woken in self.story.fails_at:
            requested = live_requests(self.rules, list(self.leases.values()), self.hold, now)
            failure = Failure(at=now, cause="no image", spec_hash="1", spent=requested)
            self.lifecycle = lifecycle.failed(failure)
        else:
            made = lifecycle.waking_since + MINUTE
            standing = (BilledResource(address="a", arn=ARN, since=made),)
            self.lifecycle = lifecycle.ready(now).with_billed(standing)
        return True

    def ask(self) -> Decision:
        """Decide as a pass does: look where asked to, and write down what follows."""
        now, leases = moment(self.minute), list(self.leases.values())
        while True:
            decision = decide(self.rules, leases, self.hold, self.lifecycle, now)
            lifecycle = self.lifecycle
            if decision.needs_traffic:
                self.needs_traffic(decision, now)
            else:
                self.lifecycle = settle_lifecycle(lifecycle, decision, leases, now)
            if self.lifecycle == lifecycle:
                self.reported = decision
                return decision

    def needs_traffic(self, decision: Decision, now: datetime) -> None:
        policy = self.rules.policy
        since = parse_timestamp(decision.evidence["unused_since"])
        span = window_to_read(since, policy.idle_timeout, now)
        counts = self.counts(span.start, span.end)
        activity = judge(counts, span, policy.idle_below, self.lifecycle.activity, now)
        self.lifecycle = replace(self.lifecycle, activity=activity)

    def counts(self, start: datetime, end: datetime) -> Counts:
        """What CloudWatch shows now of [start, end)."""
        if any(first <= self.minute < last for first, last in self.story.mute):
            return Counts(problem="CloudWatch is mute")
        shown = []
        for minute in range(int((start - START) / MINUTE), int((end - START) / MINUTE)):
            if minute + 1 + self.story.late <= self.minute and self.is_counted(minute):
                flows = 5 if minute in self.story.used else 0
                shown.append(Minute(at=moment(minute), new_flows=flows, bytes=flows * 1000))
        return Counts(tuple(shown))

    def is_counted(self, minute: int) -> bool:
        ready = self.lifecycle.ready_at
        return ready is not None and moment(minute) >= ready


def every_minute(story: Story) -> Iterator[tuple[Target, str]]:
    world = World(story, make_rules(story))
    for minute in range(LENGTH):
        world.live(minute)
        decision = world.ask()
        yield decision.state, decision.reason


def from_until_to_until(story: Story) -> Iterator[tuple[Target, str]]:
    world = World(story, make_rules(story))
    for minute in range(LENGTH):
        changed = world.live(minute)
        reported = world.reported
        if (
            changed
            or reported is None
            or (reported.until is not None and reported.until <= moment(minute))
        ):
            reported = world.ask()
        assert reported is not None
        yield reported.state, reported.reason


minutes_of_story = st.integers(0, LENGTH - 1)
lengths = st.one_of(st.integers(1, 90), st.integers(1, LENGTH))
durations = st.sampled_from(["10m", "15m", "30m", "1h", "2h", "5h"])
spans = st.tuples(minutes_of_story, st.integers(1, 120))


@st.composite
def periods(draw: st.DrawFn) -> str:
    days = draw(st.sampled_from(["daily", "Fri", "Sat", "Sun", "Fri-Sun"]))
    start = draw(st.integers(0, 23 * 60 + 59))
    end = draw(st.integers(0, 24 * 60).filter(lambda end: end != start))
    return f"{days} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


@st.composite
def stories(draw: st.DrawFn) -> Story:
    policy = {
        "time_zone": draw(st.sampled_from(ZONES)),
        "office_hours": draw(st.lists(periods(), max_size=3)),
        "ready_by_opening": draw(st.booleans()),
        "idle_timeout": draw(st.sampled_from(["0", "10m", "30m", "30m", "1h"])),
        "idle_during_office_hours": draw(st.booleans()),
        "min_awake": draw(st.sampled_from(["0", "10m", "45m"])),
        "max_awake": draw(durations),
        "finish_paid_hour": draw(st.booleans()),
        "wake_timeout": draw(st.sampled_from(["10m", "20m"])),
    }
    used = draw(st.lists(spans, max_size=6))
    return Story(
        policy=policy,
        lead=draw(st.integers(0, 12)),
        leases=tuple(draw(st.lists(st.tuples(minutes_of_story, lengths), max_size=5))),
        extensions=tuple(
            draw(st.lists(st.tuples(minutes_of_story, st.integers(0, 4), lengths), max_size=3))
        ),
        holds=tuple(
            draw(
                st.lists(
                    st.tuples(minutes_of_story, st.sampled_from(["asleep", "awake"]), lengths),
                    max_size=2,
                )
            )
        ),
        lifts=tuple(draw(st.lists(minutes_of_story, max_size=1))),
        used=frozenset(m for first, length in used for m in range(first, first + length)),
        mute=tuple((at, at + length) for at, length in draw(st.lists(spans, max_size=2))),
        late=draw(st.sampled_from([1, 2, 2, 3, 15])),
        wake_takes=draw(st.integers(1, 9)),
        fails_at=frozenset(draw(st.lists(minutes_of_story, max_size=2))),
        bookings=tuple(
            draw(st.lists(st.tuples(minutes_of_story, st.integers(0, 600), lengths), max_size=4))
        ),
        stop=draw(st.none() | st.tuples(minutes_of_story, st.integers(1, LENGTH))),
        cancels=tuple(draw(st.lists(st.tuples(minutes_of_story, st.integers(0, 3)), max_size=2))),
    )


def examples(number: int) -> settings:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=slow)


@pytest.mark.slow
@examples(40)
@given(stories())
def test_deciding_only_at_until_gives_the_same_day_as_deciding_every_minute(story):
    pairs = zip(every_minute(story), from_until_to_until(story), strict=True)
    for minute, (requested, waited) in enumerate(pairs):
        assert requested == waited, f"at {moment(minute)}"


NOTHING = Story(
    policy={"time_zone": "UTC", "idle_timeout": "30m", "finish_paid_hour": False},
    lead=4,
    leases=(),
    extensions=(),
    holds=(),
    lifts=(),
    used=frozenset(),
    mute=(),
    late=1,
    wake_takes=1,
    fails_at=frozenset(),
)


def test_what_is_over_is_said_as_long_as_it_stays_awake_after_it():
    """Longer than max_awake: a booking within office hours that idleness has ended before."""
    policy = {
        **NOTHING.policy,
        "office_hours": ["Fri-Sun 00:00-23:00"],
        "min_awake": "45m",
        "max_awake": "30m",
    }
    booked = 20 * 60  # Saturday 14:00; office hours are spent since 00:30
    story = replace(NOTHING, policy=policy, bookings=((booked, 0, 1),))
    day = list(every_minute(story))

    assert day == list(from_until_to_until(story))
    over = "the time that person 0 booked is over"
    assert day[booked + 1] == (Target.AWAKE, f"{over}, but it stays awake for 45 min at least")
    assert day[booked + 40] == day[booked + 1]
    assert day[booked + 46] == (Target.ASLEEP, over)


@pytest.mark.slow
@examples(60)
@given(stories(), st.data())
def test_until_is_the_very_instant_at_which_the_answer_changes(story, data):
    """With the records as they are: the same just before, another at it."""
    world = World(story, make_rules(story))
    for minute in range(0, data.draw(st.integers(0, LENGTH - 1)), 5):
        world.live(minute)
        world.ask()
    decision = world.ask() if world.minute >= 0 else None
    if decision is None or decision.until is None:
        return
    leases, now = list(world.leases.values()), moment(world.minute)

    def at(instant: datetime) -> Decision:
        return decide(world.rules, leases, world.hold, world.lifecycle, instant)

    assert decision.until > now
    for share in (0.0, 0.3, 0.7):
        between = at(now + share * (decision.until - now))
        assert (between.state, between.reason, between.needs_traffic) == (
            decision.state,
            decision.reason,
            False,
        )
        assert between.until == decision.until
    changed = at(decision.until)
    assert changed.needs_traffic or (changed.state, changed.reason) != (
        decision.state,
        decision.reason,
    )


@examples(25)
@given(stories())
def test_a_decision_follows_the_order(story):
    """Whatever else holds: a hold wins, and without lease, hold and office hours it sleeps."""
    rules = make_rules(story)
    world = World(story, rules)
    for minute in range(0, LENGTH, 10):
        for each in range(minute, minute + 10):
            world.live(each)
        decision, now = world.ask(), moment(world.minute)
        held = world.hold and not world.hold.is_over(now)
        overruled = held and any(world.hold.is_ended_by(one) for one in world.leases.values())
        if held and not overruled and not world.lifecycle.has_consumed_hold(world.hold.set_at):
            assert decision.state is world.hold.state
        live = any(one.covers(now) for one in world.leases.values())
        if decision.state is Target.AWAKE and not live and not held and not world.lifecycle.is_up:
            ahead = now + rules.lead + MINUTE
            assert any(world.rules.windows(now, ahead))


@examples(25)
@given(stories())
def test_it_is_never_awake_for_long_without_a_reason(story):
    """Past every reason it stays for the wake, min_awake and the paid hour, and no longer."""
    world = World(story, make_rules(story))
    policy = world.rules.policy
    most = policy.wake_timeout + policy.min_awake + timedelta(hours=1, minutes=5)
    wanted_at = START
    for minute in range(LENGTH):
        world.live(minute)
        decision, now = world.ask(), moment(minute)
        if str(decision.rule) in ("hold", "lease", "opening", "office_hours", "booking", "unknown"):
            wanted_at = now
        if decision.state is Target.AWAKE:
            assert now - wanted_at <= most
