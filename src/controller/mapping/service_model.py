"""
Requests against AWS's own service model, as the SDK ships it: names, types, words and ranges.

botocore's validator knows names, types and minima; words and maxima are in the same model and are
looked up here. What is found only when waking is replaced by a value of the right type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from controller.domain.planning.spec import Json
from controller.mapping.references import is_reference

_VERSIONS = {
    "elbv2": "elbv2/2015-12-01",
    "ecs": "ecs/2014-11-13",
    "application-autoscaling": "application-autoscaling/2016-02-06",
}

_STAND_INS: Mapping[str, Json] = {"integer": 1, "long": 1, "boolean": True, "double": 1.0}


def findings(
    operation: tuple[str, str], request: Mapping[str, Json]
) -> Iterator[tuple[str, str, str]]:
    """
    Rule, message and field (its dotted path) of everything that the API would not take.

    `operation` is boto3's name of the service and the API's of the call.
    """
    service, name = operation
    shape = _input_shape(service, name)
    whole = _stand_in(request, shape)
    report = ParamValidator().validate(whole, shape).generate_report()
    for line in report.splitlines():
        yield "request", f"{name}: {line}", _path(line, whole)
    if not report:
        for path, message in _check_words(whole, shape, ""):
            yield "value", message, path


@cache
def _model(service: str) -> ServiceModel:
    """Named with its version: finding the latest one would list all services' folders."""
    return ServiceModel(Loader().load_data(f"{_VERSIONS[service]}/service-2"), service)


@cache
def _input_shape(service: str, operation: str) -> Shape:
    shape = _model(service).operation_model(operation).input_shape
    assert shape is not None
    return shape


def _stand_in(value: Json, shape: Shape | None) -> Json:
    """The request with something of the right type in place of every reference."""
    if is_reference(value):
        if isinstance(shape, ListShape):
            return [_stand_in(value, shape.member)]
        return _STAND_INS.get(shape.type_name if shape else "", _STAND_IN)
    if isinstance(value, Mapping):
        return {key: _stand_in(item, _member(shape, key)) for key, item in value.items()}
    if isinstance(value, list):
        member = shape.member if isinstance(shape, ListShape) else None
        return [_stand_in(item, member) for item in value]
    return value


def _member(shape: Shape | None, key: str) -> Shape | None:
    if isinstance(shape, StructureShape):
        member: Shape | None = shape.members.get(key)
        return member
    return shape.value if isinstance(shape, MapShape) else None


def _check_words(value: Json, shape: Shape | None, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _check_words(item, _member(shape, key), f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from _check_words(item, shape.member, f"{path}[{index}]")
    elif isinstance(shape, StringShape) and shape.enum and value not in (*shape.enum, _STAND_IN):
        yield path, f'{path}: found "{value}", expected one of {", ".join(shape.enum)}'
    elif shape is not None and _is_number(value):
        yield from _check_range(value, shape, path)


def _check_range(value: float, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    most = shape.metadata.get("max")
    if most is not None and value > most:
        yield path, f"{path}: found {value}, expected at most {most}"


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_STAND_IN = "found-when-waking"


def _path(line: str, request: Mapping[str, Json]) -> str:
    """The field that a line of the report speaks of: 'Missing required parameter in A[0]: "B"'."""
    for word in re.findall(r"[\w.\[\]]+", line):
        if re.split(r"[.\[]", word)[0] in request:
            return str(word)
    return ""
