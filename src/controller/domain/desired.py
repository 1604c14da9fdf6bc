"""
Decide: awake or asleep, for what reason, and until when that can hold.

Pure: rules, records and `now` in, a decision out. In order: a hold; a live lease; office hours,
opened early by the lead of a wake; otherwise asleep. What was spent by a sleep or by a failed
wake does not count any more. What leases and office hours keep awake may end early by idleness;
`min_awake`, `max_awake` and the load balancer's paid hour bound the end (`rest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.domain.hold import Hold
from controller.domain.lease import Lease
from controller.domain.marks import NOTHING, Marks, Slept, Spent
from controller.domain.moments import format_moment, write_moment
from controller.domain.openings import Opening, Openings, Rules
from controller.domain.plan import Target
from controller.domain.rest import Rest, Rule, Verdict, Wish
from controller.domain.sentences import say_moment
from controller.domain.spec import Json

SKEW = timedelta(minutes=5)
"""
A lease counts although it begins in the future by so much: the clock of whoever granted it may
run ahead. AWS refuses the requests of those whose clocks are further off (SigV4).
"""

_MOST_STEPS = 24
"""So many instants at which nothing changes are skipped to find the one at which it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    `reason` is one sentence for people; `rule` and `evidence` say the same to programs.

    `until` is the next instant at which the decision changes as long as no record does; None:
    never. With `look` set, fresh counts of the traffic could change it now: whoever can, looks
    and decides again, and `until` is when to try the next time. `spends` is what going to sleep
    uses up.
    """

    state: Target
    rule: Rule
    reason: str
    until: datetime | None
    evidence: Mapping[str, Json]
    look: bool = False
    spends: Spent = NOTHING

    def to_json(self) -> dict[str, Json]:
        return {
            "state": str(self.state),
            "rule": str(self.rule),
            "reason": self.reason,
            "until": write_moment(self.until),
            "evidence": dict(self.evidence),
        }


def decide(
    rules: Rules, leases: Sequence[Lease], hold: Hold | None, marks: Marks, now: datetime
) -> Decision:
    """
    Say what a stack should be at `now`.

    The answer is the same at every instant before `until`, unless a record changes. It rests on
    the marks: whoever acts on it writes `settle_marks` before the next question.
    """
    judge = _Judge(rules, leases, hold, marks, now)
    verdict = judge.verdict(now)
    return Decision(
        state=verdict.state,
        rule=verdict.rule,
        reason=verdict.reason,
        until=judge.next_change(verdict),
        evidence={key: _to_json(value) for key, value in verdict.evidence.items()},
        look=verdict.look,
        spends=judge.spends(verdict, now),
    )


def settle_marks(marks: Marks, decision: Decision, leases: Sequence[Lease], now: datetime) -> Marks:
    """The marks of a stack that sets out to do what was decided; the same ones if it does that."""
    marks = marks.known_among(_that_count(leases, now))
    if decision.state is Target.AWAKE:
        spent = marks.spent | decision.spends
        up = marks.set_out(now)
        return up if spent == up.spent else replace(up, spent=spent)
    slept = Slept(at=now, rule=str(decision.rule), reason=_looking_back(decision))
    return marks.gone_to_sleep(slept, decision.spends)


def _looking_back(decision: Decision) -> str:
    """The reason as it reads later, when a hold may be over."""
    if decision.rule is Rule.HOLD:
        return f"{decision.evidence['by']} put it to sleep"
    return decision.reason


def all_asked_for(rules: Rules, leases: Sequence[Lease], hold: Hold | None, now: datetime) -> Spent:
    """Everything that asks for the stack at `now`: what a wake that fails has used up."""
    return Spent(
        leases=_pairs(leases, now),
        openings_until=_spent_until(Openings(rules, now).at(now), now),
        hold_at=hold.set_at if hold else None,
    )


def _spent_until(opening: Opening | None, now: datetime) -> datetime | None:
    """
    Up to when an opening must begin to be spent with this one.

    Not only this one's own beginning: where it is always open, that is no fixed moment.
    """
    return max(opening.opens_at, now) if opening else None


def _pairs(leases: Sequence[Lease], now: datetime) -> frozenset[tuple[str, datetime]]:
    return frozenset((lease.id, lease.asked_at) for lease in _that_count(leases, now))


def _that_count(leases: Sequence[Lease], now: datetime) -> list[Lease]:
    """Not those that are over, by any clock: they keep nothing awake, spent or not."""
    return [lease for lease in leases if lease.expires_at > now - SKEW]


def _to_json(value: object) -> Json:
    return format_moment(value) if isinstance(value, datetime) else value


class _Judge:
    """The verdicts of one set of records at any instant from `now` on."""

    def __init__(
        self,
        rules: Rules,
        leases: Sequence[Lease],
        hold: Hold | None,
        marks: Marks,
        now: datetime,
    ) -> None:
        self._rules = rules
        self._leases = leases
        self._hold = hold.under(rules) if hold else None
        self._marks = marks
        # Only one that is up has to know when office hours were last over.
        back = rules.policy.max_awake if marks.is_up else timedelta(0)
        self._openings = Openings(rules, now, back)
        self._rest = Rest(rules.policy, marks, self._openings, leases, self._hold)

    def verdict(self, moment: datetime) -> Verdict:
        verdict = self._judge(moment)
        until = self._soonest(moment, verdict.until)
        return verdict if until == verdict.until else replace(verdict, until=until)

    def next_change(self, verdict: Verdict) -> datetime | None:
        """When the verdict first differs; instants at which it stays the same are skipped."""
        if verdict.look:
            return verdict.until
        until = verdict.until
        for _ in range(_MOST_STEPS):
            if until is None:
                return None
            later = self.verdict(until)
            if later.look or (later.state, later.reason) != (verdict.state, verdict.reason):
                return until
            until = later.until
        return until

    def spends(self, verdict: Verdict, now: datetime) -> Spent:
        """
        Going to sleep uses up what began before it.

        Time that ran out leaves nothing to spend. A hold leaves the openings: those that begin
        before its end are not the ones after it, and lifting it is to bring office hours back.
        """
        ended = self._hold if self._hold and self._is_overruled(self._hold) else None
        spends = Spent(hold_at=ended.set_at) if ended else NOTHING
        if verdict.state is Target.AWAKE or verdict.rule in (Rule.OVER, Rule.NOBODY, Rule.SLEPT):
            return spends
        opening = self._openings.at(now) if verdict.rule is not Rule.HOLD else None
        return spends | Spent(
            leases=_pairs(self._leases, now), openings_until=_spent_until(opening, now)
        )

    def _judge(self, moment: datetime) -> Verdict:
        hold = self._hold_at(moment)
        if hold:
            return self._held(hold)
        opening = self._openings.at(moment)
        wish = self._wish(opening, moment)
        if self._marks.is_up:
            return self._rest.verdict(wish, opening, moment)
        if wish:
            return wish.granted()
        slept = self._marks.slept
        if slept is None:
            return Verdict(Target.ASLEEP, Rule.NOBODY, "nobody has asked for it")
        return Verdict(
            Target.ASLEEP, Rule.SLEPT, slept.reason, evidence={"since": slept.at, "by": slept.rule}
        )

    def _hold_at(self, moment: datetime) -> Hold | None:
        hold = self._hold
        if hold is None or hold.is_over(moment) or self._marks.covers_hold(hold.set_at):
            return None
        return None if self._is_overruled(hold) else hold

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

    def _wish(self, opening: Opening | None, moment: datetime) -> Wish | None:
        live = [lease for lease in self._unspent_leases() if _is_live(lease, moment)]
        if live:
            return _wish_of_lease(max(live, key=lambda lease: (lease.expires_at, lease.id)))
        if opening is None or self._marks.covers_opening(opening.opens_at):
            return None
        return self._wish_of_opening(opening, moment)

    def _wish_of_opening(self, opening: Opening, moment: datetime) -> Wish:
        evidence = {"opens_at": opening.opens_at, "closes_at": opening.closes_at}
        if moment < opening.opens_at:
            opens = say_moment(opening.opens_at, self._rules.policy.zone)
            reason = f"it is being made ready for office hours, which begin at {opens}"
            return Wish(Rule.OPENING, reason, evidence)
        return Wish(Rule.OFFICE_HOURS, "office hours", evidence)

    def _unspent_leases(self) -> list[Lease]:
        return [lease for lease in self._leases if not self._marks.covers_lease(lease)]

    def _soonest(self, moment: datetime, until: datetime | None) -> datetime | None:
        """The next instant after `moment` at which anything that is asked above may turn."""
        edges = [until, self._openings.next_edge(moment), self._hold.until if self._hold else None]
        for lease in self._unspent_leases():
            edges += [lease.granted_at - SKEW, lease.expires_at]
        return min((edge for edge in edges if edge is not None and edge > moment), default=None)


def _is_live(lease: Lease, moment: datetime) -> bool:
    return lease.granted_at - SKEW <= moment < lease.expires_at


def _wish_of_lease(lease: Lease) -> Wish:
    why = f": {lease.reason}" if lease.reason else ""
    evidence = {"lease": lease.id, "by": lease.holder, "expires_at": lease.expires_at}
    return Wish(Rule.LEASE, f"{lease.holder} asked for it{why}", evidence)
