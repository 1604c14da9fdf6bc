"""
Run the command of `dormouse with`: its signals and its exit code are those of the command.

It stays in our process group and has our standard input, output and error: a command at a terminal
behaves as it would without us.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from controller.domain.text import quoted

CANNOT_RUN, NOT_FOUND = 126, 127
"""As every shell says it."""

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def find_program(name: str) -> int:
    """0 if it can be run; else the exit code, and why is said. Better before anything is woken."""
    if shutil.which(name):
        return 0
    if os.sep in name and Path(name).exists():
        click.echo(f"Error: {quoted(name)} cannot be run: it is no program", err=True)
        return CANNOT_RUN
    click.echo(f"Error: there is no command {quoted(name)}", err=True)
    return NOT_FOUND


def run_child(program: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it to its end; 128 + n where signal n ended it."""
    with _Signals() as signals:
        try:
            process = subprocess.Popen(program, env=dict(environment))
        except OSError as error:
            click.echo(f"Error: {quoted(program[0])} cannot be run: {error.strerror}", err=True)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN
        with signals.going_to(process):
            code = process.wait()
    return code if code >= 0 else 128 - code


class _Signals:
    """Passes on what reaches us and not the command."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, object] = {}

    def __enter__(self) -> _Signals:
        for number in PASSED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *ended: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def going_to(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        self._process = process
        for number in self._early:
            self._send(number)
        try:
            yield
        finally:
            self._process = None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and _is_in_foreground():
            return  # the terminal has sent it to the whole group; twice would mean "at once"
        if self._process is None:
            self._early.append(number)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            if self._process:
                self._process.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether Ctrl-C of a terminal reaches our process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
