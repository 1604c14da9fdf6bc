"""From the pieces of a template to one expression: directives paired, loops and branches nested."""

from __future__ import annotations

from collections.abc import Callable

from controller.hcl.construct import string
from controller.hcl.source import Code, Piece, Sequence, Source, TemplateText
from controller.hcl.syntax import (
    Conditional,
    Expression,
    For,
    Interpolation,
    Literal,
    Template,
    TemplateFor,
)


def build_template(
    source: Source, text: TemplateText, read: Callable[[Code], Expression]
) -> Expression:
    """`read` makes an expression of the code in a sequence. Raises HclError "syntax"."""
    pieces = text.pieces
    if len(pieces) == 1 and isinstance(pieces[0], Sequence) and pieces[0].kind == "value":
        return Interpolation(source.place(text.offset), read(pieces[0].code))
    if all(isinstance(piece, Piece) for piece in pieces):
        joined = "".join(piece.text for piece in pieces if isinstance(piece, Piece))
        return Literal(source.place(text.offset), string(joined))
    return _Reader(source, pieces, read).whole(text.offset)


class _Reader:
    def __init__(
        self,
        source: Source,
        pieces: tuple[Piece | Sequence, ...],
        read: Callable[[Code], Expression],
    ) -> None:
        self._source = source
        self._pieces = pieces
        self._read = read
        self._next = 0

    def whole(self, offset: int) -> Expression:
        template = self._template(offset)
        if self._next < len(self._pieces):
            stray = self._pieces[self._next]
            word = stray.kind if isinstance(stray, Sequence) else ""
            raise self._source.error(stray.offset, f"%{{ {word} }} without its beginning")
        return template

    def _template(self, offset: int) -> Template:
        """Parts up to the end, or to a directive that ends or divides an outer one."""
        parts: list[Expression] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            if isinstance(piece, Sequence) and piece.kind in ("else", "endif", "endfor"):
                break
            self._next += 1
            parts.append(self._part(piece))
        return Template(self._source.place(offset), tuple(parts))

    def _part(self, piece: Piece | Sequence) -> Expression:
        if isinstance(piece, Piece):
            return Literal(self._source.place(piece.offset), string(piece.text))
        if piece.kind == "value":
            return self._read(piece.code)
        return self._if(piece) if piece.kind == "if" else self._for(piece)

    def _if(self, opening: Sequence) -> Expression:
        place = self._source.place(opening.offset)
        if_true = self._template(opening.offset)
        if_false = Template(place, ())
        if self._peek() == "else":
            self._next += 1
            if_false = self._template(opening.offset)
        self._expect("endif", opening)
        return Conditional(place, self._read(opening.code), if_true, if_false)

    def _for(self, opening: Sequence) -> Expression:
        place = self._source.place(opening.offset)
        body = self._template(opening.offset)
        self._expect("endfor", opening)
        key_name = opening.names[0] if len(opening.names) == 2 else None
        collection = self._read(opening.code)
        return TemplateFor(
            place, For(place, key_name, opening.names[-1], collection, None, body, None)
        )

    def _peek(self) -> str | None:
        if self._next == len(self._pieces):
            return None
        piece = self._pieces[self._next]
        return piece.kind if isinstance(piece, Sequence) else ""

    def _expect(self, word: str, opening: Sequence) -> None:
        found = self._peek()
        if found != word:
            where = f"%{{ {found} }}" if found else "the end of the text"
            raise self._source.error(
                opening.offset,
                f"%{{ {opening.kind} }} is not closed: found {where}, expected %{{ {word} }}",
            )
        self._next += 1
