"""
Provider configurations: what their names mean in a module, and what they say.

A module inherits the default configurations of its caller, is given others by a map, or has blocks
of its own (which Terraform discourages, and takes). A configuration is known by its address: "aws"
and "aws.tokyo" in the root, "module.eu.aws" where a module declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from controller.domain.dataclass import dataclass
from controller.hcl.bodies import BodyEvaluator
from controller.hcl.convert import convert, make_object
from controller.hcl.declarations import ModuleCall, Provider
from controller.hcl.errors import HclError
from controller.hcl.instance import ModuleInstance
from controller.hcl.module import Module
from controller.hcl.references import expressions_in
from controller.hcl.syntax import AttributeStep, Expression, Literal, Object, Reference
from controller.hcl.types import STRING, MapType
from controller.hcl.values import Value
from controller.hcl.world import Block


def provider_names(
    parent: ModuleInstance, call: ModuleCall, child: Module, address: str
) -> dict[str, str]:
    """The called module's provider names, and the addresses of what they are; `address` is its."""
    providers = {name: found for name, found in parent.providers.items() if "." not in name}
    own = child.declarations.providers.values()
    providers |= {p.address: f"{address}.{p.address}" for p in own if _says_something(p)}
    if isinstance(call.providers, Object):
        for key, value in call.providers.items:
            given = spelled(value)
            providers[spelled(key)] = parent.providers.get(given, given)
    return providers


def provider_blocks(
    instances: Iterable[ModuleInstance],
    evaluator: Callable[[str], BodyEvaluator],
) -> dict[str, Block]:
    """All configurations by address; `evaluator` makes one that reports under a given address."""
    return {
        address: evaluator(address).body(provider.body, instance.scope())
        for address, instance, provider in _declared(instances)
    }


@dataclass(frozen=True, slots=True)
class ProviderValues:
    """
    What configurations say while the rest is evaluated, by their address in the root.

    `region` is the SDK's, where a configuration names none.
    """

    instances: Callable[[], Iterable[ModuleInstance]]
    region: str | None

    def region_of(self, wanted: str) -> str | None:
        """The region that a configuration names; None if it is not known (yet)."""
        for address, instance, provider in _declared(self.instances()):
            argument = provider.body.arguments.get("region")
            if address != wanted or argument is None:
                continue
            evaluator = BodyEvaluator(frozenset(), _pass_over)
            value = evaluator.value(argument.expression, instance.scope(), argument.place)
            known = value is not None and value.type == STRING and isinstance(value.data, str)
            return value.data if value is not None and known else None
        return self.region

    def default_tags_of(self, wanted: str) -> Value | None:
        """The tags that a configuration puts on everything; None if they are not known (yet)."""
        tags: dict[str, Value] = {}
        for address, instance, provider in _declared(self.instances()):
            for block in provider.body.blocks if address == wanted else ():
                if "default_tags" not in (block.type, *block.labels):
                    continue
                found = BodyEvaluator(frozenset(), _pass_over).body(block.body, instance.scope())
                argument = found.attributes.get("tags")
                if argument is None or not isinstance(argument.value.data, dict):
                    return None  # a dynamic block, or tags that only AWS knows
                tags |= argument.value.data
        try:
            return convert(make_object(tags), MapType(STRING))
        except HclError:
            return None


def expressions_of(module: Module, address: str) -> Iterator[Expression]:
    """The expressions in the configuration of that address in a module."""
    for provider in module.declarations.providers.values():
        if provider.address == address:
            yield from (expression for expression, _ in expressions_in(provider.body))


def _declared(
    instances: Iterable[ModuleInstance],
) -> Iterator[tuple[str, ModuleInstance, Provider]]:
    for instance in instances:
        for provider in instance.module.declarations.providers.values():
            if instance.parent is None or _says_something(provider):
                yield instance.inside(provider.address), instance, provider


def _says_something(provider: Provider) -> bool:
    """An empty block in a module only represents what the module is given."""
    return bool(provider.body.arguments or provider.body.blocks)


def _pass_over(_: HclError) -> None:
    """It is reported where the configuration itself is evaluated."""


def spelled(expression: Expression | None) -> str:
    if isinstance(expression, Literal):
        return str(expression.value.data)
    if isinstance(expression, Reference):
        steps = (step.name for step in expression.steps if isinstance(step, AttributeStep))
        return ".".join((expression.root, *steps))
    return ""
