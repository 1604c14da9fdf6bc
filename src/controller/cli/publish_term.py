"""`dormouse publish --owner --expires`: who answers for a stack, and until when it is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

from controller.cli.stacks import Stacks
from controller.domain.decision.term import Term, read_length
from controller.domain.errors import TextError
from controller.domain.text import LONGEST_NAME, check

NEVER = timedelta(0)
"""Represents an end that is taken away."""


def read_expires(
    ctx: click.Context, parameter: click.Parameter, text: str | None
) -> timedelta | None:
    if text is None:
        return None
    if text == "never":
        return NEVER
    try:
        return read_length(text)
    except TextError as error:
        raise click.UsageError(f"--expires: {error}, or never") from None


def set_term(
    stacks: Stacks, stack: str, owner: str | None, expires: timedelta | None
) -> Term | None:
    """Store the given owner and end, and return them; what is not given stays."""
    if owner is None and expires is None:
        return None
    deployment = stacks.deployment
    now = deployment.clock.now()
    given: dict[str, Any] = {"set_at": now, "by": stacks.caller}
    if owner is not None:
        given["owner"] = _checked(owner)
    if expires is not None:
        given["expires_at"] = now + expires if expires else None

    def changed(known: Term | None) -> Term:
        return replace(known or Term(stack=stack, set_at=now), **given)

    with deployment.reaching(f'say who answers for "{stack}"'):
        term = deployment.table.change_term(stack, changed)
    stacks.start_pass(stack)
    return term


def _checked(owner: str) -> str:
    try:
        return check(owner, "--owner", LONGEST_NAME)
    except TextError as error:
        raise click.UsageError(str(error)) from None
