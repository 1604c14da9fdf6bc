"""`dormouse trial`: how AWS behaves in this account, by waking a stack and putting it to sleep."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.inputs import InputError, TerraformCommand, terraform_options
from controller.cli.lost_output import messages_may_get_lost
from controller.cli.pricing import prices_of
from controller.cli.screen import open_console
from controller.cli.session import open_clock, open_session
from controller.cli.signals import EndedError, Signals, interruptible
from controller.cli.trial_views import print_result, say_price
from controller.cli.views import make_view
from controller.domain.errors import DormouseError, PermanentError
from controller.domain.planning.draining import longest_drain
from controller.domain.planning.spec import Kind, Spec
from controller.domain.planning.wake_path import Checks
from controller.domain.ports import Clock
from controller.domain.trial.advice import advise
from controller.domain.trial.measures import Given
from controller.domain.trial.price import price_of
from controller.domain.trial.result import Remainder, Result
from controller.domain.trial.unmeasured import why_not_measured
from controller.reconcile.outcome import Iteration, Report
from controller.reconcile.side_by_side import Threads
from controller.recording.recorder import Recorder
from controller.timing_file import save_timing
from controller.trial.ending import AGAIN, FINISHED
from controller.trial.preflight import Found, examine
from controller.trial.run import LINGERS, STAY, Trial
from controller.trial.site import Site

QUIET = (STAY, LINGERS, AGAIN, FINISHED)
"""Parts that only wait, or usually find nothing to do."""

MOST_ATTEMPTS = 3
"""How often the clean-up is restarted if something interrupts it."""


@click.command("trial", cls=TerraformCommand)
@terraform_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what was measured as a timing profile, for --profile of demo and hours.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write down each call and its answer, with ids, names and addresses masked.",
)
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@deployment_option
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    yes: bool,
    as_json: bool,
    save: Path | None,
    record: Path | None,
    stack_name: str | None,
    deployment: Deployment,
) -> None:
    """
    Measure how AWS behaves in this account: wake, sleep, wake during the sleep, sleep.

    The stack must be asleep, and not published to a controller. The trial shows the price and
    asks first. Afterwards it has deleted everything that it made, also if it was interrupted;
    it changes no Elastic IP. It prints what was measured beside what is assumed, and each
    unexpected answer of AWS.

    If it was killed, run it again: it finds leftovers by their tags.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("it asks first, and there is no terminal to answer; add --yes")
    _check_places(save, record)
    spec = spec_or_exit(ctx, directory, stack_name)
    _check_that_it_is_ours(spec, deployment)
    given = _given(spec)
    clock = open_clock()
    recorder = Recorder(record, clock) if record else None
    with _open_site(spec, clock, recorder) as site:
        found = examine(site)
        prices, _ = prices_of(site.region)
        say_price(spec, price_of(spec, given, prices), prices, found)
        if not yes and not click.confirm("Go on?", err=True):
            raise PermanentError("nothing was changed")
        with recorder or nullcontext(), _to_the_end() as signals:
            result = _run(site, found, given, signals)
            _show(spec, result, save, as_json=as_json)
    if recorder and recorder.broken:
        raise PermanentError(f"--record {record}: it is not complete: {recorder.broken}")
    ctx.exit(1 if result.cause or result.left_behind else 0)


def _check_places(save: Path | None, record: Path | None) -> None:
    """A measurement of a quarter of an hour must not end with a place that is not there."""
    for place in filter(None, (save, record)):
        if not place.parent.is_dir():
            raise InputError(f"{place}: there is no directory {place.parent} to write it into")
        if not os.access(place if place.exists() else place.parent, os.W_OK):
            raise InputError(f"{place}: it cannot be written; give a place that can")
    if save and record and save.resolve() == record.resolve():
        raise InputError(f"{save}: found it for --save and --record, expected a file for each")


def _check_that_it_is_ours(spec: Spec, deployment: Deployment) -> None:
    """Raises PermanentError for a stack that a controller of this account works on."""
    try:
        with deployment.reaching("find out whether it is published"):
            published = deployment.table.published()
    except DormouseError as error:
        if "there is no deployment" not in str(error):
            click.echo(f"note: {error}; so it is not known whether it is published", err=True)
        return
    if spec.stack in published:
        raise PermanentError(
            f"cannot try {spec.stack}: it is published, so its controller works on it; give "
            f"--stack another name and rename its load balancer, target group and service, or "
            f"dormouse unpublish {spec.stack} first"
        )


