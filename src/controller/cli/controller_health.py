"""What the deployed controller's records and parts say of one stack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from controller.cli.concurrency import read_room
from controller.cli.deployment import Deployment
from controller.cli.link import Shelf
from controller.domain.diagnostics.deployment import LATE, ControllerHealth, examine_controller
from controller.domain.diagnostics.finding import Finding, problem, warning
from controller.domain.errors import DormouseError
from controller.domain.planning.spec import Spec
from controller.domain.reporting.status import Status

T = TypeVar("T")


def read_health(deployment: Deployment, spec: Spec, now: datetime) -> list[Finding]:
    """The findings on the deployment; what cannot be read is a finding too."""
    stack, table = spec.stack, deployment.table
    refused: list[Finding] = []

    def attempt(check: str, what: str, right: str, read: Callable[[], T]) -> T | None:
        try:
            with deployment.reaching(what):
                return read()
        except DormouseError as error:
            said = f"could not check: {error} (it takes {right})"
            refused.append(warning(check, deployment.name, said))
            return None

    try:
        with deployment.reaching(f'read the records of "{stack}"'):
            records = table.load(stack)
            overdue = stack in table.due(now - LATE)
    except DormouseError as error:
        return [problem("records", stack, str(error))]
    shelf = Shelf(deployment)
    keys = attempt("keys", "read the keys of the links", "ssm:GetParameter", shelf.load)
    url = attempt(
        "wake-url",
        "find the wake URL",
        "cloudformation:DescribeStacks",
        lambda: deployment.wake_url,
    )
    room = attempt(
        "concurrency",
        "read how many functions run at one time",
        "lambda:GetAccountSettings and lambda:GetFunctionConcurrency",
        lambda: read_room(deployment),
    )
    health = ControllerHealth(
        stack=stack,
        deployment=deployment.name,
        status=records.status or Status(),
        overdue=overdue,
        keys=None if keys is None else len(keys.secrets),
        url=url,
        room=room,
    )
    return [*examine_controller(health), *refused]
