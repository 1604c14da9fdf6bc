"""`dormouse link STACK --door`: the base address by which programs ask, and what bounds it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from controller.cli.deployment import Deployment
from controller.domain.errors import TextError
from controller.domain.timestamps import format_timestamp
from controller.door_links import (
    DoorLink,
    authentic_door,
    is_door_shaped,
    parse_methods,
    parse_sources,
    sign_door,
)
from controller.links import Keys, Link

_DOOR_PATH = re.compile(r"/d/[^/]+/([^/]+)(?:/.*)?")


def bounds_of(
    is_door: bool, stack: str | None, sources: Sequence[str], methods: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The ranges and methods that a door is bound to. Raises click.UsageError for options that do
    not go together, and for what is no range or no method.
    """
    if not is_door:
        if sources or methods is not None:
            option = "--from" if sources else "--methods"
            raise click.UsageError(f"{option} is for doors; add --door")
        return (), ()
    if not stack:
        raise click.UsageError("name the STACK that the door leads to")
    scope = click.get_current_context().get_parameter_source("scope")
    if scope is ParameterSource.COMMANDLINE:
        raise click.UsageError("a door has no --scope: it wakes its stack, and opens no page")
    ranges = [each for text in sources for each in text.split(",") if each.strip()]
    if sources and not ranges:  # such as an empty variable: it must not mean "from everywhere"
        raise click.UsageError('--from: no range is named; expected such as "203.0.113.0/24"')
    try:
        return parse_sources(ranges), () if methods is None else parse_methods(methods)
    except TextError as error:
        option = "--from" if "range" in str(error) else "--methods"
        raise click.UsageError(f"{option}: {error}") from None


def door_base(deployment: Deployment, url: str | None) -> str:
    """Where doors begin; DORMOUSE_URL is where pages do, so only --url itself counts here."""
    given = click.get_current_context().get_parameter_source("url")
    return url if url and given is ParameterSource.COMMANDLINE else deployment.door_url


def print_door(keys: Keys, door: DoorLink, now: datetime, base: str, *, as_json: bool) -> None:
    """Print the address. Raises click.UsageError for one that would be too long."""
    try:
        key = sign_door(keys, door, now)
    except TextError as error:
        raise click.UsageError(f"--from: {error}") from None
    address = f"{base.rstrip('/')}/d/{door.stack}/{key}/"
    if not as_json:
        click.echo(address)
        return
    output = {
        "url": address,
        "key": key,
        "id": door.id,
        "stack": door.stack,
        "door": True,
        "name": door.name,
        "from": list(door.sources),
        "methods": list(door.methods),
        "expires_at": format_timestamp(door.expires_at),
    }
    click.echo(json.dumps(output, indent=2))


def find_door(keys: Keys, text: str) -> Link | None:
    """The door that an address or a key represents, as what is withdrawn; None if it is no door."""
    path = _DOOR_PATH.fullmatch(urlsplit(text.strip()).path)
    key = path[1] if path else text.strip()
    door = authentic_door(keys, key) if is_door_shaped(key) else None
    return door.as_link if door else None
