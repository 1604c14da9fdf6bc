"""`dormouse with`: run a command with a stack awake, for exactly as long as it runs."""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

import click

from controller.cli.apply import Duration
from controller.cli.asking import say_why_not
from controller.cli.child import find_program, run_child
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.following import follow
from controller.cli.keeping import SHORTEST, Keeper
from controller.cli.link_address import VARIABLE, link_of_environment
from controller.cli.main import TerminatedError
from controller.cli.places import (
    Place,
    Target,
    job_option,
    open_places,
    over_budget_option,
    read_target,
)
from controller.cli.readiness import Question, wait_until_ready
from controller.cli.stack_status import StackStatus
from controller.domain.dataclass import dataclass
from controller.domain.errors import DormouseError, PermanentError
from controller.domain.ports import Clock
from controller.domain.reporting.report import State
from controller.domain.text import LONGEST_REASON, clean, quoted

NOT_AWAKE = 125
"""Exit codes of our own, like those of `timeout`, `env` and `docker run`."""

FAREWELL = "no longer waiting; the request is released"
_COMMAND = "dormouse.command"


class HangupError(TerminatedError):
    """SIGHUP, as a runner sends it that loses its job: treated as SIGTERM, with its own code."""


class WithCommand(click.Command):
    """What follows "--" is the command, whatever it looks like."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, found, program = _parted(args)
        rest = super().parse_args(ctx, ours)  # -h ends here
        if not (found and program):
            ctx.fail('the command is missing; write it after "--": dormouse with STACK -- pytest')
        ctx.meta[_COMMAND] = program
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


def _parted(args: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return list(args), False, []
    at = list(args).index("--")
    return list(args[:at]), True, list(args[at + 1 :])


def _target(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Target | None:
    if value:
        return read_target(value)
    link = link_of_environment()
    if link is None and not ctx.resilient_parsing:
        raise click.UsageError(
            f"name the STACK, or give a link to it, or set {VARIABLE}; a secret may be empty here, "
            "as in a pull request from a fork"
        )
    return link


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command needs before it is run."""

    length: timedelta
    reason: str
    job: str
    over_budget: bool
    question: Question | None


@click.command("with", cls=WithCommand)
@click.argument("target", metavar="STACK|LINK", required=False, callback=_target)
@click.option(
    "--for",
    "length",
    type=Duration(),
    default="10m",
    show_default=True,
    help="How long it stays awake if this process is killed; extended while the command runs.",
)
@click.option("--ready", metavar="PATH", help="Begin once this path answers with 2xx.")
@click.option("--shows", metavar="TEXT", help="Begin once its answer contains this text.")
@click.option(
    "--patience",
    type=Duration(),
    default="5m",
    show_default=True,
    help="How long --ready and --shows may take once it is awake.",
)
@click.option(
    "--reason",
    default="",
    callback=lambda ctx, parameter, value: clean(value.strip(), LONGEST_REASON),
    help=f"Why, shown wherever the state is; cut to {LONGEST_REASON} characters.",
)
@job_option
@over_budget_option
@deployment_option
@click.pass_context
def command(
    ctx: click.Context,
    target: Target | None,
    length: timedelta,
    ready: str | None,
    shows: str | None,
    patience: timedelta,
    reason: str,
    job: str,
    over_budget: bool,
    deployment: Deployment,
) -> None:
    """
    Wake a stack, and keep it awake as long as a command runs.

    The command finds the address in DORMOUSE_ENDPOINT, as http://203.0.113.10:5000. Exit code:
    that of the command; 125 if the stack would not wake, 126 and 127 if the command cannot be run.
    """
    wish = Wish(
        length=max(length, SHORTEST),
        reason=reason,
        job=job or f"with-{secrets.token_hex(6)}",
        over_budget=over_budget,
        question=_question(ready, shows, patience),
    )
    assert target is not None  # the callback refuses that
    ctx.exit(_run(target, deployment, wish, ctx.meta[_COMMAND]))


def _question(ready: str | None, shows: str | None, patience: timedelta) -> Question | None:
    if ready is None and shows is None:
        return None
    path = ready or "/"
    if not re.fullmatch(r"[!-~]+", path):
        raise click.BadParameter(
            f"{quoted(path)} cannot be asked for; percent-encode it", param_hint="--ready"
        )
    return Question(path if path.startswith("/") else f"/{path}", shows or "", patience)


def _run(target: Target, deployment: Deployment, wish: Wish, program: Sequence[str]) -> int:
    missing = find_program(program[0])
    if missing:
        return missing
    try:
        places, clock = open_places(deployment, [target], over_budget=wish.over_budget)
        with _hanging_up():
            return _run_awake(places[0], clock, wish, program)
    except (DormouseError, click.ClickException) as error:
        said = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"Error: {said}", err=True)
        return NOT_AWAKE
    except HangupError:
        return 128 + signal.SIGHUP


def _run_awake(place: Place, clock: Clock, wish: Wish, program: Sequence[str]) -> int:
    keeper = Keeper(place, wish.length, wish.reason, wish.job)
    keeper.begin()
    try:
        status = _wait_until_awake(place, clock)
        keeper.hear(status)
        address = base_address(status)
        if wish.question:
            wait_until_ready(address, wish.question)
        return run_child(program, {**os.environ, **_variables(status, address)})
    finally:
        keeper.end()


def _wait_until_awake(place: Place, clock: Clock) -> StackStatus:
    (status,) = follow([place], clock, wanted=State.AWAKE, farewell=FAREWELL)
    if status.state is not State.AWAKE:
        raise PermanentError(say_why_not(status, State.AWAKE))
    return status


def _variables(status: StackStatus, address: str) -> Mapping[str, str]:
    ip = (status.endpoint or {}).get("ip")
    return {
        "DORMOUSE_STACK": status.stack,
        **({"DORMOUSE_ENDPOINT": address} if address else {}),
        **({"DORMOUSE_IP": str(ip)} if ip else {}),
    }


def base_address(status: StackStatus) -> str:
    """Scheme, address and port, to which a path is added; "203.0.113.10:5000" without a scheme."""
    endpoint = status.endpoint or {}
    ip, port, url = (endpoint.get(name) for name in ("ip", "port", "url"))
    host = f"{ip}:{port}" if port is not None else str(ip or "")
    scheme = str(url).partition("://")[0] if url else ""
    return f"{scheme}://{host}" if scheme else host


@contextmanager
def _hanging_up() -> Iterator[None]:
    """React to a lost terminal or runner, unless the caller ignores that signal (nohup)."""

    def end(number: int, frame: FrameType | None) -> None:
        raise HangupError

    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
