"""
Text to syntax tree, through what is remembered of earlier runs.

The grammar and its library take longer to load than most directories take to compile. So a file's
tree is kept on disk under a digest of its text, and `controller.hcl.parser` is imported only when
something must really be parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import controller.hcl.disk_cache as kept
from controller.hcl.syntax import Body, Expression

T = TypeVar("T")


@lru_cache(maxsize=1024)
def parse_body(text: str, file: str) -> Body:
    """
    A whole file of arguments and blocks. Raises HclError "syntax".

    The same text under the same name gives the same tree, so that a directory that is read again
    is parsed once.
    """

    def parse() -> Body:
        from controller.hcl import parser

        return parser.parse_body(text, file)

    return remembered("tree", Body, text, file, parse)


@lru_cache(maxsize=1024)
def parse_template_file(text: str, file: str) -> Expression:
    """A template file, remembered likewise. Raises HclError "syntax"."""
    return remembered("template", Expression, text, file, lambda: parse_template(text, file))


def remembered(kind: str, type_: type[T], text: str, file: str, parse: Callable[[], T]) -> T:
    """What `parse` makes of a file's text, or made of it in an earlier run."""
    place = kept.place_of(kind, text, file)
    known = kept.load(place) if place else None
    if isinstance(known, type_):
        return known
    parsed = parse()
    if place:
        kept.save(place, parsed)
    return parsed


def parse_argument(text: str, file: str) -> Expression:
    """The text as if it followed `x = `. Raises HclError "syntax"."""
    from controller.hcl import parser

    return parser.parse_argument(text, file)


def parse_template(text: str, file: str, first_line: int = 1) -> Expression:
    """A template without quotes around it: a template file, or a string of the JSON syntax."""
    from controller.hcl import parser

    return parser.parse_template(text, file, first_line)


def parse_embedded(text: str, file: str, first_line: int = 1) -> Expression:
    """An expression held by a string of the JSON syntax: a type, or a reference."""
    from controller.hcl import parser

    return parser.parse_embedded(text, file, first_line)
