"""
Writing YAML in Terraform's block style; imported only when something is written.

Terraform's emitter is a port of libyaml, PyYAML's is another one; the class below takes back what
the latter does in its own way.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.emitter import Emitter

from controller.hcl.convert import convert, elements_of
from controller.hcl.types import STRING
from controller.hcl.values import Value


def write_yaml(value: Value) -> str:
    """The wholly known value as one YAML document, ending with a line break."""
    stream = io.StringIO()
    emitter = _Emitter(stream, allow_unicode=True, width=80, indent=2)
    for event in _document(value):
        emitter.emit(event)
    return stream.getvalue()


class _Emitter(Emitter):
    def check_empty_document(self) -> bool:
        """An empty text is no reason for a `---` before it."""
        return False

    def analyze_scalar(self, scalar: str) -> Any:
        """An empty key is a key as others are; a carriage return ends a line too."""
        analysis = super().analyze_scalar(scalar)
        analysis.empty = False
        analysis.multiline = analysis.multiline or "\r" in scalar
        return analysis

    def write_literal(self, text: str) -> None:
        """Line breaks kept at the end are no reason for a `...` after them."""
        super().write_literal(text)
        self.open_ended = False

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        """Escape what libyaml escapes; beyond the width, a single space becomes a line break."""
        self.write_indicator('"', True)
        spaces = False
        # libyaml looks for a byte-order mark at the start of the text, whatever character it is at.
        every = text.startswith("\ufeff")
        for position, char in enumerate(text):
            inside = 0 < position < len(text) - 1
            if char != " " or every:
                self._write(_escaped(char, every=every))
            elif split and inside and not spaces and self.column > self.best_width:
                self.write_indent()
                if text[position + 1] == " ":
                    self._write("\\")
            else:
                self._write(char)
            spaces = char == " "
        self.write_indicator('"', False)

    def _write(self, text: str) -> None:
        self.column += len(text)
        self.stream.write(text)


_SHORT = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def _escaped(char: str, *, every: bool) -> str:
    if char in _SHORT:
        return "\\" + _SHORT[char]
    code = ord(char)
    plain = 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD
    if plain and not every and code != 0xFEFF:
        return char
    return (
        f"\\x{code:02X}"
        if code <= 0xFF
        else f"\\u{code:04X}"
        if code <= 0xFFFF
        else f"\\U{code:08X}"
    )


def _document(value: Value) -> Iterator[Any]:
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from _events(value)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _events(value: Value) -> Iterator[Any]:
    data = value.data
    if isinstance(data, str):
        yield _text(data)
    elif isinstance(data, dict):
        yield yaml.MappingStartEvent(None, None, True, flow_style=not data)
        for key, element in data.items():
            yield _text(key)
            yield from _events(element)
        yield yaml.MappingEndEvent()
    elif isinstance(data, tuple):
        yield yaml.SequenceStartEvent(None, None, True, flow_style=not data)
        for element in elements_of(value):
            yield from _events(element)
        yield yaml.SequenceEndEvent()
    else:
        text = "null" if data is None else convert(value, STRING).data
        yield yaml.ScalarEvent(None, None, (True, False), text)


def _text(text: str) -> Any:
    # PyYAML would take characters beyond the first plane into a literal block.
    literal = "\n" in text and max(text) <= "\uffff"
    return yaml.ScalarEvent(None, None, (False, True), text, style="|" if literal else '"')
