"""
Decide: awake or asleep, for what reason, and until when the decision is valid.

Pure: rules, records and `now` in, a decision out. In order: a hold; a live lease; office hours and
bookings, opened early by the lead of a wake; otherwise asleep. Requests that a sleep or a
failed wake has consumed do not count any more. What leases and openings keep awake may end early by
idleness; `min_awake`, `max_awake` and the load balancer's paid hour bound the end
(`sleep_rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.booking import Booking
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import NOTHING, ConsumedRequests, Lifecycle, Slept
from controller.domain.decision.office_hours import OfficeHours, Rules, Window
from controller.domain.decision.sleep_rules import (
    Demand,
    Rule,
    SleepRules,
    Verdict,
    longest_after_the_end,
)
from controller.domain.formatting import say_moment
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp, write_timestamp

SKEW = timedelta(minutes=5)
"""
A lease counts even if it begins this far in the future: the clock of the machine that granted it
may be ahead. AWS refuses requests from clocks that differ more (SigV4).
"""

_MOST_STEPS = 24
"""How many instants without a change are skipped to find one with a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    `reason` is one sentence for people; `rule` and `evidence` say the same to programs.

    `until` is the next instant at which the decision changes if no record changes; None:
    never. With `needs_traffic` set, new traffic counts could change it now: a caller that can
    read them decides again, and `until` is the next time to try. `consumes` lists the requests
    that the sleep uses up.
    """

    state: Target
    rule: Rule
    reason: str
    until: datetime | None
    evidence: Mapping[str, Json]
    needs_traffic: bool = False
    consumes: ConsumedRequests = NOTHING

    def to_json(self) -> dict[str, Json]:
        return {
            "state": str(self.state),
            "rule": str(self.rule),
            "reason": self.reason,
            "until": write_timestamp(self.until),
            "evidence": dict(self.evidence),
        }


def decide(
    rules: Rules, leases: Sequence[Lease], hold: Hold | None, lifecycle: Lifecycle, now: datetime
) -> Decision:
    """
    Say what a stack should be at `now`.

    The answer is the same at every instant before `until`, unless a record changes. It depends on
    the lifecycle: a caller that acts on it stores `settle_lifecycle` before the next decision.
    """
    judge = _Judge(rules, leases, hold, lifecycle, now)
    verdict = judge.verdict(now)
    return Decision(
        state=verdict.state,
        rule=verdict.rule,
        reason=verdict.reason,
        until=judge.next_change(verdict),
        evidence={key: _to_json(value) for key, value in verdict.evidence.items()},
        needs_traffic=verdict.needs_traffic,
        consumes=judge.consumes(verdict, now),
    )


def settle_lifecycle(
    lifecycle: Lifecycle, decision: Decision, leases: Sequence[Lease], now: datetime
) -> Lifecycle:
    """The lifecycle at the start of the decided transition; unchanged if that has started."""
    lifecycle = lifecycle.known_among(_that_are_said(lifecycle, leases, now))
    if decision.state is Target.AWAKE:
        spent = lifecycle.spent | decision.consumes
        up = lifecycle.begin_transition(now)
        return up if spent == up.spent else replace(up, spent=spent)
    slept = Slept(at=now, rule=str(decision.rule), reason=_looking_back(decision))
    return lifecycle.gone_to_sleep(slept, decision.consumes)


def _looking_back(decision: Decision) -> str:
    """The reason as it reads later, when a hold may be over."""
    if decision.rule is Rule.HOLD:
        return f"{decision.evidence['by']} put it to sleep"
    return decision.reason


def live_requests(
    rules: Rules, leases: Sequence[Lease], hold: Hold | None, now: datetime
) -> ConsumedRequests:
    """Everything that asks for the stack at `now`: what a wake that fails has used up."""
    return ConsumedRequests(
        leases=_pairs(leases, now),
        windows_until=_spent_until(OfficeHours(rules, now).at(now), now),
        hold_at=hold.set_at if hold else None,
    )


def _spent_until(window: Window | None, now: datetime) -> datetime | None:
    """
    Up to when an opening must begin to be spent with this one.

    Not only this one's own beginning: where it is always open, that is no fixed moment.
    """
    return max(window.opens_at, now) if window else None


def _pairs(leases: Sequence[Lease], now: datetime) -> frozenset[tuple[str, datetime]]:
    return frozenset((lease.id, lease.requested_at) for lease in _that_count(leases, now))


def _that_count(leases: Sequence[Lease], now: datetime) -> list[Lease]:
    """Not those that are over, by any clock: they keep nothing awake, spent or not."""
    return [lease for lease in leases if lease.expires_at > now - SKEW]


def _that_are_said(lifecycle: Lifecycle, leases: Sequence[Lease], now: datetime) -> list[Lease]:
    """
    Those that count, and all that have ended since the wake.

    What is over is said as the reason to stay a while; one that is spent must not become it.
    """
    since = lifecycle.waking_since or now
    return [each for each in leases if each.expires_at > now - SKEW or each.expires_at >= since]


def _to_json(value: object) -> Json:
    return format_timestamp(value) if isinstance(value, datetime) else value


class _Judge:
    """
    The verdicts of one set of records at any instant from `now` on.

    Its size: each step of one verdict, over the same records.
    """

    def __init__(
        self,
        rules: Rules,
        leases: Sequence[Lease],
        hold: Hold | None,
        lifecycle: Lifecycle,
        now: datetime,
    ) -> None:
        self._rules = rules
        self._leases = leases
        self._unspent = [each for each in leases if not lifecycle.has_consumed_lease(each)]
        self._hold = hold.under(rules) if hold else None
        self._lifecycle = lifecycle
        back = longest_after_the_end(rules.policy) if lifecycle.is_up else timedelta(0)
        self._windows = OfficeHours(rules, now, back)
        self._rest = SleepRules(rules.policy, lifecycle, self._windows, leases, self._hold)

    def verdict(self, moment: datetime) -> Verdict:
        verdict = self._judge(moment)
        until = self._soonest(moment, verdict.until)
        return verdict if until == verdict.until else replace(verdict, until=until)

    def next_change(self, verdict: Verdict) -> datetime | None:
        """When the verdict first differs; instants at which it stays the same are skipped."""
        if verdict.needs_traffic:
            return verdict.until
        until = verdict.until
        for _ in range(_MOST_STEPS):
            if until is None:
                return None
            later = self.verdict(until)
            if later.needs_traffic or (later.state, later.reason) != (
                verdict.state,
                verdict.reason,
            ):
                return until
            until = later.until
        return until

    def consumes(self, verdict: Verdict, now: datetime) -> ConsumedRequests:
        """
        Going to sleep uses up what began before it.

        Time that ran out leaves nothing to spend. A hold leaves the openings: those that begin
        before its end are not the ones after it, and lifting it is to bring office hours back.
        One that has ended is over for good: its end may be computed anew, as wakes are learned.
        """
        ended = self._hold if self._hold and self._is_done(self._hold, verdict, now) else None
        consumes = ConsumedRequests(hold_at=ended.set_at) if ended else NOTHING
        if verdict.state is Target.AWAKE or verdict.rule in (Rule.OVER, Rule.NOBODY, Rule.SLEPT):
            return consumes
        window = self._windows.at(now) if verdict.rule is not Rule.HOLD else None
        return consumes | ConsumedRequests(
            leases=_pairs(self._leases, now), windows_until=_spent_until(window, now)
        )

    def _judge(self, moment: datetime) -> Verdict:
        hold = self._hold_at(moment)
        if hold:
            return self._held(hold)
        window = self._windows.at(moment)
        demand = self._demand(window, moment)
        if self._lifecycle.is_up:
            return self._rest.verdict(demand, window, moment)
        if demand:
            return demand.granted()
        slept = self._lifecycle.slept
        if slept is None:
            return Verdict(Target.ASLEEP, Rule.NOBODY, "nobody has asked for it")
        return Verdict(
            Target.ASLEEP, Rule.SLEPT, slept.reason, evidence={"since": slept.at, "by": slept.rule}
        )

    def _hold_at(self, moment: datetime) -> Hold | None:
        hold = self._hold
        if hold is None or hold.is_over(moment) or self._lifecycle.has_consumed_hold(hold.set_at):
            return None
        return None if self._is_overruled(hold) else hold

    def _is_done(self, hold: Hold, verdict: Verdict, now: datetime) -> bool:
        wakes = verdict.state is Target.AWAKE and hold.state is Target.ASLEEP
        return self._is_overruled(hold) or (wakes and hold.is_over(now))

    def _is_overruled(self, hold: Hold) -> bool:
        return any(hold.is_ended_by(lease) for lease in self._leases)

    def _held(self, hold: Hold) -> Verdict:
        until = say_moment(hold.until, self._rules.policy.zone)
        why = f": {hold.reason}" if hold.reason else ""
        return Verdict(
            hold.state,
            Rule.HOLD,
            f"{hold.by} holds it {hold.state} until {until}{why}",
            evidence={"by": hold.by, "set_at": hold.set_at, "until": hold.until},
        )

    def _demand(self, window: Window | None, moment: datetime) -> Demand | None:
        live = [lease for lease in self._unspent if _is_live(lease, moment)]
        if live:
            return _demand_of_lease(max(live, key=lambda lease: (lease.expires_at, lease.id)))
        if window is None or self._lifecycle.has_consumed_window(window.opens_at):
            return None
        if window.booking and moment < window.opens_at:
            window = self._open_meanwhile(moment) or window
        return self._demand_of_window(window, moment)

    def _open_meanwhile(self, moment: datetime) -> Window | None:
        """The booking for which it would be made ready."""
        for each in reversed(self._windows.all_at(moment)):
            if each.opens_at <= moment and not self._lifecycle.has_consumed_window(each.opens_at):
                return each
        return None

    def _demand_of_window(self, window: Window, moment: datetime) -> Demand:
        evidence = {"opens_at": window.opens_at, "closes_at": window.closes_at}
        if window.booking:
            return self._demand_of_booking(window.booking, evidence, moment)
        if moment < window.opens_at:
            opens = say_moment(window.opens_at, self._rules.policy.zone)
            reason = f"it is being made ready for office hours, which begin at {opens}"
            return Demand(Rule.OPENING, reason, evidence)
        return Demand(Rule.OFFICE_HOURS, "office hours", evidence)

    def _demand_of_booking(
        self, booking: Booking, evidence: dict[str, datetime | None], moment: datetime
    ) -> Demand:
        evidence_of = {"booking": booking.id, "by": booking.by, **evidence}
        why = f": {booking.reason}" if booking.reason else ""
        if moment < booking.opens_at:
            opens = say_moment(booking.opens_at, self._rules.policy.zone)
            reason = f"it is being made ready for {booking.by}, who booked it from {opens}{why}"
            return Demand(Rule.BOOKING, reason, evidence_of)
        return Demand(Rule.BOOKING, f"{booking.by} booked it{why}", evidence_of)

    def _soonest(self, moment: datetime, until: datetime | None) -> datetime | None:
        """The next instant after `moment` at which any of the conditions above may change."""
        edges = [until, self._windows.next_edge(moment), self._hold.until if self._hold else None]
        for lease in self._unspent:
            edges += [lease.granted_at - SKEW, lease.expires_at]
        return min((edge for edge in edges if edge is not None and edge > moment), default=None)


def _is_live(lease: Lease, moment: datetime) -> bool:
    return lease.granted_at - SKEW <= moment < lease.expires_at


def _demand_of_lease(lease: Lease) -> Demand:
    why = f": {lease.reason}" if lease.reason else ""
    evidence = {"lease": lease.id, "by": lease.holder, "expires_at": lease.expires_at}
    return Demand(Rule.LEASE, f"{lease.holder} asked for it{why}", evidence)
