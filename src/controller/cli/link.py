"""`dormouse link`: make a link or a door, withdraw one, or change the key that signs them."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import click

from controller.cli.apply import Duration
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.door_link import bounds_of, door_base, find_door, print_door
from controller.cli.stacks import check_name
from controller.domain.errors import DormouseError, PermanentError, TextError
from controller.domain.formatting import say_duration
from controller.domain.policy.name_pattern import NamePattern
from controller.domain.text import check
from controller.domain.timestamps import format_timestamp
from controller.door_links import DoorLink
from controller.links import LONGEST_LIFE, LONGEST_NAME, Keys, Link, Scope, make_secret

LONGEST_TEXT = 4096
"""How many characters a standard parameter of SSM holds, which is free."""


@click.command("link")
@click.argument("stack", required=False)
@click.option(
    "--team",
    metavar="PATTERN",
    help='Instead of STACK: all stacks whose names match, now and later, such as  "pr-*".',
)
@click.option(
    "--scope",
    type=click.Choice([str(scope) for scope in Scope]),
    default="wake",
    show_default=True,
    help="view shows the state; wake also wakes and extends; admin also puts to sleep.",
)
@click.option("--expires", type=Duration(), default="90d", show_default=True)
@click.option("--name", default="", help="For whom it is; shown as who keeps the stack awake.")
@click.option("--door", "is_door", is_flag=True, help="A base address for programs instead.")
@click.option(
    "--from",
    "sources",
    metavar="CIDR",
    multiple=True,
    help="With --door: valid only from these addresses. May be repeated.",
)
@click.option("--methods", metavar="GET,…", help="With --door: valid only for these methods.")
@click.option("--rotate", is_flag=True, help="Sign links with a new key from now on.")
@click.option(
    "--overlap",
    type=Duration(),
    default="30d",
    show_default=True,
    help="With --rotate: how long links signed before still work. 0 ends them all at once.",
)
@click.option("--withdraw", metavar="LINK", help="End one link, given in full or by its key.")
@deployment_option
@click.option(
    "--url",
    envvar="DORMOUSE_URL",
    help="The wake URL that links begin with; read from AWS if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    stack: str | None,
    team: str | None,
    scope: str,
    expires: timedelta,
    name: str,
    is_door: bool,
    sources: tuple[str, ...],
    methods: str | None,
    rotate: bool,
    overlap: timedelta,
    withdraw: str | None,
    deployment: Deployment,
    url: str | None,
    as_json: bool,
) -> None:
    """
    Make a link to a stack's page, or to one of many stacks, for people and for programs.

    The first link creates the keys that sign links. Whoever has a link can do what it allows:
    treat it like a password.

    With --door it is a base address for programs: a request below it wakes the stack, waits,
    and gets the service's answer. It opens no page.
    """
    _check(stack, team, expires, name, rotate, withdraw)
    ranges, verbs = bounds_of(is_door, stack, sources, methods)
    now = deployment.clock.now()
    shelf = Shelf(deployment)
    if withdraw is not None:
        shelf.withdraw(_find(shelf.load(), withdraw))
        click.echo("The link is withdrawn; it stops working within a minute.", err=True)
        return
    base = ""
    if stack or team:  # first, so that no key is made for a link that cannot be
        base = door_base(deployment, url) if is_door else url or deployment.wake_url
    if rotate:
        keys = shelf.rotate(overlap)
        _say_rotated(overlap)
    else:
        keys = shelf.load()
    if not keys.secrets:
        keys, is_first = shelf.make_first()
        if is_first:
            click.echo("The first key was made.", err=True)
    if stack and is_door:
        door = DoorLink(
            stack=stack,
            expires_at=now + expires,
            id=secrets.token_hex(4),
            name=name,
            sources=ranges,
            methods=verbs,
        )
        print_door(keys, door, now, base, as_json=as_json)
    elif stack or team:
        link = Link(
            stack=stack or "",
            team=team or "",
            scope=Scope.named(scope),
            expires_at=now + expires,
            id=secrets.token_hex(4),
            name=name,
        )
        _print(link, keys.sign(link, now), base, as_json)
    if stack:
        _warn_if_unknown(deployment, stack)


def _warn_if_unknown(deployment: Deployment, stack: str) -> None:
    """It may be published later; to read the records may also not be allowed here."""
    try:
        with deployment.reaching(f'read the spec of "{stack}"'):
            is_known = deployment.table.spec(stack) is not None
    except DormouseError:
        return
    if not is_known:
        click.echo(
            f'warning: no stack "{stack}" is published, so the link opens nothing before that; '
            "dormouse status lists those that are",
            err=True,
        )


class Shelf:
    """The SSM SecureString that holds the keys, and the withdrawn links beside it."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._name = deployment.keys_parameter

    def load(self) -> Keys:
        with self._deployment.reaching("read the keys of the links"):
            ssm = self._deployment.clients.get("ssm")
            try:
                reply = ssm.get_parameter(Name=self._name, WithDecryption=True)
            except ssm.exceptions.ParameterNotFound:
                return Keys()
        return Keys.from_text(reply["Parameter"]["Value"])

    def rotate(self, overlap: timedelta) -> Keys:
        """
        Sign by a new secret from now on; whoever rotates at the same time comes after.

        Without an overlap what was there does not matter, nor whether it can be read.
        """
        from controller.store.withdrawals import KeysTurn  # brings botocore

        deployment = self._deployment
        with deployment.reaching("change the keys of the links"):
            turn = KeysTurn(
                deployment.clients.dynamodb,
                deployment.table_name,
                deployment.clock,
                secrets.token_hex(8),
            )
            with turn:
                fresh = make_secret(deployment.clock.now(), secrets.token_hex)
                keys = (self.load() if overlap else Keys()).rotated(fresh, overlap)
                self._save(keys, overwrite=True)
        return keys

    def make_first(self) -> tuple[Keys, bool]:
        """The first secret; where somebody else is making it, theirs, and False."""
        fresh = make_secret(self._deployment.clock.now(), secrets.token_hex)
        keys = Keys(secrets=(fresh,))
        with self._deployment.reaching("store the keys of the links"):
            try:
                self._save(keys, overwrite=False)
            except self._deployment.clients.get("ssm").exceptions.ParameterAlreadyExists:
                return self.load(), False
        return keys, True

    def withdraw(self, link: Link) -> None:
        from controller.store.withdrawals import Withdrawals  # brings botocore

        deployment = self._deployment
        with deployment.reaching("withdraw the link"):
            withdrawals = Withdrawals(deployment.clients.dynamodb, deployment.table_name)
            withdrawals.withdraw(link.id, link.expires_at)

    def _save(self, keys: Keys, *, overwrite: bool) -> None:
        text = json.dumps(keys.to_json(), separators=(",", ":"))
        if len(text) > LONGEST_TEXT:
            raise PermanentError(
                f'cannot store the keys in "{self._name}": {len(text)} characters, at most '
                f"{LONGEST_TEXT} fit; end all links at once by --rotate --overlap 0"
            )
        self._deployment.clients.get("ssm").put_parameter(
            Name=self._name,
            Value=text,
            Type="SecureString",
            Overwrite=overwrite,
            Description="Keys of Dormouse's wake links; written by dormouse link",
        )


