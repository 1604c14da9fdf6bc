"""The functions' environment, read once at the first event, never at import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from controller.domain.errors import PermanentError

PASSES_AT_ONCE = 8
"""With the heartbeat and the wake URL they fit the ten that a new account's Lambda runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    `table` holds all records; `controller` is the function that runs the passes.

    `passes_at_once` is how many of them a heartbeat starts side by side, `spread` over how long
    the wakes for one opening are spread.
    """

    table: str
    controller: str
    passes_at_once: int = PASSES_AT_ONCE
    spread: timedelta = timedelta(0)

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Settings:
        return Settings(
            table=_required(environment, "DORMOUSE_TABLE"),
            controller=environment.get("DORMOUSE_CONTROLLER")
            or _required(environment, "AWS_LAMBDA_FUNCTION_NAME"),
            passes_at_once=_number(environment, "DORMOUSE_PASSES_AT_ONCE", PASSES_AT_ONCE, least=1),
            spread=timedelta(minutes=_number(environment, "DORMOUSE_SPREAD_MINUTES", 0, least=0)),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise PermanentError(f"{name} is not set; template.yaml gives it to the function")
    return value


def _number(environment: Mapping[str, str], name: str, default: int, least: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal() or int(value) < least:
        raise PermanentError(
            f'{name} is "{value}", expected a whole number of {least} or more; '
            "template.yaml gives it to the function"
        )
    return int(value)
