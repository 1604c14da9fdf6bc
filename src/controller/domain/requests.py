"""Fill the references of a compiled request with what is known at wake time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.domain.errors import SpecError
from controller.domain.spec import Json, split_reference

LookUp = Callable[[Mapping[str, Json]], Json]
"""Answers one `$look_up` object with a text, or a list of texts for list-valued ones."""

Attributes = Mapping[str, Mapping[str, str]]
"""Address to the attributes that AWS gave it: {"aws_lb.nlb[0]": {"arn": "arn:…"}}."""


def resolve(value: Json, attributes: Attributes, look_up: LookUp) -> Json:
    """
    Return `value` with every `$ref`, `$look_up` and `$join` replaced.

    A list-valued look-up inside a list is spliced in place. Raises SpecError for a `$ref` to
    something that has no such attribute yet; what `look_up` raises passes through.
    """
    if isinstance(value, Mapping):
        return _resolve_object(value, attributes, look_up)
    if isinstance(value, list | tuple):
        return _resolve_list(value, attributes, look_up)
    return value


def _resolve_object(value: Mapping[str, Json], attributes: Attributes, look_up: LookUp) -> Json:
    if "$ref" in value:
        return _attribute(value["$ref"], attributes)
    if "$join" in value:
        return "".join(str(resolve(part, attributes, look_up)) for part in value["$join"])
    resolved = {key: resolve(item, attributes, look_up) for key, item in value.items()}
    return look_up(resolved) if "$look_up" in value else resolved


def _resolve_list(items: Json, attributes: Attributes, look_up: LookUp) -> list[Json]:
    result: list[Json] = []
    for item in items:
        found = resolve(item, attributes, look_up)
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
