"""One read of a survey, and where its answer goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.domain.dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Read:
    """One read: its answer goes into `field`, under `key` if the field is a mapping of many."""

    field: str
    check: str
    subject: str
    right: str
    do: Callable[[], Any]
    key: str = ""
