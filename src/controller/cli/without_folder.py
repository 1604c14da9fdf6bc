"""Published stacks whose folder is gone: they go on being woken until somebody takes them out."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from controller.cli.origin import find_origin
from controller.cli.stack_folders import gone
from controller.cli.stacks import Stacks
from controller.domain.errors import SpecError
from controller.domain.planning.spec import Spec


def note_gone(stacks: Stacks, parents: Iterable[Path]) -> None:
    """Name those that were in one of these folders, with the command that takes them out."""
    table = stacks.deployment.table
    specs = []
    with stacks.deployment.reaching("list the stacks"):
        for name in table.published():
            with suppress(SpecError):  # one that cannot be read hides no other
                specs += table.specs(name)[:1]
    for stack, folder in gone(specs, sorted(parents)):
        click.echo(
            f"note: {stack} is published, and its folder {folder} is gone; if it is to go, too: "
            f"dormouse unpublish {stack}",
            err=True,
        )


def missing_folder(spec: Spec) -> Path | None:
    """Where a stack's directory should be in the clone that we are in, if it is not there."""
    origin = spec.source.get("origin") or {}
    here = Path.cwd()
    for above in (here, *here.parents):
        if (above / ".git").exists():
            known = find_origin(above).get("repository")
            folder = above / str(origin.get("path"))
            is_ours = "path" in origin and known == origin.get("repository")
            return folder if is_ours and not folder.exists() else None
    return None
