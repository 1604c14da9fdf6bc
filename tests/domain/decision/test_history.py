"""What past wakes teach, and what an event is."""

from datetime import timedelta

import pytest

from controller.domain.decision.history import (
    Event,
    EventKind,
    Learned,
    Wake,
    finished_steps,
    percentile,
)
from controller.domain.planning.progress import Timeline
from domain.decision_inputs import at, minutes

LONG = timedelta(hours=1)


def wake(seconds, day=0, **changes):
    start = at("09:00") + timedelta(days=day)
    ready = start + timedelta(seconds=seconds)
    return Wake(
        **{"started_at": start, "ready_at": ready, "reason": "", "from_rest": True} | changes
    )


def learned(*seconds):
    return Learned.of([wake(each, day) for day, each in enumerate(seconds)])


def test_without_history_a_wake_is_taken_to_be_a_usual_one():
    assert Learned().lead(LONG) == minutes(6)  # 4 min, a tenth more, and a tick


def test_the_lead_lets_most_wakes_be_ready_in_time():
    """Nine of ten took up to 200 s; 220 s and a tick are begun minutes."""
    assert learned(*[150] * 8, 200, 600).lead(LONG) == minutes(5)
    assert learned(150).lead(LONG) == minutes(4)


def test_only_the_last_wakes_teach():
    slow_long_ago = [900] * 20 + [150] * 10
    assert learned(*slow_long_ago).lead(LONG) == minutes(4)
    assert learned(*slow_long_ago).totals == (150,) * 10


def test_wakes_that_began_while_it_was_still_going_to_sleep_teach_nothing():
    assert Learned().after(wake(900, from_rest=False)) == Learned()


def test_the_lead_is_never_longer_than_a_wake_may_take():
    assert learned(5000).lead(minutes(20)) == minutes(20)


def test_the_order_in_which_wakes_are_read_does_not_matter():
    wakes = [wake(100 + day, day) for day in range(12)]
    assert Learned.of(wakes) == Learned.of(wakes[::-1])
    assert Learned.of(wakes).totals == tuple(range(102, 112))


def test_what_remains_is_learned_from_the_wakes_that_took_longer():
    known = learned(180, 200, 220, 400)

    assert known.remaining(timedelta(0)) == timedelta(seconds=200)
    assert known.remaining(timedelta(seconds=210)) == timedelta(seconds=10)
    assert known.remaining(timedelta(seconds=230)) == timedelta(seconds=170)
    assert known.remaining(timedelta(seconds=400)) is None
    assert Learned().remaining(minutes(1)) == minutes(3)


def test_each_step_is_learned_by_itself():
    known = Learned.of(
        [wake(200, day, steps=(("aws_lb.a", "starting", 140.0 + day),)) for day in range(3)]
    )
    assert known.usual_seconds("aws_lb.a", "starting") == 141
    assert known.usual_seconds("aws_lb.a", "draining") is None


def test_steps_are_those_that_are_over():
    timeline = (
        Timeline()
        .see("aws_lb.a", "releasing", at("08:59"))
        .see("aws_lb.a", "creating", at("09:00"))
        .see("aws_lb.a", "starting", at("09:01"))
        .see("aws_ecs_service.a", "starting", at("09:02"))
        .see("aws_lb.a", "", at("09:03"))
    )
    assert finished_steps(timeline, at("09:00")) == (
        ("aws_lb.a", "creating", 60.0),
        ("aws_lb.a", "starting", 120.0),
    )


def test_an_event_is_the_same_by_its_second_and_kind():
    event = Event(
        stack="a", at=at("09:00"), kind=EventKind.AWAKE, reason="office hours", facts={"x": 1}
    )
    assert event.id == "2026-11-23T09:00:00Z#awake"


@pytest.mark.parametrize(
    ("numbers", "share", "expected"),
    [([], 0.5, None), ([3], 0.9, 3), ([1, 2, 3, 4], 0.5, 2), ([4, 1, 3, 2], 0.9, 4)],
)
def test_a_percentile_is_one_of_the_numbers(numbers, share, expected):
    assert percentile(numbers, share) == expected


def test_news_is_old_after_a_day_or_when_what_it_says_is_over():
    def event(**facts):
        return Event(stack="a", at=at("09:00"), kind=EventKind.AWAKE, reason="", facts=facts)

    assert not event().is_old_news(at("Tue 08:59:59"))
    assert event().is_old_news(at("Tue 09:00"))
    soon = event(ends_at="2026-11-23T10:00:00Z")
    assert not soon.is_old_news(at("09:59:59"))
    assert soon.is_old_news(at("10:00"))
    assert event(ends_at=None).is_old_news(at("Tue 09:00"))
    late = event(ends_at="2026-11-25T10:00:00Z")
    assert late.is_old_news(at("Tue 09:00"))
