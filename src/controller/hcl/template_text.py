"""
Quoted strings, heredocs and template files, cut into literal pieces and sequences.

Escapes are resolved and white space is stripped here; what is inside `${ }` and `%{ }` stays code
for the grammar (HCL semantics §3, §11).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from controller.hcl.source import Code, Piece, Sequence, Source, TemplateText
from controller.hcl.strip import SPACE, strip_indentation, strip_markers

_QUOTED = re.compile(
    r'[^"\\$%\n]+|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|(?:\$+|%+)\{|[$%"\n]', re.DOTALL
)
_UNQUOTED = re.compile(r"[^$%\n]+|(?:\$+|%+)\{|[$%\n]")
_ESCAPES = {r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\"": '"', r"\\": "\\"}
_OPENINGS = ("${", "%{")
_NAME = r"(?:[^\W\d]|_)[\w-]*"
_LOOP = re.compile(rf"\s*({_NAME})(?![\w-])\s*(?:,\s*({_NAME})(?![\w-])\s*)?in(?![\w-])")
_WORD = re.compile(rf"\s*({_NAME})?")
_DIRECTIVES = ("if", "else", "endif", "for", "endfor")

Pieces = list[Piece | Sequence]


class TemplateReader:
    """
    Reads the templates of one source.

    `read_code` takes the offset after `${` and reads up to the closing brace.
    """

    def __init__(self, source: Source, read_code: Callable[[int], Code]) -> None:
        self._source = source
        self._text = source.text
        self._read_code = read_code

    def quoted(self, start: int) -> int:
        """Lift the string whose opening quote is at `start`; returns the offset after it."""
        pieces: Pieces = []
        offset = start + 1
        while True:
            match = _QUOTED.match(self._text, offset)
            if match is None or match[0] == "\n":
                raise self._source.error(start, 'a text is not closed with " on its line')
            if match[0] == '"':
                break
            if match[0] in _OPENINGS:
                offset = self._sequence(offset, pieces)
            else:
                _append(pieces, self._unescaped(match), offset)
                offset = match.end()
        strip_markers(pieces)
        self._source.templates[start] = TemplateText(tuple(pieces), start)
        return offset + 1

    def heredoc(self, start: int, text_start: int, word: str, *, indented: bool) -> int:
        """Lift the heredoc that begins at `start`; returns the offset after its closing word."""
        pieces: Pieces = []
        offset = text_start
        while True:
            end = self._text.find("\n", offset)
            if end < 0:
                raise self._source.error(
                    start, f'the heredoc is not closed: no line after it holds only "{word}"'
                )
            if self._text[offset:end].strip(SPACE) == word:
                break
            offset = self._heredoc_line(offset, pieces)
        strip_markers(pieces)
        if indented:
            strip_indentation(pieces)
        self._source.templates[start] = TemplateText(tuple(pieces), start)
        return end - 1 if self._text[end - 1] == "\r" else end

    def whole(self) -> TemplateText:
        """All of the source, which has no quotes around it."""
        pieces: Pieces = []
        offset = 0
        while offset < len(self._text):
            offset = self._part(offset, pieces)
        strip_markers(pieces)
        return TemplateText(tuple(pieces), 0)

    def _heredoc_line(self, offset: int, pieces: Pieces) -> int:
        """One line, and those that sequences in it go on for: they cannot hold the closing word."""
        while offset < len(self._text):
            offset = self._part(offset, pieces)
            last = pieces[-1]
            if isinstance(last, Piece) and last.text.endswith("\n"):
                break
        return offset

    def _part(self, offset: int, pieces: Pieces) -> int:
        """A sequence, or literal text up to the next one or the end of the line."""
        match = _UNQUOTED.match(self._text, offset)
        if match is None or match[0] in _OPENINGS:
            return self._sequence(offset, pieces)
        _append(pieces, _without_escape(match[0]), offset, by_line=True)
        return match.end()

    def _unescaped(self, match: re.Match[str]) -> str:
        text = match[0]
        if text[0] != "\\":
            return _without_escape(text)
        if text in _ESCAPES:
            return _ESCAPES[text]
        if len(text) > 2:
            code = int(text[2:], 16)
            # Go writes U+FFFD for invalid characters: surrogates, and beyond the last plane.
            return "\ufffd" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)
        raise self._source.error(
            match.start(), f"{text} is no escape sequence; write \\\\ for a backslash"
        )

    def _sequence(self, start: int, pieces: Pieces) -> int:
        """Read `${ }` or `%{ }`; returns the offset after it."""
        strips_before = self._text.startswith("~", start + 2)
        kind, offset = "value", start + 2 + strips_before
        names: tuple[str, ...] = ()
        if self._text[start] == "%":
            kind, names, offset = self._directive(start, offset)
        code = self._read_code(offset)
        if bool(code.skeleton.strip()) != (kind in ("value", "if", "for")):
            found = "nothing" if kind in ("value", "if", "for") else "more words"
            raise self._source.error(start, f"found {found} in {_shown(kind)}")
        end = code.offset + len(code.skeleton)
        strips_after = self._text.startswith("~", end)
        pieces.append(Sequence(kind, code, start, strips_before, strips_after, names))
        return end + 1 + strips_after

    def _directive(self, start: int, offset: int) -> tuple[str, tuple[str, ...], int]:
        """The word of a directive, the names that a `for` binds, and the offset after them."""
        match = _WORD.match(self._text, offset)
        word = match[1] if match else ""
        if match is None or word not in _DIRECTIVES:
            raise self._source.error(
                start, f'found "%{{ {word or ""}", expected one of: {", ".join(_DIRECTIVES)}'
            )
        if word != "for":
            return word, (), match.end()
        loop = _LOOP.match(self._text, match.end())
        if loop is None:
            raise self._source.error(start, "expected %{ for name in collection }")
        return word, tuple(name for name in loop.groups() if name), loop.end()


def _shown(kind: str) -> str:
    return "${ }" if kind == "value" else f"%{{ {kind} }}"


def _append(pieces: Pieces, text: str, offset: int, *, by_line: bool = False) -> None:
    last = pieces[-1] if pieces else None
    if isinstance(last, Piece) and not (by_line and last.text.endswith("\n")):
        last.text += text
    else:
        pieces.append(Piece(text, offset))


def _without_escape(text: str) -> str:
    """`$${` is `${`: the last of several signs before a brace only protects it."""
    return text[1:] if text.endswith("{") and text[0] in "$%" else text
