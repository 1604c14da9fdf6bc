"""The account's concurrency, and the wake URL's share of it."""

from __future__ import annotations

from collections.abc import Sequence

from controller.cli.deployment import Deployment
from controller.domain.diagnostics.deployment import Room
from controller.domain.errors import DormouseError

API, DOOR = "ApiConcurrency", "DoorConcurrency"


def read_room(deployment: Deployment) -> Room:
    """Ask Lambda; a wake URL that is not there yet has nothing reserved."""
    functions = deployment.clients.get("lambda")
    limit = functions.get_account_settings()["AccountLimit"]
    reserved = {each: _reserved(deployment, each) for each in ("api", "door")}
    return Room(
        most=limit["ConcurrentExecutions"],
        free=limit["UnreservedConcurrentExecutions"],
        reserved=reserved["api"],
        closed=tuple(f"{deployment.name}-{each}" for each, of in reserved.items() if of == 0),
    )


def _reserved(deployment: Deployment, function: str) -> int | None:
    """What a function has reserved; None for one that shares, or is not there yet."""
    functions = deployment.clients.get("lambda")
    try:
        reply = functions.get_function_concurrency(FunctionName=f"{deployment.name}-{function}")
    except functions.exceptions.ResourceNotFoundException:
        return None
    found: int | None = reply.get("ReservedConcurrentExecutions")
    return found


def default_concurrency(deployment: Deployment, given: Sequence[str]) -> list[str]:
    """
    The parameters that limit wake URL and door, if none are set and the account has room.

    A deployment that has a bound keeps it, as CloudFormation keeps what is not given.
    """
    named = {each.partition("=")[0] for each in given}
    try:
        with deployment.reaching("read how many functions run at one time"):
            room = read_room(deployment)
            of_door = _reserved(deployment, "door")
    except DormouseError:
        return []  # doctor says so
    defaults = ((API, room.reserved, room.default), (DOOR, of_door, room.door_default))
    return [
        f"{name}={number}"
        for name, reserved, number in defaults
        if name not in named and reserved is None and number is not None
    ]
