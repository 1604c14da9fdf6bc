"""Names in AWS that other published stacks share with one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import click

from controller.cli.stacks import Stacks
from controller.domain.errors import DormouseError
from controller.domain.planning.shared_names import shared_names
from controller.domain.planning.spec import Spec
from controller.domain.planning.spec_identity import Home
from controller.reconcile.side_by_side import Threads


def names_in_common(stacks: Stacks, specs: Iterable[Spec]) -> list[tuple[str, str]]:
    """Each of these stacks with what it shares with another; unreadable ones are skipped."""
    wanted = list(specs)
    if not wanted:
        return []
    deployment = stacks.deployment
    others = _read(stacks, [s for s in stacks.names() if s not in {one.stack for one in wanted}])
    has_role = any(one.role_arn for one in (*wanted, *others))
    account = deployment.account() if has_role else None
    home = Home(region=deployment.table.region, account=account)
    return [
        (spec.stack, said)
        for index, spec in enumerate(wanted)
        for said in shared_names(spec, (*wanted[:index], *others), home)
    ]


def warn_of_names(stacks: Stacks, specs: Iterable[Spec]) -> None:
    """A line for each; without the right to read the other stacks, the publish still counts."""
    try:
        shared = names_in_common(stacks, specs)
    except DormouseError as error:
        click.echo(f"note: names were not compared with those of other stacks: {error}", err=True)
        return
    for stack, said in shared:
        click.echo(f"warning: {stack}: {said}", err=True)


def _read(stacks: Stacks, names: list[str]) -> list[Spec]:
    threads = Threads()
    try:
        table = stacks.deployment.table
        found = threads([partial(table.specs, name) for name in names])
    finally:
        threads.close()
    return [spec for each in found if not isinstance(each, Exception) for spec in each[:1]]
