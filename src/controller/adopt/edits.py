"""Changes to a text, by offset: insertions and replacements that do not overlap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from controller.domain.dataclass import dataclass
from controller.hcl.errors import HclError
from controller.hcl.scan import scan_body
from controller.hcl.source import Source

_COMMENT = re.compile(r"#|//|/\*")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The text between two offsets becomes `text`; an insertion where both are the same."""

    start: int
    end: int
    text: str


def insert(at: int, text: str) -> Edit:
    return Edit(at, at, text)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Edits at the same place come in the order in which they were given."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        pieces += [text[at : edit.start], edit.text]
        at = max(at, edit.end)
    return "".join([*pieces, text[at:]])


def align_comments(before: str, after: str) -> str:
    """
    Move the comments at the ends of changed lines as `terraform fmt` has them.

    Only where they stood so before: comments of lines in a row begin in one column, a blank after
    the longest. What was laid out otherwise stays as it is.
    """
    old, new = _rows(before), _rows(after)
    if old is None or new is None:
        return after
    lines = after.split("\n")
    matcher = SequenceMatcher(a=[r.line for r in old], b=[r.line for r in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "replace":
            continue
        for i, j in _pairs(range(i1, i2), range(j1, j2), old, new):
            if _is_aligned(_group(old, i)):
                _align(new, _group(new, j), lines)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    line: str
    code: str
    comment: str


def _rows(text: str) -> list[_Row] | None:
    """Each line with the comment that ends it, if code precedes it."""
    try:
        skeleton = scan_body(Source(text, "")).skeleton
    except HclError:
        return None
    rows, at = [], 0
    for number, line in enumerate(text.split("\n")):
        code = skeleton[at : at + len(line)].rstrip()
        rest = line[len(code) :].strip()
        comment = rest if code.strip() and _COMMENT.match(rest) else ""
        rows.append(_Row(number, line, line[: len(code)], comment))
        at += len(line) + 1
    return rows


def _pairs(
    before: range, after: range, old: Sequence[_Row], new: Sequence[_Row]
) -> Iterable[tuple[int, int]]:
    """Lines with a comment that are the same but for their code, by the comment's text."""
    waiting = [j for j in after if new[j].comment]
    for i in before:
        found = next((j for j in waiting if old[i].comment == new[j].comment), None)
        if old[i].comment and found is not None:
            waiting.remove(found)
            yield i, found


def _group(rows: Sequence[_Row], at: int) -> list[_Row]:
    first = last = at
    while first > 0 and rows[first - 1].comment:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1].comment:
        last += 1
    return list(rows[first : last + 1])


def _is_aligned(group: Sequence[_Row]) -> bool:
    column = max(len(row.code) for row in group) + 1
    return all(row.line.find(row.comment, len(row.code)) == column for row in group)


def _align(rows: Sequence[_Row], group: Sequence[_Row], lines: list[str]) -> None:
    column = max(len(row.code) for row in group) + 1
    for row in group:
        ending = "\r" if lines[row.number].endswith("\r") else ""
        lines[row.number] = row.code.ljust(column) + row.comment + ending
