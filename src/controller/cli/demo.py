"""`dormouse demo`: the whole system on a laptop, to press, watch, use and leave alone."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import InputError, TerraformCommand, check_directory, terraform_inputs
from controller.cli.profile_option import profile_option
from controller.cli.project import shipped_stack
from controller.cli.toolbox import bring_laptop
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import Timing

if TYPE_CHECKING:
    from local.system import LaptopSystem

PORT, MORE_PORTS = 8080, 20


@click.command("demo", cls=TerraformCommand)
@terraform_inputs
@click.argument(
    "directory",
    metavar="[DIR]",
    default=None,
    required=False,
    callback=lambda ctx, parameter, value: value and check_directory(value),
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 600),
    default=60,
    show_default=True,
    help="How many times as fast as real time the clock runs.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port of the page. Default: {PORT}, or the next free one.",
)
@profile_option("How long the simulated AWS takes.")
@click.option(
    "--play/--no-play",
    default=None,
    help="Play all steps by itself, then end; the default without a terminal.",
)
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path | None,
    speed: float,
    port: int | None,
    profile: Timing,
    play: bool | None,
) -> None:
    """
    Run the whole system on this machine, on a simulated AWS. Nothing is sent to AWS.

    Without DIR it plays the example that ships with Dormouse; with DIR, your own directory. Ctrl-C
    ends it and shows the bill.
    """
    spec = spec_or_exit(ctx, directory or shipped_stack())
    plays = not sys.stdout.isatty() if play is None else play
    with _interruptible(), _system(spec, speed, profile, port) as system:
        from controller.cli.demo_views import follow, introduce, show_bill
        from controller.cli.play import play_through

        introduce(system, speed, plays=plays)
        woke = True
        try:
            woke = play_through(system, speed) if plays else follow(system, speed)
        except KeyboardInterrupt:
            click.echo()
        _ignore_interrupts()
        show_bill(system)
    ctx.exit(0 if woke else 1)


@contextmanager
def _system(spec: Spec, speed: float, profile: Timing, port: int | None) -> Iterator[LaptopSystem]:
    bring_laptop()
    from local.furnish_spec import CannotFurnishError
    from local.system import laptop_system

    try:
        chosen = _port(port)
        with laptop_system(spec, speed=speed, profile=profile, port=chosen) as system:
            yield system
    except CannotFurnishError as error:
        raise InputError(str(error)) from None


def _port(wanted: int | None) -> int:
    """The port of the page. Raises InputError for one that was requested and is taken."""
    from local.stand_in import is_free

    if wanted is not None:
        if wanted and not is_free("127.0.0.1", wanted):
            raise InputError(
                f"port {wanted} is taken by another program; "
                "name another by --port, or 0 for any that is free"
            )
        return wanted
    ports = range(PORT, PORT + MORE_PORTS)
    found = next((port for port in ports if is_free("127.0.0.1", port)), 0)
    if found != PORT:
        taken = f"Port {PORT} is taken by another program"
        click.echo(f"{taken}; the page is on {found or 'one that is free'} instead.")
    return found


@contextmanager
def _interruptible() -> Iterator[None]:
    """A lost terminal and a polite kill end the demo as Ctrl-C does."""

    def interrupt(number: int, frame: Any) -> NoReturn:
        raise KeyboardInterrupt

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _ignore_interrupts() -> None:
    """The end takes a moment; another Ctrl-C would only cut off the bill."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
