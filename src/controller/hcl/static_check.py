"""
What can be refused without evaluating anything (HCL semantics §12, §22).

Names that nobody declared, wrong keys and attributes of resources, functions that do not exist:
wrong everywhere, also in a branch that is never taken and under `try`.

Its size: the class whose size is explained below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.domain.dataclass import dataclass, replace
from controller.domain.problem import Level, Problem
from controller.hcl.attribute_paths import after_key, schema_errors, similar
from controller.hcl.block_parts import conditions_of
from controller.hcl.declarations import Condition, Declarations, Repetition, Resource
from controller.hcl.errors import HclError
from controller.hcl.functions import OF_PROVIDER, SPECIAL_FORMS, find
from controller.hcl.mistakes import Mistakes
from controller.hcl.module import Module
from controller.hcl.references import (
    NO_NAMES,
    Names,
    Subject,
    expressions_in,
    mentions,
    references_in,
    subject_of,
    walk,
)
from controller.hcl.schema import schema_of
from controller.hcl.schema_check import check_shape, known_part
from controller.hcl.syntax import (
    AttributeStep,
    BlockSyntax,
    Call,
    Expression,
    Reference,
)

_PROVIDER_FUNCTION = "provider::"


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of an expression: what it may use there besides the module's names."""

    each: bool = False
    count: bool = False
    # The resource that `self` is, and the one whose own block this is.
    itself: Resource | None = None
    owner: Resource | None = None
    scoped: frozenset[tuple[str, ...]] = frozenset()


_ANYWHERE = _Place()


