"""How the functions write a log line: one line of ASCII, for any text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_log_line(line: Mapping[str, Any]) -> str:
    """
    One line as JSON.

    Control characters and unpaired surrogates are escaped: a line that is not valid UTF-8 would be
    lost as a whole.
    """
    return json.dumps(line, default=str, separators=(",", ":"))
