"""`dormouse unpublish`: put one stack to sleep, then delete its records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click

from controller.asking.stack_view import StackView
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.following import follow_stacks
from controller.cli.leaving import Leave, hold_asleep, name_standing
from controller.cli.places import POLL_SECONDS
from controller.cli.stacks import Stacks, check_name
from controller.domain.decision.history import Event, EventKind
from controller.domain.errors import NotPublishedError, PermanentError, SpecError
from controller.domain.formatting import say_money
from controller.domain.money.bill import awake_hour
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.policy.validation import closest
from controller.domain.reporting.report import State
from controller.domain.reporting.status import Status
from controller.reconcile.metering import nothing_exists
from controller.store.lock import Lock, LockKeeper

_HOLDER = "unpublish"
_REASON = "it is being removed"
_MOST_WAKES = 3
"""The command gives up, and removes nothing, after somebody has woken it this often meanwhile."""

_PATIENCE = timedelta(minutes=20)
"""How long a pass that works on it is waited for: longer than one may last."""


@click.command("unpublish")
@click.argument("stack", metavar="STACK")
@click.option(
    "--leave",
    type=click.Choice([str(each) for each in Leave]),
    default=str(Leave.ASLEEP),
    show_default=True,
    help="Whether it is put to sleep first, or left as it is.",
)
@deployment_option
def command(stack: str, leave: str, deployment: Deployment) -> None:
    """
    Remove one stack from the controller: its spec, its status, its requests.

    The stack is put to sleep first, or left awake. Its links stop working; its history stays
    until it expires. What Terraform made, and the Elastic IP, are not changed. The command may
    be interrupted and repeated at any time.
    """
    check_name(stack)
    stacks = Stacks(deployment)
    try:
        _take_out(stacks, stack, Leave(leave))
    except NotPublishedError:
        _see_that_it_was_there(stacks, stack)
    except SpecError as error:
        if Leave(leave) is Leave.ASLEEP:
            raise SpecError(f"{error}; to remove it as it is: --leave awake") from None
        _take_out_unread(deployment, stack)
    _clear_out(deployment, stack)
    click.echo(f"{stack} is removed from the controller; its links no longer work.")


def _take_out(stacks: Stacks, stack: str, leave: Leave) -> None:
    """Until spec and status are gone, in the state that was requested."""
    view = stacks.load_view(stack)
    if leave is Leave.AWAKE:
        _warn(view)
    for _ in range(_MOST_WAKES):
        if leave is Leave.ASLEEP and not _rests(view):
            _put_to_sleep(stacks, view)
        with _locked(stacks.deployment, stack):
            view = stacks.load_view(stack)
            if (leave is Leave.AWAKE or _rests(view)) and _is_taken_out(stacks, view):
                return
        view = stacks.load_view(stack)
    raise PermanentError(
        f"{stack} was not removed: somebody wakes it again and again; withdraw its links "
        f"(dormouse link {stack} --withdraw ID), then repeat this"
    )


def _rests(view: StackView) -> bool:
    """Nothing of it stands, by the last pass, and nothing asks for it."""
    status = view.report.status
    asleep = status.target is Target.ASLEEP and status.settled
    return asleep and not view.records.leftovers and view.report.decision.state is Target.ASLEEP


def _put_to_sleep(stacks: Stacks, view: StackView) -> None:
    """By the controller itself, which has the rights; followed as any other sleep."""
    stacks.hold(hold_asleep(view, stacks.caller, _REASON))
    why = ""
    try:
        follow_stacks(stacks, [view.stack])
    except PermanentError as error:  # the controller does not work on it at all
        why = f"; {error}"
    report = stacks.load_view(view.stack).report
    if report.state is not State.ASLEEP:
        raise PermanentError(
            f"{view.stack} was not removed, because it still costs money "
            f"({report.cause or report.phase}{why}): {name_standing(report)}; put that right and "
            "repeat this, or leave it as it stands (--leave awake)"
        )
    _wait_for_the_rest(stacks, view.stack)


def _wait_for_the_rest(stacks: Stacks, stack: str) -> None:
    """A pass must have seen it; resources of earlier configurations are deleted last."""
    clock = stacks.deployment.clock
    give_up_at = clock.now() + _PATIENCE
    while not _rests(view := stacks.load_view(stack)):
        if view.report.decision.state is not Target.ASLEEP:
            return  # somebody wakes it
        troubles = view.report.status.replaced.values()
        if troubles or clock.now() >= give_up_at:
            why = "; ".join(each.cause for each in troubles) or "it takes longer than usual"
            raise PermanentError(
                f"{stack} was not removed, because something of it may still exist: {why}"
            )
        clock.sleep(POLL_SECONDS)


def _warn(view: StackView) -> None:
    if not _rests(view):
        click.echo(
            f"warning: {view.stack} stays as it is and goes on costing up to "
            f"{say_money(awake_hour(view.report.spec))} an hour; nobody puts it to sleep any more "
            "(dormouse apply DIR --to asleep does it from here)",
            err=True,
        )


def _is_taken_out(stacks: Stacks, view: StackView) -> bool:
    """Under its lock: record its known costs in the history, then remove the stack."""
    table, stack = stacks.deployment.table, view.stack
    with stacks.deployment.reaching(f'take "{stack}" out'):
        for event in _last_events(view):
            table.put_event(event)
        return table.take_out(stack, view.records.request_version)


def _last_events(view: StackView) -> Iterator[Event]:
    """What no pass has recorded yet, and what has been billed up to now of what is left awake."""
    status: Status = view.report.status
    yield from status.outbox
    spans = nothing_exists(status, view.now).meter.ended
    if spans:
        facts = {"spans": [span.to_json() for span in spans], "stands": []}
        yield Event(
            stack=view.stack,
            at=view.now,
            kind=EventKind.REPLACED,
            reason="removed from the controller",
            facts=facts,
        )


def _take_out_unread(deployment: Deployment, stack: str) -> None:
    """Nobody can say what exists of a spec that cannot be read."""
    click.echo(
        f"warning: the spec of {stack} cannot be read; see by dormouse sweep what of it exists",
        err=True,
    )
    with deployment.reaching(f'take "{stack}" out'):
        table = deployment.table
        if not table.take_out(stack, table.load_requests(stack).count):
            raise PermanentError(f"{stack} was not removed: somebody asks for it; repeat this")


def _see_that_it_was_there(stacks: Stacks, stack: str) -> None:
    """Interrupted after the write that counts, or done already: then the rest is left to do."""
    with stacks.deployment.reaching(f'read the records of "{stack}"'):
        known = stacks.deployment.table.has_history(stack)
    if not known:
        raise SpecError(
            f'there is no stack "{stack}"{closest(stack, stacks.names())}; dormouse status lists '
            "those that are published"
        )


def _clear_out(deployment: Deployment, stack: str) -> None:
    """What is left, and the end of its ledger: from now on it uses nothing."""
    table = deployment.table
    with deployment.reaching(f'take out what is left of "{stack}"'):
        table.clear_out(stack)
        uses = table.uses(stack)
        if uses and uses[-1][1] != UsageProfile():
            table.put_use(stack, UsageProfile(), deployment.clock.now())


@contextmanager
def _locked(deployment: Deployment, stack: str) -> Iterator[None]:
    """Have the stack's lock, so that no pass works on it; one that does is waited for."""
    keeper, lock = LockKeeper(deployment.clients.dynamodb, deployment.table_name), None
    clock = deployment.clock
    give_up_at = clock.now() + _PATIENCE
    while lock is None:
        lock = _acquire(deployment, keeper, stack)
        if lock is None and clock.now() >= give_up_at:
            raise PermanentError(
                f"{stack} was not removed: passes have been working on it for "
                f"{_PATIENCE.seconds // 60} minutes; repeat this later"
            )
        if lock is None:
            clock.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        with deployment.reaching(f'give back the lock of "{stack}"'):
            keeper.release(lock, clock.now())


def _acquire(deployment: Deployment, keeper: LockKeeper, stack: str) -> Lock | None:
    with deployment.reaching(f'lock "{stack}"'):
        return keeper.acquire(stack, _HOLDER, deployment.clock.now())
