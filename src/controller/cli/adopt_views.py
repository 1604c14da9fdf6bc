"""What `dormouse adopt` says at its end: for people, and as JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from controller.adopt.journal import Journal
from controller.adopt.patch import patch_of
from controller.adopt.prepare import Prepared
from controller.adopt.undoing import Undone
from controller.domain.planning.spec import Json
from controller.mapping.assemble import AWAKE


def show(directory: Path, prepared: Prepared, result: str, *, as_json: bool) -> None:
    """`result` is "adopted" or "unchanged"."""
    if as_json:
        show_json(prepared, result)
        return
    for note in prepared.changes.notes:
        click.echo(f"note: {note}", err=True)
    for line in _said(directory, prepared, result):
        click.echo(line)


def show_json(prepared: Prepared, result: str, **more: Json) -> None:
    data = {
        "changed": [change.shown_as for change in prepared.changes.files],
        "forgotten": [one.in_state for one in prepared.running],
        "patch": patch_of(prepared.changes.files),
        "notes": list(prepared.changes.notes),
    }
    _echo(prepared.stack, result, {**data, **more})


def show_restored(directory: Path, note: Journal, *, as_json: bool) -> None:
    """An adoption that is complete already, or has been completed after a crash."""
    if not as_json:
        click.echo(f"{note.stack} is adopted. Next: dormouse deploy {directory}")
        return
    changes = list(note.changes())
    data = {
        "changed": [change.shown_as for change in changes],
        "forgotten": [one.in_state for one in note.handed_over],
        "patch": patch_of(changes),
        "notes": [],
    }
    _echo(note.stack, "adopted", data)


def show_undone(stack: str, undone: Undone, *, as_json: bool) -> None:
    if as_json:
        data = {
            "changed": list(undone.files),
            "taken_in": list(undone.taken_in),
            "asleep": list(undone.asleep),
        }
        _echo(stack, "undone", data)
        return
    click.echo(f"{stack}: the files are as they were before it was adopted")
    if undone.taken_in:
        click.echo(f"Terraform has again: {', '.join(undone.taken_in)}")
    if undone.asleep:
        click.echo(
            f"It is asleep, so that nothing stands for {', '.join(undone.asleep)}: terraform apply "
            "makes them"
        )


def _echo(stack: str, result: str, data: dict[str, Json]) -> None:
    click.echo(json.dumps({"stack": stack, "result": result, **data}, ensure_ascii=False, indent=2))


def _said(directory: Path, prepared: Prepared, result: str) -> Iterator[str]:
    stack = prepared.stack
    if result == "unchanged":
        yield f"{stack} can sleep already, and Terraform's state holds nothing of what sleeps."
    elif prepared.running:
        yield f"{stack} is adopted, and ran without interruption; Terraform has forgotten:"
        yield from (f"  {one.in_state}" for one in prepared.running)
        yield f"From now on never apply with {AWAKE} = true."
        yield f"To go back: dormouse adopt {directory} --undo"
    else:
        yield f"{stack} is adopted. To go back: dormouse adopt {directory} --undo"
        place = shlex.quote(str(directory))
        yield f"Next: cd {place}; terraform init; terraform apply; dormouse deploy ."
        return
    yield f"Next: dormouse deploy {directory}"
