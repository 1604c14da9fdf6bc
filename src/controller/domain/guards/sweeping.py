"""
Find resources with our tags that no stack needs: which, why, and which may be deleted now.

Pure: resources found in AWS and the records go in, a verdict on each resource comes out. In doubt
a resource stays: it costs cents, and the controller itself deletes the resources that it knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.owner_tags import tag_value
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.planning.spec_identity import Home, account_of
from controller.domain.reporting.status import Status
from controller.domain.timestamps import write_timestamp

ABANDONED = timedelta(minutes=5)
"""A sleep without a pass for this long is abandoned (there is a heartbeat each minute)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedResource:
    """
    A resource with our tags: `stack` and `address` are what these say. `cluster` is a service's,
    `targets` counts what is registered in a target group, `load_balancers` what it hangs on.
    """

    kind: Kind
    name: str
    arn: str
    region: str
    stack: str
    address: str
    role_arn: str | None = None
    cluster: str = ""
    since: datetime | None = None
    usd_per_hour: Decimal = Decimal(0)
    targets: int = 0
    load_balancers: tuple[str, ...] = ()
    leaving: bool = False

    @property
    def account(self) -> str:
        """From its ARN, or ""."""
        parts = self.arn.split(":")
        return parts[4] if len(parts) > 5 else ""

    def to_json(self) -> dict[str, Json]:
        return {
            "kind": str(self.kind),
            "name": self.name,
            "arn": self.arn,
            "region": self.region,
            "stack": self.stack,
            "address": self.address,
            "since": write_timestamp(self.since),
            "usd_per_hour": float(self.usd_per_hour),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What the records say of one published stack. `wanted` is today's decision; `busy`: a pass has
    its lock; `clearing`: a replaced spec is still being taken down. `account` is the controller's
    own, "" if that is not known.
    """

    spec: Spec
    status: Status
    wanted: Target
    busy: bool = False
    clearing: bool = False
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a resource is a leftover, and a sentence that says why, or why not."""

    owned: OwnedResource
    leftover: bool
    why: str

    def to_json(self) -> dict[str, Json]:
        return {**self.owned.to_json(), "leftover": self.leftover, "why": self.why}


Records = Mapping[str, Known | None]
"""Stack to what is known of it: None for one that is not published."""


def judge(
    all_owned: Iterable[OwnedResource], records: Records | None, now: datetime
) -> list[Verdict]:
    """
    Classify each resource as a leftover or not, the most expensive first.

    `records` None: the table could not be read, so nothing is known to be a leftover.
    """
    verdicts = [_verdict(owned, records, now) for owned in all_owned]
    return sorted(verdicts, key=lambda v: (not v.leftover, -v.owned.usd_per_hour, v.owned.arn))


def _verdict(owned: OwnedResource, records: Records | None, now: datetime) -> Verdict:
    if records is None:
        return _stays(owned, "the records cannot be read, so it may well be needed")
    known = records.get(owned.stack)
    if known is None:
        return _goes(owned, f'there is no stack "{owned.stack}" in the records of this deployment')
    if known.busy:
        return _stays(owned, f'a pass is working on stack "{owned.stack}"; try again in a minute')
    if known.clearing and not _is_abandoned(known.status, now):
        return _stays(owned, "the controller is about to take down what a replaced spec names")
    return _of_published(owned, known, now)


def _of_published(owned: OwnedResource, known: Known, now: datetime) -> Verdict:
    resource = _found_in(known, owned)
    awake = known.wanted is Target.AWAKE or known.status.target is Target.AWAKE
    if resource is None:
        return _goes(owned, _unnamed(known, owned))
    if awake:
        return _stays(owned, f'stack "{owned.stack}" is awake, or about to be')
    if resource.asleep is not None:
        return _stays(owned, "it exists while the stack sleeps, too")
    if not known.status.settled and not _is_abandoned(known.status, now):
        return _stays(owned, f'stack "{owned.stack}" is being put to sleep')
    return _goes(owned, f'stack "{owned.stack}" is asleep')


def _is_abandoned(status: Status, now: datetime) -> bool:
    return status.updated_at is not None and now - status.updated_at > ABANDONED


def _found_in(known: Known, owned: OwnedResource) -> ResourceSpec | None:
    """By what a pass knows it: its kind and name, in the spec's region and account."""
    if _is_elsewhere(known, owned):
        return None
    return next((r for r in known.spec.of_kind(owned.kind) if r.name == owned.name), None)


def _is_elsewhere(known: Known, owned: OwnedResource) -> bool:
    account = account_of(known.spec, Home(account=known.account))
    is_other = bool(account and owned.account and account != owned.account)
    return is_other or known.spec.region not in (None, owned.region)


def _unnamed(known: Known, owned: OwnedResource) -> str:
    spec = known.spec
    same = next((r for r in spec.resources if tag_value(r.address) == owned.address), None)
    if same is None:
        return f'its address is not in the spec of "{owned.stack}" any more'
    where = f" in {spec.region}" if spec.region not in (None, owned.region) else ""
    if _is_elsewhere(known, owned) and not where:
        where = f" in account {account_of(spec, Home(account=known.account))}"
    return f'the spec of "{owned.stack}" now calls it "{same.name}"{where}'


def _goes(owned: OwnedResource, why: str) -> Verdict:
    return Verdict(owned=owned, leftover=True, why=why)


def _stays(owned: OwnedResource, why: str) -> Verdict:
    return Verdict(owned=owned, leftover=False, why=why)


def classify(verdicts: Iterable[Verdict], stacks: Iterable[str]) -> list[Verdict]:
    """The verdicts where somebody answers for these stacks, whose records cannot be read."""
    named = set(stacks)
    return [
        replace(v, leftover=True, why="named by --without-table") if v.owned.stack in named else v
        for v in verdicts
    ]


def ready_to_go(leftovers: Sequence[OwnedResource]) -> list[OwnedResource]:
    """
    What may be deleted now, given the state of the leftovers.

    Services and load balancers first, because they cost money; a target group once nothing uses it
    and its tasks are gone (AWS behaviour §3.3, §3.6).
    """
    return [
        owned
        for owned in leftovers
        if not owned.leaving
        and (owned.kind is not Kind.TARGET_GROUP or not (owned.load_balancers or owned.targets))
    ]
