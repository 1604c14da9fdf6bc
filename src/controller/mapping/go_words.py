"""
Arguments that are texts in the schema, and that the provider reads as a bool or a number.

It reads them with Go's strconv and sends what it has read (provider 5.100, internal/types/nullable
and the attributes of internal/service/elbv2/target_group.go), so "1" and "TRUE" become "true", and
"+015" becomes "15".
"""

from __future__ import annotations

import json
import re

from controller.domain.planning.spec import Json

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


def read_bool(value: Json) -> Json:
    """As strconv.ParseBool; raises ValueError."""
    if value in _TRUE:
        return "true"
    if value in _FALSE:
        return "false"
    raise ValueError("expected true or false")


def read_integer(value: Json) -> Json:
    """As strconv.ParseInt in base 10; raises ValueError."""
    if not re.fullmatch(r"[+-]?[0-9]+", str(value)):
        raise ValueError("expected whole seconds")
    return str(int(value))


def read_minutes(value: Json) -> Json:
    """
    A number in quotes, which the provider keeps that way to distinguish 0 from nothing; raises
    ValueError.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", str(value)):
        raise ValueError("expected whole minutes")
    return int(str(value))


def read_document(value: Json) -> Json:
    """A JSON text as what it says; raises ValueError."""
    try:
        return json.loads(str(value))
    except ValueError:
        raise ValueError("expected JSON, such as jsonencode gives it") from None
