"""
Which resources of a directory exist only awake from now on: what sleeps, and what hangs on it.

| what hangs on a sleeper     | becomes                                              |
|-----------------------------|------------------------------------------------------|
| a data source               | absent while asleep, which changes nothing in AWS    |
| a resource not made yet     | absent while asleep, where that is its way out       |
| one that Terraform has made | a reason to stop: the next apply would destroy it    |

The ways out are those of `mapping/hangers.py`.
"""

from __future__ import annotations

from collections.abc import Collection

from controller.adopt.refuser import RULE
from controller.domain.dataclass import dataclass
from controller.domain.problem import Level, Problem
from controller.hcl.world import ResourceInstance, World
from controller.mapping.hangers import COMPUTED, OWN_COUNT, hanger_of
from controller.mapping.hanging import Sleeping, Thread, find_hanging
from controller.mapping.kinds import KINDS


@dataclass(frozen=True, slots=True)
class AwakeOnly:
    """`sleepers` are Dormouse's, `others` follow them; `refusals` are why it cannot be."""

    sleepers: tuple[ResourceInstance, ...]
    others: tuple[ResourceInstance, ...] = ()
    refusals: tuple[Problem, ...] = ()


def find_awake_only(awake: World, addresses: Collection[str], made: Collection[str]) -> AwakeOnly:
    """
    `addresses` are those of what sleeps, `made` those that Terraform's state holds.

    Both as the directory is now, evaluated once, without a variable `awake`.
    """
    sleepers = [awake.resources[address] for address in sorted(addresses)]
    sleeping = [Sleeping(one.address, KINDS[one.type]) for one in sleepers if one.type in KINDS]
    named = [Sleeping(one.address, one.kind, _name(awake, one)) for one in sleeping]
    hanging = find_hanging(awake, named, awake.resources)
    others: list[ResourceInstance] = []
    refusals: list[Problem] = []
    for address, threads in hanging.threads.items():
        instance = awake.resources[address]
        if instance.mode == "data":
            others += [] if _passes_on(instance) else [instance]
        elif instance.mode == "managed" and instance.type != "terraform_data":
            follows, refusal = _managed(instance, threads[0], made)
            others += [instance] if follows else []
            refusals += [refusal] if refusal else []
    return AwakeOnly(tuple(sleepers), tuple(others), tuple(refusals))


def _name(awake: World, sleeping: Sleeping) -> str:
    argument = awake.resources[sleeping.address].body.attributes.get("name")
    data = argument.value.data if argument else None
    return data if isinstance(data, str) else ""


def _passes_on(instance: ResourceInstance) -> bool:
    """It asks nobody, so that what refers to it is what hangs."""
    return instance.type in COMPUTED


def _managed(
    instance: ResourceInstance, thread: Thread, made: Collection[str]
) -> tuple[bool, Problem | None]:
    hanger = hanger_of(instance.type)
    follows = OWN_COUNT in hanger.remedy
    if follows and instance.address not in made:
        return True, None
    if thread.by_name and not follows:
        return False, None  # nothing in the files has to change; `check` reports what happens to it
    what = f"{thread.argument} needs {thread.says} of {thread.sleeping.address}, which sleeps"
    if follows:
        what += ", and Terraform has made it already: the next apply would destroy it"
        remedy = "take it out of the files and the account first"
    else:
        what += f": {hanger.happens}"
        remedy = hanger.remedy
    return False, Problem(
        level=Level.ERROR,
        rule=RULE,
        message=f"{what}; {remedy}, then adopt again",
        place=thread.place,
        address=instance.address,
    )
