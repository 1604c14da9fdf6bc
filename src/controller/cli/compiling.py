"""Compile the directory of a command, or exit with its problems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from controller.cli.inputs import read_inputs
from controller.cli.problems import print_problems, summary
from controller.cli.state import one_directory, state_finder
from controller.domain.planning.spec import Spec
from controller.mapping.compile import Compiled, compile_stack


def compile_directory(ctx: click.Context, directory: Path, stack: str | None = None) -> Compiled:
    """The directory compiled with the command's Terraform options, as of now."""
    inputs = read_inputs(ctx, directory=directory)
    return compile_stack(
        directory,
        inputs,
        datetime.now(UTC),
        stack=stack,
        find_state=state_finder(ctx, directory, inputs),
    )


def spec_or_exit(ctx: click.Context, directory: Path, stack: str | None = None) -> Spec:
    """The spec; problems go to standard error, and errors end the command with exit code 2."""
    return specs_or_exit(ctx, [directory], stack)[0]


def specs_or_exit(
    ctx: click.Context, directories: Sequence[Path], stack: str | None = None
) -> list[Spec]:
    """The specs of all; what is wrong with each is reported before any error ends the command."""
    one_directory(ctx, directories)
    specs = []
    for directory in directories:
        compiled = compile_directory(ctx, directory, stack)
        print_problems(compiled.problems, err=True)
        if compiled.spec is None:
            click.echo(f"{directory}: {summary(compiled.problems)}", err=True)
        else:
            specs.append(compiled.spec)
    if len(specs) < len(directories):
        ctx.exit(2)
    return specs
