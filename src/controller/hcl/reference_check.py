"""
Whether the names and functions in an expression exist (HCL semantics §12).

Nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.domain.dataclass import dataclass
from controller.domain.problem import Level, Problem
from controller.hcl.attribute_paths import after_key, schema_errors, similar
from controller.hcl.declarations import Declarations, Resource
from controller.hcl.errors import HclError
from controller.hcl.functions import OF_PROVIDER, SPECIAL_FORMS, find
from controller.hcl.references import Names, Subject, subject_of, walk
from controller.hcl.schema import schema_of
from controller.hcl.syntax import Call, Expression, Reference

_PROVIDER_FUNCTION = "provider::"

_SPECIAL = {
    "each": ("key", "value"),
    "count": ("index",),
    "path": ("module", "root", "cwd"),
    "terraform": ("workspace",),
}


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an expression: what it may use there besides the module's names."""

    each: bool = False
    count: bool = False
    # The resource that `self` is, and the one whose own block this is.
    itself: Resource | None = None
    owner: Resource | None = None
    scoped: frozenset[tuple[str, ...]] = frozenset()


ANYWHERE = Place()


class ReferenceChecker:
    """Checks expressions of one module; warnings are added to `problems`."""

    def __init__(self, declared: Declarations, problems: list[Problem]) -> None:
        self._declared = declared
        self._problems = problems

    def errors(self, expression: Expression, place: Place, names: Names) -> Iterator[HclError]:
        for found, bound in walk(expression, names):
            try:
                if isinstance(found, Reference) and found.root not in bound:
                    yield from self._reference(found, place)
                elif isinstance(found, Call):
                    self._call(found)
            except HclError as error:
                error.static = True
                yield error.at(found.place)

    def _call(self, call: Call) -> None:
        if call.name == "type":
            raise HclError("unknown-function", "type() exists only in Terraform's own console")
        if call.name.startswith(_PROVIDER_FUNCTION) and call.name not in OF_PROVIDER:
            problem = Problem(
                level=Level.WARNING,
                rule="unknown-function",
                message=f"{call.name}() belongs to a provider, so its result is not known here",
                place=call.place,
            )
            self._problems.append(problem)
        elif call.name not in SPECIAL_FORMS:
            find(call.name)

    def _reference(self, reference: Reference, place: Place) -> Iterator[HclError]:
        subject = subject_of(reference)
        match subject.kind:
            case "resource":
                yield from self._resource_reference(reference, subject, place)
            case "var":
                self._exists(subject, "variable", self._declared.variables)
            case "local":
                self._exists(subject, "local", self._declared.locals)
            case "module":
                self._exists(subject, "module", self._declared.modules)
            case "self":
                yield from self._self_reference(reference, place)
            case _:
                _check_special(subject, place)

    def _self_reference(self, reference: Reference, place: Place) -> Iterator[HclError]:
        if place.itself is None:
            raise HclError(
                "reference",
                '"self" is allowed only in provisioners, connections and postconditions',
            )
        schema = schema_of(place.itself.mode, place.itself.type)
        if schema and reference.steps:
            yield from schema_errors(schema, reference.steps, place.itself)

    def _exists(self, subject: Subject, what: str, known: Iterable[str]) -> None:
        name = subject.name[0]
        if name not in known and (what, name) not in self._declared.broken:
            raise HclError("undeclared", f'no {what} "{name}" is declared{similar(name, known)}')

    def _resource_reference(
        self, reference: Reference, subject: Subject, place: Place
    ) -> Iterator[HclError]:
        mode, type_, name = subject.name
        resource = self._declared.resources.get((mode, type_, name))
        if resource is None:
            block = "resource" if mode == "managed" else mode
            if (block, type_, name) in self._declared.broken or subject.name in place.scoped:
                return
            names = [n for m, t, n in self._declared.resources if (m, t) == (mode, type_)]
            raise HclError(
                "undeclared",
                f'no {block} "{type_}" "{name}" is declared{similar(name, names)}',
            )
        if place.owner is resource:
            raise HclError("cycle", f"{resource.address} refers to itself")
        steps = after_key(reference.steps[subject.used :], resource)
        schema = schema_of(mode, type_)
        if schema and steps:
            yield from schema_errors(schema, steps, resource)


def _check_special(subject: Subject, place: Place) -> None:
    kind = subject.kind
    if subject.name[0] not in _SPECIAL[kind]:
        wanted = ", ".join(f"{kind}.{name}" for name in _SPECIAL[kind])
        raise HclError("reference", f'there is no "{kind}.{subject.name[0]}", only {wanted}')
    if kind == "each" and not place.each:
        raise HclError("reference", '"each" is allowed only in a block that has for_each')
    if kind == "count" and not place.count:
        raise HclError("reference", '"count" is allowed only in a block that has count')
