"""Evaluate a turn: which steps may be taken, whether the run ends, and why. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass
from controller.domain.errors import DeniedError, DormouseError, EndPassError, RetryError
from controller.domain.formatting import say_duration
from controller.domain.planning.going import OLD_TASKS
from controller.domain.planning.observed import Holder, State
from controller.domain.planning.plan import Action, Plan, Target, Verb
from controller.domain.planning.progress import Progress
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.retry_policy import SOON
from controller.reconcile.turn import Seen, Turn

BLIND = timedelta(seconds=25)
"""
How long a sleep without memory keeps reading: resources that a dead process has created may not be
listed yet (AWS behaviour §1.7; §9.2: 20 s at the slowest).
"""

LAST_STEPS = timedelta(seconds=20)
"""No new step is started when a Lambda has less time left than this (AWS behaviour §5.4)."""

ONE_MORE = timedelta(seconds=5)
"""A run continues while its process has this much time left: enough for one poll."""

MADE_ANEW_AGAIN = timedelta(hours=1)
"""How often a stack that serves replaces a resource that fails repeatedly (§1.4, F07)."""

A_MOMENT = timedelta(seconds=15)
"""How long after a full read a wake may create the next resource based on it."""

BLOCKED_GRACE = timedelta(seconds=30)
"""Tags of new resources may be unreadable for some seconds; only then does foreign count."""

FOREIGN_GRACE = timedelta(minutes=15)
"""How long to wait for an Elastic IP that somebody else uses (AWS behaviour F03); it is free."""


@dataclass(frozen=True, slots=True)
class Ending:
    """
    Why a run stops; `cause` is a sentence for people.

    `is_late`: a wake whose time was over. What held it up may be over tomorrow.
    """

    result: Result
    cause: str = ""
    is_late: bool = False


def takeable(turn: Turn, seen: Seen) -> list[Action]:
    """
    The steps to take in parallel.

    A wake that is blocked, has failed or is out of time makes nothing that costs money. A sleep
    waits for the answer about the counts of its services: ECS may refuse a change of one whose load
    balancer is gone (AWS behaviour §2.2).
    """
    is_wake = turn.target is Target.AWAKE and not turn.serving.is_ready
    if is_wake and (seen.plan.blocked or find_failure(seen, turn.progress) or turn.is_overdue):
        return []
    free = [action for action in seen.plan.ready if _may_take(action, turn, seen)]
    return [action for action in free if action.lowers_count] or free


def only_waits(turn: Turn, seen: Seen) -> bool:
    """Nothing is to be done or decided but to go on waiting."""
    return not (_may_end(turn, seen) or takeable(turn, seen))


def may_go_on(turn: Turn, seen: Seen) -> bool:
    """
    Whether a part that was just read is enough to go on by, with what was read before.

    To wait, it is; to make the parts of a wake one after the other, for a moment: while nobody is
    served, each of these calls is refused, or harmless, where somebody else was faster (AWS
    behaviour §1.6, §2.1). A deletion is neither, and no run ends by it.
    """
    if only_waits(turn, seen):
        return True
    steps = takeable(turn, seen)
    is_fresh = turn.serving.is_new and turn.now - turn.whole_at <= A_MOMENT
    makes = (
        turn.target is Target.AWAKE
        and is_fresh
        and not any(action.verb is Verb.DELETE for action in steps)
    )
    return makes and not _may_end(turn, seen)


def find_end(turn: Turn, limits: Limits) -> Ending | None:
    """Why the run ends with this turn; None: it continues."""
    if turn.error:
        ended = _end_by_error(turn, turn.error)
    else:
        ended = _end_by_state(turn, turn.seen) if turn.seen else None
    return ended or _out_of_time(turn, limits)


def find_failure(seen: Seen, progress: Progress) -> str:
    """Why this state needs a person; "" if it does not."""
    plan = seen.plan
    if plan.failed:
        return plan.failed[0][1]
    for action in plan.actions:
        one = seen.observed[action.address]
        again = progress.is_recreated(action.address)
        if plan.target is Target.AWAKE and one.state is State.FAILED and again:
            return f"created again once, and failed again: {one.cause}"
    return ""


def blocked_since(turn: Turn, seen: Seen) -> datetime | None:
    """Any foreign resource blocks a wake; it blocks a sleep only if nothing else is left to do."""
    is_busy = bool(seen.plan.waiting or seen.plan.actions)
    if not seen.plan.blocked or (turn.target is Target.ASLEEP and is_busy):
        return None
    return turn.blocked_since or turn.now


def is_blocked(turn: Turn, seen: Seen) -> bool:
    """Whether the foreign resource has been there long enough to count."""
    since = turn.blocked_since
    return since is not None and turn.now - since >= _grace(seen)


def find_holdup(turn: Turn) -> str:
    """Say what the stack is still waiting for."""
    if turn.note:
        return turn.note
    if turn.seen is None:
        return "AWS has not answered yet"
    plan, observed = turn.seen.plan, turn.seen.observed
    if plan.converged:
        return "making sure that nothing else is on its way"
    refused = turn.progress.refused
    said = list(turn.final.values())
    said += [refused[a.address] for a in plan.actions if a.address in refused]
    said += [text for _, text in (*plan.blocked, *plan.waiting) if text]
    said += [one.cause for one in observed.resources.values() if one.cause]
    said += [action.waits_for for action in plan.actions if action.waits_for]
    return "; ".join(dict.fromkeys(said))


def _may_end(turn: Turn, seen: Seen) -> bool:
    trouble = seen.plan.blocked or find_failure(seen, turn.progress)
    return bool(seen.plan.converged or turn.final or (trouble and not turn.serving.is_lost))


def _may_take(action: Action, turn: Turn, seen: Seen) -> bool:
    made_anew = _is_freshly_made_anew(action, turn)
    return not (
        turn.progress.is_held_back(action.address, turn.now)
        or turn.is_given_up(action)
        or turn.serving.spares(action, seen.observed, made_anew=made_anew)
    )


def _is_freshly_made_anew(action: Action, turn: Turn) -> bool:
    """It was replaced within the last hour, the least that is paid for a load balancer."""
    last = turn.progress.deleted.get(action.address)
    is_fresh = last is None or turn.now - last.at < MADE_ANEW_AGAIN
    return is_fresh and turn.progress.is_recreated(action.address)


def _end_by_error(turn: Turn, error: DormouseError) -> Ending | None:
    """The result of a round that was refused as a whole; None: it is retried."""
    if isinstance(error, EndPassError):
        return Ending(Result.UNFINISHED, str(error))
    if isinstance(error, RetryError) or _may_be_allowed_soon(turn, error) or turn.serving.is_lost:
        return None
    return Ending(Result.DEGRADED if turn.serving.is_kept else Result.FAILED, str(error))


def _may_be_allowed_soon(turn: Turn, error: DormouseError) -> bool:
    """A read that is denied for a moment is no reason to tear down what serves people."""
    since = turn.refused_since or turn.now
    return isinstance(error, DeniedError) and turn.now - since < SOON


def _end_by_state(turn: Turn, seen: Seen) -> Ending | None:
    plan, failure = seen.plan, find_failure(seen, turn.progress)
    if plan.converged:
        return _arrived(turn, seen)
    if failure and not turn.serving.is_ready:
        return Ending(Result.FAILED, failure)
    if turn.serving.is_ready and _keeps_old_tasks(turn, plan):
        return Ending(Result.DEGRADED, "; ".join(turn.final.values()))
    if turn.target is Target.AWAKE and not failure and turn.is_all_refused(plan):
        return Ending(Result.CONVERGED, "; ".join((*plan.warnings, *turn.final.values())))
    if turn.serving.is_ready:
        cause = _degraded_by(turn, seen, failure)
        return Ending(Result.DEGRADED, cause) if cause else None
    if is_blocked(turn, seen):
        return Ending(Result.BLOCKED, plan.blocked[0][1])
    if turn.target is Target.ASLEEP and turn.is_all_given_up(plan):
        return Ending(Result.FAILED, next(iter(turn.final.values())))
    return None


def _keeps_old_tasks(turn: Turn, plan: Plan) -> bool:
    """Tasks of before the wake are paid for, and only a person may stop them."""
    return any(OLD_TASKS in a.changes and turn.is_given_up(a) for a in plan.actions)


def _arrived(turn: Turn, seen: Seen) -> Ending | None:
    cold_since = turn.progress.cold_since
    if cold_since and turn.now - cold_since < BLIND:
        return None
    return Ending(Result.CONVERGED, "; ".join(seen.plan.warnings))


def _degraded_by(turn: Turn, seen: Seen, failure: str) -> str:
    """What keeps a stack that serves people from being complete, once that lasts."""
    if not turn.serving.is_kept:
        return ""
    if failure or is_blocked(turn, seen):
        return failure or seen.plan.blocked[0][1]
    is_final = turn.final and not seen.plan.waiting
    if is_final or turn.serving.is_lasting(turn.now):
        return find_holdup(turn) or "it does not get complete"
    return ""


def _out_of_time(turn: Turn, limits: Limits) -> Ending | None:
    now, lost_at = turn.now, turn.serving.give_up_at()
    if lost_at and now >= lost_at:
        if turn.seen and turn.seen.plan.blocked:
            return Ending(Result.BLOCKED, turn.seen.plan.blocked[0][1])
        lost = f"no target was healthy for {say_duration(turn.serving.patience)}"
        return Ending(Result.FAILED, f"{lost}: {find_holdup(turn)}")
    if limits.give_up_at and now >= limits.give_up_at and not turn.serving.is_ready:
        why = find_holdup(turn) or "nothing could be done about it until its time was over"
        return Ending(Result.FAILED, f"not {turn.target} in time: {why}", is_late=True)
    is_late = limits.deadline and now + LAST_STEPS + ONE_MORE >= limits.deadline
    if is_late or not (limits.patient or _goes_on(turn)):
        return Ending(Result.UNFINISHED, find_holdup(turn))
    return None


def _goes_on(turn: Turn) -> bool:
    """Whether a step was taken in this round, or can be soon by something else than waiting."""
    if turn.taken or turn.seen is None:
        return True
    held = any(at > turn.now for at in turn.progress.retry_at.values())
    return held or not all(one.owned for one in turn.seen.observed.resources.values())


def _grace(seen: Seen) -> timedelta:
    """How long a blocking resource is watched before it counts as permanent."""
    addresses = seen.observed.addresses.values()
    held = {a.allocation_id for a in addresses if a.holder is Holder.FOREIGN}
    only_held = all(address in held for address, _ in seen.plan.blocked)
    return FOREIGN_GRACE if only_held else BLOCKED_GRACE
