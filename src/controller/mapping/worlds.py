"""
What sleeps: the difference between a directory evaluated awake and asleep.

Of the four kinds, an instance that exists only awake is created and deleted by dormouse; one that
exists in both worlds unchanged is Terraform's; a service that is in both with another
`desired_count` is updated. Anything else that differs cannot be brought about by the controller.
Without a variable `awake` all instances of the four kinds exist only awake. Application and gateway
load balancers, and what belongs to them, are Terraform's in either form. With a service sleep its
companions (`companions.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Kind
from controller.domain.problem import Level, Place, Problem
from controller.hcl import numbers
from controller.hcl.values import Unknown, Value
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping.companions import Companion, find_companions, standing_too
from controller.mapping.fill import known
from controller.mapping.fronts import find_fronts
from controller.mapping.hangers import OWN_COUNT
from controller.mapping.hangers import TABLE as HANGERS
from controller.mapping.hanging import Hanging, Sleeping, Thread, find_hanging, stale_outputs
from controller.mapping.kinds import COMPANIONS, KINDS

_RANKS = {kind: rank for rank, kind in enumerate(Kind)}
_ARTICLES = {"application": "an application", "gateway": "a gateway"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeper:
    """
    One instance that is different awake.

    `asleep_count` is what stays of a kept service, `service` the address of the service that a
    companion belongs to.
    """

    instance: ResourceInstance
    kind: Kind
    asleep_count: int | None = None
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A block of the four kinds, or an instance, that has no request because of an error."""

    address: str
    place: Place
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """
    The instances of a directory by what becomes of them.

    Each block of the four kinds is among `sleepers`, `kept` or `gone`, or its count says that there
    is none of it. `kept` are Terraform's, data sources included, as they are while asleep;
    `awake_only` are addresses that neither dormouse nor Terraform (while asleep) keeps, of which
    `refused` are those with a reported problem. `others` are the load balancers that do not sleep
    and what belongs to them, with their types (`fronts.py`).
    """

    sleepers: tuple[Sleeper, ...]
    kept: Mapping[str, ResourceInstance]
    awake_only: frozenset[str]
    problems: tuple[Problem, ...]
    others: Mapping[str, str]
    refused: frozenset[str] = frozenset()
    gone: tuple[Gone, ...] = ()


def divide(awake: World, asleep: World | None) -> Division:
    """Divide the instances; `asleep` is None for a directory without the variable `awake`."""
    fronts = find_fronts(awake.resources.values())
    sleepers: list[Sleeper] = []
    kept: dict[str, ResourceInstance] = {}
    problems = list(fronts.problems)
    gone = [gone for world in (awake, asleep) if world for gone in _lost(world)]
    for address, instance in awake.resources.items():
        kind = KINDS.get(instance.type) if instance.mode == "managed" else None
        if kind is None or address in fronts.others:
            kept[address] = instance
        elif not instance.error_free:
            gone.append(_gone(instance, kind))
        elif asleep is None or (address not in asleep.resources and asleep.knows(address)):
            sleepers.append(Sleeper(instance=instance, kind=kind))
        elif address not in asleep.resources or not asleep.resources[address].error_free:
            gone.append(_gone(instance, kind))
        else:
            differences = _differences(instance, asleep.resources[address])
            if not differences:
                kept[address] = instance
            elif kind is Kind.SERVICE and set(differences) == {"desired_count"}:
                count = _count(asleep.resources[address])
                sleepers.append(Sleeper(instance=instance, kind=kind, asleep_count=count))
            else:
                problems.append(_cannot_change(instance, differences))
    companions = _companions(awake, asleep, sleepers)
    problems += standing_too(companions, asleep)
    for each in companions:
        del kept[each.instance.address]
        sleepers.append(Sleeper(instance=each.instance, kind=each.kind, service=each.service))
    awake_only = _awake_only(kept, asleep)
    stays = {address for address in kept if asleep is None or address in asleep.resources}
    hanging = find_hanging(awake, _deleted(sleepers), stays)
    problems += hanging.problems
    refused = awake_only & fronts.others.keys()
    if asleep is None:
        problems += stale_outputs(awake, _deleted(sleepers))
    else:
        problems += _only_asleep(awake, asleep)
        if refused:
            problems.append(_never_made(sorted(refused), fronts.others, kept))
        # Of our own kinds what is kept is the same in both.
        others = [
            instance
            for address, instance in kept.items()
            if address not in refused
            and (instance.type not in KINDS or address in fronts.others)
            and instance.mode == "managed"
        ]
        problems += _others_that_differ(others, asleep, hanging)
    as_asleep = asleep.resources if asleep else {}
    return Division(
        sleepers=tuple(sleepers),
        kept={a: as_asleep.get(a, i) for a, i in kept.items() if a not in awake_only},
        awake_only=awake_only,
        problems=tuple(problems),
        gone=tuple(gone),
        others=fronts.others,
        refused=refused,
    )


