"""One text as the user wrote it, and where its characters are."""

from __future__ import annotations

from bisect import bisect_right

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl.errors import HclError

BYTE_ORDER_MARK = "\ufeff"


@dataclass(slots=True)
class Piece:
    """A literal stretch of a template, escapes already resolved."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Code:
    """
    A stretch of expressions in the form that the grammar reads.

    The skeleton has exactly one character for each of the text's, beginning at `offset`.
    """

    offset: int
    skeleton: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """`${ }` or `%{ }` in a template; `kind` is "value" or the directive's word."""

    kind: str
    code: Code
    offset: int
    strips_before: bool
    strips_after: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template cut into its pieces, strip markers and indentation already applied."""

    pieces: tuple[Piece | Sequence, ...]
    offset: int


@dataclass(slots=True)
class Source:
    """
    A text with what was lifted out of it, by its offset.

    `templates` are the quoted strings and heredocs; `unary` the runs of unary operators of which
    the grammar sees only the last one.
    """

    text: str
    file: str
    templates: dict[int, TemplateText] = field(default_factory=dict)
    unary: dict[int, str] = field(default_factory=dict)
    first_line: int = 1
    partial: Code | None = None
    _line_starts: list[int] = field(default_factory=list)
    _places: dict[int, Place] = field(default_factory=dict)

    def line(self, offset: int) -> int:
        if not self._line_starts:
            self._line_starts = [0]
            self._line_starts += [i + 1 for i, char in enumerate(self.text) if char == "\n"]
        return bisect_right(self._line_starts, offset) + self.first_line - 1

    def place(self, offset: int) -> Place:
        line = self.line(min(offset, len(self.text)))
        if line not in self._places:
            self._places[line] = Place(self.file, line)
        return self._places[line]

    def error(self, offset: int, message: str) -> HclError:
        """A syntax error at that character, to be raised."""
        return HclError("syntax", message, place=self.place(offset), static=True)
