"""
YAML as Terraform reads and writes it (HCL semantics §16).

PyYAML scans and emits; what a scalar means is decided here, since Terraform's decoder (go-cty-yaml)
knows other rules than PyYAML's: `0123` is 123, `0o17` is 15, `1_000` and `12:30` are texts, dates
become RFC 3339 texts, and `y` and `on` are bools as keys too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from controller.hcl import numbers
from controller.hcl.convert import (
    boolean,
    convert,
    describe,
    make_object,
    make_tuple,
    null,
    string,
)
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.functions.encoding import decode_base64
from controller.hcl.functions.time import rfc3339
from controller.hcl.types import DYNAMIC, NUMBER, STRING
from controller.hcl.values import Value

_TRUE: Final = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE: Final = frozenset(
    ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
)
_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_NOT_A_NUMBER: Final = re.compile(r"[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DECIMAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_PREFIXED: Final = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?",
    re.ASCII,
)
_TAG: Final = "tag:yaml.org,2002:"


@function(Parameter("src", STRING))
def yamldecode(text: Value) -> Value:
    """Sequences become tuples, mappings objects; exactly one document."""
    import yaml  # slow to import, and most stacks hold no YAML

    # libyaml, where PyYAML was built with it, is what Go's scanner was ported from.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Decoder(yaml.parse(text.data, Loader=loader)).document()
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ArgumentError(0, f"is not YAML: {reason}") from None
    except RecursionError:
        raise ArgumentError(0, "is nested too deeply") from None


@function(Parameter("value", nullable=True), returns=STRING)
def yamlencode(value: Value) -> Value:
    """Block style; texts and keys in double quotes, or literal where they span lines."""
    from controller.hcl.functions.yaml_text import write_yaml  # imports PyYAML

    return string(write_yaml(value))


class _Decoder:
    """Turns PyYAML's events, whose classes are distinguished by name, into a value."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, Value | None] = {}

    def document(self) -> Value:
        self._next()
        start = self._next()
        if self._kind(start) != "DocumentStart":
            raise ArgumentError(0, "holds no YAML document")
        if start.version not in (None, (1, 1)):
            raise ArgumentError(0, "asks for another version than YAML 1.1")
        value = self._value(self._next())
        kinds = (self._kind(self._next()), self._kind(self._next()))
        if kinds != ("DocumentEnd", "StreamEnd"):
            raise ArgumentError(0, "holds more than one YAML document")
        return value

    def _next(self) -> Any:
        return next(self._events)

    @staticmethod
    def _kind(event: Any) -> str:
        return type(event).__name__.removesuffix("Event")

    def _value(self, event: Any) -> Value:
        kind = self._kind(event)
        if kind == "Alias":
            return self._alias(event.anchor)
        if event.anchor:
            self._anchors[event.anchor] = None
        if kind == "Scalar":
            value = _scalar(event)
        elif kind == "MappingStart":
            value = self._mapping(event)
        else:
            value = self._sequence(event)
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _alias(self, name: str) -> Value:
        value = self._anchors.get(name)
        if value is None:
            inside = (
                "inside its own definition" if name in self._anchors else "which is not defined"
            )
            raise ArgumentError(0, f'refers to anchor "{name}" {inside}')
        return value

    def _sequence(self, start: Any) -> Value:
        _check_tag(start, "seq")
        elements = []
        while self._kind(event := self._next()) != "SequenceEnd":
            elements.append(self._value(event))
        return make_tuple(elements)

    def _mapping(self, start: Any) -> Value:
        """A `<<` puts in what it names at its place: keys after it win, keys before it lose."""
        _check_tag(start, "map")
        attributes: dict[str, Value] = {}
        while self._kind(event := self._next()) != "MappingEnd":
            key = self._key(event)
            value = self._value(self._next())
            if key == "<<":
                attributes.update(_merged(value))
            else:
                attributes[key] = value
        return make_object(attributes)

    def _key(self, event: Any) -> str:
        kind = self._kind(event)
        if kind == "Alias" or kind == "Scalar":
            key = convert(self._value(event), STRING)
            if isinstance(key.data, str):
                return key.data
        raise ArgumentError(0, "has a mapping key that is not text")


def _merged(value: Value) -> dict[str, Value]:
    if not isinstance(value.data, dict):
        raise ArgumentError(0, f"cannot merge {describe(value.type)} into a mapping with <<")
    return value.data


def _check_tag(event: Any, name: str) -> None:
    if event.tag is not None and event.tag != _TAG + name:
        raise ArgumentError(0, f'has the tag "{event.tag}" where it does not fit')


def _scalar(event: Any) -> Value:
    tag, text = event.tag, event.value
    name = "" if tag is None else tag.removeprefix(_TAG)
    if tag is not None and (name == tag or name not in _TAGGED):
        raise ArgumentError(0, f'has the unsupported tag "{tag}"')
    if name == "binary":
        decode_base64(string(text), 0)
    if event.style or name in ("str", "binary"):
        return string(text)
    found = null(DYNAMIC) if name == "null" else _plain(text, timed=name in ("", "timestamp"))
    if found is None or not _TAGGED[name](found):
        if name == "":
            return string(text)
        raise ArgumentError(0, f'cannot read "{text}" as {name}')
    return found


_TAGGED: Final[dict[str, Callable[[Value], bool]]] = {
    "": lambda value: True,
    "str": lambda value: True,
    "binary": lambda value: True,
    "null": lambda value: value.is_null,
    "bool": lambda value: isinstance(value.data, bool),
    "int": lambda value: value.type == NUMBER,
    "float": lambda value: value.type == NUMBER,
    "timestamp": lambda value: value.type == STRING,
}


def _plain(text: str, *, timed: bool) -> Value | None:
    """What an unquoted scalar means; None where it is just text."""
    if text in _NULL:
        return null(DYNAMIC)
    if text in _TRUE or text in _FALSE:
        return boolean(text in _TRUE)
    if _NOT_A_NUMBER.fullmatch(text):
        raise ArgumentError(0, f"holds {text}, which is not a number here")
    if timed and (time := _timestamp(text)) is not None:
        return string(time)
    if _DECIMAL.fullmatch(text):
        return Value(NUMBER, numbers.parse_number(text))
    if _PREFIXED.fullmatch(text):
        if (whole := int(text, 0)) >= 2**64:
            raise ArgumentError(0, f"{text} is too large")
        return Value(NUMBER, numbers.from_int(whole, numbers.COUNTED_BITS))
    return None


def _timestamp(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, *rest = match.groups()
    clock = [int(part or 0) for part in (rest[:3] if rest[0] else rest[6:])]
    offset = timedelta(hours=int(rest[4] or 0), minutes=int(rest[5] or 0))
    try:
        zone = timezone(-offset if rest[3] == "-" else offset)
        moment = datetime(int(year), int(month), int(day), *clock, tzinfo=zone)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return rfc3339(moment)


FUNCTIONS = (yamldecode, yamlencode)
