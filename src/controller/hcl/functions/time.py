"""Functions on RFC 3339 times. What asks the clock is known only after apply."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from controller.hcl.convert import number, string
from controller.hcl.functions.definition import ArgumentError, Parameter, function
from controller.hcl.origins import value_of_each_run
from controller.hcl.types import NUMBER, STRING
from controller.hcl.values import Value

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION_STEP = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9,
    "h": 3600 * 10**9,
}  # fmt: skip
_DATE_TOKEN = re.compile(r"''|'(?:[^']|'')*'|'[^']*|([a-zA-Z])\1*|[^'a-zA-Z]+", re.DOTALL)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@function(Parameter("format", STRING), Parameter("time", STRING), returns=STRING)
def formatdate(layout: Value, time: Value) -> Value:
    """Runs of one letter are verbs (`YYYY`, `hh`), text in single quotes represents itself."""
    moment, _ = parse_time(time, 1)
    tokens = _DATE_TOKEN.finditer(layout.data)
    return string("".join(_date_part(token[0], moment) for token in tokens))


@function(Parameter("timestamp", STRING), Parameter("duration", STRING), returns=STRING)
def timeadd(time: Value, duration: Value) -> Value:
    moment, nanoseconds = parse_time(time, 0)
    total = nanoseconds + _duration(duration, 1)
    try:
        return string(rfc3339(moment + timedelta(seconds=total // 10**9)))
    except OverflowError:
        raise ArgumentError(1, "leads out of the calendar") from None


@function(Parameter("timestamp_a", STRING), Parameter("timestamp_b", STRING), returns=NUMBER)
def timecmp(a: Value, b: Value) -> Value:
    left, right = parse_time(a, 0), parse_time(b, 1)
    return number((left > right) - (left < right))


@function(returns=STRING)
def timestamp() -> Value:
    return value_of_each_run("timestamp()")


@function(returns=STRING)
def plantimestamp() -> Value:
    return value_of_each_run("plantimestamp()")


def parse_time(value: Value, index: int) -> tuple[datetime, int]:
    """The moment to the second, with its offset, and the nanoseconds beyond."""
    match = _TIME.fullmatch(value.data)
    if match is None:
        raise ArgumentError(index, f'"{value.data}" is no time such as 2026-01-02T03:04:05Z')
    *date, fraction, sign, hours, minutes = match.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        moment = datetime(*map(int, date), tzinfo=zone)  # type: ignore[misc,arg-type]
    except ValueError as error:
        raise ArgumentError(index, f'"{value.data}" is no time: {error}') from None
    return moment, int((fraction or "").ljust(9, "0")[:9])


def _duration(value: Value, index: int) -> int:
    """Nanoseconds of a text such as `1h30m`, `-1.5h`, `0`."""
    text = value.data
    sign = -1 if text.startswith("-") else 1
    steps = text[1:] if text[:1] in ("+", "-") else text
    position, total = 0, Fraction(0)
    while steps != "0":
        match = _DURATION_STEP.match(steps, position)
        if match is None:
            raise ArgumentError(index, f'"{text}" is no duration such as 1h30m')
        total += Fraction(match[1].rstrip(".")) * _NANOSECONDS[match[2]]
        position = match.end()
        if position == len(steps):
            break
    if total >= 2**63:
        raise ArgumentError(index, f'"{text}" is longer than the 292 years that a duration holds')
    return sign * int(total)


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + _offset(moment, zulu="Z")


def _offset(moment: datetime, *, zulu: str | None = None, colon: bool = True) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    if minutes == 0 and zulu is not None:
        return zulu
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{':' if colon else ''}{rest:02d}"


def _date_part(token: str, moment: datetime) -> str:
    if token == "''":
        return "'"
    if token[0] == "'":
        if len(token) == 1 or token[-1] != "'":
            raise ArgumentError(0, "has a ' that does not end")
        return token[1:-1].replace("''", "'")
    if not token[0].isascii() or not token[0].isalpha():
        return token
    parts = _date_verbs(moment)
    if token not in parts:
        raise ArgumentError(0, f'"{token}" is no part of a date format; quote letters with \'')
    return parts[token]


def _date_verbs(moment: datetime) -> dict[str, str]:
    twelve, half = (moment.hour % 12) or 12, "PM" if moment.hour >= 12 else "AM"
    month, day = _MONTHS[moment.month - 1], _DAYS[moment.weekday()]
    return {
        "YY": f"{moment.year % 100:02d}", "YYYY": f"{moment.year:04d}",
        "M": f"{moment.month}", "MM": f"{moment.month:02d}", "MMM": month[:3], "MMMM": month,
        "D": f"{moment.day}", "DD": f"{moment.day:02d}", "EEE": day[:3], "EEEE": day,
        "h": f"{moment.hour}", "hh": f"{moment.hour:02d}",
        "H": f"{twelve}", "HH": f"{twelve:02d}", "AA": half, "aa": half.lower(),
        "m": f"{moment.minute}", "mm": f"{moment.minute:02d}",
        "s": f"{moment.second}", "ss": f"{moment.second:02d}",
        "Z": _offset(moment, zulu="Z"), "ZZZ": _offset(moment, zulu="UTC", colon=False),
        "ZZZZ": _offset(moment, colon=False), "ZZZZZ": _offset(moment),
    }  # fmt: skip


FUNCTIONS = (formatdate, timeadd, timecmp, timestamp, plantimestamp)
