"""
Text to syntax tree, through what is remembered of earlier runs.

The grammar and its library take longer to load than most directories take to compile. So a file's
tree is kept on disk under a digest of its text, and `controller.hcl.parser` is imported only when
something must really be parsed.
"""

from __future__ import annotations

from functools import lru_cache

import controller.hcl.disk_cache as kept
from controller.hcl.syntax import Body, Expression


@lru_cache(maxsize=1024)
def parse_body(text: str, file: str) -> Body:
    """
    A whole file of arguments and blocks. Raises HclError "syntax".

    The same text under the same name gives the same tree, so that a directory that is read again
    is parsed once.
    """
    place = kept.place_of("tree", text, file)
    known = kept.load(place) if place else None
    if isinstance(known, Body):
        return known
    from controller.hcl import parser

    body = parser.parse_body(text, file)
    if place:
        kept.save(place, body)
    return body


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
