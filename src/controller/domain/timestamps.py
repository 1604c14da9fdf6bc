"""Instants as texts: RFC 3339 in UTC, "2026-11-23T09:00:00Z", a fraction only where needed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from controller.domain.errors import TextError


def format_timestamp(moment: datetime) -> str:
    """Write an instant; ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return _text(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=4096)
def _text(moment: datetime) -> str:
    """Kept, for moments in UTC: a pass writes the same hundreds again and again."""
    return moment.isoformat().removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read an instant with "Z" or an offset; the answer is in UTC. Raises TextError."""
    moment = _instant(text)
    if moment is not None:
        return moment
    raise TextError(
        f'"{text}" is not an instant: expected date, time and offset, '
        'such as "2026-11-23T09:00:00Z"'
    )


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    """Kept: the records that a pass reads again hold the same hundreds of texts."""
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_timestamp(moment: datetime | None) -> str | None:
    """As `format_timestamp`, where there may be none."""
    return format_timestamp(moment) if moment else None


def read_timestamp(text: str | None) -> datetime | None:
    """As `parse_timestamp`, where there may be none."""
    return parse_timestamp(text) if text else None
