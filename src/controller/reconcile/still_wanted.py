"""Before every round: is the lock still ours, and is the target unchanged?"""

from __future__ import annotations

from controller.domain.decision.desired import Decision
from controller.domain.errors import LockLostError
from controller.domain.ports import Clock
from controller.reconcile.deciding import Decider
from controller.reconcile.ports import Records, Store


def renew_lock(store: Store) -> None:
    """Raises LockLostError where another pass has the stack by now."""
    if not store.renew_lock():
        raise LockLostError("another pass has taken over the stack; this one ends")


class StillWanted:
    """
    Make one for each run; the records are read again only after a new request.

    `is_fresh`: they were just read, so the first round starts without a check.
    """

    def __init__(
        self,
        store: Store,
        decider: Decider,
        clock: Clock,
        records: Records,
        decision: Decision,
        *,
        is_fresh: bool = False,
    ) -> None:
        self._store = store
        self._decider = decider
        self._clock = clock
        self._latest = records
        self._spec_hash = records.spec.hash
        self._state = decision.state
        self._is_fresh = is_fresh

    def __call__(self) -> bool:
        if self._is_fresh:
            self._is_fresh = False
            return True
        renew_lock(self._store)
        if self._store.request_version() != self._latest.request_version:
            self._latest = self._store.load()
        if self._latest.spec.hash != self._spec_hash:
            return False
        return self._decider.verdict(self._latest, self._clock.now()).state is self._state
