"""
What a function of the language is, and the rules that hold for all of them.

A family's module holds plain Python functions from values to a value, each wrapped by `function`
into a `Function`; `call_function` then checks and converts the arguments (HCL semantics §16),
lets unknowns through (§21) and carries the sensitive and ephemeral marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from controller.domain.dataclass import dataclass, field, replace
from controller.hcl import numbers
from controller.hcl.carried import as_set, result_of
from controller.hcl.convert import (
    convert,
    is_sensitive,
    is_wholly_known,
    merge_unknown,
    with_marks,
    without_marks,
)
from controller.hcl.errors import HclError
from controller.hcl.origins import is_there
from controller.hcl.types import DYNAMIC, STRING, ListType, Type
from controller.hcl.unify import has_dynamic
from controller.hcl.values import OpenObject, Origin, Unknown, Value

_LARGEST: Final = 2**63 - 1
_PLAIN_VERBS: Final = re.compile(r"(?:[^%]|%[%sd])*", re.DOTALL)
# Of these only the simple forms ship to where a stack is woken.
_PLAIN_ONLY: Final[Mapping[str, Callable[[Sequence[Value]], bool]]] = {
    "format": lambda args: bool(_PLAIN_VERBS.fullmatch(_known_text(args[0], "%5"))),
    "formatlist": lambda args: bool(_PLAIN_VERBS.fullmatch(_known_text(args[0], "%5"))),
    "length": lambda args: args[0].type not in (STRING, DYNAMIC) or is_there(args[0].data),
    "range": lambda args: len(args) == 1,
    "replace": lambda args: not _known_text(args[1], "/").startswith("/"),
}


@dataclass(frozen=True, slots=True)
class CallContext:
    """
    What a function may know besides its arguments.

    `root` is the root module's folder: relative paths begin there, in modules too.
    `render_template` evaluates a template's text with nothing in scope but the given variables; its
    last argument names the text in messages. `in_template` is set while it does, because a template
    may not render another. `home` is what `~` represents, where there is such a thing.
    `missing_files` collects the calls that were to read a file which is not there.
    """

    root: Path
    render_template: Callable[[str, Mapping[str, Value], str], Value]
    in_template: bool = False
    home: Path | None = None
    missing_files: list[HclError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`unknown`: the function deals with an unknown value here; else its result is unknown."""

    name: str
    type: Type = DYNAMIC
    nullable: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """
    `whole`: an unknown anywhere inside an argument makes the result unknown.

    `marks`: the function deals with marks itself; else any mark in an argument, at any depth,
    becomes one of the result. `context`: the body takes the CallContext first.
    """

    name: str
    parameters: tuple[Parameter, ...]
    variadic: Parameter | None
    returns: Type
    body: Callable[..., Value]
    whole: bool
    marks: bool
    context: bool

    def parameter(self, index: int) -> Parameter:
        if index < len(self.parameters):
            return self.parameters[index]
        assert self.variadic is not None
        return self.variadic


class ArgumentError(HclError):
    """An argument of the right type that the function refuses; `index` counts from zero."""

    def __init__(self, index: int, message: str, kind: str = "argument") -> None:
        super().__init__(kind, message)
        self.index = index


def function(
    *parameters: Parameter,
    returns: Type = DYNAMIC,
    variadic: Parameter | None = None,
    name: str | None = None,
    whole: bool = True,
    marks: bool = False,
    context: bool = False,
) -> Callable[[Callable[..., Value]], Function]:
    """Make a Function of the decorated one; its name loses a trailing underscore."""

    def wrap(body: Callable[..., Value]) -> Function:
        return Function(
            name=name or body.__name__.rstrip("_"),
            parameters=parameters,
            variadic=variadic,
            returns=returns,
            body=body,
            whole=whole,
            marks=marks,
            context=context,
        )

    return wrap


def call_function(function_: Function, args: Sequence[Value], context: CallContext) -> Value:
    """
    Apply the function to arguments of any type.

    Raises HclError "argument-count", "argument" (the text names the argument), or what the
    function says ("file").
    """
    _check_count(function_, len(args))
    try:
        converted = [_argument(function_, index, value) for index, value in enumerate(args)]
        kept = _still_findable(function_.name, converted)
        if kept is not None:
            return with_marks(kept, *converted)
        if _is_unknown_result(function_, converted):
            type_ = _unknown_type(function_, converted)
            return with_marks(_unknown(type_, function_, converted, args), *converted)
        if not function_.marks:
            plain = [without_marks(value) for value in converted]
            result = with_marks(_apply(function_, plain, context), *converted)
        else:
            result = _apply(function_, converted, context)
        return _made_of(result, function_, converted, args)
    except HclError as error:
        if error.place is not None or error.static:
            raise
        raise _named_error(function_, args, error) from None


