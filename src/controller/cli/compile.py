"""`dormouse compile`: the spec as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import InputError, TerraformCommand, terraform_judge, terraform_options


@click.command("compile", cls=TerraformCommand)
@terraform_options
@terraform_judge
@click.option("-o", "output", metavar="FILE", help="Write to a file instead.")
@click.option("--stack", metavar="NAME", help="The stack's name, if not the folder's.")
@click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    help="Accepted for symmetry: the output is always JSON.",
)
@click.pass_context
def command(ctx: click.Context, directory: Path, output: str | None, stack: str | None) -> None:
    """
    Print the spec of a directory as JSON: what exactly is made when it wakes.

    Problems go to standard error; with errors nothing is written and the exit code is 2.
    """
    spec = spec_or_exit(ctx, directory, stack)
    text = json.dumps(spec.to_json(), ensure_ascii=False, indent=2) + "\n"
    if output is None or output == "-":
        click.echo(text, nl=False)
    else:
        _write(Path(output), text)


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, so that nobody reads half of it."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        _keep_mode(path, temporary)
        os.replace(temporary, path)  # noqa: PTH105 - a path and a text
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise InputError(f"cannot write {path}: {error.strerror}") from None


def _keep_mode(path: Path, temporary: str) -> None:
    """A temporary file is its owner's alone; the result should be as any new file is."""
    if path.exists():
        mode = path.stat().st_mode
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    Path(temporary).chmod(mode)
