"""
Judge the mutants of parts of the deciding code: `python -m mutation loop pacing`.

A part is the name of a file without `.py`; without one, all are judged, which takes hours. Prints a
line for each part, and below it the survivors. Exit code 1 where there are any, 2 for an unknown
part.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import redirect_stdout
from io import StringIO

import pytest

from mutation.generation import files_by_part, write_mutants
from mutation.judge import MUTANT, Judge
from mutation.parts import tests_of

QUIET = ("-q", "-p", "no:cacheprovider")


def main(asked: list[str]) -> int:
    """Judge each part in a process of its own, as its modules may be imported only once."""
    known = files_by_part()
    unknown = sorted(set(asked) - set(known))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; expected {', '.join(known)}", file=sys.stderr)
        return 2
    left = [part for part in asked or known if not _is_clean(part)]
    return 1 if left else 0


def _is_clean(part: str) -> bool:
    names = write_mutants(files_by_part()[part])
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(_judge(part, names))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _judge(part: str, names: list[str]) -> int:
    os.environ[MUTANT] = ""
    importlib.invalidate_caches()  # the copy was not there when Python began
    judge, said = Judge(names), StringIO()
    with redirect_stdout(said):
        code = pytest.main([*QUIET, *tests_of(part)], plugins=[judge])
    if judge.judged < len(names):
        print(f"{said.getvalue()}\n{part}: not judged, pytest ended with {code!r}", flush=True)
        return 1
    left = judge.survivors
    killed = len(names) - len(left)
    line = f"{part}: {len(names)} mutants, {killed} killed, {len(left)} survived"
    print("\n  ".join([line, *left]), flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
