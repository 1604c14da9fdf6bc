"""Two ways of running independent jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_by_one(jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """In order, on this thread: for the simulation, where the order must always be the same."""
    return [_outcome(job) for job in jobs]


class Threads:
    """Each job on its own thread; a few are enough, because they only wait for AWS."""

    def __init__(self, most: int = 8) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="dormouse")

    def __call__(self, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
        if len(jobs) == 1:
            return one_by_one(jobs)
        return list(self._pool.map(_outcome, jobs))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _outcome(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:
        return error
