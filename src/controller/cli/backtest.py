"""`dormouse backtest`: what the last weeks would have cost, and who would have met it asleep."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.cli.backtested import Backtest
from controller.cli.inputs import InputError, TerraformCommand, check_directory, terraform_inputs
from controller.domain.decision.idle import Minute, floor_minute
from controller.domain.errors import PermanentError
from controller.domain.money.replay import Past
from controller.domain.money.usage import Interval, UsageProfile
from controller.domain.planning.spec import Kind, Spec
from controller.domain.policy.policy import Policy

if TYPE_CHECKING:
    from controller.aws.clients import Clients
    from controller.cli.balancers import Balancer

COVERS = (95, 99, 100)
WAKE = timedelta(minutes=3)
"""The assumed length of a wake if there are no files."""

LATE = timedelta(minutes=15)
"""A new load balancer has counts after some minutes, and the newest minutes' are not in yet."""


@click.command("backtest", cls=TerraformCommand)
@terraform_inputs
@click.argument("directory", metavar="[DIR]", required=False)
@click.option(
    "--load-balancer", "arn", metavar="ARN", help="Read this load balancer; no files are needed."
)
@click.option("--all", "all_of_them", is_flag=True, help="Rank the account's load balancers.")
@click.option(
    "--days",
    type=click.IntRange(1, 455),
    default=14,
    show_default=True,
    help="How many past days to read from CloudWatch.",
)
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Recorded traffic: time,new_flows,processed_bytes,active_flows.",
)
@click.option("--suggest", "suggests", is_flag=True, help="Add office hours that cover the use.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    directory: str | None,
    arn: str | None,
    all_of_them: bool,
    days: int,
    file: Path | None,
    suggests: bool,
    as_json: bool,
) -> None:
    """
    Replay the traffic of the last weeks, and show what sleeping would have saved.

    With DIR it uses the directory's policy, and reads the traffic of its load balancer. Without
    files it uses the default policy: awake only on request. Nothing is changed.
    """
    from controller.cli.backtest_views import print_backtest, print_ranking

    if sum((directory is not None, arn is not None, all_of_them)) != 1:
        raise click.UsageError("name one of DIR, --load-balancer ARN, --all")
    if all_of_them:
        if file:
            raise click.UsageError("--from is the traffic of one load balancer; name DIR or an ARN")
        tests, others = _rank(days)
        if as_json:
            each = [test.to_json(with_suggestions=suggests) for test in tests]
            click.echo(json.dumps({"load_balancers": each}, indent=2))
        else:
            print_ranking(tests, others)
        return
    spec = _spec(ctx, directory) if directory else None
    test = _of_files(spec, days, file) if spec else _of_balancer(str(arn), days, file)
    following = _next_command(directory)
    if as_json:
        click.echo(json.dumps(test.to_json(with_suggestions=suggests), indent=2))
    else:
        print_backtest(test, test.suggestions() if suggests else ())
        click.echo(f"Next: {following}")


def _next_command(directory: str | None) -> str:
    """What puts it to sleep: deploy where the files have the variable awake, else adopt first."""
    from controller.hcl.directory import read
    from controller.mapping.assemble import AWAKE

    if directory is None:
        return "dormouse adopt DIR, with the Terraform directory of this load balancer"
    configuration = read(Path(directory), os.environ.get("TF_DATA_DIR"))
    verb = "deploy" if configuration.declares(AWAKE) else "adopt"
    return f"dormouse {verb} {directory}"


def _spec(ctx: click.Context, directory: str) -> Spec:
    from controller.cli.compiling import spec_or_exit

    return spec_or_exit(ctx, check_directory(directory))


def _of_files(spec: Spec, days: int, file: Path | None) -> Backtest:
    from controller.cli.session import clients_for
    from controller.domain.planning.wake_path import wake_path
    from controller.domain.reporting.report import rules_of
    from controller.domain.reporting.status import Status

    rules = rules_of(spec, Status())
    wake = timedelta(seconds=wake_path(spec).seconds) or WAKE
    if file:
        past = _from_file(file, days)
    else:
        clients = clients_for(spec)
        past = _from_aws(clients, _standing(clients, spec), days)
    return Backtest(
        stack=spec.stack,
        use=UsageProfile.of(spec),
        policy=rules.policy,
        lead=rules.lead,
        past=replace(past, wake=wake),
    )


