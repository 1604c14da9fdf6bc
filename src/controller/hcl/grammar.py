"""
python-hcl2's grammar, ready to parse, with its tables kept between runs.

Lark needs about two seconds to turn the grammar into tables. python-hcl2 keeps them in a pickle
inside its own package folder, so an installation that cannot be written to pays the two seconds
every time. Here they are kept in the user's cache folder (see `disk_cache.py`).
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from lark import Lark, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import Token

from controller.hcl import disk_cache
from controller.hcl.errors import HclError
from controller.hcl.source import Code, Source

_STARTS = ("start", "expression")
_TOKEN = re.compile(r"[\w-]+|[=!<>]=|=>|&&|\|\||\.\.\.|[^\s\w]")


def parse(source: Source, code: Code, start: str = "start") -> Tree[Token]:
    """
    The grammar's tree of a skeleton; `start` is "start" for a body or "expression".

    Offsets in its tokens count from the skeleton's first character. Raises HclError "syntax".
    """
    try:
        return _parser().parse(code.skeleton + ("\n" if start == "start" else ""), start=start)
    except UnexpectedInput as error:
        raise _explained(error, source, code) from None


def stumbles_at(code: Code) -> int | None:
    """The offset in the text where a body ceases to make sense; None when only more is missing."""
    try:
        _parser().parse(code.skeleton, start="start")
    except UnexpectedInput as error:
        at = _position(error, code)
        return code.offset + at if at < len(code.skeleton.rstrip()) else None
    return None


def _position(error: UnexpectedInput, code: Code) -> int:
    at = error.pos_in_stream or 0
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        at = len(code.skeleton.rstrip())
    at = min(at, len(code.skeleton))
    # A token of the grammar may begin with the blanks before it.
    return at + len(code.skeleton[at:]) - len(code.skeleton[at:].lstrip(" \t\r"))


def _explained(error: UnexpectedInput, source: Source, code: Code) -> HclError:
    at = _position(error, code)
    offset = code.offset + at
    found = _found(source.text, offset)
    if _wants_operand(code.skeleton[:at]):
        return source.error(offset, f"found {found}, expected an expression")
    if _wants_argument(error):
        return source.error(offset, f"found {found}, expected an argument or a block")
    hint = "; compare with ==" if found == '"="' else ""
    return source.error(offset, f"found {found} where the expression before it cannot go on{hint}")


def _found(text: str, offset: int) -> str:
    match = _TOKEN.match(text, offset)
    if offset >= len(text):
        return "the end of the text"
    return f'"{match[0]}"' if match else "the end of the line"


def _wants_argument(error: UnexpectedInput) -> bool:
    """Whether the parser is between arguments, or after a name that begins one."""
    if isinstance(error, UnexpectedToken):
        return bool({"LBRACE", "EQ"} & set(error.expected)) and "QMARK" not in error.expected
    return isinstance(error, UnexpectedCharacters) and "LBRACE" in (error.allowed or ())


def _wants_operand(before: str) -> bool:
    return before.rstrip()[-1:] in tuple("=([,:?+-*/%<>!&|.") and before.strip() != ""


@cache
def _parser() -> Lark:
    text = (_package_folder() / "hcl2.lark").read_text(encoding="utf-8")
    place = disk_cache.place_of("grammar", text, *_STARTS)
    return (_load(place) if place else None) or _build(text, place)


def _package_folder() -> Path:
    """Where python-hcl2 is installed; importing it would load much that is not needed."""
    spec = importlib.util.find_spec("hcl2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("python-hcl2 is not installed")
    return Path(spec.origin).parent


def _build(text: str, place: Path | None) -> Lark:
    parser = Lark(text, parser="lalr", start=list(_STARTS))
    if place:
        disk_cache.write(place, parser.save)
    return parser


def _load(place: Path) -> Lark | None:
    with disk_cache.reading(place) as file:
        if file is None:
            return None
        try:
            return Lark.load(file)
        except Exception:
            return None
