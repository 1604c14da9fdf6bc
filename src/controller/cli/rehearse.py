"""`dormouse rehearse`: could a sleeping stack wake? The controller looks, with its own rights."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from controller.cli.deployment import Deployment, deployment_option
from controller.cli.stacks import Stacks, json_option
from controller.domain.errors import PermanentError
from controller.domain.planning.spec import Json
from controller.domain.reporting.proof import Proof, Verdict, shown
from controller.domain.reporting.report import Report, State

LONGEST = timedelta(seconds=90)
POLL = timedelta(seconds=1)


@click.command("rehearse")
@click.argument("stack")
@deployment_option
@json_option
@click.pass_context
def command(ctx: click.Context, stack: str, deployment: Deployment, as_json: bool) -> None:
    """
    Find out whether a sleeping stack could wake, by reads alone.

    The controller looks, with the rights that a wake would have: image, certificates, secrets,
    quotas, Elastic IP, network, roles. Exit code 0 if it could wake, 1 if not or if something
    could not be looked at.
    """
    asked = Stacks(deployment)
    report = asked.look(stack).report
    if report.state is not State.ASLEEP:
        raise PermanentError(
            f"cannot rehearse: {stack} is {report.state}, expected asleep; an awake stack has "
            "proved that it can wake"
        )
    proof = _proof_after(asked, deployment, report)
    found = shown(proof)
    click.echo(json.dumps({"stack": stack, "proof": found}) if as_json else _text(stack, found))
    ctx.exit(0 if proof.verdict is Verdict.COULD_WAKE else 1)


def _proof_after(asked: Stacks, deployment: Deployment, report: Report) -> Proof:
    """Ask for it, and wait for the pass that does it."""
    stack, clock = report.spec.stack, deployment.clock
    since = clock.now()
    deployment.table.ask_rehearsal(stack, since)
    asked.start_pass(stack)
    while clock.now() - since < LONGEST:
        proof = asked.look(stack).report.status.proof
        if proof and proof.at >= since.replace(microsecond=0):
            return proof
        clock.sleep(POLL.total_seconds())
    raise PermanentError(
        f"{stack} was not looked at within {LONGEST.seconds} s; see whether the controller runs: "
        f"dormouse doctor {stack}"
    )


def _text(stack: str, proof: dict[str, Json]) -> str:
    lines = [f"{stack}: {proof['result']}"]
    lines += [f"  {each['rule']}: {each['message']}" for each in proof["findings"]]
    return "\n".join(lines)
