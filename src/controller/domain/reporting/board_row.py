"""
One stack in one row, as of its last pass: what the page for many stacks shows. Pure.

A row is written with the status and is valid until the next pass, which is due at its `until`.
The reader extrapolates money and hours from it meanwhile. It contains no id of a lease or a link,
and is small: one read returns a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.decision.held import Held
from controller.domain.decision.term import Term
from controller.domain.money.bill import asleep_hour, awake_hour
from controller.domain.money.hour_strokes import Size, small_strokes
from controller.domain.money.ledger import Statement
from controller.domain.money.month import Month
from controller.domain.money.past_hours import Hours, last_hours
from controller.domain.planning.spec import Json
from controller.domain.reporting.proof import Proof, shown
from controller.domain.reporting.report import Report, State, policy_of
from controller.domain.reporting.so_far import saved_so_far
from controller.domain.text import clean
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

SMALL = Size(width=1, height=1, hours=4)
"""What the strokes of a row are drawn for: a hundred rows by the hour would be 80 kB."""

_MOST_TEXT = 160
_SAID = ("by", "until", "opens_at", "rule")
"""What of a decision's evidence its words need."""

UNCHECKED: Mapping[str, Json] = {"at": None, "result": "not looked at", "findings": []}


@lru_cache(maxsize=1)
def _month_start(now: datetime) -> datetime:
    """A board asks it for each of its rows."""
    return Month.of(now).start


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """USD: in the running month up to `at`, and for each hour after that in the present state."""

    spent: float = 0
    always: float = 0
    hour_spent: float = 0
    hour_always: float = 0

    def month(self, at: datetime, now: datetime) -> tuple[float, float]:
        """The cost of the running month, and what it would be always on."""
        start, spent, always = at, self.spent, self.always
        begin = _month_start(now)
        if at < begin:
            start, spent, always = begin, 0.0, 0.0
        hours = max(0.0, (now - start).total_seconds()) / 3600
        return spent + hours * self.hour_spent, always + hours * self.hour_always

    def to_json(self) -> list[Json]:
        amounts = (self.spent, self.always, self.hour_spent, self.hour_always)
        return [round(amount, 5) for amount in amounts]


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    `face` is one of eight words for people, `who` those that want it awake or hold it, `strip`
    the strokes of its hours up to the day of `at`, and `hours` how many of them were used, awake,
    paid for, and unknown. `held` are the requests that waited at the door during the pass.
    """

    stack: str
    at: datetime
    state: str = "asleep"
    face: str = "asleep"
    until: datetime | None = None
    reason: str = ""
    rule: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    who: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    owner: str = ""
    expires: datetime | None = None
    zone: str = "UTC"
    rates: Rates = field(default_factory=Rates)
    strip: Mapping[str, str] = field(default_factory=dict)
    hours: tuple[int, int, int, int] | None = None
    proof: Mapping[str, Json] = field(default_factory=lambda: UNCHECKED)

    def __hash__(self) -> int:
        """Of few fields: pages keep what they wrote by the row."""
        return hash((self.stack, self.at))

    @property
    def is_seen(self) -> bool:
        """A pass has written it."""
        return bool(self.rule)

    def held_at(self, now: datetime) -> list[Held]:
        """Those that wait still: none once it is awake, or their time is over."""
        if self.state == State.AWAKE:
            return []
        return [each for each in self.held if each.covers(now)]

    def to_json(self) -> dict[str, Json]:
        """What is stored; what is empty is left out."""
        fields = {
            "at": format_timestamp(self.at),
            "state": self.state,
            "face": self.face,
            "until": write_timestamp(self.until),
            "reason": self.reason,
            "rule": self.rule,
            "evidence": dict(self.evidence),
            "cause": self.cause,
            "who": list(self.who),
            "held": [each.to_record() for each in self.held],
            "owner": self.owner,
            "expires": write_timestamp(self.expires),
            "zone": self.zone,
            "rates": self.rates.to_json(),
            "strip": dict(self.strip),
            "hours": list(self.hours) if self.hours else None,
            "proof": dict(self.proof) if self.proof != UNCHECKED else None,
        }
        return {name: value for name, value in fields.items() if value}

    @staticmethod
    def from_json(stack: str, data: Mapping[str, Json]) -> Row:
        hours = data.get("hours")
        return Row(
            stack=stack,
            at=parse_timestamp(data["at"]),
            state=data.get("state", "asleep"),
            face=data.get("face", "asleep"),
            until=read_timestamp(data.get("until")),
            reason=data.get("reason", ""),
            rule=data.get("rule", ""),
            evidence=data.get("evidence", {}),
            cause=data.get("cause", ""),
            who=tuple(data.get("who", ())),
            held=tuple(Held.from_record(each) for each in data.get("held", ())),
            owner=data.get("owner", ""),
            expires=read_timestamp(data.get("expires")),
            zone=data.get("zone", "UTC"),
            rates=Rates(
                **dict(zip(Rates.__slots__, data.get("rates", ()), strict=False)),
            ),
            strip=data.get("strip", {}),
            hours=tuple(hours) if hours else None,
            proof=data.get("proof", UNCHECKED),
        )


def make_row(report: Report, term: Term | None = None) -> Row:
    """
    The row of a stack, from its report (an outline is enough) and its term.

    It lacks what changes from minute to minute: `with_hours` adds that.
    """
    policy, now, decision = policy_of(report.spec), report.now, report.decision
    return Row(
        stack=report.spec.stack,
        at=now,
        state=str(report.state),
        face=report.face,
        until=decision.until,
        reason=decision.reason[:_MOST_TEXT],
        rule=str(decision.rule),
        evidence={k: str(v) for k, v in decision.evidence.items() if k in _SAID},
        cause=clean(report.cause, _MOST_TEXT),
        who=_who(report),
        held=report.held,
        proof=_proof(report.status.proof),
        owner=term.owner if term else "",
        expires=term.expires_at if term else None,
        zone=policy.time_zone,
    )


def with_hours(row: Row, report: Report) -> Row:
    """The row with the money and the hours up to the moment of the report."""
    status, zone, now = report.status, policy_of(report.spec).zone, report.now
    saved = saved_so_far(report.spec, status, now)
    hours = (
        last_hours(status.meter, status.lifecycle, now, zone) if status.meter.opened_at else None
    )
    return replace(
        row,
        rates=_rates(report, saved) if saved else Rates(),
        strip=_strip(hours, zone, now) if hours else {},
        hours=(hours.used, hours.awake, hours.paid, hours.unknown) if hours else None,
    )


def _proof(proof: Proof | None) -> Mapping[str, Json]:
    """What the last rehearsal found; the findings are on the stack's page."""
    found: dict[str, Json] = shown(proof)
    return {"at": found["at"], "result": found["result"], "findings": found["findings"][:1]}


def _who(report: Report) -> tuple[str, ...]:
    if report.hold:
        return (report.hold.by,)
    return tuple(dict.fromkeys(lease.holder for lease in report.leases))[:3]


def _rates(report: Report, saved: Statement) -> Rates:
    asleep, awake = asleep_hour(report.spec), awake_hour(report.spec)
    is_up = Decimal(1) if report.status.lifecycle.billed else Decimal(0)
    return Rates(
        spent=float(saved.spent),
        always=float(saved.always_on),
        hour_spent=float(asleep + awake * is_up),
        hour_always=float(asleep + awake),
    )


def _strip(hours: Hours, zone: ZoneInfo, now: datetime) -> dict[str, str]:
    return small_strokes(hours, zone, now.astimezone(zone).date(), SMALL)
