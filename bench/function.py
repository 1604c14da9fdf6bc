"""
The process behind `bench.controller`: nothing is imported here that the function does not have.

A pass for each stack that is named on standard input, and one line that measures it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

MARK = "measured "
BUDGET_SECONDS = 300


class Context:
    """What the handler asks of Lambda's context."""

    function_name = "controller"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:controller"
    aws_request_id = "bench"

    def __init__(self) -> None:
        self._ends = time.monotonic() + BUDGET_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._ends - time.monotonic()))


def peak_mib() -> float:
    """The most resident memory since the process began (rusage counts that of before it, too)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    from controller.handlers.entry import handler

    for line in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        result = handler({"stack": line.strip()}, Context())
        measured = {
            "seconds": time.perf_counter() - started,
            "cpu": time.process_time() - cpu,
            "peak": peak_mib(),
            "result": result["result"],
            "cause": result.get("cause", ""),
        }
        print(f"{MARK}{json.dumps(measured)}", flush=True)


if __name__ == "__main__":
    main()
