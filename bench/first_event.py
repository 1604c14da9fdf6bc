"""The first event of a function: a process that imports it, gives it one event, and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bench.report import interleaved

_PROCESS = """
import json, sys, time
from bench.function import Context
event, context = json.loads(sys.argv[1]), Context()
began = time.process_time()
{work}
sys.stderr.write(str(time.process_time() - began))
"""


def cpu_of_first(
    ours: str, theirs: str, event: dict[str, Any], environment: Mapping[str, str]
) -> tuple[float, float]:
    """
    Seconds of the processor, from before the imports to the answer: medians of both.

    `ours` and `theirs` are the Python text of a process; it knows `event` and `context`.
    """

    def seconds(work: str) -> float:
        command = [sys.executable, "-c", _PROCESS.format(work=work), json.dumps(event)]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return float(done.stderr)

    for work in (ours, theirs):
        seconds(work)  # the first run fills the caches that every later one has
    return interleaved(lambda: seconds(ours), lambda: seconds(theirs))
