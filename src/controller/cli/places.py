"""Where a command asks for one stack: in the records of a deployment, or by a link to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import click

from controller.cli.deployment import Deployment
from controller.cli.link_address import LinkAddress, is_link, link_of_environment, parse_link
from controller.cli.link_client import LONGEST_WAIT, Answer, LinkClient
from controller.cli.requested_times import requested_end, requested_start
from controller.cli.stack_status import StackStatus
from controller.cli.stacks import Stacks, check_name
from controller.clock import SystemClock
from controller.domain.decision.asker import check_job
from controller.domain.errors import PermanentError, TextError
from controller.domain.ports import Clock
from controller.reconcile.side_by_side import Threads

Command = TypeVar("Command", bound=Callable[..., Any])
Target = str | LinkAddress
"""A stack's name, or a link to it."""

Write = Callable[[], object]
"""What was checked, and is to be requested."""

SHORT_HOLD = 10
"""Seconds for which an answer is held while somebody watches the steps."""


class Place(Protocol):
    """One stack, as the commands see it. `prepare_…` reads and checks; what it gives writes."""

    @property
    def stack(self) -> str: ...
    @property
    def keeper(self) -> str:
        """Who works on what was requested, and where to look if nobody does."""
        ...

    def read_status(self) -> StackStatus: ...
    def watch(self) -> StackStatus:
        """As `read_status`, and not sooner than there may be news."""
        ...

    def prepare_wake(self, length: str, reason: str = "", job: str = "") -> Write: ...
    def prepare_extend(self, length: str, job: str = "") -> Write: ...
    def prepare_release(self, job: str = "") -> Callable[[], int]: ...
    def prepare_booking(self, at: str, length: str, reason: str = "", job: str = "") -> Write: ...
    def prepare_cancel(self, booking: str) -> Write: ...
    def renew(self, length: str, reason: str, job: str) -> StackStatus:
        """Ask once more, in as few requests as it takes."""
        ...

    def release(self, job: str) -> None: ...


class PublishedStack:
    """A stack in the records, asked for with the caller's rights in AWS."""

    def __init__(self, stacks: Stacks, stack: str) -> None:
        self._stacks = stacks
        self.stack = stack

    @property
    def keeper(self) -> str:
        return f'the log of the function "{self._stacks.deployment.controller}" and its schedule'

    def read_status(self) -> StackStatus:
        return StackStatus(self._stacks.load_view(self.stack).report.to_json())

    def watch(self) -> StackStatus:
        self._stacks.deployment.clock.sleep(POLL_SECONDS)
        return self.read_status()

    def prepare_wake(self, length: str, reason: str = "", job: str = "") -> Write:
        view = self._stacks.load_view(self.stack)
        until = requested_end(view, length)
        return partial(self._stacks.keep_awake, view, until, reason, job)

    def prepare_extend(self, length: str, job: str = "") -> Write:
        view = self._stacks.load_view(self.stack)
        until = requested_end(view, length)
        refuse_asleep(StackStatus(view.report.to_json()))
        return partial(self._stacks.keep_awake, view, until, "", job)

    def prepare_release(self, job: str = "") -> Callable[[], int]:
        return partial(self._stacks.release, self._stacks.load_view(self.stack), job)

    def prepare_booking(self, at: str, length: str, reason: str = "", job: str = "") -> Write:
        view = self._stacks.load_view(self.stack)
        opens_at = requested_start(view, at)
        closes_at = requested_end(view, length, max(opens_at, view.now))
        return partial(self._stacks.book, view, opens_at, closes_at, reason, job)

    def prepare_cancel(self, booking: str) -> Write:
        return partial(self._stacks.cancel, self._stacks.load_view(self.stack), booking)

    def renew(self, length: str, reason: str, job: str) -> StackStatus:
        self.prepare_wake(length, reason, job)()
        return self.read_status()

    def release(self, job: str) -> None:
        self.prepare_release(job)()


