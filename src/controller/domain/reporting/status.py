"""The status record: the state of a stack as its last pass wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.decision.history import Event, EventKind, Learned
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.money.meter import Meter
from controller.domain.money.week import Week
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.planning.serving import Degraded
from controller.domain.planning.spec import Json
from controller.domain.reporting.proof import Proof
from controller.domain.reporting.real_rehearsal import RealRehearsal
from controller.domain.text import LONGEST_CAUSE, clean
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

Part = Lifecycle | Progress | Timeline | Learned | Meter | Mapping[str, Json]


class Readable(Protocol):
    """The class of a part."""

    @staticmethod
    def from_json(data: Json, /) -> Any: ...


ReadPart = Callable[[type[Readable], Json], Any]


def _read_part(kind: type[Readable], data: Json) -> Any:
    return kind.from_json(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    A sleep that does not end, or a foreign resource that blocks it: since when, and why.

    `standing` are the addresses that still exist, and cost money.
    """

    since: datetime
    cause: str
    standing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {
            "since": format_timestamp(self.since),
            "cause": self.cause,
            "standing": list(self.standing),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Trouble:
        return Trouble(
            since=parse_timestamp(data["since"]),
            cause=clean(data["cause"], LONGEST_CAUSE),
            standing=tuple(data.get("standing", ())),
        )


@dataclass(frozen=True, kw_only=True)
class Status:
    """
    `target` is the target of the transition since `since`, and `settled` says that it is reached;
    `from_rest` says that the transition started from a settled state, not from another transition.
    `degraded` says that it serves, but not completely. `phase` is shown to people meanwhile,
    `cause` is what delays it. `decision` is the last one, as JSON.
    `warned_for` is the end for which the warning was sent, `budget_notified` a month and the
    messages sent about its budget, `term_notified` the end of its term and the messages sent about
    it, `troubles` are reported problems that are not over, `meter` counts the money.
    `outbox` are events that may not be recorded and delivered yet. `replaced` is what blocks the
    end of replaced specs, by their hash: reported once, shown until it is over. `spread_offset` is
    how much earlier than needed its wakes for an opening start, if wakes are spread. `proof` is the
    result of the last rehearsal, `real_rehearsal` that of the last one for real and when the next
    may begin (policy "monthly"), and `week` what the running week has been, where weeks are
    reported. `last_spec` is the place and the policy of the last spec that a pass could read
    (`remembered_spec`).
    """

    target: Target | None = None
    since: datetime | None = None
    settled: bool = False
    from_rest: bool = True
    phase: str = ""
    cause: str = ""
    decision: Mapping[str, Json] = field(default_factory=dict)
    updated_at: datetime | None = None
    spec_hash: str = ""
    last_spec: Mapping[str, Json] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    progress: Progress = field(default_factory=Progress)
    timeline: Timeline = field(default_factory=Timeline)
    learned: Learned = field(default_factory=Learned)
    meter: Meter = field(default_factory=Meter)
    spread_offset: timedelta = timedelta(0)
    endpoint: Mapping[str, Json] | None = None
    stuck: Trouble | None = None
    blocked: Trouble | None = None
    replaced: Mapping[str, Trouble] = field(default_factory=dict)
    degraded: Degraded | None = None
    warned_for: datetime | None = None
    troubles: tuple[EventKind, ...] = ()
    outbox: tuple[Event, ...] = ()
    set_aside: tuple[str, ...] = ()
    budget_notified: tuple[str, ...] = ()
    proof: Proof | None = None
    real_rehearsal: RealRehearsal | None = None
    term_notified: tuple[str, ...] = ()
    week: Week | None = None

    def lead(self, longest: timedelta) -> timedelta:
        """How long before an opening to begin: `longest` at most, and its share of a spread."""
        return self.learned.lead(longest) + self.spread_offset

    def with_last_spec(self, last_spec: Mapping[str, Json]) -> Status:
        return self if last_spec == self.last_spec else replace(self, last_spec=last_spec)

    def with_lifecycle(self, lifecycle: Lifecycle) -> Status:
        return self if lifecycle == self.lifecycle else replace(self, lifecycle=lifecycle)

    def with_progress(self, progress: Progress) -> Status:
        return self if progress == self.progress else replace(self, progress=progress)

    def with_meter(self, meter: Meter) -> Status:
        return self if meter is self.meter else replace(self, meter=meter)

    @property
    def parts(self) -> Mapping[str, Part]:
        """By the names under which they are stored: the large ones, which change least often."""
        return {
            "lifecycle": self.lifecycle,
            "progress": self.progress,
            "steps": self.timeline,
            "learned": self.learned,
            "meter": self.meter,
            "decision": self.decision,
            "last_spec": self.last_spec,
        }

    def to_json(self) -> dict[str, Json]:
        return {**self.besides(), **{name: part_json(part) for name, part in self.parts.items()}}

    def besides(self) -> dict[str, Json]:
        """What is stored of it besides its `parts`."""
        failure = self.lifecycle.failure
        return {
            "target": self.target and str(self.target),
            "since": write_timestamp(self.since),
            "settled": self.settled,
            "from_rest": self.from_rest,
            "phase": self.phase,
            "cause": self.cause,
            "updated_at": write_timestamp(self.updated_at),
            "spec_hash": self.spec_hash,
            "spread_offset_seconds": self.spread_offset.total_seconds(),
            "endpoint": dict(self.endpoint) if self.endpoint else None,
            "failure": failure and {"at": format_timestamp(failure.at), "cause": failure.cause},
            "stuck": self.stuck.to_json() if self.stuck else None,
            "blocked": self.blocked.to_json() if self.blocked else None,
            "replaced": {key: each.to_json() for key, each in self.replaced.items()},
            "degraded": self.degraded.to_json() if self.degraded else None,
            "warned_for": write_timestamp(self.warned_for),
            "troubles": [str(kind) for kind in self.troubles],
            "outbox": [event.to_json() for event in self.outbox],
            "set_aside": list(self.set_aside),
            "budget_notified": list(self.budget_notified),
            "proof": self.proof.to_json() if self.proof else None,
            "real_rehearsal": self.real_rehearsal.to_json() if self.real_rehearsal else None,
            "term_notified": list(self.term_notified),
            "week": self.week.to_json() if self.week else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json], read: ReadPart = _read_part) -> Status:
        """
        Read what `to_json` wrote; a missing or empty record is that of a new stack.

        `read` reads a large part: its class, and the JSON of it.
        """
        target, stuck, blocked = (data.get(key) for key in ("target", "stuck", "blocked"))
        degraded, week = data.get("degraded"), data.get("week")
        return Status(
            target=Target(target) if target else None,
            since=read_timestamp(data.get("since")),
            settled=data.get("settled", False),
            from_rest=data.get("from_rest", True),
            phase=clean(data.get("phase", ""), LONGEST_CAUSE),
            cause=clean(data.get("cause", ""), LONGEST_CAUSE),
            decision=data.get("decision", {}),
            updated_at=read_timestamp(data.get("updated_at")),
            spec_hash=data.get("spec_hash", ""),
            last_spec=data.get("last_spec", {}),
            lifecycle=read(Lifecycle, data.get("lifecycle", {})),
            progress=read(Progress, data.get("progress", {})),
            timeline=read(Timeline, data.get("steps", [])),
            learned=read(Learned, data.get("learned", {})),
            meter=read(Meter, data.get("meter", {})),
            spread_offset=timedelta(seconds=data.get("spread_offset_seconds", 0)),
            endpoint=data.get("endpoint"),
            stuck=Trouble.from_json(stuck) if stuck else None,
            blocked=Trouble.from_json(blocked) if blocked else None,
            replaced={k: Trouble.from_json(t) for k, t in data.get("replaced", {}).items()},
            degraded=Degraded.from_json(degraded) if degraded else None,
            warned_for=read_timestamp(data.get("warned_for")),
            troubles=tuple(EventKind(kind) for kind in data.get("troubles", ())),
            outbox=tuple(Event.from_json(event) for event in data.get("outbox", ())),
            set_aside=tuple(data.get("set_aside", ())),
            budget_notified=tuple(data.get("budget_notified", ())),
            proof=Proof.from_json(data.get("proof")),
            real_rehearsal=RealRehearsal.from_json(data.get("real_rehearsal")),
            term_notified=tuple(data.get("term_notified", ())),
            week=Week.from_json(week) if week else None,
        )


def part_json(part: Part) -> Json:
    return dict(part) if isinstance(part, Mapping) else part.to_json()
