"""Read an evaluated block by its table into a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.spec import Json
from controller.domain.problem import Level, Place, Problem
from controller.hcl.construct import elements_of, is_sensitive, is_wholly_known, merge_unknown
from controller.hcl.origins import describe_origins, lacking_file
from controller.hcl.types import BOOL, NUMBER
from controller.hcl.values import Origin, Value
from controller.hcl.world import Attribute, Block
from controller.mapping.references import (
    CannotRefer,
    LeadsToBroken,
    References,
    is_reference,
)
from controller.mapping.table import (
    Dropped,
    Nested,
    Read,
    Refused,
    Sent,
    SetAfter,
    Table,
    text,
)


@dataclass
class Filling:
    """
    One resource being read: what goes into its requests, and what was wrong with it.

    `places` says where a field of the request was written, by its dotted path
    ("SubnetMappings[0].SubnetId"). `secrets` are sensitive texts, which no message shows.
    `incomplete` is set where a value is missing because of an error that is reported elsewhere.
    """

    address: str
    place: Place
    references: References
    request: dict[str, Json] = field(default_factory=dict)
    attributes: dict[str, Json] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    incomplete: bool = False

    @property
    def sound(self) -> bool:
        """Whether the requests are all that they should be: nothing refused, nothing missing."""
        return not self.incomplete and all(p.level is not Level.ERROR for p in self.problems)

    def error(
        self,
        rule: str,
        message: str,
        place: Place | None = None,
        unknown: Iterable[Origin] = (),
    ) -> None:
        """`unknown` are the values that would have to be known for this to be none."""
        self._report(Level.ERROR, rule, message, place, unknown)

    def warn(self, rule: str, message: str, place: Place | None = None) -> None:
        self._report(Level.WARNING, rule, message, place)

    def json(self, name: str, argument: Attribute) -> Json:
        """The argument's value with references in it; None when null or refused (reported)."""
        value = argument.value
        if value.is_unknown and value.type in (NUMBER, BOOL):
            self._must_be_known(name, argument)
            return None
        if is_sensitive(value) and is_wholly_known(value):
            self.secrets |= set(_texts(value))
            self.warn(
                "sensitive",
                f"{name} is sensitive, and the spec carries its value as plain text; look it up "
                "with a data source instead",
                argument.place,
            )
        try:
            return self.references.json(value)
        except LeadsToBroken:
            self.incomplete = True
            return None
        except CannotRefer as error:
            lacking = lacking_file(error.origins)
            if lacking:
                self.error(lacking.kind, lacking.message, lacking.place)
            else:
                self.error("look-up", f"{name}: {error}", argument.place, error.origins)
            return None

    def place_of(self, path: str) -> Place:
        """Where the nearest enclosing part of that path was written."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.place

    def _must_be_known(self, name: str, argument: Attribute) -> None:
        self.error(
            "unknown-value", _write_out(name, argument), argument.place, origins_of(argument)
        )

    def _report(
        self,
        level: Level,
        rule: str,
        message: str,
        place: Place | None,
        unknown: Iterable[Origin] = (),
    ) -> None:
        for secret in self.secrets:
            message = message.replace(secret, "(sensitive value)")
        self.problems.append(
            Problem(
                level=level,
                rule=rule,
                message=message,
                place=place or self.place,
                address=self.address,
                unknown=tuple(origin.names for origin in unknown),
            )
        )


def fill(table: Table, body: Block, filling: Filling) -> None:
    """Read a resource's body into the filling's request and attributes."""
    _fill_block(table, body, _Target(filling, filling.request))


def given(body: Block, name: str) -> Attribute | None:
    """The argument, unless it is left out or null (the same thing, HCL semantics §17)."""
    argument = body.attributes.get(name)
    return None if argument is None or argument.value.is_null else argument


def known(body: Block, name: str) -> Any:
    """The argument's data if it is given and known (text, bool), else None."""
    argument = given(body, name)
    return None if argument is None or argument.value.is_unknown else argument.value.data


def origins_of(argument: Attribute | None) -> tuple[Origin, ...]:
    """Where what is unknown in an argument comes from."""
    return merge_unknown(argument.value).origins if argument else ()


@dataclass(frozen=True, slots=True)
class _Target:
    """
    Where the fields of one block go.

    `path` is what is before their names in the request ("SubnetMappings[0]."), `label` what is
    before them in the user's words ("subnet_mapping.").
    """

    filling: Filling
    into: dict[str, Json]
    path: str = ""
    label: str = ""


def _fill_block(table: Table, body: Block, target: _Target) -> None:
    for name, fate in table.items():
        argument, blocks = given(body, name), body.of_type(name)
        if isinstance(fate, Nested):
            _fill_nested(name, fate, blocks, target)
        elif isinstance(fate, Sent):
            _send(f"{target.label}{name}", fate, argument, target)
        elif isinstance(fate, SetAfter):
            _set_after(f"{target.label}{name}", fate, argument, target.filling)
        elif isinstance(fate, Dropped | Refused):
            _pass_over(f"{target.label}{name}", fate, argument, blocks, target.filling)


