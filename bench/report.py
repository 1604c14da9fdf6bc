"""One line for each thing measured: a ratio, and the bound it should keep."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`value` should be at most `bound`; `detail` says what was divided by what."""

    name: str
    value: float
    bound: float
    detail: str
    unit: str = "x"

    @property
    def kept(self) -> bool:
        return self.value <= self.bound

    def __str__(self) -> str:
        verdict = "kept  " if self.kept else "MISSED"
        value = f"{self.value:.3f}" if self.unit == "x" else f"{self.value:.0f}"
        return (
            f"{verdict} {self.name:<44} {value:>8} {self.unit:<6} (at most {self.bound:g})  "
            f"{self.detail}"
        )


def interleaved(
    first: Callable[[], float], second: Callable[[], float], times: int = 7
) -> tuple[float, float]:
    """The median of each, measured in turn, so that a noisy machine is noisy to both."""
    pairs = [(first(), second()) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def wall_seconds(command: Sequence[str]) -> float:
    """How long a process takes from start to end."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