class LinkedStack:
    """
    A stack behind a link, asked for with what the link allows.

    Its size: it is a `Place`, whose methods are what commands ask of one stack.
    """

    def __init__(self, client: LinkClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._latest: Answer | None = None

    @property
    def stack(self) -> str:
        return self._client.link.stack

    @property
    def keeper(self) -> str:
        return "whoever gave you the link"

    def read_status(self) -> StackStatus:
        self._latest = self._client.status()
        return self._latest.status

    def watch(self) -> StackStatus:
        """Only a wake is waited for at the other end; what else goes on is requested again."""
        before = self._latest
        if before and before.again_seconds is not None:
            self._clock.sleep(before.again_seconds)
        elif before and not before.status.is_wanted_awake:
            self._clock.sleep(POLL_SECONDS)
        self._latest = self._client.status(wait=min(SHORT_HOLD, LONGEST_WAIT))
        return self._latest.status

    def prepare_wake(self, length: str, reason: str = "", job: str = "") -> Write:
        self.read_status()
        return partial(self._post, "wake", {"for": length, "reason": reason, "id": job})

    def prepare_extend(self, length: str, job: str = "") -> Write:
        refuse_asleep(self.read_status())
        return partial(self._post, "extend", {"for": length, "id": job})

    def prepare_release(self, job: str = "") -> Callable[[], int]:
        before = self.read_status()

        def release() -> int:
            after = self._post("release", {"id": job})
            leases = len(before.leases) - len(after.leases)
            return leases + len(before.bookings) - len(after.bookings)

        return release

    def prepare_booking(self, at: str, length: str, reason: str = "", job: str = "") -> Write:
        self.read_status()
        fields = {"at": at, "for": length, "reason": reason, "id": job}
        return partial(self._post, "wake", fields)

    def prepare_cancel(self, booking: str) -> Write:
        self.read_status()
        return partial(self._post, "release", {"booking": booking})

    def renew(self, length: str, reason: str, job: str) -> StackStatus:
        return self._post("wake", {"for": length, "reason": reason, "id": job})

    def release(self, job: str) -> None:
        self._post("release", {"id": job})

    def _post(self, verb: str, fields: dict[str, str]) -> StackStatus:
        return self._client.post(verb, fields).status


POLL_SECONDS = 3.0


def refuse_asleep(status: StackStatus) -> None:
    if not status.is_wanted_awake:
        raise PermanentError(
            f"cannot extend: {status.stack} is {status.state}; "
            f'wake it by "dormouse wake {status.stack}"'
        )


def open_places(
    deployment: Deployment, targets: Sequence[Target], *, over_budget: bool = False
) -> tuple[list[Place], Clock]:
    """The places, and the clock to wait by: that of the deployment, if one is asked."""
    stacks = Stacks(deployment, over_budget=over_budget)
    links = [each for each in targets if isinstance(each, LinkAddress)]
    clock: Clock = SystemClock() if len(links) == len(targets) else deployment.clock
    return [_open(stacks, target, clock) for target in targets], clock


def _open(stacks: Stacks, target: Target, clock: Clock) -> Place:
    if isinstance(target, LinkAddress):
        return LinkedStack(LinkClient(target), clock)
    return PublishedStack(stacks, target)


def side_by_side(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers of all of them; the first error, once all have ended."""
    threads = Threads()
    try:
        found = threads(list(jobs))
    finally:
        threads.close()
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found


def targets_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """
    Declare STACK|LINK...; the command gets them as `targets`, each once.

    Without one it is what DORMOUSE_LINK holds.
    """

    def declare(command: Command) -> Command:
        metavar = "STACK|LINK..." if required else "[STACK|LINK]..."
        return click.argument(
            "targets", metavar=metavar, nargs=-1, callback=partial(_targets, required)
        )(command)

    return declare


job_option = click.option(
    "--id",
    "job",
    metavar="ID",
    callback=lambda ctx, parameter, value: read_job(value),
    help="Distinguishes several jobs of one person or link: each has its own wake.",
)


over_budget_option = click.option(
    "--over-budget",
    is_flag=True,
    help="Wake it even if its monthly budget is used up; with a link, only an admin link may.",
)


def read_job(text: str | None) -> str:
    """
    A job's name; "" where none is given.

    Raises UsageError, also for an empty one: a script whose variable is unset would release all.
    """
    if text is None:
        return ""
    if not text:
        raise click.UsageError("--id: found an empty text; name a job, or leave --id out")
    try:
        return check_job(text)
    except TextError as error:
        raise click.UsageError(f"--id: {error}") from None


def read_target(text: str) -> Target:
    """
    A link, or a name: by the link in DORMOUSE_LINK, where that is one to this very stack.

    Raises UsageError.
    """
    if is_link(text):
        return parse_link(text)
    if "*" not in text:
        check_name(text)
    link = link_of_environment()
    return link if link and link.stack == text else text


def _targets(
    required: bool, ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[Target, ...]:
    if values:
        return tuple(dict.fromkeys(read_target(value) for value in values))
    link = link_of_environment()
    if link:
        return (link,)
    if required and not ctx.resilient_parsing:
        raise click.MissingParameter(ctx=ctx, param=parameter)
    return ()
