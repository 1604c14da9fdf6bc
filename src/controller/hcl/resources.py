"""
Resources and data sources: their instances and what others see of them (HCL §17, §19).

Its size: instances and what references see of them share one set of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from controller.domain.dataclass import dataclass, replace
from controller.domain.problem import Problem
from controller.hcl.bodies import BodyEvaluator
from controller.hcl.carried import pattern_of
from controller.hcl.convert import is_ephemeral
from controller.hcl.declarations import Condition, Resource
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.instance import (
    EvaluatedCall,
    EvaluatedInstance,
    EvaluatedResource,
    ModuleInstance,
)
from controller.hcl.known_data import data_attributes
from controller.hcl.numbers import format_number
from controller.hcl.origins import describe_origins, lacking_file, out_of_reach, remedy_for
from controller.hcl.provider_blocks import ProviderValues
from controller.hcl.provider_defaults import planned_defaults
from controller.hcl.provider_version import UNKNOWN, AwsProvider
from controller.hcl.references import expressions_in, is_constant, subject_of
from controller.hcl.repetition import Expansion, Key, address_with_key, expand
from controller.hcl.resource_value import resource_value, terraform_data_value
from controller.hcl.schema import SLEEPERS, schema_of
from controller.hcl.schema_check import conform, is_checked
from controller.hcl.scope import Scope, UpstreamError
from controller.hcl.syntax import AttributeStep, Expression, KeyStep, Reference
from controller.hcl.types import NUMBER
from controller.hcl.values import Origin, Value
from controller.hcl.variables import check_condition
from controller.hcl.world import Attribute, Block, Known, ResourceInstance

EACH = "*"
"""The key of the instance that represents all of those whose number only AWS knows."""
_SETS_NOTHING = frozenset({"timeouts"})
# Which argument says that it is another kind of load balancer's, and with which values (None: the
# default). It counts where the argument is known by itself.
_OTHER_TYPES = ("application", "gateway", None)
_OTHER_PROTOCOLS = ("HTTP", "HTTPS", "GENEVE")
_TELLS: dict[str, tuple[str, tuple[object, ...]]] = {
    "aws_lb": ("load_balancer_type", _OTHER_TYPES),
    "aws_alb": ("load_balancer_type", _OTHER_TYPES),
    "aws_lb_listener": ("protocol", _OTHER_PROTOCOLS),
    "aws_alb_listener": ("protocol", _OTHER_PROTOCOLS),
    "aws_lb_target_group": ("protocol", _OTHER_PROTOCOLS),
    "aws_alb_target_group": ("protocol", _OTHER_PROTOCOLS),
}


@dataclass(slots=True)
class ResourceEvaluator:
    """
    Evaluates the resources of module instances.

    `providers` tells what their configurations say, `provider` is the version of the AWS provider
    in use, `known` what else is known of a thing.
    """

    wrong: frozenset[Expression]
    problems: list[Problem]
    providers: ProviderValues
    provider: AwsProvider = UNKNOWN
    known: Known | None = None

    def evaluate(self, module: ModuleInstance, resource: Resource) -> EvaluatedResource:
        """Raises HclError or Poisoned if even the number of instances is unknown."""
        expressions = (resource.repetition.count, resource.repetition.for_each)
        if any(expression in self.wrong for expression in expressions):
            raise UpstreamError
        expansion = expand(resource.repetition, module.scope())
        if expansion.unknown and self._sleeps(module, resource):
            raise HclError(
                "count" if expansion.kind == "count" else "for-each",
                f"{expansion.kind} depends on {describe_origins(expansion.unknown.origins)}, which "
                "only AWS knows; write the number or the keys down",
                place=expansion.place or resource.place,
                origins=expansion.unknown.origins,
            )
        instances = {
            key: self._instance(module, resource, expansion, key) for key in expansion.instances
        }
        if not instances:
            self.check_constants(module, resource, module.inside(resource.address))
        if resource.mode == "data" and expansion.over is not None:
            return self._each(module, resource, expansion, expansion.over)
        return EvaluatedResource(expansion, instances)

    def _each(
        self, module: ModuleInstance, resource: Resource, expansion: Expansion, over: Value
    ) -> EvaluatedResource:
        """What there is one of for each thing that AWS knows: seen once, as any of them looks."""
        address = module.inside(resource.address)
        pattern = pattern_of(address, over)
        each = (pattern.value,) if expansion.kind == "count" else (pattern.key, pattern.value)
        once = replace(expansion, instances={EACH: each})
        found = self._instance(module, resource, once, EACH)
        if found.broken:
            return EvaluatedResource(expansion)
        seen = replace(pattern, value=found.value)
        return EvaluatedResource(expansion, {EACH: found}, seen)

    def check_constants(self, module: ModuleInstance, resource: Resource, address: str) -> None:
        """Terraform also checks a block without instances: what is wrong in it on its own."""

        def report(error: HclError) -> None:
            self.problems.append(error.as_problem(address))

        evaluator = BodyEvaluator(self.wrong, report)
        for expression, _ in expressions_in(resource.body):
            if is_constant(expression):
                evaluator.value(expression, module.scope(), expression.place)

    def _sleeps(self, module: ModuleInstance, resource: Resource) -> bool:
        """Whether it may be one that dormouse makes; of load balancers only network ones are."""
        if not _is_sleeper(resource):
            return False
        name, foreign = _TELLS.get(resource.type, ("", ()))
        argument = resource.body.arguments.get(name)
        if argument is None:
            return None not in foreign
        if argument.expression in self.wrong:
            return True
        try:
            value = evaluate(argument.expression, module.scope())
        except (HclError, UpstreamError):
            return True
        return value.data not in foreign

    def _instance(
        self, module: ModuleInstance, resource: Resource, expansion: Expansion, key: Key
    ) -> EvaluatedInstance:
        address = module.inside(address_with_key(resource.address, key))
        before = len(self.problems)

        def report(error: HclError) -> None:
            self.problems.append(error.as_problem(address))

        scope = module.scope(expansion.kind, expansion.instances[key])
        body = BodyEvaluator(self.wrong, report, strict=is_checked(resource.mode, resource.type))
        self._conditions(resource.preconditions, scope, report)
        block = body.body(resource.body, scope)
        broken = set(body.broken)
        if is_checked(resource.mode, resource.type):
            block, errors = conform(block, resource.type, self.provider)
            for error in errors:
                report(error)
            broken |= {name for name in resource.body.arguments if name not in block.attributes}
        self._refuse_unfit(module, resource, block, report)
        provider = _provider(module, resource)
        value = self._value(resource, block, address, provider, frozenset(body.undecided))
        itself = module.scope(expansion.kind, expansion.instances[key], value)
        if not broken:
            self._conditions(resource.postconditions, itself, report)
        instance = ResourceInstance(
            address=address,
            mode=resource.mode,
            type=resource.type,
            name=resource.name,
            key=key,
            module=module.address,
            place=resource.place,
            body=_without(block, _SETS_NOTHING),
            ignore_changes=tuple(_spelled(e) for e in resource.ignore_changes),
            provider=provider,
            error_free=not broken and len(self.problems) == before,
            undecided=body.undecided,
        )
        return EvaluatedInstance(instance, value, frozenset(broken))

    def _conditions(
        self,
        conditions: Iterable[Condition],
        scope: Scope,
        report: Callable[[HclError], None],
    ) -> None:
        for condition in conditions:
            if condition.condition in self.wrong:
                continue
            try:
                check_condition(condition, scope, "precondition", condition.place)
            except HclError as error:
                report(error)
            except UpstreamError:
                continue

    def _refuse_unfit(
        self,
        module: ModuleInstance,
        resource: Resource,
        block: Block,
        report: Callable[[HclError], None],
    ) -> None:
        sleeps = self._sleeps(module, resource)
        for name, attribute in _attributes(block):
            value = attribute.value
            if is_ephemeral(value) and not _may_be_ephemeral(resource, name):
                report(
                    HclError(
                        "ephemeral",
                        f'"{name}" is an ephemeral value, which no argument can keep',
                        place=attribute.place,
                    )
                )
            origin = out_of_reach(value) if sleeps else None
            if origin:
                report(
                    lacking_file((origin,))
                    or HclError(
                        "module-source",
                        f'"{name}" depends on {origin}, which cannot be known here; '
                        f"{remedy_for(origin)}",
                        place=attribute.place,
                        origins=(origin,),
                    )
                )

    def _value(
        self,
        resource: Resource,
        block: Block,
        address: str,
        provider: str,
        undecided: frozenset[str],
    ) -> Value:
        value = self._as_configured(resource, block, address, provider, undecided)
        if self.known is None:
            return value
        return self.known.complete(address, resource.mode, resource.type, block, value)

    def _as_configured(
        self,
        resource: Resource,
        block: Block,
        address: str,
        provider: str,
        undecided: frozenset[str],
    ) -> Value:
        of = Origin(address, (), resource.place)
        if (resource.mode, resource.type) == ("managed", "terraform_data"):
            return terraform_data_value(block, of)
        schema = schema_of(resource.mode, resource.type)
        managed = resource.mode == "managed"
        known = planned_defaults(resource.type, self.provider) if managed else {}
        if resource.mode == "data":
            known = data_attributes(resource.type, block, self.providers, provider, of)
        value = resource_value(schema, block, of, known, undecided)
        return replace(value, ephemeral=True) if resource.mode == "ephemeral" else value


def _is_sleeper(resource: Resource) -> bool:
    return resource.mode == "managed" and resource.type in SLEEPERS


def resolve_depends_on(
    module: ModuleInstance, expressions: Iterable[Expression]
) -> tuple[str, ...]:
    """The addresses of all instances that the references name; a module represents all in it."""
    addresses: dict[str, None] = {}
    for expression in expressions:
        if isinstance(expression, Reference):
            try:
                subject = subject_of(expression)
            except HclError:
                continue
            steps = expression.steps[subject.used :]
            key = steps[0].key if steps and isinstance(steps[0], KeyStep) else None
            if subject.kind == "resource":
                mode, type_, name = subject.name
                resource = module.resources.get((mode, type_, name))
                addresses.update(dict.fromkeys(_addresses(resource, key)))
            elif subject.kind == "module":
                call = module.calls.get(subject.name[0])
                addresses.update(dict.fromkeys(_addresses_below(call)))
    return tuple(addresses)


def with_depends_on(module: ModuleInstance, resource: Resource) -> None:
    """Fill in what each instance depends on, once everything is evaluated."""
    evaluated = module.resources.get(resource.key)
    addresses = (*resolve_depends_on(module, resource.depends_on), *_of_callers(module))
    if evaluated is None or not addresses:
        return
    instances = {
        key: replace(found, instance=replace(found.instance, depends_on=addresses))
        for key, found in evaluated.instances.items()
    }
    module.resources[resource.key] = replace(evaluated, instances=instances)


def _of_callers(module: ModuleInstance) -> tuple[str, ...]:
    """What the calls that lead to the module depend on: so does all that is in it."""
    if module.parent is None:
        return ()
    call = module.parent.module.declarations.modules[module.path[-1]]
    return (*resolve_depends_on(module.parent, call.depends_on), *_of_callers(module.parent))


def _addresses(resource: EvaluatedResource | None, key: Value | None) -> list[str]:
    if resource is None:
        return []
    return [
        found.instance.address
        for own, found in resource.instances.items()
        if key is None or _text(key) == str(own)
    ]


def _addresses_below(call: EvaluatedCall | None) -> list[str]:
    found: list[str] = []
    for instance in (call.instances or {}).values() if call else ():
        for resource in instance.resources.values():
            found += _addresses(resource, None)
        for inner in instance.calls.values():
            found += _addresses_below(inner)
    return found


def _text(value: Value) -> str:
    return format_number(value.data) if value.type == NUMBER else str(value.data)


def _spelled(expression: Expression) -> str:
    """An entry of ignore_changes as it is written: `tags["Name"]`."""
    if not isinstance(expression, Reference):
        return ""
    text = expression.root
    for step in expression.steps:
        if isinstance(step, AttributeStep):
            text += f".{step.name}"
        else:
            key = _text(step.key)
            text += f"[{key}]" if step.key.type == NUMBER else f'["{key}"]'
    return text


def _provider(module: ModuleInstance, resource: Resource) -> str:
    """The root's name of the provider configuration that the resource uses."""
    name = resource.type.split("_", 1)[0]
    if isinstance(resource.provider, Reference):
        name = _spelled(resource.provider)
    return module.providers.get(name, name)


def _without(block: Block, names: frozenset[str]) -> Block:
    kept = tuple((name, inner) for name, inner in block.blocks if name not in names)
    return replace(block, blocks=kept)


def _may_be_ephemeral(resource: Resource, argument: str) -> bool:
    """Nothing of an ephemeral resource is kept, nor are write-only arguments, which end in _wo."""
    return resource.mode == "ephemeral" or argument.endswith("_wo")


def _attributes(block: Block) -> Iterable[tuple[str, Attribute]]:
    yield from block.attributes.items()
    for _, inner in block.blocks:
        yield from _attributes(inner)
