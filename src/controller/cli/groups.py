"""Names with * in them: the published stacks that a command means by them, and whether to ask."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

import click

from controller.cli.stacks import GROUP, Stacks
from controller.domain.errors import NotPublishedError, TextError
from controller.domain.policy.name_pattern import NamePattern

T = TypeVar("T")

MOST_UNASKED = 5
"""How many stacks a pattern may match before the command asks."""

_MOST_NAMED = 8

yes_option = click.option(
    "--yes", is_flag=True, help=f"Do not ask if a pattern matches more than {MOST_UNASKED} stacks."
)


def expand(
    stacks: Stacks, targets: Sequence[T], verb: str = "", *, yes: bool = False
) -> tuple[T | str, ...]:
    """
    The targets with the names of published stacks in place of each pattern, each once.

    With a `verb` ("wake") somebody is asked where they are many, unless `yes`. Raises
    NotPublishedError for a pattern that covers none, click.Abort for a no.
    """
    patterns = [each for each in targets if isinstance(each, str) and "*" in each]
    if not patterns:
        return tuple(targets)
    click.get_current_context().meta[GROUP] = True
    names = stacks.names()
    found = [one for each in targets for one in _meant(each, names)]
    meant = tuple(dict.fromkeys(found))
    if verb and not yes and len(meant) > MOST_UNASKED:
        _ask(verb, [str(each) for each in meant])
    return meant


def _meant(target: T, names: Iterable[str]) -> Sequence[T | str]:
    if not isinstance(target, str) or "*" not in target:
        return [target]
    try:
        pattern = NamePattern.parse(target)
    except TextError as error:
        raise click.UsageError(str(error)) from None
    found = [name for name in names if pattern.covers(name)]
    if not found:
        raise NotPublishedError(
            f'no published stack has a name like "{target}"; dormouse status lists all'
        )
    return found


def _ask(verb: str, names: Sequence[str]) -> None:
    rest = len(names) - _MOST_NAMED
    named = ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    question = f"{verb} {len(names)} stacks ({named})?"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask on: add --yes")
    click.confirm(question, abort=True, err=True)
