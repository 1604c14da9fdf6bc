"""
docs/benchmarks.md: a section for each part, written by the run that measured it.

A run of some parts replaces their sections and leaves the others as they are; each says when and
on what class of machine it was measured.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.report import Measure

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

HEAD = """# How fast it is

Written by `make bench`, which ends with an error when a bound is missed. `python -m bench PART...`
measures some parts alone: {parts}.

Speeds are ratios of two measurements in one run on one machine, so they are comparable between
machines; a ratio of 0.5 means that Dormouse takes half the time. Figures are medians unless their
section says otherwise. "AWS" is the simulated AWS of `src/local`, whose pace
(`src/controller/domain/planning/timing.py`) is inferred from users' reports of the real one: the
ratios are as accurate as that pace.
"""

_SECTION = re.compile(r"<!-- part: (\w+) -->\n.*?<!-- end of part -->\n", re.DOTALL)


def write(measured: Mapping[str, tuple[str, Sequence[Measure]]], order: Iterable[str]) -> None:
    """Put what was measured into the page: by part, its explanation and its measures."""
    before = PAGE.read_text() if PAGE.exists() else ""
    sections = {found[1]: found[0] for found in _SECTION.finditer(before)}
    for part, (about, measures) in measured.items():
        sections[part] = _section(part, about, measures)
    names = list(order)
    head = HEAD.format(parts=", ".join(f"`{name}`" for name in names))
    names += [name for name in sections if name not in names]
    PAGE.write_text("\n".join([head, *(sections[n] for n in names if n in sections)]))


def _section(part: str, about: str, measures: Sequence[Measure]) -> str:
    title, _, rest = about.strip().partition("\n")
    lines = [
        f"<!-- part: {part} -->",
        f"## {title.rstrip('.').replace('`', '')}",
        *([rest] if rest else [""]),
        "",
        "| | measured | | at most | |",
        "|---|---:|---|---:|---|",
        *(_row(one) for one in measures),
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench {part}`: {_machine()}.",
        "<!-- end of part -->",
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _row(one: Measure) -> str:
    verdict = {"MISSED": "**missed**", "skipped": "skipped", "kept": "kept", "told": ""}
    said = f"not measured: {one.skipped}" if one.skipped else one.detail
    value = "-" if one.skipped else f"{one.shown} {one.unit}"
    return f"| {one.name} | {value} | {verdict[one.verdict]} | {one.limit} | {said} |"


def _machine() -> str:
    """What others can compare with: the class of the machine, never its name."""
    cores = os.cpu_count() or 1
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = ".".join(map(str, sys.version_info[:2]))
    return (
        f"{cores} cores ({platform.machine()}), {gib:.0f} GiB, {platform.system()}, "
        f"CPython {python}, load {os.getloadavg()[0]:.1f}"
    )
