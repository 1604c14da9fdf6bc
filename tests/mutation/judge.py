"""Run the tests against one mutant after another: collect them once, fork for each mutant."""

from __future__ import annotations

import functools
import gc
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

OURS = ("controller", "api", "door", "local")

MUTANT = "MUTANT_UNDER_TEST"
"""The variable that mutmut's copy of the code reads: the name of the mutant to use, or nothing."""

LONGEST = 10.0
"""Seconds, beside four times what the tests take without a mutant: after them, a mutant loops."""


@dataclass
class Judge:
    """A plugin of pytest that judges `mutants` in place of running the tests once."""

    mutants: Sequence[str]
    survivors: list[str] = field(default_factory=list)
    judged: int = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        _forget()
        began = time.monotonic()
        if not _passes(session, "", 600.0):
            raise pytest.UsageError("the tests fail without any mutant; run pytest to see why")
        most = LONGEST + 4 * (time.monotonic() - began)
        for name in self.mutants:
            if _passes(session, name, most):
                self.survivors.append(name)
            self.judged += 1
        return True


def _forget() -> None:
    """Empty the caches that importing has filled: what they hold would hide a mutant."""
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith(OURS):
            one.cache_clear()
    gc.freeze()


def _passes(session: pytest.Session, mutant: str, most: float) -> bool:
    """Whether every test passes with this mutant within `most` seconds, in a process of its own."""
    child = os.fork()
    if child == 0:
        os._exit(_run(session, mutant))
    end = time.monotonic() + most
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run(session: pytest.Session, mutant: str) -> int:
    """Run the tests up to the first that fails, without output; 1 where one does."""
    os.environ[MUTANT] = mutant
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    try:
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
    except BaseException:  # a mutant may end the process in any way
        return 1
    return 0
