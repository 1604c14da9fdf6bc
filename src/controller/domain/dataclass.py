"""
`dataclass` as in the standard library, which makes a class in a quarter of the time.

For each class the standard library compiles the text of up to eight functions. That takes half a
millisecond, and a cold start makes a hundred classes (docs/decisions/0017). Here one function is
compiled, `__init__`. The others are the same for all classes: they ask for the class's fields. To
create an instance takes less time than there, to compare two takes a little more.

A pass copies dozens of wide values in each round, so `replace` copies all fields at once. It is
quickest where a class has no slots, as the wide ones do without.

Fields, slots and `__match_args__` come from the standard library, so that its functions work; those
in use here are passed on. `InitVar` does not, and a frozen class of the standard library's own
making can be neither parent nor child.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, FrozenInstanceError, asdict, field, fields
from functools import cache
from operator import attrgetter, ge, gt, le, lt
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

__all__ = ["asdict", "dataclass", "field", "fields", "replace"]


def _dataclass(
    decorated: type | None = None,
    /,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
    order: bool = False,
) -> Any:
    """The options are those of the standard library; methods that a class defines stay."""

    def make(defined: type) -> type:
        defined.__doc__ = defined.__doc__ or defined.__name__  # else it looks for a signature
        with_fields = dataclasses.dataclass(  # noqa: TID251
            init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
        )
        made: type = with_fields(defined)
        if not slots and _only_sets(made):
            setattr(made, _COPIED, frozenset(each.name for each in fields(made)))
        for name, method in _methods(made, frozen, slots, eq, order):
            # Python itself writes `__hash__ = None` into a class that defines `__eq__`.
            if defined.__dict__.get(name) is None:
                setattr(made, name, method)
        return made

    return make if decorated is None else make(decorated)


def _replace(instance: Any, /, **changes: Any) -> Any:
    """As in the standard library, which calls for each field of each copy."""
    names = type(instance).__dict__.get(_COPIED)
    if names is None:
        return dataclasses.replace(instance, **changes)
    if not names.issuperset(changes):
        unknown = ", ".join(sorted(changes.keys() - names))
        raise TypeError(f"{type(instance).__qualname__} has no field {unknown}")
    copied = instance.__dict__ | changes
    if len(copied) != len(names):  # cached values on the instance were computed from its fields
        copied = {name: copied[name] for name in names}
    copy = object.__new__(type(instance))
    object.__setattr__(copy, "__dict__", copied)
    return copy


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: TID251
    from dataclasses import replace as replace
else:
    dataclass, replace = _dataclass, _replace

_COPIED = "__fields_copied_at_once__"
"""Where a class keeps the names of its fields, if a copy of it may take them as they are."""


def _methods(
    made: type, frozen: bool, slots: bool, eq: bool, order: bool
) -> Iterator[tuple[str, Any]]:
    yield "__init__", _init(made, frozen, slots)
    yield "__repr__", _repr
    if eq:
        yield from _comparisons(made, frozen, order)
    if frozen:
        yield "__setattr__", _refuse_to_set
        yield "__delattr__", _refuse_to_delete
    if frozen and slots:  # copy and pickle would set attributes
        yield "__getstate__", _get_state
        yield "__setstate__", _set_state


def _init(made: type, frozen: bool, slots: bool) -> Any:
    """Compile it. A slot is set by its own descriptor: that is quick, and nothing refuses it."""
    known: dict[str, Any] = {"__missing": MISSING}
    lines = [f"def __init__({', '.join(_parameters(fields(made)))}):"]
    if frozen and not slots:
        lines.append(" __own = self.__dict__")
    slotted = _slotted(made)
    for each in fields(made):
        value = _value(each, known)
        if not value:
            continue
        if frozen and each.name in slotted:
            known[f"__set_{each.name}"] = getattr(made, each.name).__set__
            lines.append(f" __set_{each.name}(self, {value})")
        elif frozen:
            lines.append(f" __own[{each.name!r}] = {value}")
        else:
            lines.append(f" self.{each.name} = {value}")
    lines.append(" self.__post_init__()" if hasattr(made, "__post_init__") else " pass")
    exec("\n".join(lines), known)
    known["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return known["__init__"]


def _slotted(made: type) -> frozenset[str]:
    """The fields that have a slot: a class without slots may inherit some."""
    found = (each.name for each in fields(made))
    return frozenset(
        name for name in found if isinstance(getattr(made, name, None), MemberDescriptorType)
    )


def _only_sets(made: type) -> bool:
    """Whether `__init__` only sets the given fields, and none of them in a slot."""
    has_more = hasattr(made, "__post_init__") or _slotted(made)
    return not has_more and all(each.init for each in fields(made))


def _parameters(all_fields: Iterable[Field[Any]]) -> Iterator[str]:
    taken = [each for each in all_fields if each.init]
    yield "self"
    yield from (_parameter(each) for each in taken if not each.kw_only)
    named = [_parameter(each) for each in taken if each.kw_only]
    if named:
        yield "*"
        yield from named


def _parameter(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return f"{one.name}=__missing"
    return one.name if one.default is MISSING else f"{one.name}=__default_{one.name}"


def _value(one: Field[Any], known: dict[str, Any]) -> str:
    """What `__init__` sets the field to, or "" for nothing; its default becomes known."""
    default = f"__default_{one.name}"
    if one.default_factory is not MISSING:
        known[default] = one.default_factory
        made = f"{default}()"
        return f"{made} if {one.name} is __missing else {one.name}" if one.init else made
    known[default] = one.default
    if one.init:
        return one.name
    return "" if one.default is MISSING else default


def _comparisons(made: type, frozen: bool, order: bool) -> Iterator[tuple[str, Any]]:
    names = [each.name for each in fields(made) if each.compare]
    key: Callable[[Any], Any] = attrgetter(*names) if names else type

    def equal(self: Any, other: Any) -> Any:
        if self is other:  # as most that a pass compares: nothing has changed
            return True
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(key(self))

    def ordered(by: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
        return lambda self, other: (
            by(key(self), key(other)) if other.__class__ is self.__class__ else NotImplemented
        )

    yield "__eq__", equal
    yield "__hash__", hashed if frozen else None
    if order:
        yield from ((f"__{by.__name__}__", ordered(by)) for by in (lt, le, gt, ge))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


@cache
def _names(made: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(made))


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in _names(self.__class__)]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(_names(self.__class__), state, strict=True):
        object.__setattr__(self, name, value)
