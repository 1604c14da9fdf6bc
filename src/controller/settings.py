"""The functions' environment, read once at the first event, never at import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.errors import PermanentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`table` holds all records; `controller` is the function that runs the passes."""

    table: str
    controller: str

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Settings:
        return Settings(
            table=_required(environment, "DORMOUSE_TABLE"),
            controller=environment.get("DORMOUSE_CONTROLLER")
            or _required(environment, "AWS_LAMBDA_FUNCTION_NAME"),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise PermanentError(f"{name} is not set; template.yaml gives it to the function")
    return value
