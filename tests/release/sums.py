"""The list that `sha256sum -c` reads."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sums(folder: Path) -> str:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    ]
    return "".join(lines)