def _given(spec: Spec) -> Given:
    checks = (Checks.of(group).seconds for group in spec.of_kind(Kind.TARGET_GROUP))
    return Given(checks=float(max(checks, default=0)), delay=longest_drain(spec).total_seconds())


@contextmanager
def _open_site(spec: Spec, clock: Clock, recorder: Recorder | None) -> Iterator[Site]:
    def new_session() -> Any:
        session = open_session()
        if recorder:
            recorder.attach(session)
        return session

    with closing(Threads()) as threads:
        yield Site(spec, new_session, clock, threads)


@contextmanager
def _to_the_end() -> Iterator[Signals]:
    """Neither a signal nor a closed terminal keeps it from deleting what it created."""
    with messages_may_get_lost(), interruptible(_say_that_it_goes_on) as signals:
        yield signals


@contextmanager
def _part(site: Site, title: str) -> Iterator[Report]:
    console = open_console()
    if title in QUIET and console.is_terminal:
        with console.status(f"{title} …"):
            yield _say_nothing
        return
    click.echo(f"{title} …", err=True)
    if title in QUIET:
        yield _say_nothing
        return
    with make_view(site.spec, site.clock) as view:
        yield view


def _say_nothing(seen: Iteration) -> None:
    pass


def _run(site: Site, found: Found, given: Given, signals: Signals) -> Result:
    """The trial from its first change to the last read; whatever happens, it cleans up."""
    trial = Trial(site, lambda title: _part(site, title))
    began = site.clock.now()
    cause = _attempt(trial, found, signals)
    left = _clean_up(trial, "taking everything down" if cause else FINISHED)
    measured = trial.measured()
    return Result(
        measured=measured,
        not_measured=why_not_measured(measured, site.log, site.clock.now()),
        given=given,
        answers=site.answers,
        advice=advise(measured, came_back=trial.came_back),
        seconds=(site.clock.now() - began).total_seconds(),
        count_taken=site.count_taken,
        left_behind=left,
        cause=cause,
    )


def _attempt(trial: Trial, found: Found, signals: Signals) -> str:
    """
    Why it did not finish, or "".

    A signal ends it at any moment, also where an error has ended it just before. It returns with
    the signals held off.
    """
    cause = ""
    try:
        try:
            if found.remains:
                _clear(trial)
            trial.run()
        except DormouseError as error:
            cause = str(error)
        finally:
            signals.hold_off()
    except EndedError as error:
        signals.hold_off()
        cause = f"ended by {error.name}"
    except BaseException:
        _clean_up(trial, "taking everything down")
        raise
    return cause


def _say_that_it_goes_on() -> None:
    click.echo("still taking it down, so that nothing costs money", err=True)


def _clear(trial: Trial) -> None:
    left = trial.clean_up("taking down what an earlier trial left")
    if left:
        raise PermanentError(f"{left[0]}, which an earlier trial left, cannot be taken down")


def _clean_up(trial: Trial, title: str) -> tuple[Remainder, ...]:
    """What breaks it begins it again."""
    for attempt in range(MOST_ATTEMPTS):
        try:
            return trial.clean_up(title)
        except BaseException:
            if attempt == MOST_ATTEMPTS - 1:
                raise
    return ()


def _show(spec: Spec, result: Result, save: Path | None, *, as_json: bool) -> None:
    """The profile is written also where nobody reads standard output any more."""
    try:
        _say(spec, result, as_json=as_json)
    finally:
        if save and not result.cause:
            save_timing(save, result.timing(f"trial of {spec.stack}"))
            use = f"use it by --profile {save}"
            click.echo(f"the timing profile is in {save}; {use}", err=True)


def _say(spec: Spec, result: Result, *, as_json: bool) -> None:
    for each in result.left_behind:
        click.echo(f"error: {each} still exists, and may cost money", err=True)
    if result.left_behind:
        click.echo("error: take it down by the same command once more", err=True)
    if result.cause:
        click.echo(f"error: the trial did not finish: {result.cause}", err=True)
    if as_json:
        data = {"stack": spec.stack, "region": spec.region, **result.to_json()}
        click.echo(json.dumps(data, indent=2))
    else:
        print_result(spec, result)
