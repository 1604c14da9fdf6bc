"""`dormouse sweep`: resources with our tags that cost money and that nobody needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import click

from controller.account.sweeper import Sweeper
from controller.aws.clients import Clients
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.forgetting import forget_replaced
from controller.cli.screen import format_duration
from controller.cli.session import open_session
from controller.domain.dataclass import dataclass
from controller.domain.errors import DormouseError, SpecError
from controller.domain.guards.sweeping import Known, OwnedResource, Verdict
from controller.domain.planning.spec import Spec
from controller.domain.reporting.report import make_report
from controller.domain.reporting.status import Status
from controller.reconcile.sweep import Sweep, Swept
from controller.store.lock import Lock, LockKeeper

_HOLDER = "sweep"


@click.command("sweep")
@deployment_option
@click.option("--delete", is_flag=True, help="Delete the leftovers, after showing them.")
@click.option("--yes", is_flag=True, help="With --delete: do not ask.")
@click.option(
    "--without-table",
    "answered_for",
    metavar="STACK",
    multiple=True,
    help="Treat all resources of this stack as leftovers, even without a record of it here.",
)
@click.option(
    "--forget",
    metavar="STACK",
    help="Stop trying to delete resources of earlier configurations of this stack.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    deployment: Deployment,
    delete: bool,
    yes: bool,
    answered_for: tuple[str, ...],
    forget: str | None,
    as_json: bool,
) -> None:
    """
    List load balancers, services and target groups with our tags that no awake stack needs.

    It searches this shell's region, and the regions and roles of published stacks and of
    resources that were replaced. Without --delete nothing is changed. With --delete it deletes
    the leftovers that it lists, never an Elastic IP.
    """
    if forget:
        forget_replaced(deployment, forget, yes=yes)
        return
    if delete and not yes and (as_json or not sys.stdin.isatty()):
        raise click.UsageError("--delete asks first, and there is no terminal to answer; add --yes")
    session = _session()
    records, specs = _records(deployment, answered_for, delete=delete)
    sweep = Sweep(_regions(session, specs), records, deployment.clock, _say, answered_for)
    verdicts = sweep.verdicts()
    for error in sweep.unseen:
        click.echo(f"error: {error}", err=True)
    leftovers = [v.owned for v in verdicts if v.leftover]
    if not as_json:
        _show(verdicts, deployment.clock.now(), all_seen=not sweep.unseen)
    swept = Swept()
    if delete and leftovers and (yes or _agreed(leftovers)):
        ours = {spec.stack for spec in specs} | set(answered_for)
        strange = [owned for owned in leftovers if yes and owned.stack not in ours]
        swept = sweep.delete([owned for owned in leftovers if owned not in strange])
        swept.kept += [(owned, _unanswered(owned)) for owned in strange]
    _print_results(verdicts, swept, as_json=as_json)
    ctx.exit(1 if swept.kept or sweep.unseen else 0)


# the records


@dataclass(frozen=True)
class _Held:
    keeper: LockKeeper
    lock: Lock

    def renew(self, now: datetime) -> bool:
        return self.keeper.renew(self.lock, now)

    def release(self, now: datetime) -> None:
        self.keeper.release(self.lock, now)


class TableRecords:
    """The stacks in the table of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        with deployment.reaching("list the stacks"):
            dynamodb, name = deployment.clients.dynamodb, deployment.table_name
        self._keeper = LockKeeper(dynamodb, name)

    def specs(self) -> list[Spec]:
        """Of all stacks, and what replaced ones have left behind."""
        with self._deployment.reaching("list the stacks"):
            table = self._deployment.table
            return [spec for name in table.published() for spec in table.specs(name)]

    @cached_property
    def _account(self) -> str:
        """If the account is unknown, a resource of any account may be the named one."""
        try:
            return self._deployment.account()
        except DormouseError:
            return ""

    def known(self, stack: str, now: datetime) -> Known | None:
        with self._deployment.reaching(f'read the records of "{stack}"'):
            table = self._deployment.table
            if table.spec(stack) is None:
                return None
            records, busy = table.load(stack), self._keeper.is_held(stack, now)
        unread = next((each for each in records.damaged if each.record == "spec"), None)
        if unread:
            raise SpecError(
                f'cannot tell what belongs to "{stack}": its spec cannot be read ({unread.why}); '
                "publish it again"
            )
        status = records.status or Status()
        report = make_report(
            records.spec, status, records.leases, records.hold, now, bookings=records.bookings
        )
        return Known(
            spec=records.spec,
            status=status,
            wanted=report.decision.state,
            busy=busy,
            clearing=bool(records.leftovers),
            account=self._account,
        )

    def take(self, stack: str, now: datetime) -> _Held | None:
        with self._deployment.reaching(f'lock "{stack}"'):
            lock = self._keeper.acquire(stack, _HOLDER, now)
        return _Held(self._keeper, lock) if lock else None


