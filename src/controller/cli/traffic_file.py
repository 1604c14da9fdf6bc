"""Recorded traffic in a CSV file: time,new_flows,processed_bytes,active_flows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from controller.aws.past_traffic import spread
from controller.cli.inputs import InputError
from controller.domain.dataclass import dataclass
from controller.domain.decision.idle import MINUTE, Minute, floor_minute
from controller.domain.errors import TextError
from controller.domain.timestamps import parse_timestamp

COLUMNS = ("time", "new_flows", "processed_bytes", "active_flows")


@dataclass(frozen=True, slots=True)
class _Row:
    at: datetime
    flows: float
    bytes: float
    active: float


def read_traffic(file: Path) -> list[Minute]:
    """
    The minutes of the file, oldest first. Raises InputError with the line of what is wrong.

    Each row is for the time up to the next one where rows are evenly some minutes apart, else for
    its minute.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(_rows(file, csv.DictReader(lines)))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: {error}; expected a CSV file in UTF-8") from None
    if not rows:
        raise InputError(f"{file}: no rows; expected {','.join(COLUMNS)} and a row a minute")
    rows.sort(key=lambda row: row.at)
    period = _period(rows)
    found = {
        minute.at: minute
        for row in rows
        for minute in spread(floor_minute(row.at), period, row.flows, row.bytes, row.active)
    }
    return [found[at] for at in sorted(found)]


def _rows(file: Path, reader: csv.DictReader[str]) -> Iterator[_Row]:
    missing = [name for name in COLUMNS[:3] if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{file}:1: no column {', '.join(missing)}; expected {','.join(COLUMNS)}")
    for row in reader:
        place = f"{file}:{reader.line_num}"
        try:
            at = parse_timestamp(row["time"] or "")
        except TextError as error:
            raise InputError(f"{place}: time: {error}") from None
        yield _Row(at, *(_number(place, name, row.get(name)) for name in COLUMNS[1:]))


def _number(place: str, name: str, text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1e18:
        raise InputError(f'{place}: {name}: found "{text}", expected a number from 0 on')
    return value


def _period(rows: list[_Row]) -> timedelta:
    """How far rows are apart: most of them, or a minute where that is not clear."""
    pauses = [b.at - a.at for a, b in pairwise(rows)]
    usual = max(set(pauses), key=pauses.count, default=MINUTE)
    is_clear = pauses.count(usual) * 2 > len(pauses) and usual <= timedelta(hours=1)
    return usual if is_clear and usual % MINUTE == timedelta(0) and usual else MINUTE
