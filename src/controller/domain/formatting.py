"""Moments, durations and money as text for people."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say_moment(moment: datetime, zone: tzinfo) -> str:
    """
    Write "Mon 23 Nov 18:00", local to `zone`.

    It does not depend on when it is read ("today"), so that a sentence stays the same while what
    it says does.
    """
    local = moment.astimezone(zone)
    day = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    return f"{day} {local.hour:02}:{local.minute:02}"


def say_duration(duration: timedelta) -> str:
    """Write "45 s", "30 min", "2 h" or "1 h 30 min"; seconds only below a minute."""
    seconds = round(duration.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    parts = [f"{hours} h"] if hours else []
    if minutes:
        parts.append(f"{minutes} min")
    return " ".join(parts)


def say_money(amount: Decimal) -> str:
    """Write "12.34 $", and "-0.02 $" for less than nothing."""
    return f"{to_cents(amount)} $"


def to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP) + 0  # and no "-0.00"