def _records(
    deployment: Deployment, answered_for: Sequence[str], *, delete: bool
) -> tuple[TableRecords | None, list[Spec]]:
    """The records and all specs; None if they cannot be read, which is said."""
    try:
        records = TableRecords(deployment)
        specs = records.specs()
    except DormouseError as error:
        if delete and not answered_for:
            raise click.ClickException(
                f"{error}; without the records nothing is known to be a leftover: name the stacks "
                "whose resources are to go by --without-table STACK"
            ) from None
        which = "all else" if answered_for else "everything"
        click.echo(f"note: {error}; so {which} with our tags is listed as needed", err=True)
        return None, []
    known = sorted({spec.stack for spec in specs} & set(answered_for))
    if known:
        raise click.ClickException(
            f"the records of {', '.join(known)} can be read, and say what is needed; leave "
            "--without-table out"
        )
    return records, specs


def _session() -> Any:
    """A boto3 session that has a region: without one nothing can be read, records included."""
    session = open_session()
    if not session.region_name:
        raise click.ClickException(
            "cannot look for leftovers: no region is set; set AWS_REGION, or AWS_PROFILE to a "
            "profile that has one"
        )
    return session


def _regions(session: Any, specs: Iterable[Spec]) -> list[Sweeper]:
    """The shell's own region and role, then those of the stacks, each once."""
    own = session.region_name
    places: list[tuple[str, str | None]] = [(own, None)]
    places += [(spec.region or own, spec.role_arn) for spec in specs]
    return [
        Sweeper(Clients(session, region, role_arn), region, role_arn)
        for region, role_arn in dict.fromkeys(places)
    ]


# what is said


def _show(verdicts: Sequence[Verdict], now: datetime, *, all_seen: bool) -> None:
    if not verdicts:
        limit = "" if all_seen else ", as far as could be seen"
        click.echo(f"Nothing carries our tags{limit}.")
    for verdict in verdicts:
        click.echo(_line(verdict, now))


def _line(verdict: Verdict, now: datetime) -> str:
    owned = verdict.owned
    mark = click.style("leftover", fg="yellow") if verdict.leftover else "needed  "
    cost = f"{owned.usd_per_hour:.4f} $/h" if owned.usd_per_hour else "free"
    age = f", for {format_duration(now - owned.since)}" if owned.since else ""
    kind = str(owned.kind).replace("_", " ")
    return f'{mark}  {kind} "{owned.name}" ({owned.region}, {cost}{age}): {verdict.why}'


def _agreed(leftovers: Sequence[OwnedResource]) -> bool:
    number = f"{len(leftovers)} leftover{'' if len(leftovers) == 1 else 's'}"
    click.echo(
        "A stack of another deployment, or one woken by dormouse apply, is in no record here."
    )
    return click.confirm(f"Delete {number} for good?", default=False)


def _unanswered(owned: OwnedResource) -> str:
    """Another deployment's stack looks the same; only a person can decide, and nobody was asked."""
    return (
        f'no record here knows its stack "{owned.stack}", which may be another deployment\'s; '
        f"answer for it by --without-table {owned.stack}"
    )


def _say(text: str) -> None:
    click.echo(f"{text} …", err=True)


def _print_results(verdicts: Sequence[Verdict], swept: Swept, *, as_json: bool) -> None:
    if as_json:
        deleted = {owned.arn for owned in swept.deleted}
        output = {
            "resources": [{**v.to_json(), "deleted": v.owned.arn in deleted} for v in verdicts],
            "kept": [{"arn": owned.arn, "why": why} for owned, why in swept.kept],
        }
        click.echo(json.dumps(output, indent=2))
        return
    for owned in swept.deleted:
        click.echo(f'deleted {str(owned.kind).replace("_", " ")} "{owned.name}"')
    for owned, why in swept.kept:
        click.echo(f'error: "{owned.name}" still stands: {why}', err=True)
    leftovers = [v.owned for v in verdicts if v.leftover]
    if leftovers and not (swept.deleted or swept.kept):
        cost = sum(owned.usd_per_hour for owned in leftovers)
        click.echo(f"{len(leftovers)} left over, {cost:.4f} $ an hour; --delete removes them.")