def _companions(
    awake: World, asleep: World | None, sleepers: Sequence[Sleeper]
) -> tuple[Companion, ...]:
    services = {one.instance.address: one for one in sleepers if one.kind is Kind.SERVICE}
    staying = {address for address, one in services.items() if one.asleep_count is not None}
    instances = [one.instance for one in services.values()]
    return find_companions(awake, asleep, instances, staying)


def _awake_only(kept: Mapping[str, ResourceInstance], asleep: World | None) -> frozenset[str]:
    if asleep is None:
        return frozenset()
    return frozenset(
        address
        for address, instance in kept.items()
        if instance.mode == "managed" and address not in asleep.resources and asleep.knows(address)
    )


def _deleted(sleepers: Iterable[Sleeper]) -> Iterator[Sleeping]:
    """What is gone while asleep, for those who hang on it."""
    for sleeper in sleepers:
        if sleeper.asleep_count is None:
            name = known(sleeper.instance.body, "name")
            yield Sleeping(
                sleeper.instance.address, sleeper.kind, name if isinstance(name, str) else ""
            )


def _lost(world: World) -> Iterator[Gone]:
    for address, lost in world.lost.items():
        kinds = frozenset(KINDS[type_] for type_ in lost.types if type_ in KINDS)
        if kinds:
            yield Gone(address=address, place=lost.place, kinds=kinds)


def _gone(instance: ResourceInstance, kind: Kind) -> Gone:
    return Gone(address=instance.address, place=instance.place, kinds=frozenset({kind}))


def _only_asleep(awake: World, asleep: World) -> Iterator[Problem]:
    for address, instance in asleep.resources.items():
        sleeps = instance.mode == "managed" and instance.type in KINDS
        if sleeps and address not in awake.resources and awake.knows(address):
            yield _problem(
                Level.ERROR,
                "only-asleep",
                "exists only while asleep; dormouse makes things for being awake, so turn its "
                "count round: var.awake ? 1 : 0",
                instance,
            )


def _others_that_differ(
    others: Iterable[ResourceInstance], asleep: World, hanging: Hanging
) -> Iterator[Problem]:
    for instance in others:
        threads = hanging.threads.get(instance.address, ())
        if not asleep.knows(instance.address):
            continue
        if instance.address not in asleep.resources:
            yield _problem(
                Level.WARNING, "awake-only", _exists_only_awake(instance, threads), instance
            )
            continue
        explained = {thread.top for thread in threads}
        differences = _differences(instance, asleep.resources[instance.address])
        if differences.keys() - explained:
            yield _problem(
                Level.WARNING,
                "awake-only",
                f"{', '.join(sorted(differences))} is different when awake, and dormouse does not "
                "change things of this type; it stays as it is with awake = false",
                instance,
                min(differences.values()),
            )


