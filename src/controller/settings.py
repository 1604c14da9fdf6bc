"""The functions' environment, read once at the first event, never at import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from controller.domain.dataclass import dataclass, field
from controller.domain.errors import PermanentError
from controller.domain.notification.messages import NotifyAbout

DEPLOYMENT = "dormouse"
"""The name of a deployment that nobody named otherwise, as samconfig.toml gives it."""

PASSES_AT_ONCE = 8
"""With the heartbeat and the wake URL they fit the ten that a new account's Lambda runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    `table` holds all records; `controller` is the function that runs the passes.

    `passes_at_once` is how many of them a heartbeat starts side by side, `spread` over how long
    the wakes for one opening are spread.

    The rest is about notifications, and "" where they are not wanted: `topic` is SNS's ARN,
    `webhook` an https address, `notify_about` what is sent, `keys` the SSM parameter that
    signs links, `api` the wake URL's function, `metrics` CloudWatch's namespace.
    """

    table: str
    controller: str
    passes_at_once: int = PASSES_AT_ONCE
    spread: timedelta = timedelta(0)
    topic: str = ""
    webhook: str = field(default="", repr=False)
    notify_about: NotifyAbout = field(default_factory=NotifyAbout)
    keys: str = ""
    api: str = ""
    metrics: str = ""

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Settings:
        return Settings(
            table=_required(environment, "DORMOUSE_TABLE"),
            controller=environment.get("DORMOUSE_CONTROLLER")
            or _required(environment, "AWS_LAMBDA_FUNCTION_NAME"),
            passes_at_once=_number(environment, "DORMOUSE_PASSES_AT_ONCE", PASSES_AT_ONCE, least=1),
            spread=timedelta(minutes=_number(environment, "DORMOUSE_SPREAD_MINUTES", 0, least=0)),
            topic=environment.get("DORMOUSE_TOPIC_ARN", ""),
            webhook=environment.get("DORMOUSE_WEBHOOK", ""),
            notify_about=_about(environment.get("DORMOUSE_TELL") or "news"),
            keys=environment.get("DORMOUSE_KEYS_PARAMETER", ""),
            api=environment.get("DORMOUSE_API", ""),
            metrics=environment.get("DORMOUSE_METRICS", ""),
        )


def _about(text: str) -> NotifyAbout:
    known = NotifyAbout.choices()
    if text not in known:
        one_of = ", ".join(f'"{choice}"' for choice in known)
        raise PermanentError(f'DORMOUSE_TELL is "{text}", expected one of {one_of}')
    return known[text]


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
