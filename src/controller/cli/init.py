"""`dormouse init`: a new Terraform directory for one container, ready for apply and deploy."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from controller.cli.inputs import InputError

if TYPE_CHECKING:
    from controller.cli.choices import Choice
    from controller.cli.scaffold import Scaffold

_PORT = 80
_FORMS = {
    "name": (r"[a-z][a-z0-9-]{0,30}", "small letters, digits and hyphens, at most 31"),
    "--image": (
        r"[\w][\w./:@-]*",
        "an image such as nginx:1.29 or ACCOUNT.dkr.ecr.REGION.amazonaws.com/api:1",
    ),
    "--region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1"),
    "--vpc": (r"vpc-[0-9a-f]{8,17}", "the id of a VPC, vpc-…"),
    "--subnets": (r"subnet-[0-9a-f]{8,17}", "ids of subnets, subnet-…"),
    "--eip": (r"eipalloc-[0-9a-f]{8,17}", "the allocation id of an Elastic IP, eipalloc-…"),
}


@click.command("init")
@click.argument("name")
@click.option("--image", metavar="IMAGE", help="The container image, with its tag.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Where the container listens.  [default: {_PORT}]",
)
@click.option("--vpc", metavar="ID", default="", help="The VPC in which to find a public subnet.")
@click.option(
    "--subnets",
    metavar="ID...",
    multiple=True,
    help="Public subnets, separated by commas, or the option repeated.",
)
@click.option(
    "--eip",
    "addresses",
    metavar="ID",
    multiple=True,
    help="An Elastic IP's allocation id, for each subnet; without it Terraform makes one.",
)
@click.option(
    "--region", metavar="REGION", help="The region; default: AWS_REGION, or the profile's."
)
def command(
    name: str,
    image: str | None,
    port: int | None,
    vpc: str,
    subnets: Sequence[str],
    addresses: Sequence[str],
    region: str | None,
) -> None:
    """
    Write a Terraform directory NAME for one container; asleep, only its address costs money.

    On a terminal it asks for what is missing, and offers what the account has. Otherwise it
    uses a public subnet of the default VPC, and Terraform creates the Elastic IP.
    """
    place = Path(name)
    if place.is_dir() and any(place.iterdir()):
        raise InputError(f"{place} is there already and not empty; give another name")
    _check("name", place.name)
    where = _check("--region", region or _region())
    wanted = _check("--image", image or _ask_image())
    listens = port or (
        click.prompt("Port", default=_PORT, type=click.IntRange(1, 65535)) if _asks() else _PORT
    )
    if vpc:
        _check("--vpc", vpc)
    chosen = _listed("--subnets", subnets)
    given = _listed("--eip", addresses)
    if _asks() and not (chosen and given):
        chosen, given = _offer(where, vpc, chosen, given)
    _check_count(chosen, given)

    from controller.cli.scaffold import Scaffold

    _write(
        Scaffold(
            name=place.name,
            image=wanted,
            port=listens,
            region=where,
            time_zone=_time_zone(),
            vpc=vpc,
            subnets=chosen,
            addresses=given,
        ),
        place,
    )


def _write(scaffold: Scaffold, place: Path) -> None:
    from controller.cli.scaffold import write

    files = write(scaffold, place)
    click.echo(f"{place}/: {', '.join(files)}")
    click.echo(f"Next: cd {place}; terraform init; terraform apply; dormouse deploy .")


def _check(what: str, text: str) -> str:
    form, expected = _FORMS[what]
    if not re.fullmatch(form, text):
        raise InputError(f'{what}: found "{text}", expected {expected}')
    return text


def _listed(option: str, given: Sequence[str]) -> tuple[str, ...]:
    ids = [each for text in given for each in re.split(r"[,\s]+", text.strip()) if each]
    return tuple(_check(option, each) for each in dict.fromkeys(ids))


def _check_count(subnets: Sequence[str], addresses: Sequence[str]) -> None:
    wanted = max(len(subnets), 1)
    if addresses and len(addresses) != wanted:
        raise InputError(
            f"found {len(addresses)} Elastic IPs for {wanted} subnets, expected one for each; "
            "name one subnet, or an --eip for each"
        )


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask_image() -> str:
    if not _asks():
        raise InputError("--image is missing: the container image, such as nginx:1.29")
    answer: str = click.prompt("Container image (with its tag)")
    return answer


def _region() -> str:
    from controller.cli.session import open_session

    found = open_session().region_name
    if found:
        return str(found)
    if not _asks():
        raise InputError("no region is set; give --region REGION, or set AWS_REGION")
    answer: str = click.prompt("Region (such as us-east-1)")
    return answer


def _offer(
    region: str, vpc: str, subnets: tuple[str, ...], addresses: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Let somebody choose from what is in the account; what cannot be read is looked up later."""
    from botocore.exceptions import BotoCoreError, ClientError

    from controller.cli.choices import free_addresses, public_subnets
    from controller.cli.session import open_session

    try:
        ec2 = open_session().client("ec2", region_name=region)
        if not subnets:
            offered = public_subnets(ec2, vpc)
            subnets = _choose("Public subnet", offered, "look one up when it wakes")
        if not addresses and len(subnets) <= 1:
            addresses = _choose("Elastic IP", free_addresses(ec2), "have Terraform make a new one")
    except (BotoCoreError, ClientError) as error:
        said = " ".join(str(error).split())
        click.echo(f"The account cannot be read ({said}); the files look things up instead.")
    return subnets, addresses


def _choose(what: str, offered: Sequence[Choice], otherwise: str) -> tuple[str, ...]:
    click.echo(f"{what}:")
    texts = [*(choice.text for choice in offered), otherwise]
    for number, text in enumerate(texts, 1):
        click.echo(f"  {number}  {text}")
    number = click.prompt("Which", default=1, type=click.IntRange(1, len(texts)))
    return (offered[number - 1].id,) if number <= len(offered) else ()


UTC_NAMES = frozenset(
    {"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"}
)


def _time_zone() -> str:
    """That of the machine where it has an IANA name, else UTC; of UTC's many names this one."""
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for name in (os.environ.get("TZ", "").lstrip(":"), linked):
        try:
            if name and ZoneInfo(name):
                return "UTC" if name in UTC_NAMES else name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"
