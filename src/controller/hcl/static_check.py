"""
What can be refused without evaluating anything (HCL semantics §12, §22).

Names that nobody declared, wrong keys and attributes of resources, functions that do not exist:
wrong everywhere, also in a branch that is never taken and under `try`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.domain.dataclass import replace
from controller.domain.problem import Problem
from controller.hcl.attribute_paths import schema_errors
from controller.hcl.block_parts import conditions_of
from controller.hcl.declarations import Condition, Declarations, Repetition, Resource
from controller.hcl.errors import HclError
from controller.hcl.mistakes import Mistakes
from controller.hcl.module import Module
from controller.hcl.reference_check import ANYWHERE, Place, ReferenceChecker
from controller.hcl.references import (
    NO_NAMES,
    Names,
    expressions_in,
    mentions,
    references_in,
    subject_of,
)
from controller.hcl.schema import schema_of
from controller.hcl.schema_check import check_shape, known_part
from controller.hcl.syntax import (
    AttributeStep,
    BlockSyntax,
    Expression,
    Reference,
)


class StaticChecker:
    """
    Checks one module; keeps the expressions that are wrong, so that none is evaluated.

    Its size: one method for each kind of name and block that it checks.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._declared: Declarations = module.declarations
        self.problems: list[Problem] = []
        self._references = ReferenceChecker(module.declarations, self.problems)
        self.wrong: set[Expression] = set()
        self.late: dict[Expression, tuple[HclError, ...]] = {}

    def check(self) -> None:
        """Everything that the module declares."""
        declared = self._declared
        for local in declared.locals.values():
            self._expression(local.expression, ANYWHERE)
        for output in declared.outputs.values():
            self._expression(output.expression, ANYWHERE)
            self._conditions(output.preconditions, ANYWHERE)
            self._depends_on(output.depends_on)
        self._variables()
        self._calls()
        for resource in declared.resources.values():
            self._resource(resource)
        for provider in declared.providers.values():
            for expression, names in expressions_in(provider.body):
                self._expression(expression, ANYWHERE, names)
        for check in declared.checks:
            self._check_block(check)

    def errors_in(self, expression: Expression) -> Iterator[HclError]:
        """What is wrong with one expression of the module that is in no block."""
        return self._references.errors(expression, ANYWHERE, NO_NAMES)

    def _variables(self) -> None:
        for variable in self._declared.variables.values():
            for validation in variable.validations:
                self._condition(validation, ANYWHERE)
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
            self._repetition(call.repetition, ANYWHERE)
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
        self._repetition(resource.repetition, replace(ANYWHERE, owner=resource))
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

    def _trigger(self, expression: Expression, place: Place) -> None:
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

    def _repetition(self, repetition: Repetition, place: Place) -> None:
        for expression in (repetition.count, repetition.for_each):
            if expression:
                self._expression(expression, place)

    def _conditions(self, conditions: Iterable[Condition], place: Place) -> None:
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

    def _condition(self, condition: Condition, place: Place) -> None:
        self._expression(condition.condition, place)
        self._expression(condition.message, place)

    def _refuse(self, expression: Expression, error: HclError) -> None:
        """One error for an expression: what evaluating it would show is not looked for."""
        self.wrong.add(expression)
        self._report(error)

    def _depends_on(self, expressions: Iterable[Expression]) -> None:
        for expression in expressions:
            if isinstance(expression, Reference):
                self._expression(expression, ANYWHERE)
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
        place = replace(ANYWHERE, scoped=scoped)
        for data in check.body.of_type("data"):
            for expression, names in expressions_in(data.body):
                self._expression(expression, place, names)
        self._conditions(conditions_of(check.body, "assert"), place)

    def _expression(
        self,
        expression: Expression,
        place: Place,
        names: Names = NO_NAMES,
        address: str = "",
    ) -> None:
        is_content = bool(names) and place.owner is not None
        for error in self._references.errors(expression, place, names):
            self.wrong.add(expression)
            if is_content:
                self.late[expression] = (*self.late.get(expression, ()), error)
            else:
                self._report(error, address)

    def _report(self, error: HclError, address: str = "") -> None:
        self.problems.append(error.as_problem(address))


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


def _repeated(repetition: Repetition) -> Place:
    return Place(each=repetition.for_each is not None, count=repetition.count is not None)


def _is_broken(declared: Declarations, variable: str) -> bool:
    return ("variable", variable) in declared.broken
