"""
`make bench`: every ratio beside the bound that it should keep, and docs/benchmarks.md.

`python -m bench wake start` measures those parts alone and replaces their sections.
`--profile FILE` measures what depends on AWS's pace at that of a trial, and writes no page.
"""

from __future__ import annotations

import sys
from importlib import import_module

from bench import page
from bench.report import Measure
from controller.domain.errors import TextError
from controller.domain.text import quoted
from controller.timing_file import find_timing

PARTS = (
    "wake",
    "turn_round",
    "terraform",
    "heartbeat",
    "scale",
    "decision",
    "schedule",
    "start",
    "cold_start",
    "api",
    "board",
    "door",
)
"""Modules of this package, each with `measure()`; its docstring explains its section."""


PACED = ("wake", "turn_round")
"""Those whose `measure` takes the pace of AWS."""


def main(names: list[str]) -> int:
    if "--profile" in names:
        return _at_pace(names)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.stderr.write(f"no part {', '.join(unknown)}; expected of {', '.join(PARTS)}\n")
        return 2
    kept = True
    for name in names or PARTS:
        part = import_module(f"bench.{name}")
        sys.stdout.write(f"{name}\n")
        found: list[Measure] = []
        for one in part.measure():
            sys.stdout.write(f"  {one}\n")
            sys.stdout.flush()
            found.append(one)
        page.write({name: (part.__doc__ or name, found)}, PARTS)  # what breaks later loses nothing
        kept = kept and all(one.kept for one in found)
    return 0 if kept else 1


def _at_pace(arguments: list[str]) -> int:
    option, *names = arguments
    if option != "--profile" or len(names) != 1:
        found = " ".join(arguments)
        sys.stderr.write(f"found {quoted(found)}; expected --profile FILE and nothing else\n")
        return 2
    try:
        timing = find_timing(names[0])
    except TextError as error:
        sys.stderr.write(f"--profile: {error}\n")
        return 2
    kept = True
    for part in PACED:
        for one in import_module(f"bench.{part}").measure(timing):
            sys.stdout.write(f"  {one}\n")
            kept = kept and one.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