def _check(
    stack: str | None,
    team: str | None,
    expires: timedelta,
    name: str,
    rotate: bool,
    withdraw: str | None,
) -> None:
    if stack and team:
        raise click.UsageError("a link is for one STACK or for a --team, not for both")
    if not (stack or team or rotate or withdraw is not None):
        raise click.UsageError("name the STACK that the link is for, or a --team")
    if team:
        _check_team(team)
    if stack:
        check_name(stack)
    if not timedelta(0) < expires <= LONGEST_LIFE:
        raise click.UsageError(f"--expires must be more than 0 and at most {LONGEST_LIFE.days}d")
    try:
        check(name, "--name", LONGEST_NAME)
    except TextError as error:
        raise click.UsageError(str(error)) from None


def _check_team(team: str) -> None:
    try:
        NamePattern.parse(team)
    except TextError as error:
        raise click.UsageError(f"--team: {error}") from None


def _find(keys: Keys, text: str) -> Link:
    key = parse_qs(urlsplit(text).query).get("k", [text.strip()])[0]
    link = keys.authentic(key) or find_door(keys, text)
    if link is None:
        raise PermanentError(
            "cannot withdraw the link: none of the present keys has signed it, so it does not "
            "work anyway; check that it is complete"
        )
    return link


def _say_rotated(overlap: timedelta) -> None:
    if overlap:
        days = "1 day" if overlap.days == 1 else f"{overlap.days} days"
        length = say_duration(overlap) if overlap % timedelta(days=1) else days
        click.echo(f"Older links stop working in {length}.", err=True)
    else:
        click.echo("All older links stop working within a minute.", err=True)


def _print(link: Link, key: str, url: str, as_json: bool) -> None:
    path = "" if link.team else f"s/{link.stack}"
    address = f"{url.rstrip('/')}/{path}?k={key}"
    if not as_json:
        click.echo(address)
        return
    output = {
        "url": address,
        "key": key,
        "id": link.id,
        **({"team": link.team} if link.team else {"stack": link.stack}),
        "scope": str(link.scope),
        "name": link.name,
        "expires_at": format_timestamp(link.expires_at),
    }
    click.echo(json.dumps(output, indent=2))
