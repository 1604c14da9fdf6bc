"""What both functions of the internet are put together from; nothing is built before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from controller.domain.errors import PermanentError


def clients_of(session: Any) -> Callable[[str], Any]:
    """boto3 clients by name; the SDK is brought by the first one. `session` None: its own."""

    @lru_cache(maxsize=1)
    def made() -> Any:
        from controller.aws.clients import Clients

        if session is None:
            import boto3

            return Clients(boto3.Session(), region=None)
        return Clients(session, region=None)

    return lambda name: made().get(name)


def required(environment: Mapping[str, str], name: str) -> str:
    """Raises PermanentError for a variable that is not set."""
    value = environment.get(name)
    if not value:
        raise PermanentError(f"{name} is not set; template.yaml gives it to the function")
    return value


def is_of_aws(error: Exception) -> bool:
    """An error of the SDK, known by its module: it need not be imported to ask."""
    return type(error).__module__.partition(".")[0] in ("botocore", "boto3")
