"""Why a time was not measured: each null in the result of a trial has a sentence of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from controller.domain.trial.measures import DELETED, INACTIVE, MISSING
from controller.domain.trial.sightings import Log, Thing

NOT_SEEN = "the trial did not see where it begins and ends"


def why_not_measured(
    measured: Mapping[str, float | None], log: Log, now: datetime
) -> dict[str, str]:
    """By the name of each time without a value; `now` is when the trial stopped reading."""
    why = {name: NOT_SEEN for name, value in measured.items() if value is None}
    kept = max(_kept(log, now), default=None)
    if "purge" in why and kept is not None:
        why["purge"] = f"AWS still kept the service as INACTIVE after {kept:.0f} s, the last read"
    return why


def _kept(log: Log, now: datetime) -> Iterator[float]:
    """For how many seconds a deleted service was seen INACTIVE and never missing."""
    for service in log.subjects(Thing.SERVICE):
        deleted = [one.at for one in log.of(service) if one.state == DELETED]
        inactive = log.entered(service, (INACTIVE,), deleted[-1]) if deleted else None
        if inactive and log.entered(service, (MISSING,), inactive) is None:
            yield (now - inactive).total_seconds()
