"""JSON with the line of everything in it, which the standard library does not give."""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined] # not in the stubs, but public
from typing import Any

from controller.domain.dataclass import dataclass
from controller.domain.problem import Place
from controller.hcl.errors import HclError
from controller.hcl.source import Source

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[^\s,\[\]{}:\"]+")
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class JsonNode:
    """
    `kind` is "object", "array", "string", "number" or "constant".

    `value` is a tuple of members, a tuple of nodes, the text, the digits as written, or
    True, False, None.
    """

    kind: str
    value: Any
    place: Place


@dataclass(frozen=True, slots=True)
class JsonMember:
    name: str
    node: JsonNode
    place: Place


def parse_json(text: str, file: str) -> JsonNode:
    """One value with nothing after it; a name may occur twice. Raises HclError "syntax"."""
    return _Reader(Source(text, file)).whole()


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._offset = 0

    def whole(self) -> JsonNode:
        node = self._value()
        if self._peek():
            raise self._error("found text after the end of the JSON value")
        return node

    def _peek(self) -> str:
        match = _SPACE.match(self._text, self._offset)
        self._offset = match.end() if match else self._offset
        return self._text[self._offset : self._offset + 1]

    def _error(self, message: str) -> HclError:
        return self._source.error(self._offset, message)

    def _value(self) -> JsonNode:
        first = self._peek()
        place = self._source.place(self._offset)
        if first == "{":
            return JsonNode("object", self._members(), place)
        if first == "[":
            return JsonNode("array", self._elements(), place)
        if first == '"':
            return JsonNode("string", self._string(), place)
        number = _NUMBER.match(self._text, self._offset)
        if number and not _WORD.match(self._text, number.end()):
            self._offset = number.end()
            return JsonNode("number", number[0], place)
        word = _WORD.match(self._text, self._offset)
        if word is None or word[0] not in _CONSTANTS:
            found = f'"{word[0] if word else first}"' if first else "the end of the text"
            raise self._error(f"found {found}, expected a JSON value")
        self._offset = word.end()
        return JsonNode("constant", _CONSTANTS[word[0]], place)

    def _string(self) -> str:
        try:
            text, self._offset = scanstring(self._text, self._offset + 1, True)
        except ValueError as error:
            raise self._error(f"the JSON text is wrong: {error}") from None
        # Half a surrogate pair is no character; Go puts U+FFFD in its place.
        return str(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _members(self) -> tuple[JsonMember, ...]:
        members: list[JsonMember] = []
        self._offset += 1
        while self._next("}", bool(members)):
            if self._peek() != '"':
                raise self._error("expected a JSON property name in double quotes")
            place = self._source.place(self._offset)
            name = self._string()
            if self._peek() != ":":
                raise self._error(f'expected ":" after the property name "{name}"')
            self._offset += 1
            members.append(JsonMember(name, self._value(), place))
        return tuple(members)

    def _elements(self) -> tuple[JsonNode, ...]:
        elements: list[JsonNode] = []
        self._offset += 1
        while self._next("]", bool(elements)):
            elements.append(self._value())
        return tuple(elements)

    def _next(self, closing: str, separated: bool) -> bool:
        """Step over the comma before a further element, or over the closing bracket."""
        found = self._peek()
        if found == closing:
            self._offset += 1
            return False
        if separated:
            if found != ",":
                raise self._error(f'found "{found}", expected "," or "{closing}" in JSON')
            self._offset += 1
            if self._peek() == closing:
                raise self._error(f'found "," before "{closing}" in JSON')
        return True
