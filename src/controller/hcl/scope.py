"""The meaning of names at the place of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controller.hcl.errors import HclError
from controller.hcl.functions import CallContext, call
from controller.hcl.syntax import Reference
from controller.hcl.values import Value


class UpstreamError(Exception):
    """
    The value depends on something whose error has been reported already.

    Neither `try` nor `can` hides it, and nobody reports it again.
    """


class Scope:
    """Base of all scopes: no names at all, and no functions."""

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """
        What a reference leads to, and how many of its steps that took.

        Raises HclError, or Poisoned.
        """
        raise HclError(
            "not-constant", f'found "{reference.root}", expected a constant', static=True
        )

    def call(self, name: str, arguments: list[Value]) -> Value:
        raise HclError(
            "not-constant", f"found {name}(), expected a constant: no function", static=True
        )

    def without_file(self, error: HclError) -> Value:
        """What a call gives whose file is not there; here the error is raised at once."""
        raise error

    def item(self) -> Value:
        """The element that the innermost splat is at."""
        raise HclError("syntax", "there is no splat here")


CONSTANT = Scope()
"""Where only constants may be: defaults of variables, tfvars files (HCL semantics §13, §14)."""


class CallingScope(Scope):
    """A scope in which functions work."""

    def __init__(self, context: CallContext) -> None:
        self.context = context

    def call(self, name: str, arguments: list[Value]) -> Value:
        return call(name, arguments, self.context)


class TemplateScope(CallingScope):
    """Inside a template file: the given variables and nothing else (HCL semantics §16)."""

    def __init__(self, context: CallContext, variables: Mapping[str, Value], name: str) -> None:
        super().__init__(replace(context, in_template=True))
        self._variables = variables
        self._name = name

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        if reference.root not in self._variables:
            raise HclError(
                "argument", f'the template {self._name} uses "{reference.root}", which is not given'
            )
        return self._variables[reference.root], 0


class Bindings(Scope):
    """Names bound by `for`, `dynamic` or a splat, in front of those of an outer scope."""

    def __init__(
        self, outer: Scope, values: Mapping[str, Value], item: Value | None = None
    ) -> None:
        self._outer = outer
        self._values = values
        self._item = item

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        if reference.root in self._values:
            return self._values[reference.root], 0
        return self._outer.resolve(reference)

    def call(self, name: str, arguments: list[Value]) -> Value:
        return self._outer.call(name, arguments)

    def without_file(self, error: HclError) -> Value:
        return self._outer.without_file(error)

    def item(self) -> Value:
        return self._outer.item() if self._item is None else self._item


class Strict(Bindings):
    """An outer scope in which a file that is not there is an error at once, as in `try`."""

    def __init__(self, outer: Scope) -> None:
        super().__init__(outer, {})

    def without_file(self, error: HclError) -> Value:
        raise error
