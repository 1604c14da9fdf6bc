"""A system that runs on the simulated AWS, for those who have nothing of it but a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from factories import article_spec
from local.system import LaptopSystem, laptop_system

POLICY = {"time_zone": "Asia/Tokyo", "idle_timeout": "0", "finish_paid_hour": False}
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "DORMOUSE_LINK",
    "DORMOUSE_TABLE",
)
"""What a shell may have of AWS and of us."""


@contextmanager
def running(speed: float = 240, **policy: Any) -> Iterator[LaptopSystem]:
    spec = article_spec(policy={**POLICY, **policy})
    with laptop_system(spec, speed=speed, profile="fast") as system:
        yield system
        assert system.trouble == []
