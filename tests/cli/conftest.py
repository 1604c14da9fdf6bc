"""What several tests of the command line need."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from controller.cli import signals


@pytest.fixture
def unignored() -> Iterator[None]:
    """As in a terminal: what starts in the background may ignore some signals from the first."""
    before = {number: signal.getsignal(number) for number in signals.SIGNALS}
    for number in signals.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
