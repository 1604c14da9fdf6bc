"""Which signals end the work, and which are held off."""

from __future__ import annotations

import os
import signal

import pytest

from controller.cli import main, signals
from controller.cli.signals import EndedError, interruptible

pytestmark = pytest.mark.usefixtures("unignored")


@pytest.fixture
def at(monkeypatch):
    """Set the second at which the next signal comes."""

    def move(second: float) -> None:
        monkeypatch.setattr(signals, "monotonic", lambda: second)

    move(100.0)
    return move


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_the_first_ends_the_work_and_its_double_does_not_end_what_comes_then(at, number):
    with interruptible(lambda: None):
        with pytest.raises(EndedError, match=number.name):
            os.kill(os.getpid(), number)
        at(100.4)
        os.kill(os.getpid(), number)
        at(100.6)  # somebody presses once more, as the first was lost in a finalizer
        with pytest.raises(EndedError):
            os.kill(os.getpid(), number)


def test_while_signals_are_held_off_each_is_reported_and_raises_nothing(at):
    said = []
    with interruptible(lambda: said.append("still here")) as handler:
        handler.hold_off()
        os.kill(os.getpid(), signal.SIGTERM)
        at(200.0)
        os.kill(os.getpid(), signal.SIGINT)
    assert said == ["still here"] * 2


def test_a_signal_that_is_ignored_stays_so_and_each_has_its_handler_back():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with interruptible(lambda: None):
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_command_that_is_ended_leaves_with_the_code_of_the_signal(monkeypatch, number, code):
    monkeypatch.setattr(main, "_invoke", lambda _: os.kill(os.getpid(), number))
    before = signal.getsignal(signal.SIGTERM)
    assert main.run(["status"]) == code
    assert signal.getsignal(signal.SIGTERM) is before
