"""Where the keys of the links are kept: one SSM SecureString, a standard one, which is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def fetch_from_ssm(client: Callable[[], Any], name: str) -> Callable[[], str | None]:
    """Read the parameter by a client that is made when it is first needed; None without one."""

    def fetch() -> str | None:
        ssm = client()
        try:
            reply = ssm.get_parameter(Name=name, WithDecryption=True)
        except ssm.exceptions.ParameterNotFound:
            return None
        return str(reply["Parameter"]["Value"])

    return fetch
