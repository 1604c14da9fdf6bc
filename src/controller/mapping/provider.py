"""What the AWS provider block says: region, role, tags for everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from controller.domain.dataclass import dataclass, replace
from controller.domain.problem import Level, Problem
from controller.hcl.errors import HclError
from controller.hcl.origins import describe_origins, lacking_file
from controller.hcl.values import Unknown
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping.fill import given
from controller.mapping.worlds import Sleeper


@dataclass(frozen=True, slots=True)
class Home:
    """The stack's account and region; None: those of the caller."""

    region: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Homes:
    """The home of the first sleeper, the addresses of those of another one, what is wrong."""

    home: Home
    outside: frozenset[str]
    problems: tuple[Problem, ...]


def find_home(world: World, sleepers: Iterable[Sleeper], region: str | None) -> Homes:
    """
    The region and role of the sleepers; all must have the same.

    `region` is the SDK's own, which Terraform takes where the provider block names none.
    """
    homes: dict[Home, list[Sleeper]] = {}
    problems: list[Problem] = []
    for sleeper in sleepers:
        instance = sleeper.instance
        home = _home(world.providers.get(instance.provider), region, problems)
        # From provider 6 on a resource may be in another region than its provider.
        own = _text(instance.body, "region", problems, instance.address)
        homes.setdefault(replace(home, region=own) if own else home, []).append(sleeper)
    if len(homes) > 1:
        problems.append(_several(homes))
    home = next(iter(homes), Home(region=region))
    others = (sleeper for other, there in homes.items() if other != home for sleeper in there)
    outside = frozenset(sleeper.instance.address for sleeper in others)
    return Homes(home, outside, tuple(dict.fromkeys(problems)))


def elsewhere(
    world: World, kept: Iterable[ResourceInstance], home: Home, region: str | None
) -> dict[str, str]:
    """
    Where that lies which is known to be in another region or account than the stack, by address.

    `region` is the SDK's own. What lies there cannot be looked up from here.
    """
    found = {}
    for instance in kept:
        block = world.providers.get(instance.provider)
        there = _home(block, region, [])
        own = _text(instance.body, "region", []) or there.region
        accounts = {_account(home.role_arn), _account(there.role_arn)} - {""}
        if len(accounts) > 1:
            found[instance.address] = f"account {_account(there.role_arn)}"
        elif home.region and own not in (None, home.region):
            found[instance.address] = str(own)
    return found


def _account(role_arn: str | None) -> str:
    """The account of a role; "" where there is no role: that of the shell is not known here."""
    parts = (role_arn or "").split(":")
    return parts[4] if len(parts) > 5 else ""


def _home(block: Block | None, region: str | None, problems: list[Problem]) -> Home:
    if block is None:
        return Home(region=region)
    roles = [_text(role, "role_arn", problems) for role in block.of_type("assume_role")]
    return Home(
        region=_text(block, "region", problems) or region,
        role_arn=roles[-1] if roles else None,
    )


def _text(
    block: Block, name: str, problems: list[Problem], address: str = "provider.aws"
) -> str | None:
    argument = given(block, name)
    if argument is None:
        return None
    if isinstance(argument.value.data, Unknown):
        origins = argument.value.data.origins
        error = lacking_file(origins) or HclError(
            "provider",
            f"{name} must be known when compiling, found a value that comes from "
            f"{describe_origins(origins)}; write it as a variable",
            place=argument.place,
            origins=origins,
        )
        problems.append(error.as_problem(address))
        return None
    return str(argument.value.data)


def _several(homes: Mapping[Home, Sequence[Sleeper]]) -> Problem:
    (first, [mine, *_]), (second, [other, *rest]), *others = homes.items()
    more = len(rest) + sum(len(there) for _, there in others)
    count = f" (and {more} more)" if more else ""
    return Problem(
        level=Level.ERROR,
        rule="provider",
        message=f"lives in {_where(second)}{count}, but {mine.instance.address} in "
        f"{_where(first)}: a stack has one region and one role; let what is elsewhere stay awake "
        "(declare the variable awake, and give count = var.awake ? 1 : 0 only to the rest), or "
        "put it into a root directory of its own",
        place=other.instance.place,
        address=other.instance.address,
    )


def _where(home: Home) -> str:
    region = home.region or "the shell's region"
    return f"{region} under the role {home.role_arn}" if home.role_arn else region
