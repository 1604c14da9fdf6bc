"""Fill the references of a compiled request with what is known at wake time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.errors import SpecError
from controller.domain.planning import computed_values, computing
from controller.domain.planning.spec import Json, split_reference

LookUp = Callable[[Mapping[str, Json]], Json]
"""Answers one `$look_up` object with a text, or a list of texts for list-valued ones."""

Attributes = Mapping[str, Mapping[str, str]]
"""Address to the attributes that AWS gave it: {"aws_lb.nlb[0]": {"arn": "arn:…"}}."""


def resolve(value: Json, attributes: Attributes, look_up: LookUp, *, lenient: bool = False) -> Json:
    """
    Return `value` with everything that `controller.domain.planning.spec` lists as a reference
    replaced.

    A list that is found or computed is spliced into the list around it; a field is left out if its
    value is computed as null. Raises SpecError for a `$ref` to a resource without that attribute
    yet, CannotComputeError for values that a function does not accept (`lenient` ones give null);
    errors of `look_up` pass through.
    """
    if isinstance(value, Mapping) and "$ref" in value:
        return _attribute(value["$ref"], attributes)  # the most frequent, at each poll
    return computed_values.plain(_Resolver(attributes, look_up, lenient).value(value))


@dataclass(frozen=True, slots=True)
class _Resolver:
    """`items` are what the loops around are at: name to key and value."""

    attributes: Attributes
    look_up: LookUp
    lenient: bool
    items: Mapping[str, tuple[Json, Json]] = field(default_factory=dict)

    def value(self, value: Json) -> Json:
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, list | tuple):
            return self._list(value)
        return value

    def _object(self, value: Mapping[str, Json]) -> Json:
        if "$ref" in value:
            return _attribute(value["$ref"], self.attributes)
        if value.keys() & {"$join", "$call", "$for"}:
            return self._computed(value)
        if "$item" in value:
            return self.items[value["$item"]][0 if value.get("key") else 1]
        resolved = {key: self.value(item) for key, item in value.items()}
        if "$look_up" in value:
            return self.look_up(computed_values.plain(resolved))
        return {key: item for key, item in resolved.items() if not self._lacks(item, value[key])}

    def _lacks(self, found: Json, written: Json) -> bool:
        """Null is no argument where it was computed; what was not found stays to be seen."""
        computed = isinstance(written, Mapping) and written.keys() & {"$call", "$for"}
        return found is None and bool(computed) and not self.lenient

    def _computed(self, value: Mapping[str, Json]) -> Json:
        if self.lenient:
            try:
                return replace(self, lenient=False)._computed(value)
            except computed_values.CannotComputeError:
                return None
        if "$for" in value:
            return self._loop(value)
        if "$join" in value:
            return "".join(computed_values.text(self.value(part)) for part in value["$join"])
        return self._call(str(value["$call"]), value["args"])

    def _call(self, name: str, args: Sequence[Json]) -> Json:
        if name == "if":
            condition, first, second = args
            return self.value(first if computed_values.truth(self.value(condition)) else second)
        return computing.compute(name, [self.value(argument) for argument in args])

    def _loop(self, loop: Mapping[str, Json]) -> Json:
        found = list(self._rounds(loop))
        if "key" not in loop:
            return [round_.value(loop["value"]) for round_ in found]
        made: dict[str, Json] = {}
        for round_ in found:
            key = computed_values.text(round_.value(loop["key"]))
            value = round_.value(loop["value"])
            if loop.get("group"):
                made.setdefault(key, []).append(value)
            elif key in made:
                raise computed_values.CannotComputeError(
                    f'two elements of a for have the key "{key}"'
                )
            else:
                made[key] = value
        return made

    def _rounds(self, loop: Mapping[str, Json]) -> Iterator[_Resolver]:
        for key, value in computed_values.pairs(self.value(loop["$for"])):
            items = {**self.items, loop["item"]: (key, value)}
            round_ = replace(self, items=items)
            if "if" not in loop or computed_values.truth(round_.value(loop["if"])):
                yield round_

    def _list(self, items: Sequence[Json]) -> list[Json]:
        result: list[Json] = []
        for item in items:
            found = self.value(item)
            spliced = isinstance(found, list) and isinstance(item, Mapping)
            result.extend(found if spliced else [found])
        return result


def _attribute(reference: str, attributes: Attributes) -> str:
    address, name = split_reference(reference)
    known = attributes.get(address, {})
    if name not in known:
        raise SpecError(
            f'cannot fill in "{reference}": {address} has '
            f"{', '.join(sorted(known)) or 'nothing known yet'}"
        )
    return known[name]
