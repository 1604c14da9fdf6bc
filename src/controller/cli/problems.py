"""How problems are printed: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click

from controller.domain.planning.spec import Json
from controller.domain.problem import Level, Problem
from controller.domain.text import clean_lines

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow"}


def print_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """One line each: FILE:LINE: ADDRESS: level: message [rule]; colours on a terminal only."""
    for problem in problems:
        click.echo(_line(problem), err=err)


def print_json(problems: Iterable[Problem], **more: Json) -> None:
    """The problems, and whatever else is known, as one object."""
    data = {"problems": [problem.to_json() for problem in problems], **more}
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def summary(problems: Sequence[Problem]) -> str:
    """How many of each: "2 errors, 1 warning"."""
    counts = [(sum(p.level is level for p in problems), str(level)) for level in Level]
    parts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return ", ".join(parts) or "no problems"


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.level is Level.ERROR for problem in problems)


def _line(problem: Problem) -> str:
    place = clean_lines(str(problem.place)) if problem.place else ""
    where = f"{click.style(place, bold=True)}: " if place else ""
    who = f"{clean_lines(problem.address)}: " if problem.address else ""
    level = click.style(str(problem.level), fg=_COLOURS[problem.level], bold=True)
    rule = click.style(f" [{problem.rule}]", dim=True)
    return f"{where}{who}{level}: {clean_lines(problem.message)}{rule}"
