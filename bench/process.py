"""A process from start to end: its time, its processor's time, and the memory of its tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Seconds of the clock and of the processor (children too), and the tree's peak in MiB."""

    wall: float
    cpu: float
    peak: float
    output: str


def run(command: Sequence[str], environment: Mapping[str, str], directory: Path) -> Run:
    """Run it to its end; raises SystemExit with what it said when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(environment), cwd=directory, stdout=said, stderr=subprocess.STDOUT
        )
        peak = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, tree_mib(process.pid))
            time.sleep(SAMPLE_SECONDS)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Run(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=peak, output=output)


def tree_mib(pid: int) -> float:
    """The resident memory of a process and all below it, now; 0 when it has ended."""
    try:
        top = psutil.Process(pid)
        return sum(_rss(each) for each in (top, *top.children(recursive=True))) / 2**20
    except psutil.Error:
        return 0.0


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it ended while its parent was looked at
