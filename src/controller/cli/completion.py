"""`dormouse completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import os
from pathlib import Path

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> None:
    """
    Print the script that lets SHELL complete commands; without SHELL that of the one you use.

    For bash and zsh put eval "$(dormouse completion SHELL)" into ~/.bashrc or ~/.zshrc. For fish:
    dormouse completion fish > ~/.config/fish/completions/dormouse.fish
    """
    from click.shell_completion import get_completion_class

    from controller.cli.main import cli

    chosen = shell or Path(os.environ.get("SHELL", "")).name
    found = get_completion_class(chosen) if chosen in SHELLS else None
    if found is None:
        raise click.UsageError(f"name your shell: {', '.join(SHELLS)}")
    click.echo(found(cli, {}, "dormouse", "_DORMOUSE_COMPLETE").source())
