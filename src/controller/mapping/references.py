"""Values of the language as JSON for a request: what is unknown becomes a reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Protocol

from controller.domain.planning.spec import Json
from controller.hcl import numbers
from controller.hcl.carried import SETS
from controller.hcl.origins import changes_each_run, describe_origins
from controller.hcl.types import STRING, SetType, Type
from controller.hcl.values import Computed, Fixed, Item, Origin, Term, Unknown, Value


class CannotRefer(Exception):  # noqa: N818 - it reads as the sentence that it is
    """
    An unknown value that nobody can find when the stack wakes; the text names the remedy.

    `origins` are the values that would have to be known; left out, the attribute requested.
    """

    def __init__(self, message: str = "", origins: Iterable[Origin] = ()) -> None:
        super().__init__(message)
        self.origins = tuple(origins)


class LeadsToBroken(CannotRefer):
    """What it would be found by could not be evaluated; that is reported where it is."""


class Finder(Protocol):
    """Says how to find the attribute of a kept thing."""

    def look_up(self, origin: Origin) -> Json: ...


class References:
    """
    Turns values into JSON.

    `sleepers` maps the address of every resource of the spec to the attributes of it that others
    may refer to.
    """

    def __init__(self, sleepers: Mapping[str, frozenset[str]], finder: Finder) -> None:
        self._sleepers = sleepers
        self._finder = finder

    def json(self, value: Value) -> Json:
        """
        The value as `json.dumps` takes it, with `$ref`, `$look_up` and `$join` inside.

        Raises CannotRefer where an unknown is neither an attribute nor a text of attributes.
        """
        data = value.data
        if isinstance(data, Unknown):
            return _as_type(self._reference(data), value.type)
        if isinstance(data, dict):
            return {key: self.json(element) for key, element in data.items()}
        if isinstance(data, tuple):
            return [self.json(element) for element in data]
        if isinstance(data, numbers.Number):
            return numbers.to_json_number(data)
        return data

    def _reference(self, unknown: Unknown) -> Json:
        if not unknown.parts:
            raise CannotRefer(_not_repeatable(unknown), unknown.origins)
        if len(unknown.parts) == 1:
            return self._term(unknown.parts[0], {})
        return {"$join": [self._term(part, {}) for part in unknown.parts]}

    def _term(self, term: Term, loops: Mapping[str, str]) -> Json:
        """`loops` are the names of the loops around it, as the language has them and as we do."""
        match term:
            case str():
                return term
            case Origin():
                return self._attribute(term)
            case Fixed(json=text):
                return json.loads(text)
            case Item(loop=loop, key=key):
                item: Json = {"$item": loops.get(loop, loop)}
                return {**item, "key": True} if key else item
        if term.name == "for":
            return self._loop(term, loops)
        return {"$call": term.name, "args": [self._term(inner, loops) for inner in term.terms]}

    def _loop(self, loop: Computed, loops: Mapping[str, str]) -> Json:
        collection, value, condition, key = loop.terms
        # Where it is in the files is no name for it: that changes when lines move.
        name = str(len(loops) + 1) if loop.loop.startswith("@") else loop.loop
        inner = {**loops, loop.loop: name}
        made: dict[str, Json] = {
            "$for": self._term(collection, loops),
            "item": name,
            "value": self._term(value, inner),
        }
        for field, term in (("if", condition), ("key", key)):
            if term != "":
                made[field] = self._term(term, inner)
        return {**made, "group": True} if loop.group else made

    def _attribute(self, origin: Origin) -> Json:
        if origin.address not in self._sleepers:
            return self._look_up(origin)
        attributes = self._sleepers[origin.address]
        if len(origin.path) == 1 and origin.path[0] in attributes:
            return {"$ref": str(origin)}
        raise CannotRefer(
            f"{origin} cannot be known before {origin.address} is made; of it only "
            f"{', '.join(sorted(attributes))} can be referred to",
            (origin,),
        )

    def _look_up(self, origin: Origin) -> Json:
        try:
            return self._finder.look_up(origin)
        except CannotRefer as error:
            error.origins = error.origins or (origin,)
            raise


def _not_repeatable(unknown: Unknown) -> str:
    source = describe_origins(unknown.origins)
    if any(changes_each_run(origin) for origin in unknown.origins[:1]):
        return f"{source} is another at every run; write a value that stays"
    by = f", and {unknown.by} is not computed when the stack wakes" if unknown.by else ""
    return f"comes from {source}, which only AWS knows{by}; write the value out, or as a variable"


_TEXTS = frozenset(
    {"join", "tostring", "lower", "upper", "format", "replace", "substr", "jsonencode"}
    | {"trim", "trimspace", "trimprefix", "trimsuffix", "chomp", "base64encode", "base64decode"}
)


def _as_type(found: Json, type_: Type) -> Json:
    """What is computed, as the argument's type wants it; what is looked up is that already."""
    if "$call" not in found or found["$call"] in _TEXTS:
        return found
    if type_ == STRING:
        return {"$call": "tostring", "args": [found]}
    if isinstance(type_, SetType) and found["$call"] not in SETS:
        return {"$call": "toset", "args": [found]}
    return found


def is_reference(value: Json) -> bool:
    """Whether the value represents one that is found when the stack wakes."""
    return isinstance(value, Mapping) and any(key.startswith("$") for key in value)
