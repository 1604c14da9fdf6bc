"""JSON and base64 as Terraform's functions write and read them (HCL semantics §16). Pure."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from decimal import Decimal

from controller.domain.planning.computed_values import (
    CannotComputeError,
    Data,
    text,
    to_result,
)

_HALF = re.compile("[\ud800-\udfff]")
_JSON_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def json_text(value: Data) -> str:
    if isinstance(value, dict):
        inner = (f"{_quoted(key)}:{json_text(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return "null" if value is None else text(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_JSON_ESCAPES)


def json_value(value: Data) -> Data:
    try:
        found = json.loads(text(value), parse_float=lambda found: to_result(Decimal(found)))
        return _normalised(found)
    except (ValueError, ArithmeticError):
        raise CannotComputeError("the text is not JSON") from None


def _normalised(value: Data) -> Data:
    """With the texts that Terraform makes: composed, and without halves of characters."""
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if isinstance(value, dict):
        return {_normalised(key): _normalised(item) for key, item in value.items()}
    if isinstance(value, str) and not value.isascii():
        return unicodedata.normalize("NFC", _HALF.sub("\ufffd", value))
    return value


def decode(value: Data) -> str:
    return base64.b64decode(text(value).replace("\n", ""), validate=True).decode()
