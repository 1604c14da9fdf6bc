"""Does the deployed controller take care of a stack?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from controller.domain.dataclass import dataclass
from controller.domain.diagnostics.finding import Finding, ok, problem, warning
from controller.domain.reporting.status import Status, Trouble
from controller.domain.timestamps import format_timestamp

LATE = timedelta(minutes=5)
"""The heartbeat runs each minute; a stack that has been due for longer gets no passes."""


ENOUGH = 100
"""
How many executions AWS reserves for all functions together (Lambda, "Configuring reserved
concurrency").
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """
    How many functions an account runs at one time: `most` of all, `free` of those that have none
    reserved, and `reserved` for the wake URL's function, None if it shares those. `closed` are the
    functions that may not run at all, as a destroy that was ended in the middle leaves them.
    """

    most: int
    free: int
    reserved: int | None = None
    closed: tuple[str, ...] = ()

    @property
    def default(self) -> int | None:
        """What to reserve for the wake URL by default; None if there is no free concurrency."""
        return WAKE_URL if self.free >= ENOUGH + WAKE_URL else None

    @property
    def door_default(self) -> int | None:
        """What to reserve for the door by default, besides the wake URL's."""
        return DOOR if self.free >= ENOUGH + WAKE_URL + DOOR else None

    @property
    def held(self) -> int:
        """The most requests that the door holds."""
        return max(1, self.free // 2)


WAKE_URL = 20
"""Held answers and page views of a team; with a thousand, any link holder could cause costs."""

DOOR = 200
"""Three held requests of 66 stacks; even a flood of them leaves enough for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerHealth:
    """
    What the records and the deployment say of one published stack.

    `overdue`: it has been due for longer than `LATE`. `keys` counts the keys that sign links,
    `url` is where they lead, `room` what the account's functions have; None if they could not be
    read.
    """

    stack: str
    deployment: str
    status: Status
    overdue: bool
    keys: int | None = None
    url: str | None = None
    room: Room | None = None


def examine_controller(health: ControllerHealth) -> list[Finding]:
    return [*_heartbeat(health), *_troubles(health), *_links(health), *_concurrency(health)]


def _heartbeat(health: ControllerHealth) -> Iterator[Finding]:
    seen = health.status.updated_at
    said = f"last checked {format_timestamp(seen.replace(microsecond=0))}" if seen else ""
    if health.overdue:
        yield problem(
            "heartbeat",
            health.stack,
            f"{said or 'never checked'}, and due for more than {LATE.seconds // 60} "
            f"minutes; see the schedule of {health.deployment}-controller in EventBridge Scheduler "
            "and that function's log",
        )
    elif seen is None:
        yield warning(
            "heartbeat",
            health.stack,
            "not checked yet; if it was published just now, wait a minute",
        )
    else:
        yield ok("heartbeat", health.stack, said)


def _troubles(health: ControllerHealth) -> Iterator[Finding]:
    stuck, blocked, failure = (
        health.status.stuck,
        health.status.blocked,
        health.status.lifecycle.failure,
    )
    if stuck:
        yield problem(
            "stuck",
            health.stack,
            f"has not fallen asleep since {format_timestamp(stuck.since)}, and {_listed(stuck)} "
            f"cost money: {stuck.cause}",
        )
    if blocked:
        yield problem(
            "blocked",
            health.stack,
            f"cannot go on since {format_timestamp(blocked.since)}: {blocked.cause}",
        )
    if failure:
        yield warning(
            "last-wake",
            health.stack,
            f"given up at {format_timestamp(failure.at)}: {failure.cause}; a new wake, or a "
            "changed spec, tries again",
        )
    for left in health.status.replaced.values():
        yield problem(
            "replaced", health.stack, f"since {format_timestamp(left.since)}: {left.cause}"
        )
    if not (stuck or blocked or failure):
        yield ok("last-wake", health.stack, "nothing has failed since")


def _listed(stuck: Trouble) -> str:
    return ", ".join(stuck.standing) or "its resources"


def _links(health: ControllerHealth) -> Iterator[Finding]:
    if health.url:
        yield ok("wake-url", health.deployment, health.url)
    if health.keys == 0:
        yield warning(
            "keys",
            health.deployment,
            f"no link has been made; make one: dormouse link {health.stack}",
        )
    elif health.keys:
        keys = "1 key signs" if health.keys == 1 else f"{health.keys} keys sign"
        yield ok("keys", health.deployment, f"{keys} the wake links")


def _concurrency(health: ControllerHealth) -> Iterator[Finding]:
    room = health.room
    if room is None:
        return
    for function in room.closed:
        yield problem(
            "concurrency",
            health.deployment,
            f"the function {function} answers nobody, because its reserved concurrency is 0; a "
            f"dormouse destroy that was ended in the middle leaves it so: run that again, or aws "
            f"lambda delete-function-concurrency --function-name {function}",
        )
    if room.closed:
        return
    yield ok(
        "door",
        health.deployment,
        f"holds at most {room.held} requests at one time, half of what the account has free",
    )
    if room.most < ENOUGH:
        yield warning(
            "concurrency",
            health.deployment,
            f"the account runs at most {room.most} functions at one time, which the heartbeat, the "
            "passes and the wake URL share: that many open connections to it block them all; "
            "request 1000 (Service Quotas, AWS Lambda, Concurrent executions; it is free)",
        )
    elif room.reserved is None:
        default = f"ApiConcurrency={room.default or 1}"
        yield warning(
            "concurrency",
            health.deployment,
            f"the wake URL may take all {room.free} functions that the account runs at one time; "
            f"bound it: dormouse deploy --parameter {default}",
        )
    else:
        yield ok(
            "concurrency",
            health.deployment,
            f"{room.most} functions at one time, at most {room.reserved} of them for the wake URL",
        )
