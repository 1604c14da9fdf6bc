"""One line for each thing measured: a ratio, and the bound it should keep."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    `value` should be at most `bound`; `detail` says what was divided by what.

    Without a bound it is only told. One with `skipped` was not measured, for that reason.
    """

    name: str
    value: float = 0
    bound: float | None = None
    detail: str = ""
    unit: str = "x"
    skipped: str = ""

    @property
    def kept(self) -> bool:
        return bool(self.skipped) or self.bound is None or self.value <= self.bound

    @property
    def verdict(self) -> str:
        if self.skipped:
            return "skipped"
        if self.bound is None:
            return "told"
        return "kept" if self.kept else "MISSED"

    @property
    def shown(self) -> str:
        if self.skipped:
            return "-"
        return f"{self.value:.3f}" if self.unit == "x" else f"{self.value:,.{self._places}f}"

    @property
    def limit(self) -> str:
        return "" if self.bound is None else f"{self.bound:,g}"

    @property
    def _places(self) -> int:
        return 0 if self.value >= 100 or self.value == int(self.value) else 2

    def __str__(self) -> str:
        limit = f"(at most {self.limit})" if self.limit else ""
        said = self.skipped or self.detail
        return (
            f"{self.verdict:<7} {self.name:<52} {self.shown:>9} {self.unit:<4} {limit:<16} {said}"
        )


def interleaved(
    first: Callable[[], float], second: Callable[[], float], times: int = 7
) -> tuple[float, float]:
    """The median of each, measured in turn, so that a noisy machine is noisy to both."""
    pairs = [(first(), second()) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


@contextmanager
def compiled() -> Iterator[dict[str, str]]:
    """
    An environment whose Python keeps what it compiles, as what ships to Lambda is compiled.

    What was compiled before does not count: it would make one of two quicker, and not the other.
    """
    with TemporaryDirectory() as folder:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        yield {**kept, "PYTHONPYCACHEPREFIX": folder}


def cpu_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The processor's time of a process from start to end; others on the machine add little."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime
