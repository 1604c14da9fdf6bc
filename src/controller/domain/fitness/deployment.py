"""Does the deployed controller take care of a stack?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from controller.domain.fitness.finding import Finding, ok, problem, warning
from controller.domain.moments import format_moment
from controller.domain.status import Status, Trouble

LATE = timedelta(minutes=5)
"""The heartbeat beats each minute; a stack that has been due for longer is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """
    What the records and the deployment say of one published stack.

    `overdue`: it has been due for longer than `LATE`. `keys` counts the keys that sign links,
    `url` is where they lead; both None if they could not be read.
    """

    stack: str
    deployment: str
    status: Status
    overdue: bool
    keys: int | None = None
    url: str | None = None


def examine_care(care: Care) -> list[Finding]:
    return [*_heartbeat(care), *_troubles(care), *_links(care)]


def _heartbeat(care: Care) -> Iterator[Finding]:
    seen = care.status.updated_at
    said = f"last looked at {format_moment(seen.replace(microsecond=0))}" if seen else ""
    if care.overdue:
        yield problem(
            "heartbeat",
            care.stack,
            f"{said or 'never looked at'}, and due for more than {LATE.seconds // 60} "
            f"minutes; see the schedule of {care.deployment}-controller in EventBridge Scheduler "
            "and that function's log",
        )
    elif seen is None:
        yield warning(
            "heartbeat",
            care.stack,
            "not looked at yet; if it was published just now, wait a minute",
        )
    else:
        yield ok("heartbeat", care.stack, said)


def _troubles(care: Care) -> Iterator[Finding]:
    stuck, blocked, failure = care.status.stuck, care.status.blocked, care.status.marks.failure
    if stuck:
        yield problem(
            "stuck",
            care.stack,
            f"has not fallen asleep since {format_moment(stuck.since)}, and {_listed(stuck)} cost "
            f"money: {stuck.cause}",
        )
    if blocked:
        yield problem(
            "blocked",
            care.stack,
            f"cannot go on since {format_moment(blocked.since)}: {blocked.cause}",
        )
    if failure:
        yield warning(
            "last-wake",
            care.stack,
            f"given up at {format_moment(failure.at)}: {failure.cause}; a new wake, or a changed "
            "spec, tries again",
        )
    for left in care.status.replaced.values():
        yield problem("replaced", care.stack, f"since {format_moment(left.since)}: {left.cause}")
    if not (stuck or blocked or failure):
        yield ok("last-wake", care.stack, "nothing has failed since")


def _listed(stuck: Trouble) -> str:
    return ", ".join(stuck.standing) or "its resources"


def _links(care: Care) -> Iterator[Finding]:
    if care.url:
        yield ok("wake-url", care.deployment, care.url)
    if care.keys == 0:
        yield warning(
            "keys", care.deployment, f"no link has been made; make one: dormouse link {care.stack}"
        )
    elif care.keys:
        keys = "1 key signs" if care.keys == 1 else f"{care.keys} keys sign"
        yield ok("keys", care.deployment, f"{keys} the wake links")
