"""The command line's own way to AWS: the SDK's settings, as they stand."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

from controller.aws.clients import Clients
from controller.domain.ports import Clock
from controller.domain.spec import Spec

if TYPE_CHECKING:
    import boto3


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        sleep(seconds)


def open_session() -> boto3.Session:
    """
    Open a session from AWS_PROFILE, AWS_REGION and the rest of the SDK's settings.

    An endpoint on this machine is the laptop AWS, which takes any key: without credentials it
    gets invented ones, so that trying things out needs no setup.
    """
    import boto3  # a command that only reads Terraform files does not pay for it

    region = os.environ.get("AWS_REGION") or None
    if on_laptop() and not _has_key_settings():
        return boto3.Session(
            aws_access_key_id="laptop",
            aws_secret_access_key="laptop",
            region_name=region,
        )
    return boto3.Session(region_name=region)


def open_clock() -> Clock:
    """
    The machine's clock, or that of the laptop AWS when the endpoint is one.

    Its time may run faster: polls, time-outs and what is shown all follow it.
    """
    if not on_laptop():
        return SystemClock()
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    try:
        with urlopen(f"{endpoint.rstrip('/')}/_laptop/clock", timeout=2) as reply:
            told = json.load(reply)
        speed, now = float(told["speed"]), datetime.fromisoformat(told["now"])
    except (OSError, ValueError, KeyError, TypeError):
        return SystemClock()  # some other emulator
    from local.clock import ScaledClock

    return ScaledClock(speed, now) if speed > 0 else SystemClock()


def clients_for(spec: Spec) -> Clients:
    return Clients(open_session(), spec.region, spec.role_arn)


def on_laptop() -> bool:
    """Whether AWS's endpoint is on this machine."""
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _has_key_settings() -> bool:
    return any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"))
