"""A calendar month in UTC, as AWS bills."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from controller.domain.dataclass import dataclass
from controller.domain.errors import TextError

_TEXT = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    @staticmethod
    def of(moment: datetime) -> Month:
        utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        return Month(utc.year, utc.month)

    @staticmethod
    def parse(text: str) -> Month:
        """Read "2026-11"; TextError for anything else."""
        found = _TEXT.fullmatch(text)
        if not found or found[1] == "0000":
            raise TextError(f'"{text}" is not a month: expected year and month, such as "2026-11"')
        return Month(int(found[1]), int(found[2]))

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it."""
        return self.next.start

    @property
    def next(self) -> Month:
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
