"""The published stacks as the commands use them: read one, and request something."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from getpass import getuser
from typing import TYPE_CHECKING, Any, TypeVar

import click

from controller.asking.requests import Requests
from controller.asking.stack_view import StackView, view_records
from controller.cli.deployment import Deployment
from controller.cli.link_address import refuse_link
from controller.cli.session import on_laptop
from controller.domain.decision.asker import Asker
from controller.domain.decision.booking import Booking
from controller.domain.decision.hold import Hold
from controller.domain.errors import NotPublishedError, PermanentError, TextError
from controller.domain.planning.spec import Json
from controller.domain.policy.validation import closest
from controller.domain.text import LONGEST_NAME, LONGEST_REASON, check, clean, quoted
from controller.links import STACK_NAME
from controller.reconcile.side_by_side import Threads

if TYPE_CHECKING:
    pass

Command = TypeVar("Command", bound=Callable[..., Any])


class Stacks:
    """
    Reads and requests in the records of a deployment, in the caller's name.

    Its size: one method for each request that a command can record.
    """

    def __init__(self, deployment: Deployment, *, over_budget: bool = False) -> None:
        """`over_budget`: a month's budget that is used up keeps nothing from being woken."""
        self.deployment = deployment
        self._over_budget = over_budget

    def names(self) -> list[str]:
        with self.deployment.reaching("list the stacks"):
            return self.deployment.table.published()

    def load_view(self, stack: str) -> StackView:
        """Read everything of a stack by one request. Raises SpecError for an unknown one."""
        try:
            with self.deployment.reaching(f'read the records of "{stack}"'):
                records = self.deployment.table.load(stack)
        except NotPublishedError as error:
            raise NotPublishedError(f"{error}{closest(stack, self.names())}") from None
        return view_records(records, self.deployment.clock.now())

    def try_load_views(self, stacks: Sequence[str]) -> list[StackView | Exception]:
        """Side by side; what cannot be read of one hides no other."""
        threads = Threads()
        try:
            return threads([partial(self.load_view, stack) for stack in stacks])
        finally:
            threads.close()

    def load_views(self, stacks: Sequence[str]) -> list[StackView]:
        """Every one of them can be read before anything is done with the first."""
        views = []
        for found in self.try_load_views(stacks):
            if isinstance(found, Exception):
                raise found
            views.append(found)
        return views

    def keep_awake(self, view: StackView, until: datetime, reason: str = "", job: str = "") -> None:
        """See that the lease of the caller's job lasts until then at least; see `Requests`."""
        self._requests(job).keep_awake(view, until, reason)

    def release(self, view: StackView, job: str = "") -> int:
        """End the leases of the caller's job, and what it has booked; says how many."""
        return self._requests(job).release(view)

    def book(
        self, view: StackView, opens_at: datetime, closes_at: datetime, reason: str, job: str
    ) -> None:
        """Have it awake from then on, in the caller's name. Requested twice, it is one."""
        self._requests(job).book(view, opens_at, closes_at, reason)

    def _check_money(self, view: StackView, start: datetime) -> None:
        budget = view.report.budget
        if self._over_budget or budget is None or not budget.is_used_up:
            return
        if start < budget.month.end:
            raise PermanentError(
                f"the budget of {view.stack} for {budget.month} is used up ({budget.said}); wake "
                "it all the same by --over-budget, or raise monthly_budget and publish it"
            )

    def cancel(self, view: StackView, id_: str) -> None:
        """End a booking, whoever made it: anybody who may write the records may do that."""
        if id_ not in {each.id for each in view.report.bookings}:
            raise PermanentError(no_booking(view.stack, id_, view.report.bookings))
        self._requests().cancel(view, id_)

    def put_to_sleep(self, view: StackView, reason: str = "") -> None:
        self._requests().put_to_sleep(view, reason)

    def hold(self, hold: Hold) -> None:
        self._requests().hold(hold)

    def lift_hold(self, view: StackView) -> None:
        self._requests().lift_hold(view)

    def _requests(self, job: str = "") -> Requests:
        return Requests(
            table=self.deployment.table,
            asker=Asker.at_command_line(self.caller, job),
            by=self.caller,
            writing=self.deployment.reaching,
            start_pass=self.start_pass,
            may_spend=self._check_money,
        )

    def start_pass(self, stack: str) -> None:
        """Start a pass now; where it cannot be reached, say when it will."""
        why_not = self.deployment.start_pass(stack)
        if why_not:
            click.echo(
                f"note: the controller could not be notified ({why_not}); it is recorded, and the "
                "heartbeat takes it up within a minute",
                err=True,
            )

    @cached_property
    def caller(self) -> str:
        """Who asks: the user or the role's session as AWS knows them, or the machine's user."""
        if not on_laptop():
            from botocore.exceptions import BotoCoreError, ClientError

            try:
                arn = str(self.deployment.clients.sts.get_caller_identity()["Arn"])
                if "/" in arn:
                    return clean(arn.rpartition("/")[2], LONGEST_NAME)
            except (BotoCoreError, ClientError):
                pass  # what needs rights says so itself
        try:
            return clean(getuser(), LONGEST_NAME)
        except (KeyError, OSError):
            return "command line"


def no_booking(stack: str, id_: str, known: Sequence[Booking]) -> str:
    ids = ", ".join(each.id for each in known)
    rest = f"those ahead are {ids}" if ids else "none is ahead"
    return f"there is no booking {quoted(id_)} of {stack}; {rest}"


def check_name(stack: str) -> None:
    """Raises UsageError for what cannot be the name of a stack."""
    refuse_link(stack)
    if not STACK_NAME.fullmatch(stack):
        raise click.UsageError(
            f"{quoted(stack)} is no name of a stack: expected a small letter, then at most 30 "
            "small letters, digits and hyphens"
        )


GROUP = "controller.cli.group"
"""Says in a command's context that it was given a pattern."""


def stacks_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """Declare STACK...; the command gets names and patterns ("pr-*") as `stacks`, each once."""
    return click.argument(
        "stacks", metavar="STACK...", nargs=-1, required=required, callback=_names
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")


def _reason(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        return check(value, "--reason", LONGEST_REASON)
    except TextError as error:
        raise click.UsageError(str(error)) from None


reason_option = click.option(
    "--reason",
    default="",
    callback=_reason,
    help=f"Why, in one line of at most {LONGEST_REASON} characters; shown wherever the state is.",
)


def print_json(stacks: Sequence[str], reports: Sequence[Mapping[str, Json]]) -> None:
    """One named stack gives its object; several, a pattern, or none give {"stacks": [...]}."""
    context = click.get_current_context(silent=True)
    is_one = len(stacks) == 1 and not (context and context.meta.get(GROUP))
    output = reports[0] if is_one else {"stacks": list(reports)}
    click.echo(json.dumps(output, indent=2, ensure_ascii=False))


def _names(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    for value in values:
        if "*" not in value:
            check_name(value)
    return tuple(dict.fromkeys(values))
