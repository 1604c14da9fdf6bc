"""JSON, CSV, base64 and character sets. (YAML has a file of its own.)"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from controller.hcl import numbers
from controller.hcl.convert import boolean, make_list, make_object, make_tuple, null, string
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.numbers import Number
from controller.hcl.types import DYNAMIC, NUMBER, STRING, ObjectType
from controller.hcl.values import Value

_STR = Parameter("str", STRING)
# What Go's encoding/json escapes: control characters, and what could end a script or a line.
_JSON_ESCAPES: Final = {
    **{chr(code): f"\\u{code:04x}" for code in range(0x20)},
    **{char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"},
    **{"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"},
}
_JSON_SPECIAL: Final = re.compile("[" + re.escape("".join(_JSON_ESCAPES)) + "]")
# Python's own inventions, and what Go's index of IANA names leaves out.
_NOT_IN_GO: Final = ("unknown", "utf-32", "utf-7", "idna", "punycode", "unicode", "raw", "mbcs")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def to_json(value: Value) -> str:
    """
    The wholly known value as Terraform writes JSON: compact, keys in byte order, sets as arrays.

    Numbers are written in full and without exponent.
    """
    data = value.data
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, Number):
        return numbers.format_number(data)
    if isinstance(data, str):
        return _quoted(data)
    if isinstance(data, dict):
        pairs = (f"{_quoted(key)}:{to_json(element)}" for key, element in data.items())
        return "{" + ",".join(pairs) + "}"
    return "[" + ",".join(to_json(element) for element in data) + "]"


@function(Parameter("val", nullable=True), returns=STRING)
def jsonencode(value: Value) -> Value:
    return string(to_json(value))


@function(_STR)
def jsondecode(text: Value) -> Value:
    """Arrays become tuples, objects objects; the last of several equal keys wins."""
    try:
        data = json.loads(
            text.data, parse_float=_number, parse_int=_number, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise ArgumentError(0, f"is not JSON: {error}") from None
    return _from_json(data)


@function(_STR, returns=STRING)
def base64encode(text: Value) -> Value:
    return string(base64.b64encode(text.data.encode()).decode())


@function(_STR, returns=STRING)
def base64decode(text: Value) -> Value:
    try:
        return string(decode_base64(text, 0).decode())
    except UnicodeDecodeError:
        raise ArgumentError(0, "holds bytes that are not UTF-8 text") from None


@function(_STR, returns=STRING)
def base64gzip(text: Value) -> Value:
    """The compressed text, which unpacks to the same but is not byte for byte Go's."""
    import gzip  # used by this function alone

    return string(base64.b64encode(gzip.compress(text.data.encode(), mtime=0)).decode())


@function(Parameter("string", STRING), Parameter("encoding", STRING), returns=STRING)
def textencodebase64(text: Value, encoding: Value) -> Value:
    codec = _codec(encoding)
    # Python begins with the byte order of the machine, Go with the big end.
    mark, codec = (b"\xfe\xff", "utf-16-be") if codec == "utf-16" else (b"", codec)
    try:
        encoded = mark + text.data.encode(codec)
    except UnicodeEncodeError:
        raise ArgumentError(0, f"cannot be written in {encoding.data}") from None
    return string(base64.b64encode(encoded).decode())


@function(Parameter("source", STRING), Parameter("encoding", STRING), returns=STRING)
def textdecodebase64(text: Value, encoding: Value) -> Value:
    codec = _codec(encoding)
    try:
        return string(decode_base64(text, 0).decode(codec))
    except UnicodeDecodeError:
        raise ArgumentError(0, f"is not text in {encoding.data}") from None


@function(_STR)
def csvdecode(text: Value) -> Value:
    """A list of objects of strings, their attributes named by the first line."""
    rows = list(_csv_rows(text.data))
    if not rows:
        raise ArgumentError(0, "has no header line")
    header = [string(name).data for name in rows[0]]
    if len(set(header)) != len(header):
        raise ArgumentError(0, "names a column twice")
    kind = ObjectType(tuple((name, STRING) for name in sorted(header)))
    objects = []
    for number_, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ArgumentError(0, f"record {number_} has {len(row)} fields, not {len(header)}")
        objects.append(make_object(dict(zip(header, map(string, row), strict=True))))
    return make_list(kind, objects)


def decode_base64(text: Value, index: int) -> bytes:
    """Standard base64 with its padding; line breaks in it are skipped, as Go does."""
    try:
        return base64.b64decode(text.data.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise ArgumentError(index, "is not base64") from None


def _quoted(text: str) -> str:
    return '"' + _JSON_SPECIAL.sub(lambda match: _JSON_ESCAPES[match[0]], text) + '"'


def _number(text: str) -> Number:
    return numbers.parse_number(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _from_json(data: Any) -> Value:
    if data is None:
        return null(DYNAMIC)
    if isinstance(data, bool):
        return boolean(data)
    if isinstance(data, Number):
        return Value(NUMBER, data)
    if isinstance(data, str):
        return _json_string(data)
    if isinstance(data, dict):
        return make_object({_json_string(key).data: _from_json(v) for key, v in data.items()})
    return make_tuple(_from_json(element) for element in data)


def _json_string(text: str) -> Value:
    """Half of a surrogate pair is no character; Go puts the replacement character in its place."""
    return string(_LONE_SURROGATE.sub("\ufffd", text))


def _codec(encoding: Value) -> str:
    import codecs  # looks up an encoding by its IANA name, as far as Python knows it

    try:
        name = codecs.lookup(encoding.data).name
        "".encode(name)  # codecs such as rot13 do not encode text
    except LookupError:
        name = "unknown"
    if name.startswith(_NOT_IN_GO):
        raise ArgumentError(1, f'"{encoding.data}" is no encoding known here')
    return name


def _csv_rows(text: str) -> Iterator[list[str]]:
    """
    Records as Go's encoding/csv reads them: empty lines skipped, `""` a quote inside quotes.

    Python's own reader takes a quote inside an unquoted field, which Go refuses.
    """
    position, text = 0, text.replace("\r\n", "\n").removesuffix("\r")
    while position < len(text):
        if text[position] == "\n":
            position += 1
            continue
        row: list[str] = []
        more = True
        while more:
            field, position = _csv_field(text, position)
            row.append(field)
            more = text[position : position + 1] == ","
            position += 1
        yield row


def _csv_field(text: str, start: int) -> tuple[str, int]:
    """One field, and the place of the separator after it."""
    if text[start : start + 1] != '"':
        match = re.compile(r"[^,\n]*").match(text, start)
        assert match is not None
        if '"' in match[0]:
            raise ArgumentError(0, 'has a bare " in a field that is not quoted')
        return match[0], match.end()
    quoted = re.compile(r'"((?:[^"]|"")*)"(?=[,\n]|\Z)').match(text, start)
    if quoted is None:
        raise ArgumentError(0, 'has a quoted field that does not end, or goes on after its "')
    return quoted[1].replace('""', '"'), quoted.end()


FUNCTIONS = (
    jsonencode, jsondecode, base64encode, base64decode, base64gzip, textencodebase64,
    textdecodebase64, csvdecode,
)  # fmt: skip
