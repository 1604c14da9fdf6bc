"""How many functions the account runs at one time, and what the wake URL may take of that."""

from __future__ import annotations

from collections.abc import Sequence

from controller.cli.deployment import Deployment
from controller.domain.diagnostics.deployment import Room
from controller.domain.errors import DormouseError

PARAMETER = "ApiConcurrency"


def read_room(deployment: Deployment) -> Room:
    """Ask Lambda; a wake URL that is not there yet has nothing reserved."""
    functions = deployment.clients.get("lambda")
    limit = functions.get_account_settings()["AccountLimit"]
    try:
        reply = functions.get_function_concurrency(FunctionName=f"{deployment.name}-api")
    except functions.exceptions.ResourceNotFoundException:
        reply = {}
    return Room(
        most=limit["ConcurrentExecutions"],
        free=limit["UnreservedConcurrentExecutions"],
        reserved=reply.get("ReservedConcurrentExecutions"),
    )


def default_concurrency(deployment: Deployment, given: Sequence[str]) -> list[str]:
    """
    The parameter that bounds the wake URL, where nobody has said and the account has room.

    A deployment that has a bound keeps it, as CloudFormation keeps what is not given.
    """
    if any(each.partition("=")[0] == PARAMETER for each in given):
        return []
    try:
        with deployment.reaching("read how many functions run at one time"):
            room = read_room(deployment)
    except DormouseError:
        return []  # doctor says so
    if room.reserved is not None or room.default is None:
        return []
    return [f"{PARAMETER}={room.default}"]
