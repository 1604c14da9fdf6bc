"""`dormouse demo`: a stack wakes and sleeps on a laptop AWS, with the real commands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING
from urllib.request import urlopen

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import InputError, TerraformCommand
from controller.domain.prices import (
    Prices,
    address_cost,
    find_prices,
    load_balancer_cost,
    task_cost,
)
from controller.domain.rates import awake_hour
from controller.domain.spec import Spec

if TYPE_CHECKING:
    from local.lifetimes import Lifetime
    from local.server import LaptopServer

THIS_MACHINE = "127.0.0.1"
SHIPPED = Path("infra/nsfw-api")
STAY = timedelta(minutes=50)
"""How long the demo's stack is used: most of the load balancer hour that is paid anyway."""


@click.command("demo", cls=TerraformCommand)
@click.argument(
    "directory",
    metavar="[DIR]",
    default=SHIPPED,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--speed", type=click.FloatRange(1, 600), default=60, show_default=True)
@click.option("--profile", type=click.Choice(["fast", "typical", "slow"]), default="typical")
@click.pass_context
def command(ctx: click.Context, directory: Path, speed: float, profile: str) -> None:
    """
    Wake a stack, use it, put it to sleep, and show the money. Nothing leaves this machine.

    DIR is infra/nsfw-api unless you name another: your own directory works too.
    """
    spec = spec_or_exit(ctx, directory)
    with _laptop(spec, speed, profile) as server:
        _say(
            f"A laptop AWS answers at {server.url}, {speed:g} times as fast as the real one.\n"
            f"Everything that Terraform keeps stands there; {spec.stack} is asleep."
        )
        if _run("apply", str(directory), "--to", "awake") != 0:
            ctx.exit(1)
        _use(spec, server)
        if _run("apply", str(directory), "--to", "asleep") != 0:
            ctx.exit(1)
        _show_money(spec, server)


@contextmanager
def _laptop(spec: Spec, speed: float, profile: str) -> Iterator[LaptopServer]:
    """Serve the laptop AWS, with what the spec expects, to the commands run meanwhile."""
    try:
        from local.furnish_spec import CannotFurnishError, furnish_for
        from local.server import LaptopServer
        from local.stand_in import StandIn
    except ImportError as error:
        raise InputError(f"the demo needs {error.name}; run it by make demo") from None
    try:
        things = furnish_for(spec, THIS_MACHINE)
    except CannotFurnishError as error:
        raise InputError(str(error)) from None
    region = spec.region or "us-east-1"
    with (
        LaptopServer(profile, speed=speed, furnish=things, region=region) as server,
        StandIn(server.aws, THIS_MACHINE),
        _environment({"AWS_ENDPOINT_URL": server.url, "AWS_REGION": region}),
    ):
        yield server


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """The SDK's settings for the laptop alone: no profile or key of the user is in play."""
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run(*arguments: str) -> int:
    from controller.cli.main import run

    click.echo()
    click.secho(f"$ dormouse {' '.join(arguments)}", bold=True)
    return run(list(arguments))


def _use(spec: Spec, server: LaptopServer) -> None:
    """Ask the address that the wake has printed, and let most of an hour pass."""
    url = f"http://{THIS_MACHINE}:{spec.endpoint.get('port')}{spec.endpoint.get('open_path', '/')}"
    click.echo()
    click.secho(f"$ curl {url}", bold=True)
    click.echo(_ask(url))
    server.aws.clock.advance(STAY.total_seconds())
    _say(f"It is used for {STAY.total_seconds() / 60:.0f} minutes (the clock jumps), then not.")


def _ask(url: str) -> str:
    for _ in range(20):
        try:
            with urlopen(url, timeout=2) as reply:
                return str(reply.read().decode())
        except OSError:
            sleep(0.1)  # the port opens within a moment of the health check
    return "(no answer: something else on this machine uses that port)"


def _show_money(spec: Spec, server: LaptopServer) -> None:
    prices = find_prices(spec.region)
    now = server.aws.clock.now()
    lines = {"load balancer": Decimal(0), "Fargate": Decimal(0), "Elastic IP": Decimal(0)}
    awake = timedelta()
    for life in server.aws.lifetimes():
        lasted = (life.ended_at or now) - life.started_at
        if life.kind == "load_balancer":
            lines["load balancer"] += load_balancer_cost(prices, lasted)
            awake += lasted
        elif life.kind == "task":
            lines["Fargate"] += _task(prices, life, lasted)
        elif life.kind == "elastic_ip":
            lines["Elastic IP"] += address_cost(prices, lasted)
    click.echo()
    click.secho("What it cost:", bold=True)
    for name, cost in lines.items():
        click.echo(f"  {name:<14}{cost:>8.4f} $")
    _show_month(prices, spec, sum(lines.values()) - lines["Elastic IP"])


def _task(prices: Prices, life: Lifetime, lasted: timedelta) -> Decimal:
    return task_cost(
        prices,
        lasted,
        vcpu=Decimal(str(life.details.get("cpu") or 256)) / 1024,
        gigabytes=Decimal(str(life.details.get("memory") or 512)) / 1024,
        public_ip=bool(life.details.get("public_ip")),
    )


def _show_month(prices: Prices, spec: Spec, one_use: Decimal) -> None:
    """Put twenty such uses beside a month of leaving it on."""
    month = timedelta(hours=730)
    asleep = address_cost(prices, month)
    always_on = asleep + awake_hour(spec) * 730
    uses = asleep + one_use * 20
    click.echo(
        f"\nTwenty such uses a month: {uses:.2f} $. Always on: {always_on:.2f} $. "
        f"Asleep all month: {asleep:.2f} $, the Elastic IP."
    )


def _say(text: str) -> None:
    click.echo()
    click.echo(text)
