"""
Modules that are not installed: one error where it matters, else a warning each.

It matters where a sleeper depends on one, and where a sleeper could be in one. Its content is
unknown, so that is inferred from its name, by what it is given, and by the directory having no
sleeper elsewhere: a stack of which a part is missing must not compile in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from controller.domain.problem import Level, Problem
from controller.hcl.construct import merge_unknown
from controller.hcl.module import MissingModule
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping.worlds import Division

RULE = "module-source"

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_FRONT = re.compile(
    r"(?:^|[^a-z])(?:[nae]?lbs?|load.?balancers?|ecs|fargate|services?|containers?|tasks?|listeners?"
    r"|target.?groups?|apps?|backend|frontend|servers?|web|api)(?:$|[^a-z])",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"load_balancer|target_group|listener|desired_count|task_|container_|launch_type|health_check"
    r"|platform_version|assign_public_ip|^awake$"
)
_NEVER = re.compile(
    r"(?:^|[^a-z])(?:vpc|subnets?|network|s3|bucket|iam|rds|aurora|kms|acm|route53|dynamodb|sns|sqs"
    r"|ecr|label|logs?|cloudwatch|security.?groups?|lambda|ssm|secrets?.?manager|cluster|eks|efs"
    r"|elasticache|cloudfront|waf|bastion|vpn)(?:$|[^a-z])",
    re.IGNORECASE,
)


def with_missing_modules(
    problems: Iterable[Problem], world: World, division: Division, switch: str
) -> list[Problem]:
    """
    The problems, with those that come from missing modules replaced by one that says so.

    `switch` is the variable that tells awake from asleep: what is given it holds sleepers.
    """
    found = list(problems)
    if not world.missing:
        return found
    by_address = {module.address: module for module in world.missing}
    needed: dict[str, MissingModule] = {}
    left = []
    for problem in found:
        behind = _behind(problem, by_address, division.kept)
        needed |= behind
        if not behind:
            left.append(problem)
    holding = {m.address: m for m in world.missing if _could_hold(m, division, switch)}
    refused = [m for m in world.missing if m.address in needed or m.address in holding]
    rest = [m for m in world.missing if m not in refused]
    if refused:
        left = [p for p in left if p.rule != "nothing-sleeps"]
        left.append(_refusal(refused, needs=bool(needed)))
    return [*left, *(_warning(module) for module in rest)]


def _behind(
    problem: Problem,
    missing: Mapping[str, MissingModule],
    kept: Mapping[str, ResourceInstance],
) -> dict[str, MissingModule]:
    """The missing modules for which an error had to be raised."""
    if problem.level is not Level.ERROR:
        return {}
    addresses: set[str] = set()
    for address, _ in problem.unknown:
        addresses.add(_KEY.sub("", address))
        if address in kept:
            addresses |= set(_origins(kept[address].body))
    return {address: missing[address] for address in addresses & missing.keys()}


def _origins(body: Block) -> Iterator[str]:
    """What the unknown arguments of a kept thing come from."""
    for attribute in body.attributes.values():
        for origin in merge_unknown(attribute.value).origins:
            yield _KEY.sub("", origin.address)
    for _, inner in body.blocks:
        yield from _origins(inner)


def _could_hold(module: MissingModule, division: Division, switch: str) -> bool:
    if not division.sleepers or switch in module.variables:
        return True
    if any(_GIVEN.search(name) for name in module.arguments):
        return True
    package, _, inside = module.source.partition("?")[0].partition("//")
    if inside:
        return _FRONT.search(inside) is not None and not _NEVER.search(inside)
    name = f"{package} {module.address.rpartition('.')[2]}"
    return _FRONT.search(name) is not None and not _NEVER.search(name)


def _refusal(modules: Sequence[MissingModule], *, needs: bool) -> Problem:
    first = modules[0]
    many = len(modules) > 1
    names = ", ".join(_name(module) for module in modules)
    reason = "depends on" if needs else "may be in"
    return Problem(
        level=Level.ERROR,
        rule=RULE,
        message=f"{names} {'are' if many else 'is'} not installed, and what sleeps {reason} "
        f'{"them" if many else "it"}; run "terraform init -backend=false" in this directory',
        place=first.place,
        address=first.address,
    )


def _name(module: MissingModule) -> str:
    details = ", ".join(part for part in (f'"{module.source}"', module.why) if part)
    return f"{module.address} ({details})"


def _warning(module: MissingModule) -> Problem:
    why = f" ({module.why})" if module.why else ""
    return Problem(
        level=Level.WARNING,
        rule=RULE,
        message=f'the module "{module.source}" is not installed{why}, so what is in it is not '
        'looked at; nothing that sleeps depends on it. To read it: "terraform init -backend=false"',
        place=module.place,
        address=module.address,
    )