class StaticChecker:
    """
    Checks one module; keeps the expressions that are wrong, so that none is evaluated.

    Its size: one method for each kind of name and block that it checks.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._declared: Declarations = module.declarations
        self.problems: list[Problem] = []
        self.wrong: set[Expression] = set()
        self.late: dict[Expression, tuple[HclError, ...]] = {}

    def check(self) -> None:
        """Everything that the module declares."""
        declared = self._declared
        for local in declared.locals.values():
            self._expression(local.expression, _ANYWHERE)
        for output in declared.outputs.values():
            self._expression(output.expression, _ANYWHERE)
            self._conditions(output.preconditions, _ANYWHERE)
            self._depends_on(output.depends_on)
        self._variables()
        self._calls()
        for resource in declared.resources.values():
            self._resource(resource)
        for provider in declared.providers.values():
            for expression, names in expressions_in(provider.body):
                self._expression(expression, _ANYWHERE, names)
        for check in declared.checks:
            self._check_block(check)

    def errors_in(self, expression: Expression) -> Iterator[HclError]:
        """What is wrong with one expression of the module that is in no block."""
        return self._errors(expression, _ANYWHERE, NO_NAMES)

    def _variables(self) -> None:
        for variable in self._declared.variables.values():
            for validation in variable.validations:
                self._condition(validation, _ANYWHERE)
                if validation.condition in self.wrong:
                    continue
                if not mentions(validation.condition, "var", variable.name):
                    self._refuse(
                        validation.condition,
                        HclError(
                            "validation",
                            f"the condition must refer to var.{variable.name}, which it validates",
                            place=validation.place,
                        ),
                    )

    def _calls(self) -> None:
        for call in self._declared.modules.values():
            self._repetition(call.repetition, _ANYWHERE)
            place = _repeated(call.repetition)
            for expression, names in expressions_in(call.body):
                self._expression(expression, place, names)
            self._depends_on(call.depends_on)
            child = self._module.children.get(call.name)
            if child is None:
                continue
            known = child.declarations
            for argument in call.body.arguments.values():
                if argument.name not in known.variables and not _is_broken(known, argument.name):
                    self._report(
                        HclError(
                            "unsupported-argument",
                            f'the module in "{call.source}" has no variable "{argument.name}"',
                            place=argument.place,
                        ),
                        f"module.{call.name}",
                    )
            for variable in known.variables.values():
                needed = variable.default is None and not _is_broken(known, variable.name)
                if needed and variable.name not in call.body.arguments:
                    self._report(
                        HclError(
                            "missing-argument",
                            f'the module in "{call.source}" needs "{variable.name}"',
                            place=call.place,
                        ),
                        f"module.{call.name}",
                    )

    def _resource(self, resource: Resource) -> None:
        place = replace(_repeated(resource.repetition), owner=resource)
        self._repetition(resource.repetition, replace(_ANYWHERE, owner=resource))
        for expression, names in expressions_in(known_part(resource)):
            self._expression(expression, place, names, resource.address)
        self._conditions(resource.preconditions, place)
        inside = replace(place, itself=resource)
        self._conditions(resource.postconditions, inside)
        for expression in resource.replaced_by:
            self._trigger(expression, place)
        for block in resource.extra:
            for expression, names in expressions_in(block.body):
                self._expression(expression, replace(inside, owner=None), names, resource.address)
        self._depends_on(resource.depends_on)
        for problem in check_shape(resource):
            self._report(problem, resource.address)
        self._ignored(resource)
        self._provider(resource)

    def _trigger(self, expression: Expression, place: _Place) -> None:
        roots = [r for r in references_in(expression) if r.root not in ("count", "each")]
        kinds = {subject_of(reference).kind for reference in roots}
        if kinds != {"resource"}:
            self._report(
                HclError(
                    "reference",
                    "replace_triggered_by takes resources and their attributes",
                    place=expression.place,
                )
            )
        else:
            self._expression(expression, replace(place, owner=None))

    def _ignored(self, resource: Resource) -> None:
        schema = schema_of(resource.mode, resource.type)
        for expression in resource.ignore_changes:
            if not isinstance(expression, Reference):
                self._report(
                    HclError(
                        "reference",
                        "ignore_changes takes names of arguments",
                        place=expression.place,
                    ),
                    resource.address,
                )
            elif schema and expression.root != "all":
                steps = (AttributeStep(expression.root, expression.place), *expression.steps)
                for error in schema_errors(schema, steps, resource):
                    self._report(error, resource.address)

    def _provider(self, resource: Resource) -> None:
        """In a module the configurations come from its caller; only the root must declare them."""
        provider = resource.provider
        if not isinstance(provider, Reference) or self._module.shown_as != ".":
            return
        alias = [step.name for step in provider.steps if isinstance(step, AttributeStep)]
        address = ".".join((provider.root, *alias))
        if alias and address not in self._declared.providers:
            self._report(
                HclError(
                    "undeclared", f'no provider "{address}" is declared', place=provider.place
                ),
                resource.address,
            )

    def _repetition(self, repetition: Repetition, place: _Place) -> None:
        for expression in (repetition.count, repetition.for_each):
            if expression:
                self._expression(expression, place)

    def _conditions(self, conditions: Iterable[Condition], place: _Place) -> None:
        for condition in conditions:
            self._condition(condition, place)
            constant = next(references_in(condition.condition), None) is None
            if constant and condition.condition not in self.wrong:
                self._refuse(
                    condition.condition,
                    HclError(
                        "value",
                        "a condition must refer to something that can change",
                        place=condition.place,
                    ),
                )

    def _condition(self, condition: Condition, place: _Place) -> None:
        self._expression(condition.condition, place)
        self._expression(condition.message, place)

    def _refuse(self, expression: Expression, error: HclError) -> None:
        """One error for an expression: what evaluating it would show is not looked for."""
        self.wrong.add(expression)
        self._report(error)

    def _depends_on(self, expressions: Iterable[Expression]) -> None:
        for expression in expressions:
            if isinstance(expression, Reference):
                self._expression(expression, _ANYWHERE)
            else:
                self._report(
                    HclError(
                        "reference",
                        "depends_on takes addresses: [aws_lb.nlb]",
                        place=expression.place,
                    )
                )

    def _check_block(self, check: BlockSyntax) -> None:
        """A check may hold data sources of its own, which only it sees."""
        scoped = frozenset(("data", *block.labels) for block in check.body.of_type("data"))
        place = replace(_ANYWHERE, scoped=scoped)
        for data in check.body.of_type("data"):
            for expression, names in expressions_in(data.body):
                self._expression(expression, place, names)
        self._conditions(conditions_of(check.body, "assert"), place)

    def _expression(
        self,
        expression: Expression,
        place: _Place,
        names: Names = NO_NAMES,
        address: str = "",
    ) -> None:
        is_content = bool(names) and place.owner is not None
        for error in self._errors(expression, place, names):
            self.wrong.add(expression)
            if is_content:
                self.late[expression] = (*self.late.get(expression, ()), error)
            else:
                self._report(error, address)

    def _report(self, error: HclError, address: str = "") -> None:
        self.problems.append(error.as_problem(address))

    def _errors(self, expression: Expression, place: _Place, names: Names) -> Iterator[HclError]:
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
            self.problems.append(problem)
        elif call.name not in SPECIAL_FORMS:
            find(call.name)

    def _reference(self, reference: Reference, place: _Place) -> Iterator[HclError]:
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

    def _self_reference(self, reference: Reference, place: _Place) -> Iterator[HclError]:
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
        self, reference: Reference, subject: Subject, place: _Place
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


def check_modules(root: Module) -> tuple[list[Problem], frozenset[Expression]]:
    """Check every module of the tree; a folder that is called twice is checked once."""
    problems: list[Problem] = []
    wrong: set[Expression] = set()
    late: dict[Expression, tuple[HclError, ...]] = {}
    seen: set[str] = set()
    for _, module in root.tree():
        if module.shown_as not in seen:
            seen.add(module.shown_as)
            checker = StaticChecker(module)
            checker.check()
            problems += checker.problems
            wrong |= checker.wrong
            late |= checker.late
    return list(dict.fromkeys(problems)), Mistakes.of(wrong, late)


def _repeated(repetition: Repetition) -> _Place:
    return _Place(each=repetition.for_each is not None, count=repetition.count is not None)


def _is_broken(declared: Declarations, variable: str) -> bool:
    return ("variable", variable) in declared.broken


_SPECIAL = {
    "each": ("key", "value"),
    "count": ("index",),
    "path": ("module", "root", "cwd"),
    "terraform": ("workspace",),
}


def _check_special(subject: Subject, place: _Place) -> None:
    kind = subject.kind
    if subject.name[0] not in _SPECIAL[kind]:
        wanted = ", ".join(f"{kind}.{name}" for name in _SPECIAL[kind])
        raise HclError("reference", f'there is no "{kind}.{subject.name[0]}", only {wanted}')
    if kind == "each" and not place.each:
        raise HclError("reference", '"each" is allowed only in a block that has for_each')
    if kind == "count" and not place.count:
        raise HclError("reference", '"count" is allowed only in a block that has count')
