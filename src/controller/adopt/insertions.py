"""Arguments put into a block as text, as `terraform fmt` would have them."""

from __future__ import annotations

import re

from controller.adopt.edits import Edit, insert
from controller.adopt.layout import Argument, Block

CONDITION = "var.awake ? 1 : 0"


def put_first(text: str, block: Block, argument: str) -> Edit:
    """
    Put an argument before all others, with an empty line behind it.

    Without that line fmt would align the next ones with it.
    """
    line_end = line_end_of(text)
    inside = text[block.opening + 1 : block.closing]
    indent = _indent(text, block)
    if "\n" not in inside:
        return _opened(text, block, [argument, inside.strip()], indent)
    at = text.index("\n", block.opening) + 1
    after = text[at:]
    is_empty = not text[at : block.closing].strip()
    apart = "" if is_empty or not after.split("\n", 1)[0].strip() else line_end
    return insert(at, f"{indent}{argument}{line_end}{apart}")


def put_last(text: str, block: Block, argument: str) -> Edit:
    """Put an argument behind all others, with an empty line before it."""
    line_end = line_end_of(text)
    inside = text[block.opening + 1 : block.closing]
    indent = _indent(text, block)
    if "\n" not in inside:
        return _opened(text, block, [inside.strip(), argument], indent)
    at = text.rindex("\n", 0, block.closing) + 1
    before = text[:at].rstrip(" \t\r\n")
    apart = "" if before.endswith("{") else line_end
    return insert(at, f"{apart}{indent}{argument}{line_end}")


def wrap(argument: Argument, before: str, after: str) -> list[Edit]:
    """Put something around the value of an argument."""
    return [insert(argument.value_start, before), insert(argument.value_end, after)]


def line_end_of(text: str) -> str:
    """That of the first line; a text of one line has the usual one."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _opened(text: str, block: Block, lines: list[str], indent: str) -> Edit:
    """A block on one line holds one argument; with two it needs lines of its own."""
    line_end = line_end_of(text)
    lines = [line for line in lines if line]
    if len(lines) == 1 and not text[block.opening + 1 : block.closing].strip():
        return Edit(block.opening + 1, block.closing, f" {lines[0]} ")
    outer = _line_indent(text, block.start)
    body = f"{line_end}{line_end}".join(f"{indent}{line}" for line in lines)
    return Edit(block.opening + 1, block.closing, f"{line_end}{body}{line_end}{outer}")


def _indent(text: str, block: Block) -> str:
    """As the first of its children is indented."""
    starts = [one.start for one in block.arguments] + [one.start for one in block.blocks]
    if starts and "\n" in text[block.opening : min(starts)]:
        return _line_indent(text, min(starts))
    return f"{_line_indent(text, block.start)}  "


def _line_indent(text: str, at: int) -> str:
    line = text.rfind("\n", 0, at) + 1
    match = re.match(r"[ \t]*", text[line:])
    return match[0] if match else ""
