"""
What Terraform keeps and hangs on something that sleeps (rule `hangs-on`).

Whatever way a value takes (locals, module outputs, for_each, dynamic blocks, splats, functions), an
unknown one knows which attributes it comes from. What is said by a name that is known ("service/
main/app") is compared with the names of the sleepers. What becomes of it is in `hangers.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Kind
from controller.domain.problem import Level, Place, Problem
from controller.hcl.construct import string
from controller.hcl.convert import unknowns_in
from controller.hcl.types import DYNAMIC
from controller.hcl.values import Origin, Unknown, Value
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping import hangers
from controller.mapping.fill import given, known
from controller.mapping.hangers import Hanger, hanger_of
from controller.mapping.kinds import BY_KIND

RULE = "hangs-on"
# Data sources that ask AWS for something that may sleep, and the argument that names it.
_ASKS: Mapping[str, tuple[Kind, str]] = {
    "aws_lb": (Kind.LOAD_BALANCER, "name"),
    "aws_alb": (Kind.LOAD_BALANCER, "name"),
    "aws_lb_target_group": (Kind.TARGET_GROUP, "name"),
    "aws_alb_target_group": (Kind.TARGET_GROUP, "name"),
    "aws_lb_listener": (Kind.LISTENER, ""),
    "aws_alb_listener": (Kind.LISTENER, ""),
    "aws_ecs_service": (Kind.SERVICE, "service_name"),
}
_INTERFACES = ("aws_network_interface", "aws_network_interfaces")
# https://repost.aws/knowledge-center/elb-find-load-balancer-ip
_DESCRIPTION = re.compile(r"ELB net/([^/*?]+)(?:[/*?]|$)")
_FRONTS = ("aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule")


@dataclass(frozen=True, slots=True)
class Sleeping:
    """One that sleeps, as those who hang on it know it."""

    address: str
    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """One argument of a kept resource whose value comes from a sleeper."""

    argument: str
    place: Place
    sleeping: Sleeping
    says: str
    by_name: bool = False

    @property
    def top(self) -> str:
        return self.argument.split(".")[0]


@dataclass(frozen=True, slots=True)
class Hanging:
    """The kept instances that hang on a sleeper, by address, each with its threads."""

    threads: Mapping[str, tuple[Thread, ...]]
    problems: tuple[Problem, ...]


def _holds(thread: Thread, hanger: Hanger) -> str:
    if thread.by_name:
        return f"names {thread.says}, which sleeps ({thread.sleeping.address})"
    if hanger.level is Level.ERROR:
        return f"comes from {_whose(thread.says, thread.sleeping)}"
    return f"comes from {_which(thread.says, thread.sleeping)}"


def _whose(says: str, sleeping: Sleeping) -> str:
    return says if says.startswith(sleeping.address) else f"{says} (of {sleeping.address})"


def _which(says: str, sleeping: Sleeping) -> str:
    return f"{_whose(says, sleeping)}, which changes with each wake"


def find_hanging(world: World, sleepers: Iterable[Sleeping], kept: Collection[str]) -> Hanging:
    """
    Look through all instances of a directory as they are when awake.

    Problems are reported of those in `kept`, the addresses of what exists while asleep too.
    """
    search = _Search(world, {one.address: one for one in sleepers})
    threads = {}
    for address, instance in world.resources.items():
        if address not in search.sleepers and (found := tuple(search.threads(instance))):
            threads[address] = found
    blocks: dict[tuple[str, str, Place], list[ResourceInstance]] = {}
    for address in threads:
        instance = world.resources[address]
        if address in kept:
            key = (instance.mode, instance.type, instance.place)
            blocks.setdefault(key, []).append(instance)
    problems = [_block_problem(found, threads) for found in blocks.values()]
    problems += search.uncounted()
    return Hanging(threads, tuple(problem for problem in problems if problem))


def stale_outputs(world: World, sleepers: Iterable[Sleeping]) -> Iterator[Problem]:
    """Outputs of the root whose value is an old one from the first sleep on."""
    search = _Search(world, {one.address: one for one in sleepers})
    for name, value in world.outputs.items():
        for says, sleeping in search.stale(value):
            yield Problem(
                level=Level.WARNING,
                rule=RULE,
                message=f"comes from {_which(says, sleeping)}; {hangers.OUTPUT.happens}; "
                f"{hangers.OUTPUT.remedy}",
                place=world.output_places.get(name),
                address=f"output.{name}",
            )
            break


class _Search:
    def __init__(self, world: World, sleepers: Mapping[str, Sleeping]) -> None:
        self._world = world
        self.sleepers = sleepers
        self._carried: dict[str, tuple[Sleeping, ...]] = {}

    def threads(self, instance: ResourceInstance) -> Iterator[Thread]:
        for argument, value, place in _arguments(instance.body):
            for says, sleeping in self.stale(value):
                yield Thread(argument, place, sleeping, says)
                break
        for name, origins in instance.undecided.items():
            value = Value(DYNAMIC, Unknown(origins))
            for says, sleeping in self.stale(value):
                yield Thread(name, instance.place, sleeping, says)
                break
        yield from self._by_name(instance)

    def uncounted(self) -> Iterator[Problem]:
        """Blocks whose number only AWS knows, as far as something that sleeps decides it."""
        for address, lost in self._world.lost.items():
            for says, sleeping in self.stale(Value(DYNAMIC, Unknown(lost.origins))):
                hanger = hanger_of(address.split(".")[-2])
                thread = Thread("its number", lost.place, sleeping, says)
                yield _problem(hanger, thread, address)
                break

    def stale(self, value: Value) -> Iterator[tuple[str, Sleeping]]:
        """Each attribute in a value that is another one after a wake, and whose it is."""
        for unknown in unknowns_in(value):
            for origin in unknown.origins:
                for sleeping in self._sources(origin):
                    yield str(origin), sleeping

    def _sources(self, origin: Origin) -> Iterator[Sleeping]:
        sleeping = self.sleepers.get(origin.address)
        if sleeping is not None:
            if _is_stale(sleeping.kind, origin):
                yield sleeping
            return
        instance = self._world.resources.get(origin.address)
        if instance is None or (instance.mode == "managed" and instance.type != "terraform_data"):
            return
        for carried in self._behind(instance):
            argument = _ASKS.get(instance.type)
            if argument is None or _is_stale(carried.kind, origin):
                yield carried

    def _behind(self, instance: ResourceInstance) -> tuple[Sleeping, ...]:
        """What a data source, or a box that passes a value on, comes from in the end."""
        if instance.address not in self._carried:
            self._carried[instance.address] = ()  # it may refer to itself by way of others
            found = dict.fromkeys(thread.sleeping for thread in self.threads(instance))
            self._carried[instance.address] = tuple(found)
        return self._carried[instance.address]

    def _by_name(self, instance: ResourceInstance) -> Iterator[Thread]:
        for mention in _mentions(instance):
            for sleeping in self.sleepers.values():
                if sleeping.kind is mention.kind and mention.means(sleeping):
                    says = f'"{sleeping.name}"' if sleeping.name else "the name"
                    yield Thread(mention.argument, mention.place, sleeping, says, by_name=True)
                    break


@dataclass(frozen=True, slots=True)
class _Mention:
    """A text that may name a sleeper, alone or at the end of a path."""

    argument: str
    value: Value
    place: Place
    kind: Kind

    def means(self, sleeping: Sleeping) -> bool:
        data = self.value.data
        if isinstance(data, Unknown):
            if any(origin.address == sleeping.address for origin in data.origins):
                return True
            data = data.parts[-1] if data.parts else ""
        named = isinstance(data, str) and data.rpartition("/")[2] == sleeping.name
        return bool(sleeping.name) and named


def _mentions(instance: ResourceInstance) -> Iterator[_Mention]:
    body = instance.body
    if instance.mode == "data" and instance.type in _INTERFACES:
        yield from _balancers(body)
    elif instance.mode == "data":
        kind, name = _ASKS.get(instance.type, (None, ""))
        if kind and name:
            yield from _mention(body, name, kind)
    elif instance.type.startswith("aws_appautoscaling_"):
        if known(body, "service_namespace") in (None, "ecs"):
            yield from _mention(body, "resource_id", Kind.SERVICE)
    elif instance.type == "aws_codedeploy_deployment_group":
        for block in body.of_type("ecs_service"):
            yield from _mention(block, "service_name", Kind.SERVICE, "ecs_service.")
    elif instance.type == "aws_codepipeline":
        actions = (a for stage in body.of_type("stage") for a in stage.of_type("action"))
        for action in actions:
            yield from _deployment(action)


def _mention(block: Block, name: str, kind: Kind, label: str = "") -> Iterator[_Mention]:
    argument = given(block, name)
    if argument is not None:
        yield _Mention(f"{label}{name}", argument.value, argument.place, kind)


def _balancers(body: Block) -> Iterator[_Mention]:
    """Load balancers whose network interfaces are requested, by the description that they have."""
    for block in body.of_type("filter"):
        values = given(block, "values")
        if values is None or known(block, "name") != "description":
            continue
        for text in _texts(values.value):
            described = _DESCRIPTION.match(text)
            if described:
                yield _Mention(
                    "filter.values", string(described[1]), values.place, Kind.LOAD_BALANCER
                )


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value.data, str):
        yield value.data
    elif isinstance(value.data, (tuple, list)):
        for element in value.data:
            yield from _texts(element)


def _deployment(action: Block) -> Iterator[_Mention]:
    configuration = given(action, "configuration")
    data = configuration.value.data if configuration else None
    if configuration is not None and isinstance(data, dict) and "ServiceName" in data:
        where = "stage.action.configuration.ServiceName"
        yield _Mention(where, data["ServiceName"], configuration.place, Kind.SERVICE)


def _block_problem(
    instances: list[ResourceInstance], threads: Mapping[str, tuple[Thread, ...]]
) -> Problem | None:
    """One problem for a block, at its first instance; None for what only passes a value on."""
    first = instances[0]
    if first.type == "terraform_data" or (first.mode == "data" and first.type in hangers.COMPUTED):
        return None
    thread = threads[first.address][0]
    hanger = _hanger(first, thread)
    more = f" (so do {len(instances) - 1} more of this block)" if len(instances) > 1 else ""
    return _problem(hanger, thread, first.address, more)


def _problem(hanger: Hanger, thread: Thread, address: str, more: str = "") -> Problem:
    return Problem(
        level=hanger.level,
        rule=RULE,
        message=f"{thread.argument} {_holds(thread, hanger)}{more}; {hanger.happens}; "
        f"{hanger.remedy}",
        place=thread.place,
        address=address,
    )


def _hanger(instance: ResourceInstance, thread: Thread) -> Hanger:
    if instance.mode == "data":
        return hangers.DATA
    if thread.sleeping.kind is Kind.AUTOSCALING_POLICY:
        return hangers.SCALED_BY_ALARM
    if instance.type in _FRONTS and thread.sleeping.kind is Kind.TARGET_GROUP:
        return hangers.RULES
    return hanger_of(instance.type)


def _is_stale(kind: Kind, origin: Origin) -> bool:
    """Whether that attribute changes with each wake; a whole resource does."""
    mapping = BY_KIND[kind]
    if mapping.surviving is None:
        return False
    return not origin.path or not mapping.outlives(str(origin.path[0]))


def _arguments(body: Block, label: str = "") -> Iterator[tuple[str, Value, Place]]:
    for name, argument in body.attributes.items():
        yield f"{label}{name}", argument.value, argument.place
    for name, block in body.blocks:
        yield from _arguments(block, f"{label}{name}.")
