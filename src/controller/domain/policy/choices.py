"""The settings of a policy that are one word out of a few."""

from __future__ import annotations

from enum import StrEnum


class Rehearse(StrEnum):
    """How it is proved that a sleeping stack could wake."""

    OFF = "off"
    LOOK = "look"
    MONTHLY = "monthly"


class SleepOrder(StrEnum):
    """How a sleep takes down a service: by its count first, or by a forced deletion."""

    COUNT = "count"
    FORCE = "force"
