"""
A pass's memory of what AWS may not show yet: recent creates, deletes and failures.

Everything here can be lost without harm: a create repeated on an existing object returns it, a
delete repeated on a missing one succeeds (AWS behaviour §1.6, §3). It only saves time and prevents
a stale read from being taken for the present state (§1.7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.rest import Rest
from controller.domain.planning.spec import Json, ResourceSpec
from controller.domain.text import LONGEST_CAUSE, clean
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

READ_LAG = timedelta(seconds=60)
"""How long after an own create "not found" means nothing (AWS behaviour §1.7)."""

DELETE_LAG = timedelta(minutes=2)
"""How long after an own delete the object may still be listed (AWS behaviour §3.2)."""


def settled_key(arn: str, resource: ResourceSpec) -> str:
    """What says that this object has the attributes or settings that the spec asks for today."""
    return f"{arn}#{resource.settings_hash}"


@dataclass(frozen=True, slots=True)
class LastAction:
    """The last thing done to one address: its ARN and when."""

    arn: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one address was busy with, from and until when (None: still)."""

    address: str
    step: str
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """
    The memory of one stack's current transition.

    `created` and `deleted` are our own latest calls by address. `settled` marks the resources whose
    attributes were seen or set as specified, with a hash of these; without one where they were
    those of an earlier spec. `failures` counts replacements by address.
    `leftovers_checked_for` is the hash of the spec for which no leftover was found. `cold_since` is
    when a sleep without memory first read. `retry_at` delays calls that AWS asked to repeat later,
    and `refused` is what AWS said of those that it has not taken since.
    `rest` is about services without tasks.

    Its size: one method for each thing that a transition remembers.
    """

    created: Mapping[str, LastAction] = field(default_factory=dict)
    deleted: Mapping[str, LastAction] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    failures: Mapping[str, int] = field(default_factory=dict)
    retry_at: Mapping[str, datetime] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    leftovers_checked_for: str = ""
    cold_since: datetime | None = None
    rest: Rest = field(default_factory=Rest)

    def just_created(self, address: str, now: datetime) -> LastAction | None:
        """Our own create whose result a read need not show yet."""
        trace = self.created.get(address)
        return trace if trace and now - trace.at < READ_LAG else None

    def is_doomed(self, address: str, arn: str, now: datetime) -> bool:
        """Whether a listed resource is one that we have deleted already."""
        trace = self.deleted.get(address)
        return bool(trace and trace.arn == arn and now - trace.at < DELETE_LAG)

    def draining_since(self, address: str, arn: str) -> datetime | None:
        """When this object was deleted; a service made after that has the same ARN again."""
        gone = self.deleted.get(address)
        if gone is None or gone.arn != arn or address in self.created:
            return None
        return gone.at

    def after_create(self, address: str, arn: str, now: datetime) -> Progress:
        created = {**self.created, address: LastAction(arn, now)}
        refused = _without(self.refused, address)
        return replace(self, created=created, refused=refused, rest=self.rest.over(address))

    def after_delete(self, address: str, arn: str, now: datetime) -> Progress:
        """A service that was at rest counts as leaving since then."""
        created = _without(self.created, address)
        gone = LastAction(arn, self.rest.since.get(address, now))
        deleted = {**self.deleted, address: gone}
        refused = _without(self.refused, address)
        return replace(
            self, created=created, deleted=deleted, refused=refused, rest=self.rest.over(address)
        )

    def after_failure(self, address: str) -> Progress:
        count = self.failures.get(address, 0) + 1
        return replace(self, failures={**self.failures, address: count})

    def is_recreated(self, address: str) -> bool:
        """Whether it was replaced in this transition: once is enough."""
        return self.failures.get(address, 0) > 0

    def with_settled(self, marks: frozenset[str], standing: frozenset[str]) -> Progress:
        """Add `marks`, each in place of others of its ARN; remove those of ARNs that are gone."""
        before = standing - _arns(marks)
        kept = {m for m in self.settled if _arn(m) in before}
        kept |= {m for m in marks if _arn(m) in standing}
        return self if kept == self.settled else replace(self, settled=frozenset(kept))

    def is_settled(self, arn: str, resource: ResourceSpec) -> bool:
        return settled_key(arn, resource) in self.settled

    def was_settled(self, arn: str) -> bool:
        """Whether it once had all settings of an earlier spec or this one."""
        return any(mark.startswith(f"{arn}#") for mark in self.settled)

    def is_unfinished(self, address: str, arn: str) -> bool:
        """Whether it is our own latest create, and was never seen with all its settings."""
        trace = self.created.get(address)
        return trace is not None and trace.arn == arn and not self.was_settled(arn)

    def without_failures(self) -> Progress:
        """Failures of a transition are forgotten once it is complete."""
        return replace(self, failures={}, retry_at={}, refused={})

    def holding_back(self, address: str, until: datetime, refusal: str = "") -> Progress:
        """`refusal` is what AWS said, "" where it has taken the call."""
        said = {address: clean(refusal, LONGEST_CAUSE)} if refusal else {}
        refused = {**_without(self.refused, address), **said}
        return replace(self, retry_at={**self.retry_at, address: until}, refused=refused)

    def is_held_back(self, address: str, now: datetime) -> bool:
        until = self.retry_at.get(address)
        return until is not None and now < until

    def to_json(self) -> dict[str, Json]:
        return {
            "created": {a: [t.arn, format_timestamp(t.at)] for a, t in self.created.items()},
            "deleted": {a: [t.arn, format_timestamp(t.at)] for a, t in self.deleted.items()},
            "settled": sorted(self.settled),
            "failures": dict(self.failures),
            "retry_at": {a: format_timestamp(at) for a, at in self.retry_at.items()},
            "refused": dict(self.refused),
            "leftovers_checked_for": self.leftovers_checked_for,
            "cold_since": write_timestamp(self.cold_since),
            "rest": self.rest.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Progress:
        """Read what `to_json` wrote; missing parts are empty."""
        return Progress(
            created=_traces(data.get("created", {})),
            deleted=_traces(data.get("deleted", {})),
            settled=frozenset(data.get("settled", ())),
            failures={a: int(n) for a, n in data.get("failures", {}).items()},
            retry_at={a: parse_timestamp(at) for a, at in data.get("retry_at", {}).items()},
            refused={a: clean(s, LONGEST_CAUSE) for a, s in data.get("refused", {}).items()},
            leftovers_checked_for=data.get("leftovers_checked_for", ""),
            cold_since=read_timestamp(data.get("cold_since")),
            rest=Rest.from_json(data.get("rest", {})),
        )


_T = TypeVar("_T")


def _without(each: Mapping[str, _T], address: str) -> dict[str, _T]:
    return {key: value for key, value in each.items() if key != address}


def asked_for(progress: Progress, marks: frozenset[str]) -> Progress:
    """
    Forget which settings the ARNs of `marks` had, where the spec asks for others by now.

    They may change from now on, so files that are published once more are compared once more.
    """
    asked = _arns(marks)
    stale = {m for m in progress.settled - marks if _arn(m) in asked and not m.endswith("#")}
    if not stale:
        return progress
    return replace(progress, settled=progress.settled - stale | _without_settings(stale))


def for_new_wake(progress: Progress) -> Progress:
    """Most that was there is gone; what stayed with its service is compared anew."""
    return replace(progress, settled=_without_settings(progress.settled), failures={}, refused={})


def forget(progress: Progress, addresses: Collection[str]) -> Progress:
    """Without what was done to resources that are gone for good."""
    if {*progress.created, *progress.deleted}.isdisjoint(addresses):
        return progress
    created = {a: trace for a, trace in progress.created.items() if a not in addresses}
    deleted = {a: trace for a, trace in progress.deleted.items() if a not in addresses}
    return replace(progress, created=created, deleted=deleted)


def _without_settings(marks: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{_arn(mark)}#" for mark in marks)


def _arn(mark: str) -> str:
    return mark.partition("#")[0]


def _arns(marks: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_arn, marks))


def _traces(data: Mapping[str, Json]) -> dict[str, LastAction]:
    return {a: LastAction(arn, parse_timestamp(at)) for a, (arn, at) in data.items()}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps of one transition, in the order of their starts."""

    steps: tuple[Step, ...] = ()

    @property
    def running(self) -> Mapping[str, str]:
        """What each address is busy with now."""
        return {each.address: each.step for each in self.steps if each.finished_at is None}

    def see(self, address: str, step: str, now: datetime) -> Timeline:
        """Note that `address` is busy with `step` now; "" means that it is done."""
        last = next((s for s in reversed(self.steps) if s.address == address), None)
        running = last if last and last.finished_at is None else None
        if running.step == step if running else not step:
            return self
        steps = self.steps
        if running:
            closed = replace(running, finished_at=now)
            steps = tuple(closed if s is running else s for s in steps)
        if step:
            steps = (*steps, Step(address=address, step=step, started_at=now))
        return Timeline(steps)

    def to_json(self) -> list[dict[str, Json]]:
        return [
            {
                "address": s.address,
                "step": s.step,
                "started_at": format_timestamp(s.started_at),
                "finished_at": format_timestamp(s.finished_at) if s.finished_at else None,
            }
            for s in self.steps
        ]

    @staticmethod
    def from_json(data: Sequence[Mapping[str, Json]]) -> Timeline:
        return Timeline(
            tuple(
                Step(
                    address=s["address"],
                    step=s["step"],
                    started_at=parse_timestamp(s["started_at"]),
                    finished_at=parse_timestamp(s["finished_at"]) if s["finished_at"] else None,
                )
                for s in data
            )
        )
