"""How long a run may take, by what is known of the stack. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import Policy
from controller.domain.reporting.status import Status
from controller.reconcile.outcome import Limits
from controller.reconcile.serving import Served


def limits_of_run(
    limits: Limits,
    status: Status,
    policy: Policy,
    target: Target,
    now: datetime,
    *,
    is_found: bool = False,
) -> Limits:
    """
    The limits of the process, with those of this transition.

    The time limit of a wake counts from its start; see `Served` for a finished wake. If the status
    was lost (`is_found`), a snapshot shows whether the stack has been ready.
    """
    if target is Target.ASLEEP:
        return replace(limits, learned=status.learned)
    return replace(
        limits,
        give_up_at=(status.lifecycle.waking_since or now) + policy.wake_timeout,
        since=status.lifecycle.waking_since,
        learned=status.learned,
        served=served_before(status, policy.wake_timeout, is_found=is_found),
    )


def served_before(status: Status, patience: timedelta, *, is_found: bool) -> Served | None:
    lifecycle = status.lifecycle
    if lifecycle.ready_at is None and not is_found:
        return None
    return Served(
        patience=patience,
        since=lifecycle.ready_at,
        incomplete_since=lifecycle.incomplete_since,
        unserved_since=lifecycle.unserved_since,
    )
