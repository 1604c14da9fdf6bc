"""
The moments that a stack remembers between passes because decisions depend on them.

Pure values and their transitions: waking, ready, not ready any more, asleep, failed. All of it can
be lost: resources that exist in AWS then count as left from a sleep, or as awake from that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.lease import Lease
from controller.domain.planning.spec import Json
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """
    What was known about the traffic when it was last read.

    `last_at` is the end of the last minute in use. From `quiet_since` to `known_until` there was
    no use; both are None if that read returned nothing, and `note` says why.
    """

    read_at: datetime
    last_at: datetime | None = None
    quiet_since: datetime | None = None
    known_until: datetime | None = None
    note: str = ""

    def to_json(self) -> dict[str, Json]:
        return {
            "read_at": format_timestamp(self.read_at),
            "last_at": write_timestamp(self.last_at),
            "quiet_since": write_timestamp(self.quiet_since),
            "known_until": write_timestamp(self.known_until),
            "note": self.note,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Activity:
        return Activity(
            read_at=parse_timestamp(data["read_at"]),
            last_at=read_timestamp(data.get("last_at")),
            quiet_since=read_timestamp(data.get("quiet_since")),
            known_until=read_timestamp(data.get("known_until")),
            note=data.get("note", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumedRequests:
    """
    Requests that no longer keep the stack awake.

    Leases are compared by id and by their last request, so an extended lease counts again;
    windows by their opening: none up to `windows_until` counts; a hold by when it was set.
    """

    leases: frozenset[tuple[str, datetime]] = frozenset()
    windows_until: datetime | None = None
    hold_at: datetime | None = None

    def has_consumed_lease(self, lease: Lease) -> bool:
        return (lease.id, lease.requested_at) in self.leases

    def has_consumed_window(self, opens_at: datetime) -> bool:
        return self.windows_until is not None and opens_at <= self.windows_until

    def __or__(self, other: ConsumedRequests) -> ConsumedRequests:
        windows = [at for at in (self.windows_until, other.windows_until) if at]
        return ConsumedRequests(
            leases=self.leases | other.leases,
            windows_until=max(windows, default=None),
            hold_at=other.hold_at or self.hold_at,
        )

    def known_among(self, leases: Iterable[Lease]) -> ConsumedRequests:
        """Without the leases that are forgotten."""
        ids = {lease.id for lease in leases}
        known = frozenset(pair for pair in self.leases if pair[0] in ids)
        return self if known == self.leases else replace(self, leases=known)

    def to_json(self) -> dict[str, Json]:
        pairs = sorted((id_, format_timestamp(at)) for id_, at in self.leases)
        return {
            "leases": [list(pair) for pair in pairs],
            "windows_until": write_timestamp(self.windows_until),
            "hold_at": write_timestamp(self.hold_at),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> ConsumedRequests:
        return ConsumedRequests(
            leases=frozenset((id_, parse_timestamp(at)) for id_, at in data.get("leases", ())),
            windows_until=read_timestamp(data.get("windows_until")),
            hold_at=read_timestamp(data.get("hold_at")),
        )


NOTHING = ConsumedRequests()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slept:
    """When it last went to sleep, by which rule, and the sentence that says why."""

    at: datetime
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    A wake that was given up: `cause` in the user's words, and what it spent.

    A spec other than `spec_hash` is a reason to try again. `is_late`: it ran out of time.
    """

    at: datetime
    cause: str
    spec_hash: str
    spent: ConsumedRequests = NOTHING
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledResource:
    """A resource that is billed while it exists; `since` is its creation time in AWS."""

    address: str
    arn: str
    since: datetime

    @property
    def is_balancer(self) -> bool:
        return ":loadbalancer/" in self.arn

    @property
    def dimension(self) -> str:
        """A load balancer's name in CloudWatch, net/<name>/<id> (AWS behaviour §4.1)."""
        return self.arn.partition(":loadbalancer/")[2]

    def to_json(self) -> list[Json]:
        return [self.address, self.arn, format_timestamp(self.since)]

    @staticmethod
    def from_json(data: Json) -> BilledResource:
        address, arn, since = data
        return BilledResource(address=address, arn=arn, since=parse_timestamp(since))


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """
    `waking_since` is when the present time awake was decided for, None while asleep; `ready_at`
    when it could first be used. After that `incomplete_since` is when something of it was found
    not to work, `unserved_since` when no target of it was healthy any more, and `served_again_at`
    when one was again.

    Its size: one method for each event of a stack's life, from one frozen value to the next.
    """

    waking_since: datetime | None = None
    ready_at: datetime | None = None
    incomplete_since: datetime | None = None
    unserved_since: datetime | None = None
    served_again_at: datetime | None = None
    billed: tuple[BilledResource, ...] = ()
    activity: Activity | None = None
    spent: ConsumedRequests = NOTHING
    slept: Slept | None = None
    failure: Failure | None = None

    @property
    def is_up(self) -> bool:
        return self.waking_since is not None

    @property
    def balancers(self) -> tuple[BilledResource, ...]:
        return tuple(each for each in self.billed if each.is_balancer)

    def known_among(self, leases: Sequence[Lease]) -> Lifecycle:
        """Without the consumed leases other than these."""
        failure, spent = self.failure, self.spent.known_among(leases)
        if failure:
            failure = replace(failure, spent=failure.spent.known_among(leases))
        if spent == self.spent and failure == self.failure:
            return self
        return replace(self, spent=spent, failure=failure)

    def has_consumed_lease(self, lease: Lease) -> bool:
        return any(spent.has_consumed_lease(lease) for spent in self._all_spent())

    def has_consumed_window(self, opens_at: datetime) -> bool:
        return any(spent.has_consumed_window(opens_at) for spent in self._all_spent())

    def has_consumed_hold(self, set_at: datetime) -> bool:
        return any(spent.hold_at == set_at for spent in self._all_spent())

    def _all_spent(self) -> tuple[ConsumedRequests, ...]:
        return (self.spent, self.failure.spent) if self.failure else (self.spent,)

    def begin_transition(self, now: datetime) -> Lifecycle:
        """A wake starts; requests consumed by an earlier sleep or failure stay consumed."""
        if self.is_up:
            return self
        return replace(self._not_ready(), waking_since=now, activity=None)

    def _not_ready(self) -> Lifecycle:
        return replace(
            self, ready_at=None, incomplete_since=None, unserved_since=None, served_again_at=None
        )

    def ready(self, now: datetime) -> Lifecycle:
        """It can be used, for the first time in this transition or again after a repair."""
        spent = self.spent | self.failure.spent if self.failure else self.spent
        return replace(
            self,
            ready_at=self.ready_at or now,
            incomplete_since=None,
            unserved_since=None,
            served_again_at=now if self.unserved_since else self.served_again_at,
            spent=spent,
            failure=None,
        )

    def snapshot_taken(self, now: datetime, *, complete: bool, served: bool) -> Lifecycle:
        """What a snapshot shows of a stack that has been ready."""
        if self.ready_at is None:
            return self
        return replace(
            self,
            incomplete_since=None if complete else self.incomplete_since or now,
            unserved_since=None if served else self.unserved_since or now,
            served_again_at=now if served and self.unserved_since else self.served_again_at,
        )

    def gone_to_sleep(self, slept: Slept, consumes: ConsumedRequests) -> Lifecycle:
        """A sleep starts. If the stack is asleep already, this only consumes requests."""
        spent = self.spent | consumes
        if not self.is_up:
            return replace(self, spent=spent)
        return replace(self._not_ready(), waking_since=None, spent=spent, slept=slept)

    def failed(self, failure: Failure) -> Lifecycle:
        """The wake was given up; its requests are consumed, and it goes to sleep."""
        if self.failure:
            failure = replace(failure, spent=self.failure.spent | failure.spent)
        reason = f"the wake failed: {failure.cause}"
        slept = Slept(at=failure.at, rule="failed", reason=reason)
        return replace(self.gone_to_sleep(slept, NOTHING), failure=failure)

    def judged_by(self, spec_hash: str) -> Lifecycle:
        """What failed with another spec may be tried again with this one."""
        if self.failure is None or self.failure.spec_hash == spec_hash:
            return self
        return replace(self, failure=None)

    def with_billed(self, billed: tuple[BilledResource, ...]) -> Lifecycle:
        """What is billed now."""
        return self if billed == self.billed else replace(self, billed=billed)

    def to_json(self) -> dict[str, Json]:
        slept, failure = self.slept, self.failure
        return {
            "waking_since": write_timestamp(self.waking_since),
            "ready_at": write_timestamp(self.ready_at),
            "incomplete_since": write_timestamp(self.incomplete_since),
            "unserved_since": write_timestamp(self.unserved_since),
            "served_again_at": write_timestamp(self.served_again_at),
            "billed": [each.to_json() for each in self.billed],
            "activity": self.activity.to_json() if self.activity else None,
            "spent": self.spent.to_json(),
            "slept": slept and [format_timestamp(slept.at), slept.rule, slept.reason],
            "failure": failure
            and {
                "at": format_timestamp(failure.at),
                "cause": failure.cause,
                "spec_hash": failure.spec_hash,
                "spent": failure.spent.to_json(),
                "late": failure.is_late,
            },
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Lifecycle:
        """Read what `to_json` wrote; missing parts are as of a stack that was never awake."""
        activity = data.get("activity")
        return Lifecycle(
            waking_since=read_timestamp(data.get("waking_since")),
            ready_at=read_timestamp(data.get("ready_at")),
            incomplete_since=read_timestamp(data.get("incomplete_since")),
            unserved_since=read_timestamp(data.get("unserved_since")),
            served_again_at=read_timestamp(data.get("served_again_at")),
            billed=tuple(map(BilledResource.from_json, data.get("billed", ()))),
            activity=Activity.from_json(activity) if activity else None,
            spent=ConsumedRequests.from_json(data.get("spent") or {}),
            slept=_slept(data.get("slept")),
            failure=_failure(data.get("failure")),
        )


def _slept(data: Json) -> Slept | None:
    if not data:
        return None
    at, rule, reason = data
    return Slept(at=parse_timestamp(at), rule=rule, reason=reason)


def _failure(data: Json) -> Failure | None:
    if not data:
        return None
    return Failure(
        at=parse_timestamp(data["at"]),
        cause=data["cause"],
        spec_hash=data["spec_hash"],
        spent=ConsumedRequests.from_json(data.get("spent") or {}),
        is_late=bool(data.get("late")),
    )
