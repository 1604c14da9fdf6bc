"""The lines of the demo, from events as a pass records them."""

from datetime import UTC, datetime
from types import SimpleNamespace

from controller.cli.demo_views import News
from controller.domain.decision.history import Event, EventKind
from controller.domain.policy.policy import Policy

AT = datetime(2026, 11, 23, 10, 36, 16, tzinfo=UTC)


def test_a_sleep_that_is_announced_gives_its_reason_as_of_then():
    soon = Event(
        stack="api",
        at=AT,
        kind=EventKind.SLEEPING_SOON,
        reason="office hours are over",
        facts={"ends_at": "2026-11-23T10:40:00Z"},
    )
    report = SimpleNamespace(status=SimpleNamespace(outbox=[soon]))
    system = SimpleNamespace(
        report=lambda: report,
        events=list,
        trouble=[],
        policy=Policy(),
        deployed=SimpleNamespace(is_deleted=False),
    )

    assert News(system, speed=60).lines(steps=False) == [
        "10:36:16  it will go to sleep at 10:40; by then office hours are over"
    ]
