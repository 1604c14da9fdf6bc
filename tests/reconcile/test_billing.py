"""When AWS is asked for tasks, and what becomes of its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.errors import DeniedError
from controller.domain.money.meter import SeenTask
from controller.domain.money.usage import Tasks, UsageProfile
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Target, make_plan
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.reporting.status import Status
from controller.reconcile.billing import Billing
from controller.reconcile.outcome import Iteration
from controller.reconcile.tracker import StatusTracker
from factories import NOON, SERVICE, article_spec, observed, seen
from local.clock import ManualClock
from reconcile.records import Loaded, MemoryStore

SPEC = article_spec()
HOUR = timedelta(hours=1)
ARN = "arn:aws:ecs:us-east-1:1:service/c/nsfw_api_service"
RAN = BilledResource(address=SERVICE, arn=ARN, since=NOON - HOUR)


def task(arn="task/1", created_at=NOON - HOUR, until=None):
    tasks = Tasks(count=1, cpu=0.25, memory=0.5)
    return SeenTask(arn=arn, created_at=created_at, since=created_at, until=until, tasks=tasks)


class Ecs:
    """Tells of these tasks, or refuses to; counts how often it was asked."""

    def __init__(self, *tasks, error=None):
        self._tasks = tasks
        self._error = error
        self.requested = 0

    def tasks(self, address, known=()):
        self.requested += 1
        if self._error:
            raise self._error
        return self._tasks


class Setup:
    def __init__(self):
        self.store = UseStore()
        self.tracker = StatusTracker(self.store, ManualClock(NOON))
        self.tracker.begin(Loaded())
        self.billing = Billing(self.tracker, self.store, ManualClock(NOON))
        self.billing.note_use(SPEC)
        self.tracker.apply(Status.with_lifecycle, Lifecycle(billed=(RAN,)))

    @property
    def meter(self):
        return self.tracker.status.meter

    def look(self, ecs, service, progress=None):
        found = observed({SERVICE: service})
        plan = make_plan(SPEC, Target.ASLEEP, found)
        look = Iteration(
            now=NOON,
            target=Target.ASLEEP,
            observed=found,
            plan=plan,
            timeline=Timeline(),
            progress=progress or Progress(),
        )
        self.billing.meter(SPEC, ecs, look)


class UseStore(MemoryStore):
    def put_use(self, use, now):
        self.written.append((use, now))


@pytest.fixture
def setup():
    return Setup()


def service(state, **changes):
    return seen(state, SERVICE, attributes={"arn": ARN}, **changes)


def test_what_a_spec_uses_is_written_down_once(setup):
    setup.billing.note_use(SPEC)
    assert setup.store.written == [(UsageProfile.of(SPEC), NOON)]
    assert setup.meter.use_since == NOON


def test_tasks_of_a_service_that_stays_are_not_read(setup):
    ecs = Ecs(task())
    setup.look(ecs, service(State.READY))
    assert ecs.requested == 0


def test_tasks_are_read_once_while_their_service_drains(setup):
    ecs = Ecs(task())
    setup.look(ecs, service(State.LEAVING))
    setup.look(ecs, service(State.LEAVING))
    assert ecs.requested == 1
    assert [one.arn for one in setup.meter.seen[SERVICE]] == ["task/1"]


def test_tasks_of_an_earlier_service_of_the_name_are_not_its_own(setup):
    setup.look(Ecs(task("task/0", NOON - 2 * HOUR), task()), service(State.LEAVING))
    assert [one.arn for one in setup.meter.seen[SERVICE]] == ["task/1"]


def test_a_service_that_is_gone_is_billed_by_its_tasks(setup):
    setup.look(Ecs(task()), service(State.LEAVING))
    setup.look(Ecs(task(until=NOON)), seen(State.ABSENT))
    (span,) = setup.meter.ended
    assert (span.arn, span.since, span.until) == ("task/1", NOON - HOUR, NOON)


def test_where_aws_does_not_report_tasks_a_service_counts_as_long_as_it_existed(setup):
    refused = Ecs(error=DeniedError("no right"))
    setup.look(refused, service(State.LEAVING))
    setup.look(refused, seen(State.ABSENT))
    (span,) = setup.meter.ended
    assert (span.arn, span.since, span.until) == (ARN, NOON - HOUR, NOON)


def test_what_a_run_has_done_so_far_is_in_the_status(setup):
    done = Progress(leftovers_checked_for=SPEC.hash)
    setup.look(Ecs(), service(State.READY), done)
    assert setup.tracker.status.progress == done


def test_a_task_that_was_replaced_while_its_service_stays_is_taken_down(setup):
    stopped = NOON - HOUR / 4
    ecs = Ecs(task(until=stopped), task("task/2", stopped))
    look = observed({SERVICE: service(State.READY, replaced_at=stopped)})
    setup.billing.note_replaced_tasks(SPEC, ecs, look)
    assert [(s.arn, s.until) for s in setup.meter.ended] == [("task/1", stopped)]
    setup.billing.note_replaced_tasks(SPEC, ecs, look)
    assert ecs.requested == 1
