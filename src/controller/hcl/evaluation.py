"""
Evaluating a whole configuration once, dependencies first (HCL semantics §15).

Its size: the class whose size is explained below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from controller.domain.problem import Level, Place, Problem
from controller.hcl.bodies import BodyEvaluator
from controller.hcl.convert import is_ephemeral, is_sensitive
from controller.hcl.declarations import ModuleCall, Output, Variable
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.functions import CallContext
from controller.hcl.graph import Graph, Node
from controller.hcl.inputs import Given, InputReader
from controller.hcl.instance import EvaluatedCall, ModuleInstance
from controller.hcl.module import CallPath, Module
from controller.hcl.origins import describe_origins
from controller.hcl.parse import parse_template_file
from controller.hcl.provider_blocks import ProviderValues, provider_blocks, provider_names
from controller.hcl.provider_version import UNKNOWN, AwsProvider
from controller.hcl.references import is_constant
from controller.hcl.repetition import Expansion, Key, address_with_key, expand
from controller.hcl.resources import ResourceEvaluator, with_depends_on
from controller.hcl.schema import SLEEPERS
from controller.hcl.scope import TemplateScope, UpstreamError
from controller.hcl.syntax import (
    Expression,
)
from controller.hcl.values import Value
from controller.hcl.variables import check_condition, final_value
from controller.hcl.world import Block, Inputs, ResourceInstance, Uncounted

FILE = "file"
"""The rule of a file that cannot be read."""
MISSING_FILE = "missing-file"
"""The rule of a warning about a file that is not there, and that nobody needed so far."""


class Evaluation:
    """
    One run over all modules; `problems` are those that only evaluating shows.

    Its size: one method for each kind of name that a reference can mean.
    """

    def __init__(
        self,
        folder: Path,
        root: Module,
        graph: Graph,
        wrong: frozenset[Expression],
        inputs: Inputs,
        provider: AwsProvider = UNKNOWN,
    ) -> None:
        self._graph = graph
        self._wrong = wrong
        self._inputs = inputs
        self._unreachable = frozenset(node for cycle in graph.cycles for node in cycle)
        self._given: dict[str, Given] = {}
        self._no_value: set[str] = set()
        self._folder = folder
        self.problems: list[Problem] = []
        self.root = ModuleInstance(root, (), "", self._context(), inputs.workspace)
        self._instances: dict[CallPath, list[ModuleInstance]] = {(): [self.root]}
        self._resources = ResourceEvaluator(
            wrong,
            self.problems,
            ProviderValues(self._all, inputs.region),
            provider,
            inputs.known,
        )
        self._handlers: dict[str, Callable[[ModuleInstance, tuple[str, ...]], None]] = {
            "var": self._variable,
            "validation": self._validation,
            "local": self._local,
            "output": self._output,
            "resource": self._resource,
            "call": self._call,
            "close": lambda *_: None,
        }

    def run(self) -> None:
        reader = InputReader(self._folder, self.root.module.declarations.variables)
        self._given = reader.read(self._inputs)
        self._no_value = reader.broken
        self.problems += reader.problems
        for node in self._graph.order:
            self._node(node)
        for instances in self._instances.values():
            for instance in instances:
                for resource in instance.module.declarations.resources.values():
                    with_depends_on(instance, resource)

    def about_files(self) -> list[Problem]:
        """
        Files that are not there, as warnings: Terraform refuses them, whoever needs them.

        Where one does that sleeps, it has the error, in the same place.
        """
        found = dict.fromkeys((e.place, e.message) for e in self.root.context.missing_files)
        return [
            Problem(
                level=Level.WARNING,
                rule=MISSING_FILE,
                message=f"{message}; nothing that sleeps needs it, but Terraform fails without it",
                place=place,
            )
            for place, message in found
        ]

    def resources(self) -> dict[str, ResourceInstance]:
        found = {}
        for instances in self._instances.values():
            for instance in instances:
                for resource in instance.resources.values():
                    for evaluated in resource.instances.values() if resource else ():
                        found[evaluated.instance.address] = evaluated.instance
        return found

    def providers(self) -> dict[str, Block]:
        """Provider blocks by address, without what cannot be evaluated; it is reported."""

        def evaluator(address: str) -> BodyEvaluator:
            return BodyEvaluator(
                self._wrong, lambda error: self._report(error, f"provider.{address}")
            )

        return provider_blocks(self._all(), evaluator)

    def _all(self) -> Iterator[ModuleInstance]:
        for instances in self._instances.values():
            yield from instances

    def lost(self) -> dict[str, Uncounted]:
        """Blocks and calls of which nobody can say how many there are, by address without keys."""
        found: dict[str, Uncounted] = {}
        for instances in self._instances.values():
            for instance in instances:
                found.update(_lost_in(instance))
        return found

    def _context(self) -> CallContext:
        home = self._inputs.environment.get("HOME")
        return CallContext(
            root=self._folder,
            render_template=self._render,
            home=Path(home) if home else None,
        )

    def _render(self, text: str, variables: Mapping[str, Value], name: str) -> Value:
        """A template's text with nothing but these variables; its mistakes are the call's."""
        try:
            template = parse_template_file(text, name)
            return evaluate(template, TemplateScope(self.root.context, variables, name))
        except HclError as error:
            where = f"{name}:{error.place.line}: " if error.place else ""
            raise HclError("argument", f"{where}{error.message}") from None

    def _node(self, node: Node) -> None:
        path, kind, name = node
        if node in self._unreachable:
            return
        for instance in self._instances.get(path, ()):
            self._handlers[kind](instance, name)

    def _report(self, error: HclError, address: str = "") -> None:
        self.problems.append(error.as_problem(address))

    def _value(
        self, instance: ModuleInstance, expression: Expression, place: Place, address: str = ""
    ) -> Value | None:
        """None for what fails; the error is reported, unless it was before."""

        def report(error: HclError) -> None:
            self._report(error, address)

        return BodyEvaluator(self._wrong, report).value(expression, instance.scope(), place)

    def _variable(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        variable = instance.module.declarations.variables[name[0]]
        if ("variable", variable.name) in instance.module.declarations.broken:
            return
        try:
            given = self._given_to(instance, variable)
            value = final_value(variable, given)
        except UpstreamError:
            return
        except HclError as error:
            self._report(error, instance.inside(f"var.{variable.name}") if instance.path else "")
            return
        instance.variables[variable.name] = value

    def _given_to(self, instance: ModuleInstance, variable: Variable) -> Given | None:
        """Raises Poisoned where a value was meant to be given, but is broken."""
        if instance.parent is None:
            if variable.name in self._no_value:
                raise UpstreamError
            return self._given.get(variable.name)
        call = instance.parent.module.declarations.modules[instance.path[-1]]
        argument = call.body.arguments.get(variable.name)
        if argument is None:
            if variable.default is None:
                raise UpstreamError
            return None
        if argument.expression in self._wrong:
            raise UpstreamError
        scope = instance.parent.scope(instance.expansion_kind, instance.each)
        try:
            return Given(evaluate(argument.expression, scope), argument.place)
        except HclError as error:
            raise error.at(argument.place) from None

    def _validation(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        variable = instance.module.declarations.variables[name[0]]
        place = self._place_of_value(instance, variable)
        for validation in variable.validations:
            if validation.condition in self._wrong:
                continue
            try:
                check_condition(validation, instance.scope(), "validation", place)
            except HclError as error:
                self._report(error, f"var.{variable.name}")
            except UpstreamError:
                continue

    def variable_places(self) -> dict[str, Place]:
        """Where the value of each variable of the root is written."""
        variables = self.root.module.declarations.variables
        return {
            name: self._place_of_value(self.root, variable) for name, variable in variables.items()
        }

    def variable_parts(self) -> dict[str, Mapping[str, Place]]:
        """Where the parts of the value of each variable of the root are written."""
        return {
            name: self._given[name].parts if name in self._given else variable.default_parts
            for name, variable in self.root.module.declarations.variables.items()
        }

    def _place_of_value(self, instance: ModuleInstance, variable: Variable) -> Place:
        given = self._given.get(variable.name) if instance.parent is None else None
        if given and given.place:
            return given.place
        if instance.parent is not None:
            call = instance.parent.module.declarations.modules[instance.path[-1]]
            argument = call.body.arguments.get(variable.name)
            if argument:
                return argument.place
        return variable.place

    def _local(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        local = instance.module.declarations.locals[name[0]]
        address = instance.inside(f"local.{local.name}") if instance.path else ""
        instance.locals[local.name] = self._value(instance, local.expression, local.place, address)

    def _output(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        output = instance.module.declarations.outputs[name[0]]
        self._check_output_conditions(instance, output)
        value = self._value(instance, output.expression, output.place)
        if value is None:
            return
        try:
            self._check_marks(output, value, is_root=instance.parent is None)
        except HclError as error:
            self._report(error, f"output.{output.name}")
        instance.outputs[output.name] = replace(
            value,
            sensitive=value.sensitive or output.sensitive,
            ephemeral=value.ephemeral or output.ephemeral,
        )

    def _check_output_conditions(self, instance: ModuleInstance, output: Output) -> None:
        for condition in output.preconditions:
            if condition.condition in self._wrong:
                continue
            try:
                check_condition(condition, instance.scope(), "precondition", condition.place)
            except HclError as error:
                self._report(error, f"output.{output.name}")
            except UpstreamError:
                continue

    def _check_marks(self, output: Output, value: Value, *, is_root: bool) -> None:
        if (is_ephemeral(value) or (is_root and output.ephemeral)) and (
            is_root or not output.ephemeral
        ):
            raise HclError(
                "ephemeral",
                f'the output "{output.name}" is an ephemeral value; '
                + (
                    "the root cannot hand those out" if is_root else "mark it with ephemeral = true"
                ),
                place=output.place,
            )
        if is_root and is_sensitive(value) and not output.sensitive:
            raise HclError(
                "sensitive",
                f'the output "{output.name}" is sensitive; mark it with sensitive = true',
                place=output.place,
            )

    def _resource(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        mode, type_, label = name
        resource = instance.module.declarations.resources[mode, type_, label]
        address = instance.inside(resource.address)
        try:
            evaluated = self._resources.evaluate(instance, resource)
        except HclError as error:
            self._report(error.at(resource.place), address)
        except UpstreamError:
            pass
        else:
            instance.resources[resource.key] = evaluated

    def _call(self, instance: ModuleInstance, name: tuple[str, ...]) -> None:
        call = instance.module.declarations.modules[name[0]]
        child = instance.module.children.get(call.name)
        address = instance.inside(f"module.{call.name}")
        if child is None:
            if call.name in instance.module.absent:
                instance.calls[call.name] = EvaluatedCall(call.name, address, Expansion(""), None)
            return
        try:
            expansion = self._expanded(instance, call, child, address)
        except HclError as error:
            self._report(error.at(call.place), address)
            return
        except UpstreamError:
            return
        instances = {
            key: self._called(instance, call, child, expansion, key) for key in expansion.instances
        }
        instance.calls[call.name] = EvaluatedCall(call.name, address, expansion, instances)
        path = (*instance.path, call.name)
        self._instances.setdefault(path, []).extend(instances.values())
        if not instances:
            self._check_unused(instance, child, address)

    def _check_unused(self, instance: ModuleInstance, child: Module, address: str) -> None:
        """A module that is called zero times must still be valid."""
        for _, module in child.tree():
            declared = module.declarations
            for resource in declared.resources.values():
                self._resources.check_constants(instance, resource, address)
            parts = [(local.expression, local.place) for local in declared.locals.values()]
            parts += [(output.expression, output.place) for output in declared.outputs.values()]
            for expression, place in parts:
                if is_constant(expression):
                    self._value(instance, expression, place, address)

    def _expanded(
        self, instance: ModuleInstance, call: ModuleCall, child: Module, address: str
    ) -> Expansion:
        expressions = (call.repetition.count, call.repetition.for_each)
        if any(expression in self._wrong for expression in expressions):
            raise UpstreamError
        expansion = expand(call.repetition, instance.scope())
        if expansion.unknown and _has_sleepers(child):
            raise HclError(
                "count" if expansion.kind == "count" else "for-each",
                f"how often {address} is called depends on "
                f"{describe_origins(expansion.unknown.origins)}, which only AWS knows; "
                "write the number or the keys down",
                place=expansion.place,
                origins=expansion.unknown.origins,
            )
        return expansion

    def _called(
        self,
        parent: ModuleInstance,
        call: ModuleCall,
        child: Module,
        expansion: Expansion,
        key: Key,
    ) -> ModuleInstance:
        address = parent.inside(address_with_key(f"module.{call.name}", key))
        return ModuleInstance(
            module=child,
            path=(*parent.path, call.name),
            address=address,
            context=parent.context,
            workspace=parent.workspace,
            parent=parent,
            expansion_kind=expansion.kind,
            each=expansion.instances[key],
            providers=provider_names(parent, call, child, address),
        )


def _lost_in(instance: ModuleInstance) -> Iterator[tuple[str, Uncounted]]:
    declared = instance.module.declarations
    for key, resource in declared.resources.items():
        evaluated = instance.resources.get(key)
        if evaluated is None or evaluated.expansion.unknown:
            # What may sleep is refused where its number is not known: this one is Terraform's.
            is_lost = evaluated is None and resource.mode == "managed"
            types = frozenset({resource.type} if is_lost else ())
            unknown = evaluated.expansion.unknown if evaluated else None
            origins = unknown.origins if unknown else ()
            yield instance.inside(resource.address), Uncounted(resource.place, types, origins)
    for name, call in declared.modules.items():
        child = instance.module.children.get(name)
        evaluated_call = instance.calls.get(name)
        if child is None or (evaluated_call and not evaluated_call.expansion.unknown):
            continue
        found = (key for _, module in child.tree() for key in module.declarations.resources)
        types = frozenset(type_ for mode, type_, _ in found if mode == "managed")
        yield instance.inside(f"module.{name}"), Uncounted(call.place, types)


def _has_sleepers(module: Module) -> bool:
    return any(
        mode == "managed" and type_ in SLEEPERS
        for _, found in module.tree()
        for mode, type_, _ in found.declarations.resources
    )


def outputs_of(instance: ModuleInstance) -> dict[str, Value]:
    """The outputs that have a value."""
    return {name: value for name, value in instance.outputs.items() if value is not None}
