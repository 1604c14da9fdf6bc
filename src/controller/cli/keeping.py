"""Keep a stack awake while something runs: by its own lease, renewed and then released."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic

import click

from controller.cli.link_client import RefusedError
from controller.cli.places import Place
from controller.cli.stack_status import StackStatus
from controller.domain.errors import DormouseError
from controller.domain.policy.durations import format_duration
from controller.domain.reporting.standing import say_local

SHORTEST = timedelta(minutes=2)
"""A lease that ends within a minute of what is requested is left as it is, so none is shorter."""

SHARE = 3
"""How often a lease is renewed within its length: two renewals may fail."""

FIRST_LOOK_SECONDS = 2.0
"""After this time the speed of the clock there is known: the simulated AWS may be faster."""

RETRY_SECONDS = 10.0
SOONEST_SECONDS = 0.5
LAST_SECONDS = 5.0
"""How long the end may take: a runner that is cancelled is killed soon after."""


class Keeper:
    """
    One lease, of one job. `begin` asks for it and goes on asking beside whatever else is done;
    `end` gives it back. If this process is killed, the lease ends by itself.
    """

    def __init__(self, place: Place, length: timedelta, reason: str, job: str) -> None:
        self._place = place
        self._length = length
        self._reason = reason
        self._job = job
        self._pace = _Pace()
        self._done = Event()
        self._trouble = ""
        self._latest: StackStatus | None = None
        self._thread = Thread(target=self._go_on, daemon=True, name="keeper")

    def begin(self) -> None:
        """Raises what says why it cannot be requested."""
        try:
            self.hear(self._place.renew(self._text, self._reason, self._job))
        except KeyboardInterrupt:  # or another signal: it may have been recorded already
            self._give_back()
            raise
        self._thread.start()

    def end(self) -> None:
        """Give it back, once and within seconds; nothing is requested after this."""
        self._done.set()
        self._thread.join(LAST_SECONDS)
        self._give_back()

    def _give_back(self) -> None:
        last = Thread(target=self._release, daemon=True, name="release")
        last.start()
        last.join(LAST_SECONDS)
        if last.is_alive():
            self._say_unreleased("no answer in time")

    @property
    def _text(self) -> str:
        return format_duration(self._length)

    def _go_on(self) -> None:
        seconds = FIRST_LOOK_SECONDS
        while not self._done.wait(seconds):
            try:
                self.hear(self._place.renew(self._text, self._reason, self._job))
                seconds = self._interval()
            except (DormouseError, click.ClickException) as error:
                self._complain(error)
                seconds = max(SOONEST_SECONDS, RETRY_SECONDS / self._pace.factor)

    def _interval(self) -> float:
        """Real seconds until the next time."""
        length = self._length.total_seconds()
        wanted = max(
            length / SHARE, min(length / 2, 61.0)
        )  # sooner than in a minute changes nothing
        return max(SOONEST_SECONDS, wanted / self._pace.factor)

    def hear(self, status: StackStatus) -> None:
        """Its state there, and what time it is there."""
        self._pace.see(status.now)
        self._latest = status
        if self._trouble:
            self._trouble = ""
            click.echo(f"{status.stack}: renewed again", err=True)

    def _complain(self, error: Exception) -> None:
        """Once for each kind of trouble; the command goes on."""
        said = error.message if isinstance(error, click.ClickException) else str(error)
        if self._trouble:
            return
        self._trouble = said
        hint = "" if isinstance(error, RefusedError) else "; it is tried again"
        click.echo(
            f"{self._place.stack}: cannot be kept awake{self._until()} just now: {said}{hint}",
            err=True,
        )

    def _until(self) -> str:
        status = self._latest
        if status is None:
            return ""
        return f" past {say_local(status.now + self._length, status.zone)}"

    def _release(self) -> None:
        try:
            self._place.release(self._job)
        except (DormouseError, click.ClickException) as error:
            said = error.message if isinstance(error, click.ClickException) else str(error)
            self._say_unreleased(said)

    def _say_unreleased(self, why: str) -> None:
        click.echo(
            f"{self._place.stack}: could not be released ({why}); it ends by itself within "
            f"{self._text}",
            err=True,
        )


class _Pace:
    """How much faster than here time passes there."""

    def __init__(self) -> None:
        self._first: tuple[datetime, float] | None = None
        self.factor = 1.0

    def see(self, now: datetime) -> None:
        here = monotonic()
        if self._first is None:
            self._first = now, here
            return
        passed = here - self._first[1]
        if passed >= SOONEST_SECONDS:
            self.factor = max(1.0, (now - self._first[0]).total_seconds() / passed)
