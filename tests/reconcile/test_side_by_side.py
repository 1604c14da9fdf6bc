"""Independent jobs: each has its own result, in their order, whatever becomes of the others."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from contextlib import suppress

import pytest

from controller.reconcile.side_by_side import Threads, one_by_one


@pytest.fixture
def threads():
    """So many that a barrier of three lets jobs pass only where they run at the same time."""
    threads = Threads(most=3)
    yield threads
    threads.close()


def broken():
    raise ValueError("no")


def test_results_and_errors_come_in_the_order_of_the_jobs(threads):
    for run in (threads, one_by_one):
        first, error, last = run([lambda: 1, broken, lambda: 3])
        assert (first, last) == (1, 3)
        assert isinstance(error, ValueError)
        assert run([]) == []


def test_jobs_run_at_the_same_time_on_threads_that_are_named_for_it(threads):
    barrier = threading.Barrier(3, timeout=10)

    def job():
        barrier.wait()
        return threading.current_thread().name

    names = threads([job] * 3)
    assert len(set(names)) == 3
    assert all(name.startswith("dormouse") for name in names)


def test_a_single_job_needs_no_thread(threads):
    assert threads([threading.current_thread]) == [threading.current_thread()]


def test_no_more_jobs_run_at_once_than_there_are_threads():
    threads, lock, running, most = Threads(most=2), threading.Lock(), [0], [0]
    gate = threading.Event()

    def job():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait(0.05)
        with lock:
            running[0] -= 1

    assert threads([job] * 6) == [None] * 6
    threads.close()
    assert most == [2]


def test_what_has_not_begun_is_dropped_at_the_close_and_nobody_waits():
    threads, gate, begun = Threads(most=1), threading.Event(), []
    started, ended = threading.Event(), threading.Event()

    def job():
        started.set()
        begun.append(gate.wait(10))
        ended.set()

    def call():
        with suppress(CancelledError, RuntimeError):  # it was closed before all were handed over
            threads([job] * 3)

    caller = threading.Thread(target=call)
    caller.start()
    assert started.wait(10)
    threads.close()  # returns though a job still runs
    assert begun == []
    gate.set()
    caller.join(10)
    assert ended.wait(10)
    assert begun == [True]
