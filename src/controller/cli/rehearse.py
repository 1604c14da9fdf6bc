"""`dormouse rehearse`: could a sleeping stack wake? The controller checks with its own rights."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from controller.cli.deployment import Deployment, deployment_option
from controller.cli.following import follow
from controller.cli.keeping import Keeper
from controller.cli.places import PublishedStack
from controller.cli.readiness import Question, wait_until_ready
from controller.cli.stack_status import StackStatus
from controller.cli.stacks import Stacks, check_name, json_option
from controller.cli.with_awake import base_address
from controller.domain.errors import PermanentError
from controller.domain.planning.spec import Json
from controller.domain.reporting.proof import Proof, Verdict, shown
from controller.domain.reporting.report import Report, State, policy_of

LONGEST = timedelta(seconds=90)
POLL = timedelta(seconds=1)
PATIENCE = timedelta(seconds=10)
"""A service that is healthy answers at once; its first connection may still be refused."""

REASON = "rehearsal"
FAREWELL = "no longer following; the rehearsal's lease is released"


@click.command("rehearse")
@click.argument("stack")
@click.option("--real", is_flag=True, help="Wake it, ask its open_path once, and release it.")
@deployment_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, stack: str, real: bool, deployment: Deployment, as_json: bool
) -> None:
    """
    Check whether a sleeping stack could wake, without waking it.

    The controller reads, with the rights that a wake would have, whether image, certificates,
    secrets, quotas, Elastic IP, network and roles are there. With --real the stack is then
    woken, unless a wake would fail; that costs one load balancer hour, and the stack sleeps
    again as its policy says. Exit code 0 if it could wake, 1 if not or if something could not
    be checked; with --real, 0 if it did wake.
    """
    check_name(stack)
    published = Stacks(deployment)
    report = published.load_view(stack).report
    if report.state is not State.ASLEEP:
        raise PermanentError(
            f"cannot rehearse: {stack} is {report.state}, expected asleep; an awake stack has "
            "proved that it can wake"
        )
    proof = _proof_after(published, deployment, report)
    done = proof.verdict is Verdict.COULD_WAKE
    found: dict[str, Json] = {"stack": stack, "proof": shown(proof)}
    if real and proof.verdict is not Verdict.COULD_NOT_WAKE:
        found["real"] = wake_for_real(published, deployment, report)
        done = found["real"]["woke"]
    click.echo(json.dumps(found) if as_json else _text(found))
    ctx.exit(0 if done else 1)


def wake_for_real(published: Stacks, deployment: Deployment, report: Report) -> dict[str, Json]:
    """Wake it, send one request, and release it; other requests keep it awake."""
    stack, clock, policy = report.spec.stack, deployment.clock, policy_of(report.spec)
    place, since = PublishedStack(published, stack), clock.now()
    keeper = Keeper(place, policy.wake_timeout, REASON, REASON)
    keeper.begin()
    try:
        (status,) = follow([place], clock, wanted=State.AWAKE, farewell=FAREWELL)
        seconds = round((clock.now() - since).total_seconds(), 1)
        if status.state is not State.AWAKE:
            return {"woke": False, "seconds": seconds, "said": status.cause or status.phase}
        return {"woke": True, "seconds": seconds, "said": _ask_once(status, policy.open_path)}
    finally:
        keeper.end()


def _ask_once(status: StackStatus, path: str) -> str:
    address = base_address(status)
    if "://" not in address:
        return f"{address} does not speak HTTP, so no request was sent"
    try:
        wait_until_ready(address, Question(path, "", PATIENCE))
    except PermanentError as error:
        return f"{address}: {error}"
    return f"{address}{path} answered"


def _proof_after(published: Stacks, deployment: Deployment, report: Report) -> Proof:
    """Request it, and wait for the pass that does it."""
    stack, clock = report.spec.stack, deployment.clock
    since = clock.now()
    deployment.table.request_rehearsal(stack, since)
    published.start_pass(stack)
    while clock.now() - since < LONGEST:
        proof = published.load_view(stack).report.status.proof
        if proof and proof.at >= since.replace(microsecond=0):
            return proof
        clock.sleep(POLL.total_seconds())
    raise PermanentError(
        f"{stack} was not checked within {LONGEST.seconds} s; see whether the controller runs: "
        f"dormouse doctor {stack}"
    )


def _text(found: dict[str, Json]) -> str:
    proof, real = found["proof"], found.get("real")
    lines = [f"{found['stack']}: {proof['result']}"]
    lines += [f"  {each['rule']}: {each['message']}" for each in proof["findings"]]
    if real:
        how = "woke" if real["woke"] else "did not wake"
        lines.append(f"{found['stack']}: {how} in {real['seconds']:.0f} s; {real['said']}")
    return "\n".join(lines)
