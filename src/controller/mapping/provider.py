"""What the AWS provider block says: region, role, tags for everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from controller.domain.problem import Level, Problem
from controller.hcl.errors import HclError
from controller.hcl.origins import describe_origins, lacking_file
from controller.hcl.values import Unknown
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping.fill import given
from controller.mapping.worlds import Sleeper


@dataclass(frozen=True, slots=True)
class Home:
    """Where a stack lives; None: the account and region of whoever wakes it."""

    region: str | None = None
    role_arn: str | None = None


def find_home(
    world: World, sleepers: Iterable[Sleeper], region: str | None
) -> tuple[Home, tuple[Problem, ...]]:
    """
    The region and role of the sleepers; all must have the same.

    `region` is the SDK's own, which Terraform takes where the provider block names none.
    """
    homes: dict[Home, Sleeper] = {}
    problems: list[Problem] = []
    for sleeper in sleepers:
        instance = sleeper.instance
        home = _home(world.providers.get(instance.provider), region, problems)
        # From provider 6 on a resource may be in another region than its provider.
        own = _text(instance.body, "region", problems, instance.address)
        homes.setdefault(replace(home, region=own) if own else home, sleeper)
    if len(homes) > 1:
        problems.append(_several(homes))
    home = next(iter(homes), Home(region=region))
    return home, tuple(dict.fromkeys(problems))


def elsewhere(
    world: World, kept: Iterable[ResourceInstance], home: Home, region: str | None
) -> dict[str, str]:
    """
    The regions of what is known to be in another one than the stack, by address.

    `region` is the SDK's own. What lies there cannot be looked up from here.
    """
    if home.region is None:
        return {}
    found = {}
    for instance in kept:
        block = world.providers.get(instance.provider)
        own = _text(instance.body, "region", []) or (_text(block, "region", []) if block else None)
        if (own or region) not in (None, home.region):
            found[instance.address] = str(own or region)
    return found


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


def _several(homes: Mapping[Home, Sleeper]) -> Problem:
    first, second, *_ = homes.values()
    return Problem(
        level=Level.ERROR,
        rule="provider",
        message=f"lives in another region or under another role than {first.instance.address}; "
        "a stack has one, so put the other resources into a stack of their own",
        place=second.instance.place,
        address=second.instance.address,
    )