def _standing(clients: Clients, spec: Spec) -> list[Balancer]:
    from controller.cli.balancers import find_balancers

    given = [each.request.get("Name") for each in spec.of_kind(Kind.LOAD_BALANCER)]
    names = [name for name in given if isinstance(name, str)]
    found: list[Balancer] = []
    with _reaching():
        for name in names:
            found += find_balancers(clients, names=[name])[0]
    if not found:
        raise PermanentError(
            f"no load balancer of {spec.stack} exists now (looked for "
            f"{', '.join(names) or 'none, the files have no name'}), so CloudWatch cannot be asked "
            "for its past; name another by --load-balancer ARN, or give recorded traffic by "
            "--from FILE.csv"
        )
    return found


def _of_balancer(arn: str, days: int, file: Path | None) -> Backtest:
    from controller.aws.clients import Clients
    from controller.cli.balancers import find_balancers
    from controller.cli.session import open_session

    parts = arn.split(":")
    if len(parts) < 6 or not parts[5].startswith("loadbalancer/net/"):
        raise InputError(
            f'--load-balancer: found "{arn}", expected the ARN of a network load balancer '
            "(arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/NAME/ID)"
        )
    clients = Clients(open_session(), parts[3])
    with _reaching():
        found, _ = find_balancers(clients, arns=[arn], with_tasks=True)
    if not found:
        raise PermanentError(f"there is no load balancer {arn} in this account")
    past = _from_file(file, days) if file else _from_aws(clients, found, days)
    return _of_standing(found[0], past)


def _of_standing(balancer: Balancer, past: Past) -> Backtest:
    return Backtest(
        stack=balancer.name,
        balancer=balancer.arn,
        use=balancer.use(),
        policy=Policy(),
        lead=timedelta(0),
        past=replace(past, wake=WAKE),
    )


def _rank(days: int) -> tuple[list[Backtest], int]:
    """What each would have saved, the most first; and how many are of another kind."""
    from controller.aws.clients import Clients
    from controller.cli.balancers import find_balancers
    from controller.cli.session import open_session

    clients = Clients(open_session(), region=None)
    with _reaching():
        found, others = find_balancers(clients, with_tasks=True)
    tests: list[Backtest] = []
    bar = click.progressbar(found, label="Reading the past", file=sys.stderr)
    with bar as balancers:
        for balancer in balancers:
            tests.append(_of_standing(balancer, _from_aws(clients, [balancer], days)))
    tests.sort(key=lambda test: test.spent - test.always_on)
    return tests, others


def _from_aws(clients: Clients, balancers: Sequence[Balancer], days: int) -> Past:
    from controller.aws.past_traffic import read_past
    from controller.cli.session import open_clock

    now = floor_minute(open_clock().now())
    born = floor_minute(max(each.created_at for each in balancers).astimezone(UTC))
    window = Interval(max(now - timedelta(days=days), born), now)
    names = [each.dimension for each in balancers]
    with _reaching():
        minutes = read_past(clients.get("cloudwatch"), names, window, now)
    return Past(window=_counted(window, minutes), minutes=minutes)


def _counted(window: Interval, minutes: Sequence[Minute]) -> Interval:
    """Without the time before the first counts, and without the minutes that are still to come."""
    if not minutes:
        return window
    ends_at = minutes[-1].ends_at
    is_late = window.end - ends_at > LATE
    return Interval(
        minutes[0].at if minutes[0].at - window.start <= LATE else window.start,
        window.end if is_late else ends_at,
    )


def _from_file(file: Path, days: int) -> Past:
    """The last days of the file."""
    from controller.cli.traffic_file import read_traffic

    minutes = read_traffic(file)
    end = minutes[-1].ends_at
    start = max(minutes[0].at, end - timedelta(days=days))
    return Past(window=Interval(start, end), minutes=_since(minutes, start))


def _since(minutes: Sequence[Minute], start: datetime) -> list[Minute]:
    return [minute for minute in minutes if minute.at >= start]


@contextmanager
def _reaching() -> Iterator[None]:
    """Say in one line why AWS could not be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    from controller.aws.errors import translate

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise translate(error, "read the past traffic") from None
