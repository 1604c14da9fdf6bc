"""Forget the resources of a stack's earlier configurations that nobody can reach any more."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from controller.cli.deployment import Deployment
from controller.cli.stacks import Stacks
from controller.domain.planning.spec import Spec


def forget_replaced(deployment: Deployment, stack: str, *, yes: bool) -> None:
    """
    Delete the records of what replaced specs have left behind; nothing in AWS is touched.

    Asks first. Known resources are named, since nobody deletes them from then on.
    """
    stacks = Stacks(deployment)
    left = stacks.load_view(stack).records.leftovers
    if not left:
        click.echo(f"{stack}: earlier configurations have left nothing behind that is known.")
        return
    for line in _lines(left):
        click.echo(line)
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("--forget asks first, and there is no terminal to answer; add --yes")
    if not (yes or click.confirm("Forget it? What still exists continues to cost money")):
        return
    with deployment.reaching(f'forget what "{stack}" has left behind'):
        for spec in left:
            deployment.table.forget_leftover(stack, spec)
        deployment.table.request_pass(stack, deployment.clock.now())
    stacks.start_pass(stack)
    click.echo(f"{stack}: forgotten; delete by hand what still exists.")


def _lines(left: Sequence[Spec]) -> Iterator[str]:
    for spec in left:
        where = f"{spec.region or 'the own region'}{f', {spec.role_arn}' if spec.role_arn else ''}"
        for resource in spec.resources:
            if not resource.kind.traits.goes_with:
                yield f'{resource.kind.replace("_", " ")} "{resource.name}" ({where})'
