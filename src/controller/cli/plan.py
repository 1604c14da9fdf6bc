"""`dormouse plan`: what would be created or deleted now; changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import click

from controller.cli.compiling import spec_or_exit
from controller.cli.inputs import TerraformCommand, terraform_options
from controller.cli.render import render_plan
from controller.cli.target import open_stack, order_of
from controller.domain.planning.plan import Plan, Target, make_plan
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Json, Spec


@click.command("plan", cls=TerraformCommand)
@terraform_options
@click.option(
    "--to",
    "target",
    type=click.Choice([str(t) for t in Target]),
    default=str(Target.AWAKE),
    show_default=True,
    help="The state to plan for.",
)
@click.option("--safe", is_flag=True, help="Drain the service before the load balancer goes.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    stack_name: str | None,
    target: str,
    safe: bool,
    as_json: bool,
) -> None:
    """Show what would be created, updated or deleted now. Nothing is changed."""
    spec = spec_or_exit(ctx, directory, stack_name)
    order = order_of(spec, safe=safe)
    with open_stack(spec) as stack:
        observed = stack.cloud.observe(Target(target), Progress(), stack.clock.now())
    plan = make_plan(spec, Target(target), observed, order)
    if as_json:
        click.echo(json.dumps(_to_json(spec, plan), indent=2))
        return
    for line in render_plan(spec, plan):
        click.echo(line)


def _to_json(spec: Spec, plan: Plan) -> dict[str, Json]:
    return {
        "stack": spec.stack,
        "to": str(plan.target),
        "actions": [action.to_json() for action in plan.actions],
        "waiting": [{"address": a, "for": text} for a, text in plan.waiting],
        "blocked": [{"address": a, "cause": text} for a, text in plan.blocked],
        "failed": [{"address": a, "cause": text} for a, text in plan.failed],
        "warnings": list(plan.warnings),
    }
