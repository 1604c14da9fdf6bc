"""What the core needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from controller.domain.dataclass import dataclass
from controller.domain.money.meter import SeenTask
from controller.domain.planning.observed import Observation, Observed
from controller.domain.planning.plan import Action, Target
from controller.domain.planning.progress import Progress

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Due:
    """
    A stack in the index of what is due; `at` is the moment as the index writes it.

    `is_request`: somebody requested something. The stack may be due for another reason besides.
    """

    stack: str
    at: str
    is_request: bool = False


class Clock(Protocol):
    """The only source of time; tests and the demo move it."""

    def now(self) -> datetime:
        """The moment, with UTC as its timezone."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SideBySide(Protocol):
    """Runs jobs that do not depend on each other; answers in their order."""

    def __call__(self, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """Every job's result, or the exception that it raised."""
        ...


class Cloud(Protocol):
    """One stack's resources in AWS."""

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        """
        Read every address of the stack and its Elastic IPs; change nothing.

        With `only` just these are read; for the rest the last read is repeated.
        Raises the domain's errors.
        """
        ...

    def prepare(self, actions: Sequence[Action]) -> None:
        """
        Find every kept resource that these creates refer to.

        Raises PermanentError if one is missing, before anything that costs money is created.
        """
        ...

    def take(self, action: Action, observed: Observed) -> Observation:
        """
        Make the calls of one action; return the resource's new observation.

        Returns at once, never waits. Raises the domain's errors.
        """
        ...

    def tasks(self, address: str, known: Sequence[str] = ()) -> Sequence[SeenTask]:
        """
        The tasks of a service that exists or is leaving, with those that stopped within an hour.

        With `known` only those of these ARNs: once the service is gone. Raises the domain's errors.
        """
        ...
