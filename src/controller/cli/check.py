"""`dormouse check`: compile, and say what is wrong and what it means."""

from __future__ import annotations

from pathlib import Path

import click

from controller.cli.compiling import compile_directory
from controller.cli.inputs import TerraformCommand, terraform_judge, terraform_options
from controller.cli.meaning import say_meaning
from controller.cli.problems import has_errors, print_json, print_problems, summary
from controller.mapping.assemble import AWAKE

TWO_MAKERS = (
    f"  terraform apply makes these too, as the files have no variable {AWAKE}: dormouse adopt DIR "
    f"gives each of them count = var.{AWAKE} ? 1 : 0"
)


@click.command("check", cls=TerraformCommand)
@terraform_options
@terraform_judge
@click.option("--stack", metavar="NAME", help="The stack's name, if not the folder's.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_context
def command(
    ctx: click.Context, directory: Path, stack: str | None, strict: bool, as_json: bool
) -> None:
    """
    Find what is wrong with a Terraform directory, and what would fail when it wakes.

    It ends with what sleeps, what it costs asleep and awake, and how long a wake takes. Exit code 0
    when it can be compiled, 1 with --strict if there are warnings, 2 on errors. Warnings that are
    only about costs and seconds (idle-cost, slow-wake, never-idle) do not count for --strict.
    """
    compiled = compile_directory(ctx, directory, stack)
    problems, meaning = compiled.findings, compiled.summary if compiled.spec else None
    if as_json:
        print_json(problems, summary=meaning.to_json() if meaning else None)
    else:
        print_problems(problems)
        click.echo(f"{directory}: {summary(problems)}")
        for line in say_meaning(meaning, compiled.region) if meaning else ():
            click.echo(line)
        if meaning and compiled.awake and AWAKE not in compiled.awake.variables:
            click.echo(TWO_MAKERS)
    ctx.exit(2 if has_errors(problems) else int(strict and bool(compiled.problems)))