def _send(name: str, fate: Sent, argument: Attribute | None, target: _Target) -> None:
    value = None if argument is None else target.filling.json(name, argument)
    if value is None or _is_among(value, fate.unset):
        value = fate.default
    elif fate.read and not is_reference(value):
        try:
            value = fate.read(value)
        except ValueError as error:
            place = argument.place if argument else None
            target.filling.error("value", f'{name}: found "{value}", {error}', place)
    if fate.known and is_reference(value):
        target.filling.error(
            "unknown-value",
            _write_out(name, argument),
            argument.place if argument else None,
            origins_of(argument),
        )
        return
    if fate.wrap and value is not None:
        value = fate.wrap(value)
    if value is not None:
        _place_value(target.into, fate.to, value)
    if argument is not None:
        target.filling.places[f"{target.path}{fate.to}"] = argument.place


def _set_after(name: str, fate: SetAfter, argument: Attribute | None, filling: Filling) -> None:
    value = None if argument is None else filling.json(name, argument)
    if value is None or _is_among(value, fate.unset):
        value = fate.default
    if isinstance(value, Mapping) and value.get("$look_up") == "name":
        value = value["name"]  # the answer is known already
    if isinstance(value, Mapping) and fate.findable and argument:
        filling.attributes[fate.key] = value
        filling.places[fate.key] = argument.place
    elif isinstance(value, Mapping):
        filling.error(
            "unknown-value",
            _write_out(name, argument),
            argument.place if argument else None,
            origins_of(argument),
        )
    elif value is not None:
        place = argument.place if argument else None
        if fate.read and place:
            value = _read(name, fate.read, value, filling, place)
        filling.attributes[fate.key] = text(value)
        if place:
            filling.places[fate.key] = place


def _read(name: str, read: Read, value: Json, filling: Filling, place: Place) -> Json:
    try:
        found = read(value)
    except ValueError as error:
        filling.error("value", f'{name}: found "{value}", {error}', place)
        return value
    if found != value:
        filling.warn("spelling", f'{name}: "{value}" is read as {found}; write {found}', place)
    return found


def _write_out(name: str, argument: Attribute | None) -> str:
    source = describe_origins(origins_of(argument))
    return (
        f"{name}: must be known when compiling, found a value that comes from {source}; write it "
        "out, or as a variable"
    )


def _fill_nested(name: str, fate: Nested, blocks: tuple[Block, ...], target: _Target) -> None:
    label = f"{target.label}{name}."
    if not fate.to:
        for block in blocks:
            _fill_block(fate.table, block, replace(target, label=label))
        return
    items: list[Json] = []
    listed = fate.many or fate.wrap
    for index, block in enumerate(blocks):
        item: dict[str, Json] = {}
        at = f"{target.path}{fate.to}{f'[{index}]' if listed else ''}"
        target.filling.places[at] = block.place
        _fill_block(fate.table, block, _Target(target.filling, item, f"{at}.", label))
        if not (fate.unordered and item in items):
            items.append(item)
    if items:
        _place_value(target.into, fate.to, items if listed else items[-1])


def _pass_over(
    name: str,
    fate: Dropped | Refused,
    argument: Attribute | None,
    blocks: tuple[Block, ...],
    filling: Filling,
) -> None:
    places = [block.place for block in blocks]
    if argument is not None and not _is_harmless(argument.value, fate.harmless):
        places.append(argument.place)
    for place in places:
        if isinstance(fate, Dropped):
            filling.warn(fate.rule, f"{name} has no effect: {fate.reason}", place)
        else:
            filling.error("refused", f"{name} cannot be honoured: {fate.remedy}", place)


def _place_value(into: dict[str, Json], to: str, value: Json) -> None:
    *outer, last = to.split(".")
    for step in outer:
        into = into.setdefault(step, {})
    into[last] = value


def _texts(value: Value) -> Iterator[str]:
    """The texts in a value that are long enough to identify anything."""
    if isinstance(value.data, str) and len(value.data) > 2:
        yield value.data
    for element in elements_of(value):
        yield from _texts(element)


def _is_harmless(value: Value, harmless: tuple[Json, ...]) -> bool:
    return not value.is_unknown and _is_among(_plain(value), harmless)


def _plain(value: Value) -> Json:
    return value.data if isinstance(value.data, str | bool) else str(value.data)


def _is_among(value: Json, values: tuple[Json, ...]) -> bool:
    """Like `in`, but 0 is not False."""
    return any(type(value) is type(other) and value == other for other in values)
