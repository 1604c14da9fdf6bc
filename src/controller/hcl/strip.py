"""
What markers and indentation take away from the literal pieces of a template.

Both work on pieces, not on the whole text: a quoted string has one piece between two sequences, a
heredoc one for every line, line break included (HCL semantics §11).
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from itertools import pairwise

from controller.hcl.source import Piece, Sequence

# Go's unicode.IsSpace; Python's str.isspace also takes the four separators below U+0020.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def strip_markers(pieces: Several[Piece | Sequence]) -> None:
    """Take away the white space that `~` names, only in the piece right beside the marker."""
    for before, after in pairwise(pieces):
        if isinstance(before, Sequence) and isinstance(after, Piece) and before.strips_after:
            after.text = after.text.lstrip(SPACE)
        if isinstance(before, Piece) and isinstance(after, Sequence) and after.strips_before:
            before.text = before.text.rstrip(SPACE)


def strip_indentation(pieces: Several[Piece | Sequence]) -> None:
    """
    Take away the white space that all lines of a `<<-` heredoc begin with.

    Blank lines do not count, and a line that begins with a sequence has none. A line is what
    follows a piece that still ends with its line break: markers may have taken it.
    """
    least: int | None = None
    indented: list[Piece] = []
    starts_line = True
    for piece in pieces:
        if starts_line:
            width = _indentation(piece)
            if width is not None:
                least = width if least is None else min(least, width)
            if isinstance(piece, Piece) and width is not None:
                indented.append(piece)
        starts_line = isinstance(piece, Piece) and piece.text.endswith("\n")
    for piece in indented:
        piece.text = piece.text[least:]


def _indentation(piece: Piece | Sequence) -> int | None:
    """White space characters at the start; None for a blank line."""
    if isinstance(piece, Sequence):
        return 0
    rest = piece.text.lstrip(SPACE)
    if not rest and piece.text.endswith("\n"):
        return None
    return len(piece.text) - len(rest)
