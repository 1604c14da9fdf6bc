"""The command line's own way to AWS: the SDK's settings, as they are."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

from controller.aws.clients import Clients
from controller.cli.inputs import InputError
from controller.clock import SystemClock
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock

if TYPE_CHECKING:
    import boto3


def open_session() -> boto3.Session:
    """
    Open a session from AWS_PROFILE, AWS_REGION and the rest of the SDK's settings.

    An endpoint on this machine is the simulated AWS, which takes any key: without credentials it
    gets invented ones, so that trying things out needs no setup. Raises InputError for an
    endpoint that is no URL, PermanentError for a profile that does not exist.
    """
    import boto3  # a command that only reads Terraform files does not pay for it
    from botocore.exceptions import ProfileNotFound

    from controller.aws.errors import translate

    region = os.environ.get("AWS_REGION") or None
    if on_laptop() and not _has_key_settings():
        return boto3.Session(
            aws_access_key_id="laptop",
            aws_secret_access_key="laptop",
            region_name=region,
        )
    try:
        return boto3.Session(region_name=region)
    except ProfileNotFound as error:
        raise translate(error, "open a session") from None


def _endpoint() -> str:
    """
    AWS_ENDPOINT_URL, or "".

    Unchecked, an invalid URL causes an obscure error deep in the SDK.
    """
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if url and not _is_url(url):
        raise InputError(f'AWS_ENDPOINT_URL: found "{url}", expected a URL like https://HOST:PORT')
    return url


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its port is no number
        return False


def open_clock() -> Clock:
    """
    The machine's clock, or that of the simulated AWS when the endpoint is one.

    Its time may run faster: polls, time-outs and what is shown all follow it.
    """
    if not on_laptop():
        return SystemClock()
    try:
        with urlopen(f"{_endpoint().rstrip('/')}/_laptop/clock", timeout=2) as reply:
            state = json.load(reply)
        speed, now = float(state["speed"]), datetime.fromisoformat(state["now"])
    except (OSError, ValueError, KeyError, TypeError):
        return SystemClock()  # some other emulator
    from local.clock import ScaledClock

    return ScaledClock(speed, now) if speed > 0 else SystemClock()


def clients_for(spec: Spec) -> Clients:
    return Clients(open_session(), spec.region, spec.role_arn)


def on_laptop() -> bool:
    """Whether AWS's endpoint is on this machine."""
    return urlsplit(_endpoint()).hostname in ("127.0.0.1", "localhost", "::1")


def _has_key_settings() -> bool:
    return any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"))