def _exists_only_awake(instance: ResourceInstance, threads: Sequence[Thread]) -> str:
    unless = " without their target" if instance.type in COMPANIONS else ""
    not_made = f"exists only when awake, and dormouse does not make things of this type{unless}; "
    if threads:
        return (
            f"{not_made}it hangs on {threads[0].sleeping.address}, so that is as it should be, but "
            f"when dormouse wakes the stack it is missing{_instead(instance)}"
        )
    return f"{not_made}it is missing whenever Terraform has awake = false, so let it exist always"


def _instead(instance: ResourceInstance) -> str:
    """What that means and what to do, where the own count is not the remedy."""
    hanger = HANGERS.get(instance.type)
    if hanger is None or OWN_COUNT in hanger.remedy:
        return ""
    return f": {hanger.happens}; {hanger.remedy}"


def _never_made(
    addresses: list[str], others: Mapping[str, str], kept: Mapping[str, ResourceInstance]
) -> Problem:
    """One error for all of a load balancer that nobody would make."""
    first, *more = sorted(addresses, key=lambda a: (_RANKS[KINDS[kept[a].type]], kept[a].place))
    also = f" (as {'do' if len(more) > 1 else 'does'} {', '.join(more)})" if more else ""
    return _problem(
        Level.ERROR,
        "load-balancer-type",
        f"belongs to {_ARTICLES[others[first]]} load balancer and exists only when awake{also}; "
        "dormouse makes network load balancers and what belongs to them, no others, so give "
        "count = var.awake ? 1 : 0 only to what sleeps and let the rest exist always",
        kept[first],
    )


def _cannot_change(instance: ResourceInstance, differences: Mapping[str, Place]) -> Problem:
    allowed = "desired_count" if instance.type == "aws_ecs_service" else "nothing"
    names = ", ".join(sorted(differences))
    return _problem(
        Level.ERROR,
        "differs",
        f"exists awake and asleep with another {names}; {allowed} may differ, so give it "
        "count = var.awake ? 1 : 0, or make it the same in both",
        instance,
        min(differences.values()),
    )


def _problem(
    level: Level, rule: str, message: str, instance: ResourceInstance, place: Place | None = None
) -> Problem:
    return Problem(
        level=level,
        rule=rule,
        message=message,
        place=place or instance.place,
        address=instance.address,
    )


def _count(instance: ResourceInstance) -> int:
    argument = instance.body.attributes.get("desired_count")
    data = argument.value.data if argument else None
    return numbers.to_int(data) if isinstance(data, numbers.Number) else 0


def _differences(a: ResourceInstance, b: ResourceInstance) -> dict[str, Place]:
    """Names of the arguments and blocks that differ, and where they are written."""
    if not (a.error_free and b.error_free):
        return {}
    first, second = _content(a.body), _content(b.body)
    return {
        name: _place(a.body, name) or _place(b.body, name) or a.place
        for name in {**first, **second}
        if first.get(name) != second.get(name) and not _is_left_alone(a, name)
    }


def _is_left_alone(instance: ResourceInstance, name: str) -> bool:
    """
    Terraform makes nothing of a difference that `ignore_changes` names; but the count of a service
    that exists in both worlds is dormouse's.
    """
    if instance.type == "aws_ecs_service" and name == "desired_count":
        return False
    return "all" in instance.ignore_changes or name in instance.ignore_changes


def _place(body: Block, name: str) -> Place | None:
    if name in body.attributes:
        return body.attributes[name].place
    blocks = body.of_type(name)
    return blocks[0].place if blocks else None


def _content(body: Block) -> dict[str, Any]:
    content: dict[str, Any] = {
        name: _data(argument.value)
        for name, argument in body.attributes.items()
        if not argument.value.is_null
    }
    for name, block in body.blocks:
        content.setdefault(name, []).append(_content(block))
    return content


def _data(value: Value) -> Any:
    """Something that compares equal exactly when the values are the same."""
    data = value.data
    if isinstance(data, Unknown):
        return data
    if isinstance(data, dict):
        return {key: _data(element) for key, element in data.items()}
    if isinstance(data, tuple):
        return [_data(element) for element in data]
    return (type(data).__name__, data)
