"""What starting costs: the command line's compile, and the Lambda handler's import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from bench.report import Measure, compiled, interleaved, wall_seconds

ARTICLE = "tests/data/article-stack"

COLD_PARSE = f"""
from pathlib import Path
import hcl2
for path in sorted(Path({ARTICLE!r}).rglob("*.tf")):
    hcl2.parses_to_tree(path.read_text())
"""
"""python-hcl2 alone on the same files, in a fresh process, with its grammar's cache in place."""


def measure() -> Iterator[Measure]:
    with compiled() as environment:
        yield from _measure(environment)


def _measure(environment: Mapping[str, str]) -> Iterator[Measure]:
    def in_turn(ours: list[str], theirs: list[str]) -> tuple[float, float]:
        for command in (ours, theirs):
            wall_seconds(command, environment)  # the first run fills the caches of later ones
        return interleaved(
            lambda: wall_seconds(ours, environment), lambda: wall_seconds(theirs, environment)
        )

    python = sys.executable
    check = [python, "-c", "from controller.cli.main import main; main()", "check", ARTICLE]
    ours, theirs = in_turn(check, [python, "-c", COLD_PARSE])
    yield Measure(
        name="dormouse check / python-hcl2's cold parse",
        value=ours / theirs,
        bound=1.8,
        detail=f"{ours:.2f} s / {theirs:.2f} s, the article's stack",
    )
    handler = [python, "-c", "import controller.handlers.entry"]
    base = [python, "-c", "import boto3\nfrom aws_lambda_powertools import Logger"]
    ours, theirs = in_turn(handler, base)
    yield Measure(
        name="import of the handler / boto3 and Logger",
        value=ours / theirs,
        bound=1.3,
        detail=f"{ours:.2f} s / {theirs:.2f} s",
    )
