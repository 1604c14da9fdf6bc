"""What the tests of the fault catalogue share: passes, what people were told, what stands."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.plan import Order, Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Spec
from controller.reconcile import pacing
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import POLL, Iteration, Limits, Outcome
from controller.reconcile.side_by_side import one_by_one
from direct import Crash, DirectSession, Dying
from factories import EIP, LB, LISTENER, SERVICE, SUBNET, TG, article_spec
from local.aws import LaptopAws
from local.calls import Call
from local.clock import ManualClock
from local.furnish import ARTICLE
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest

__all__ = [
    "ASLEEP",
    "AWAKE",
    "CLUSTER",
    "EIP",
    "FAMILY",
    "LB",
    "LISTENER",
    "PROFILES",
    "SERVICE",
    "SERVICE_NAME",
    "SUBNET",
    "TG",
    "Calendar",
    "Crash",
    "DirectSession",
    "DirectStack",
    "Dying",
    "StackUnderTest",
    "Watch",
    "by_hand",
    "calls_of",
    "changes_since",
    "fresh_sut",
    "furnished",
    "is_quiet",
    "is_ready_to",
    "one_balancer_at_a_time",
    "one_pass",
    "stop_after",
]

PROFILES = ("fast", "typical", "slow")
CLUSTER = "nsfw_api_cluster"
SERVICE_NAME = "nsfw_api_service"
FAMILY = "nsfw-api-container"
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


# Passes


def fresh_sut(
    profile: str,
    spec: Spec | None = None,
    *,
    aws: LaptopAws | None = None,
    direct: bool = True,
    **things: Any,
) -> StackUnderTest:
    """
    The article's stack asleep in an account of its own; `things` are furnished besides.

    Its sessions are direct, which is five times as quick, or else boto3's.
    """
    aws = aws or LaptopAws(profile=profile)
    kind = DirectStack if direct else StackUnderTest
    return furnished(kind(aws, spec or article_spec()), **things)


class DirectStack(StackUnderTest):
    """A stack under test whose calls spend no time in botocore."""

    @property
    def session(self) -> Any:
        return DirectSession(self.aws)


def furnished(sut: StackUnderTest, **things: Any) -> StackUnderTest:
    """Put what Terraform keeps into the account; `things` are added or replace theirs."""
    wanted = dict(ARTICLE)
    for kind, more in things.items():
        given = {_name(thing) for thing in more}
        wanted[kind] = [t for t in wanted.get(kind, ()) if _name(t) not in given] + list(more)
    sut.aws.furnish(**wanted)
    return sut


def _name(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    keys = ("allocation_id", "id", "name", "family")
    return next(str(thing[key]) for key in keys if key in thing)


def one_pass(
    sut: StackUnderTest,
    target: str,
    *,
    seconds: float | None = None,
    minutes: float | None = 20,
    every: timedelta | None = None,
    clock: Any = None,
    session: Any = None,
    progress: Progress | None = None,
    order: Order = Order.COUNT,
    report: Callable[[Iteration], None] | None = None,
    still_wanted: Callable[[], bool] = lambda: True,
) -> Outcome:
    """
    One pass with limits of one's own.

    `seconds` is what the process has left (a Lambda's time), `minutes` the patience with the way,
    `every` how often it looks, from the beginning: fewer looks make a sweep quicker.
    """
    clock = clock or sut.aws.clock
    cloud = AwsCloud(sut.spec, Clients(session or sut.session, sut.spec.region), one_by_one)
    now = clock.now()
    limits = Limits(
        deadline=None if seconds is None else now + timedelta(seconds=seconds),
        give_up_at=None if minutes is None else now + timedelta(minutes=minutes),
        poll=every or POLL,
    )
    reconciler = Reconciler(
        sut.spec,
        cloud,
        clock,
        one_by_one,
        order=order,
        report=report or (lambda seen: None),
        progress=progress,
    )
    if every is None:
        return reconciler.run(Target(target), limits, still_wanted)
    with mock.patch.multiple(pacing, SHORTEST_POLL=every, END_POLL=every):
        return reconciler.run(Target(target), limits, still_wanted)


def is_ready_to(verb: str, address: str) -> Callable[[Iteration], bool]:
    """True of a round that is about to take this step."""

    def test(seen: Iteration) -> bool:
        return any(a.verb == verb and a.address == address for a in seen.plan.ready)

    return test


def stop_after(rounds: int) -> Callable[[], bool]:
    """Somebody wants something else after so many rounds."""
    left = iter(range(rounds))
    return lambda: next(left, None) is not None


class Calendar(ManualClock):
    """A clock that can be set back to its start when an account is used again."""

    def __init__(self) -> None:
        super().__init__(START)

    def restart(self) -> None:
        self._now = START


# What people are told


@dataclass
class Watch:
    """
    Reports of a pass, as the page and the command line get them.

    `then` happens once, at the first report of which `when` is true, before its steps are taken.
    """

    then: Callable[[], object] | None = None
    when: Callable[[Iteration], bool] = lambda seen: True
    rounds: list[Iteration] = field(default_factory=list)

    def __call__(self, seen: Iteration) -> None:
        self.rounds.append(seen)
        if self.then and self.when(seen):
            happens, self.then = self.then, None
            happens()

    @property
    def waits(self) -> set[str]:
        """Every sentence about what was waited for."""
        return {text for seen in self.rounds for text in _waits(seen)}

    @property
    def causes(self) -> set[str]:
        """Every sentence about why something is not as it should be."""
        found = (one.cause for seen in self.rounds for one in seen.observed.resources.values())
        return {cause for cause in found if cause}

    @property
    def notes(self) -> set[str]:
        """Every refusal that was passed on."""
        return {seen.note for seen in self.rounds if seen.note}

    @property
    def said(self) -> str:
        return "\n".join(sorted(self.waits | self.causes | self.notes))

    def first(self, text: str) -> datetime | None:
        """When `text` was first told."""
        for seen in self.rounds:
            reported = [
                *_waits(seen),
                seen.note,
                *(o.cause for o in seen.observed.resources.values()),
            ]
            if any(text in one for one in reported):
                return seen.now
        return None


def _waits(seen: Iteration) -> list[str]:
    waiting = [text for _, text in (*seen.plan.waiting, *seen.plan.blocked)]
    return [t for t in (*waiting, *(a.waits_for for a in seen.plan.actions)) if t]


# What stands, and what was done


@contextmanager
def by_hand(sut: StackUnderTest) -> Iterator[Any]:
    """A session for what a person does; its calls do not count as the controller's."""
    start = len(sut.aws.calls)
    yield sut.session
    del sut.aws.calls[start:]


def calls_of(sut: StackUnderTest, *operations: str, since: int = 0) -> list[Call]:
    return [call for call in list(sut.aws.calls)[since:] if call.operation in operations]


def changes_since(sut: StackUnderTest, start: int) -> list[str]:
    """The operations, other than reads, that were asked for since the n-th call."""
    return [call.operation for call in list(sut.aws.calls)[start:] if not call.is_read]


def is_quiet(sut: StackUnderTest) -> bool:
    """Nothing stands, nothing runs up a bill but the Elastic IP, and that is free."""
    paid = [life for life in sut.aws.lifetimes() if life.kind != "elastic_ip"]
    free = not sut.elastic_ip().get("AssociationId")
    return sut.standing() == ASLEEP and all(life.ended_at for life in paid) and free


def one_balancer_at_a_time(sut: StackUnderTest, kind: str = "load_balancer") -> bool:
    """By the account's own record of lifetimes, no two of one name ever overlapped."""
    lives = [life for life in sut.aws.lifetimes() if life.kind == kind]
    for name in {life.name for life in lives}:
        spans = sorted(
            (life.started_at, life.ended_at or datetime.max.replace(tzinfo=life.started_at.tzinfo))
            for life in lives
            if life.name == name
        )
        if any(one[1] > after[0] for one, after in itertools.pairwise(spans)):
            return False
    return True
