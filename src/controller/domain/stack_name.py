"""What a stack may be called: its links, records and tags carry the name."""

from __future__ import annotations

import re

STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")

EXPECTED = "a small letter, then up to 30 small letters, digits and hyphens"