def _unknown(
    type_: Type, function_: Function, args: Sequence[Value], given: Sequence[Value]
) -> Value:
    """`given` are the arguments before they were converted: sets may have become lists."""
    if function_.name in _PLAIN_ONLY and not _PLAIN_ONLY[function_.name](args):
        unknown = merge_unknown(*args)
        return Value(type_, replace(unknown, by=unknown.by or f"{function_.name}()"))
    if function_.name == "values" and isinstance(args[0].data, Unknown) and args[0].data.pattern:
        return Value(type_, replace(merge_unknown(*args), pattern=args[0].data.pattern))
    pairs = zip(args, given, strict=True)
    return result_of(type_, function_.name, [as_set(arg, from_=before) for arg, before in pairs])


def _made_of(
    result: Value, function_: Function, args: Sequence[Value], given: Sequence[Value]
) -> Value:
    """An unknown result that says how it can be had at wake time, where the body did not say."""
    if not isinstance(result.data, Unknown) or result.data.parts:
        return result
    made = _unknown(result.type, function_, args, given)
    if isinstance(made.data, Unknown) and not made.data.parts:
        return replace(result, data=replace(result.data, by=made.data.by))
    return replace(result, type=made.type, data=made.data)


def _known_text(value: Value, otherwise: str) -> str:
    return value.data if isinstance(value.data, str) else otherwise


def whole_number(value: Value, index: int) -> int:
    """The argument as an int of 64 bits, which is what Terraform's functions count with."""
    number = value.data
    if not numbers.is_whole(number):
        raise ArgumentError(index, f"a whole number is needed, not {number}")
    if number.exponent > 63 or abs(numbers.to_int(number)) > _LARGEST:
        raise ArgumentError(index, "the number is too large")
    return numbers.to_int(number)


def _apply(function_: Function, args: Sequence[Value], context: CallContext) -> Value:
    return function_.body(context, *args) if function_.context else function_.body(*args)


def _check_count(function_: Function, given: int) -> None:
    needed = len(function_.parameters)
    if given == needed or (given > needed and function_.variadic is not None):
        return
    least = "at least " if function_.variadic is not None else ""
    plural = "" if needed == 1 else "s"
    raise HclError(
        "argument-count",
        f"{function_.name}() takes {least}{needed} argument{plural}, {given} given",
    )


def _argument(function_: Function, index: int, value: Value) -> Value:
    parameter = function_.parameter(index)
    if isinstance(value.data, OpenObject):
        # Nobody knows which attributes it has, so nothing can be said of all of them.
        value = replace(value, type=DYNAMIC, data=Unknown((value.data.origin,)))
    if isinstance(parameter.type, ListType):
        # Which of a set's elements comes first is not known while one of them is not.
        value = as_set(value)
    try:
        converted = convert(value, parameter.type)
    except HclError as error:
        raise ArgumentError(index, error.message) from None
    if converted.is_null and not parameter.nullable:
        raise ArgumentError(index, "must not be null")
    return converted


def _is_unknown_result(function_: Function, args: Sequence[Value]) -> bool:
    for index, value in enumerate(args):
        if function_.parameter(index).unknown:
            continue
        if value.is_unknown or (function_.whole and not is_wholly_known(value)):
            return True
    return False


def _still_findable(name: str, args: Sequence[Value]) -> Value | None:
    """
    What a function makes of an attribute that is only known at wake time, where it stays one.

    `tolist(data.x.ids)` is the same list, `element(data.x.ids, 0)` its first element: both can be
    looked up as they are.
    """
    if not args or not isinstance(args[0].data, Unknown) or args[0].data.origin is None:
        return None
    origin, type_ = args[0].data.origin, args[0].type
    if type_ != DYNAMIC and not isinstance(type_, ListType):
        return None
    element = type_.element if isinstance(type_, ListType) else DYNAMIC
    if name == "tolist":
        return args[0]
    if name == "one":
        return _element_of(origin, 0, element)
    if name == "element" and isinstance(args[1].data, numbers.Number):
        # A later one is another where the list is shorter: that is computed.
        return _element_of(origin, 0, element) if whole_number(args[1], 1) == 0 else None
    return None


def _element_of(origin: Origin, index: int, type_: Type) -> Value:
    found = replace(origin, path=(*origin.path, index))
    return Value(type_, Unknown((found,), (found,)))


def _unknown_type(function_: Function, args: Sequence[Value]) -> Type:
    """What is returned is often a list like the first argument: its type says more then."""
    first = args[0].type if args else DYNAMIC
    if function_.returns == DYNAMIC:
        return DYNAMIC
    same_kind = type(first) is type(function_.returns) and has_dynamic(function_.returns)
    return first if same_kind else function_.returns


def _named_error(function_: Function, args: Sequence[Value], error: HclError) -> HclError:
    """The error with the function's name and the argument's, and without sensitive values."""
    where, reason = f"{function_.name}()", error.message
    if isinstance(error, ArgumentError):
        where += f': argument {error.index + 1} ("{function_.parameter(error.index).name}")'
        concerned = args[error.index : error.index + 1]
    else:
        concerned = args
    if any(is_sensitive(value) for value in concerned):
        reason = "is refused; the reason is not shown because the value is sensitive"
    kind = "argument" if error.kind in ("conversion", "operation") else error.kind
    named = HclError(kind, f"{where}: {reason}")
    named.missing_file = error.missing_file
    return named
