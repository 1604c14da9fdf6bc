"""How the functions write a log line: one line of ASCII, whatever the texts in it hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_log_line(line: Mapping[str, Any]) -> str:
    """
    One line as JSON.

    Control characters and halves of surrogate pairs become escapes: a line that is no UTF-8 would
    be lost on the way to the log, with all else that it says.
    """
    return json.dumps(line, default=str, separators=(",", ":"))
