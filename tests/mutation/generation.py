"""Write the mutants of one file, all of them into one copy of it, under `mutants/`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mutmut.__main__ import create_file_mutants
from mutmut.utils.file_utils import walk_mutatable_files

COPY = Path("mutants")
"""Where the tests find `src` with the mutants in it."""


def files_by_part() -> dict[str, list[Path]]:
    """The files that `only_mutate` in pyproject.toml selects, by their name without `.py`."""
    parts: dict[str, list[Path]] = {}
    for path in sorted(walk_mutatable_files()):
        if path.stem != "__init__":
            parts.setdefault(path.stem, []).append(path)
    return parts


def write_mutants(files: list[Path]) -> list[str]:
    """Copy `src` with the mutants of these files in it; return the names of the mutants."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree("src", COPY / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return [name for path in files for name in _mutants_of(path)]


def _mutants_of(path: Path) -> Iterator[str]:
    (COPY / path).unlink()
    with redirect_stdout(StringIO()):  # it prints each path
        made = create_file_mutants(path)
    if made.error:
        raise made.error
    meta = COPY / path.with_name(f"{path.name}.meta")
    yield from json.loads(meta.read_text())["exit_code_by_key"]
