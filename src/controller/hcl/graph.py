"""
What depends on what across all modules, in which order to evaluate, and cycles (HCL semantics §15).

Dependencies are those of the text, so that a cycle is found through a branch that is never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from controller.domain.dataclass import dataclass
from controller.domain.problem import Place
from controller.hcl.declarations import (
    Condition,
    Declarations,
    ModuleCall,
    Repetition,
    Resource,
    prefix_of,
)
from controller.hcl.errors import HclError
from controller.hcl.known_data import FOLLOW_PROVIDER
from controller.hcl.module import CallPath, Module
from controller.hcl.provider_blocks import expressions_of, spelled
from controller.hcl.references import Subject, expressions_in, references_in, subject_of
from controller.hcl.syntax import AttributeStep, Expression, KeyStep, Reference

Node = tuple[CallPath, str, tuple[str, ...]]
"""
The calls that lead to a module, a kind, and the name in it.

Kinds: var, validation, local, output, resource, call (how often a module is called), close (all
of a module, which a reference to the whole of it needs).
"""


@dataclass(frozen=True, slots=True)
class Graph:
    """
    `order`: dependencies first.

    `cycles`: each begins and ends with the same node, and each member needs the next one.
    """

    order: tuple[Node, ...]
    cycles: tuple[tuple[Node, ...], ...]


def build_graph(root: Module) -> Graph:
    edges: dict[Node, list[Node]] = {}
    for path, module in root.tree():
        for node, targets in _Edges(root, path, module).all():
            edges[node] = list(dict.fromkeys(targets))
    return _sorted(edges)


def cycle_error(root: Module, cycle: tuple[Node, ...]) -> HclError:
    """The cycle as an error; its place is that of one member, which Terraform does not give."""
    places = [place for node in cycle if (place := _place_of(root, node))]
    path = " → ".join(address_of(node) for node in cycle)
    place = _self_reference(root, cycle[0]) if len(cycle) == 2 else None
    return HclError(
        "cycle",
        f"these need each other: {path}",
        place=place or min(places, default=None),
        static=True,
    )


def _self_reference(root: Module, node: Node) -> Place | None:
    """Where a local names itself."""
    path, kind, name = node
    local = _module_at(root, path).declarations.locals.get(name[0])
    if kind != "local" or local is None:
        return None
    for reference in references_in(local.expression):
        if reference.root == "local" and subject_of(reference).name == name:
            return reference.place
    return None


def address_of(node: Node) -> str:
    path, kind, name = node
    prefix = "".join(f"module.{call}." for call in path)
    if kind == "resource":
        mode, type_, label = name
        return f"{prefix}{prefix_of(mode)}{type_}.{label}"
    if kind in ("call", "close"):
        return f"{prefix}module.{name[0]}"
    if kind == "validation":
        return f"{prefix}var.{name[0]} (its validation)"
    return f"{prefix}{kind}.{name[0]}"


def _place_of(root: Module, node: Node) -> Place | None:
    """Where a member of a cycle is declared."""
    path, kind, name = node
    declared = _module_at(root, path).declarations
    tables: Mapping[str, Mapping[str, object]] = {
        "var": declared.variables,
        "validation": declared.variables,
        "local": declared.locals,
        "output": declared.outputs,
        "call": declared.modules,
        "close": declared.modules,
    }
    if kind == "resource":
        mode, type_, label = name
        return declared.resources[mode, type_, label].place
    return getattr(tables[kind][name[0]], "place", None)


def _module_at(root: Module, path: CallPath) -> Module:
    module = root
    for name in path:
        child = module.children[name]
        assert child is not None
        module = child
    return module


class _Edges:
    """The dependencies of everything in one module."""

    def __init__(self, root: Module, path: CallPath, module: Module) -> None:
        self._root = root
        self._path = path
        self._module = module
        self._declared: Declarations = module.declarations
        self._parent = _module_at(root, path[:-1]) if path else None
        # Nothing of a module can be evaluated before it is known how often it is called.
        self._always: list[Node] = [(path[:-1], "call", path[-1:])] if path else []

    def all(self) -> Iterator[tuple[Node, list[Node]]]:
        for node, targets in self._own():
            yield node, [*self._always, *targets]

    def _own(self) -> Iterator[tuple[Node, list[Node]]]:
        declared = self._declared
        for name, variable in declared.variables.items():
            yield self._node("var", name), self._given(name)
            if variable.validations:
                conditions = self._conditions(variable.validations)
                own = self._node("validation", name)
                value = self._node("var", name)
                yield own, [value, *(target for target in conditions if target != own)]
        for name, local in declared.locals.items():
            yield self._node("local", name), list(self._targets([local.expression]))
        for name, output in declared.outputs.items():
            expressions = [output.expression, *output.depends_on]
            targets = [*self._targets(expressions), *self._conditions(output.preconditions)]
            yield self._node("output", name), targets
        for resource in declared.resources.values():
            yield (self._path, "resource", resource.key), list(self._resource(resource))
        for name, call in declared.modules.items():
            yield self._node("call", name), list(self._call(call))
            child = self._module.children.get(name)
            if child is not None:
                yield self._node("close", name), _everything(child, (*self._path, name))

    def _node(self, kind: str, name: str) -> Node:
        return self._path, kind, (name,)

    def _given(self, variable: str) -> list[Node]:
        """What the caller's argument for a variable refers to."""
        if self._parent is None:
            return []
        call = self._parent.declarations.modules[self._path[-1]]
        argument = call.body.arguments.get(variable)
        if argument is None:
            return []
        caller = _Edges(self._root, self._path[:-1], self._parent)
        return list(caller._targets([argument.expression]))

    def _call(self, call: ModuleCall) -> Iterator[Node]:
        yield from self._targets([*_repetition(call.repetition), *call.depends_on])

    def _resource(self, resource: Resource) -> Iterator[Node]:
        own: Node = (self._path, "resource", resource.key)
        bodies = [resource.body, *(block.body for block in resource.extra)]
        expressions = [*_repetition(resource.repetition), *resource.depends_on]
        targets = [
            *self._targets(expressions),
            *self._conditions((*resource.preconditions, *resource.postconditions)),
        ]
        for body in bodies:
            for expression, names in expressions_in(body):
                targets += self._references(references_in(expression, names))
        if resource.mode == "data" and resource.type in FOLLOW_PROVIDER and not self._path:
            targets += self._targets(
                expressions_of(self._root, spelled(resource.provider) or "aws")
            )
        # A resource that names itself is refused where it does so.
        yield from (target for target in targets if target != own)

    def _conditions(self, conditions: Iterable[Condition]) -> Iterator[Node]:
        for condition in conditions:
            yield from self._targets([condition.condition, condition.message])

    def _targets(self, expressions: Iterable[Expression]) -> Iterator[Node]:
        for expression in expressions:
            yield from self._references(references_in(expression))

    def _references(self, references: Iterable[Reference]) -> Iterator[Node]:
        for reference in references:
            try:
                subject = subject_of(reference)
            except HclError:
                continue
            yield from self._subject(subject, reference)

    def _subject(self, subject: Subject, reference: Reference) -> Iterator[Node]:
        declared = self._declared
        name = subject.name
        if subject.kind == "resource":
            mode, type_, label = name
            if (mode, type_, label) in declared.resources:
                yield self._path, "resource", name
        elif subject.kind == "module":
            yield from self._module_outputs(name[0], reference)
        elif subject.kind == "var" and name[0] in declared.variables:
            # Nobody sees a value before it is validated.
            validated = bool(declared.variables[name[0]].validations)
            yield self._node("validation" if validated else "var", name[0])
        elif subject.kind == "local" and name[0] in declared.locals:
            yield self._node("local", name[0])

    def _module_outputs(self, name: str, reference: Reference) -> Iterator[Node]:
        """One output where it is named, else all that is in the module."""
        if name not in self._declared.modules:
            return
        yield self._node("call", name)
        child = self._module.children.get(name)
        if child is None:
            return
        steps = reference.steps[1:]
        if steps and isinstance(steps[0], KeyStep):
            steps = steps[1:]
        first = steps[0] if steps else None
        if not isinstance(first, AttributeStep):
            yield self._node("close", name)
        elif first.name in child.declarations.outputs:
            yield (*self._path, name), "output", (first.name,)


def _everything(module: Module, path: CallPath) -> list[Node]:
    declared = module.declarations
    return [
        *((path, "var", (name,)) for name in declared.variables),
        *((path, "local", (name,)) for name in declared.locals),
        *((path, "output", (name,)) for name in declared.outputs),
        *((path, "resource", key) for key in declared.resources),
        *((path, "close", (name,)) for name, child in module.children.items() if child),
    ]


def _repetition(repetition: Repetition) -> list[Expression]:
    return [part for part in (repetition.count, repetition.for_each) if part]


def _sorted(edges: Mapping[Node, list[Node]]) -> Graph:
    """Each cycle that is found is cut out, so that the next one can be."""
    left = dict(edges)
    cycles: list[tuple[Node, ...]] = []
    while True:
        try:
            return Graph(tuple(TopologicalSorter(left).static_order()), tuple(cycles))
        except CycleError as error:
            # Each is what the next one depends on, and the first is the last.
            cycle = tuple(reversed(error.args[1]))
            cycles.append(cycle)
            for node in cycle:
                left[node] = [target for target in left[node] if target not in cycle]
