"""Changes as people read them, and as `git apply` and `patch -p1` take them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher, unified_diff

from controller.adopt.changes import Change

_NO_END = "\\ No newline at end of file\n"


def patch_of(changes: Iterable[Change]) -> str:
    """One unified diff; the files are named from the directory."""
    return "".join(line for change in changes for line in _diff(change))


def _diff(change: Change) -> Iterator[str]:
    before, after = change.before or b"", change.after
    old = "/dev/null" if change.before is None else f"a/{change.shown_as}"
    lines = unified_diff(_lines(before), _lines(after), old, f"b/{change.shown_as}")
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_END}"


def _lines(content: bytes) -> list[str]:
    """Only at line feeds: what else Python takes for the end of a line is text to Terraform."""
    return [line for line in re.split(r"(?<=\n)", content.decode("utf-8")) if line]


def taken_back(before: bytes, after: bytes, now: bytes) -> bytes | None:
    """
    `now`, which somebody has changed since it was `after`, without the steps from `before`.

    None where a line of ours has been changed since, so that only a person can tell.
    """
    if now == after:
        return before
    ours = _blocks(_lines(before), _lines(after))
    theirs = SequenceMatcher(a=_lines(after), b=_lines(now), autojunk=False)
    where = _moved(theirs.get_opcodes())
    result = _lines(now)
    for (start, end), lines in reversed(ours):
        places = [where.get(line) for line in range(start, end)]
        at = where.get(start, len(result)) if start == end else places[0]
        if at is None or any(place is None for place in places):
            return None
        if places and places != list(range(at, at + len(places))):
            return None
        result[at : at + (end - start)] = lines
    return "".join(result).encode()


def _blocks(
    before: Sequence[str], after: Sequence[str]
) -> list[tuple[tuple[int, int], Sequence[str]]]:
    """Lines of `after` that are ours, and what stood in their place."""
    opcodes = SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    return [((j1, j2), before[i1:i2]) for tag, i1, i2, j1, j2 in opcodes if tag != "equal"]


def _moved(opcodes: Iterable[tuple[str, int, int, int, int]]) -> dict[int, int]:
    """Where lines that nobody has touched are now."""
    return {
        i1 + offset: j1 + offset
        for tag, i1, i2, j1, _ in opcodes
        if tag == "equal"
        for offset in range(i2 - i1)
    }
