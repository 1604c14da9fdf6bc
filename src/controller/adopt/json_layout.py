"""JSON with the offsets of everything in it, for files that are changed in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined] # not in the stubs, but public

from controller.domain.dataclass import dataclass

_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[^\s,\[\]{}:\"]+")


@dataclass(frozen=True, slots=True)
class Node:
    """
    `kind` is object, array, string or word (a number, true, false, null).

    `text` is the decoded text of a string, the characters of a word; `members` of an object are
    its properties in order, `elements` of an array.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    members: tuple[tuple[str, Node], ...] = ()
    elements: tuple[Node, ...] = ()

    def get(self, name: str) -> Node | None:
        return next((node for key, node in self.members if key == name), None)

    def objects(self) -> Iterator[Node]:
        """Itself, or the objects of the array that replaces one."""
        if self.kind == "object":
            yield self
        for element in self.elements:
            yield from element.objects()

    def entries(self) -> Iterator[tuple[str, Node]]:
        for one in self.objects():
            yield from one.members


def read_json(text: str) -> Node:
    """The text has been found to be in order before."""
    return _Reader(text).value(0)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, at: int) -> Node:
        at = self._skip(at)
        first = self._text[at]
        if first == "{":
            return self._object(at)
        if first == "[":
            return self._array(at)
        if first == '"':
            decoded, end = scanstring(self._text, at + 1, True)
            return Node("string", at, end, decoded)
        match = _WORD.match(self._text, at)
        end = match.end() if match else at + 1
        return Node("word", at, end, self._text[at:end])

    def _object(self, start: int) -> Node:
        members, at = [], self._skip(start + 1)
        while self._text[at] != "}":
            name, end = scanstring(self._text, at + 1, True)
            node = self.value(self._skip(end) + 1)
            members.append((name, node))
            at = self._next(node.end)
        return Node("object", start, at + 1, members=tuple(members))

    def _array(self, start: int) -> Node:
        elements, at = [], self._skip(start + 1)
        while self._text[at] != "]":
            elements.append(self.value(at))
            at = self._next(elements[-1].end)
        return Node("array", start, at + 1, elements=tuple(elements))

    def _next(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at] == "," else at

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at
