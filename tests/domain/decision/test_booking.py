from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.decision.asker import Asker
from controller.domain.decision.booking import Booking, live_bookings, parse_start
from controller.domain.decision.desired import decide
from controller.domain.decision.foresight import foresee
from controller.domain.decision.hold import sleep_now
from controller.domain.decision.lifecycle import ConsumedRequests, Lifecycle, Slept
from controller.domain.decision.office_hours import OfficeHours
from controller.domain.errors import InvalidLeaseError, TextError
from controller.domain.money.forecast import make_forecast
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.policy.schedule import OpenWindow
from domain.decision_inputs import Asked, at, hold, minutes, rules, up
from factories import article_spec

HOURS = ["Mon-Fri 09:00-18:00"]


def booking(opens: str, closes: str, id_: str = "b1", **changes) -> Booking:
    return Booking(
        **{
            "stack": "nsfw-api",
            "id": id_,
            "owner": "cli#ann#",
            "by": "ann",
            "reason": "",
            "made_at": at("00:00"),
            "opens_at": at(opens),
            "closes_at": at(closes),
            **changes,
        }
    )


def booked(*bookings: Booking, lead: float = 5, **policy):
    return rules(lead, **policy).with_bookings(bookings)


def decided(of, time: str, lifecycle: Lifecycle | None = None, held=None):
    return decide(of, (), held, lifecycle or Lifecycle(), at(time))


# an opening like any other


def test_it_is_woken_for_early_and_until_says_when():
    of = booked(booking("13:30", "15:30", reason="demo"))
    asleep = decided(of, "08:00")
    assert (asleep.state, asleep.until) == (Target.ASLEEP, at("13:25"))

    early = decided(of, "13:25")
    assert (early.state, early.rule) == (Target.AWAKE, "booking")
    assert early.reason == (
        "it is being made ready for ann, who booked it from Mon 23 Nov 13:30: demo"
    )
    open_now = decided(of, "13:30")
    assert open_now.reason == "ann booked it: demo"
    assert open_now.evidence["booking"] == "b1"
    assert open_now.until == at("15:30")
    assert decided(of, "15:30").state is Target.ASLEEP


def test_without_ready_by_opening_it_is_woken_at_its_beginning():
    of = booked(booking("13:30", "15:30"), ready_by_opening=False)
    assert decided(of, "08:00").until == at("13:30")


def test_one_that_was_cancelled_opens_nothing():
    of = booked(booking("13:30", "15:30").cancelled(at("09:00")))
    assert decided(of, "14:00").state is Target.ASLEEP
    assert decided(of, "08:00").until is None


def test_idleness_ends_it_as_it_ends_office_hours():
    of = booked(booking("13:00", "17:00"), idle_timeout="30m", finish_paid_hour=False)
    state = Asked(of, lifecycle=up("12:55", "12:59"))
    assert state.decide("13:20").evidence["idle_at"] == "2026-11-23T13:30:00Z"
    never = booked(booking("13:00", "17:00"), idle_during_office_hours=False)
    assert Asked(never, lifecycle=up("12:55", "12:59")).decide("14:30").until == at("17:00")


def test_outside_office_hours_it_is_not_held_to_max_awake():
    """It was granted no longer than that; what came before it does not shorten it."""
    of = booked(booking("10:00", "16:00"), max_awake="6h", idle_timeout="0")
    assert decided(of, "15:00", up("06:00", "06:05")).until == at("16:00")


def test_a_booking_in_office_hours_that_idleness_has_ended_wakes_it_anew():
    of = booked(booking("14:00", "16:00"), office_hours=HOURS)
    slept = Slept(at=at("11:00"), rule="idle", reason="nobody has used it for 30 min")
    lifecycle = Lifecycle(spent=ConsumedRequests(windows_until=at("11:00")), slept=slept)
    assert decided(of, "12:00", lifecycle).until == at("13:55")
    assert decided(of, "13:55", lifecycle).rule == "booking"


def test_while_office_hours_last_nothing_is_made_ready_for_it():
    of = booked(booking("18:00", "20:00"), office_hours=HOURS, idle_timeout="0")
    inside = decided(of, "17:57", up("08:50", "08:55"))
    assert (inside.reason, inside.until) == ("office hours", at("18:00"))
    assert decided(of, "18:00", up("08:50", "08:55")).reason == "ann booked it"


def test_sleep_now_lasts_until_it_is_woken_for_the_booking():
    of = booked(booking("14:00", "16:00"), office_hours=HOURS)
    held = sleep_now("nsfw-api", OfficeHours(of, at("10:00")), (), "bob", "", at("10:00"))
    assert held.until == at("13:55")


def test_a_hold_comes_before_it():
    of = booked(booking("13:30", "15:30"))
    held = hold("asleep", "12:00", "Tue 09:00")
    assert decided(of, "14:00", held=held).rule == "hold"


def test_it_is_over_in_its_own_words():
    of = booked(booking("13:00", "14:00"), idle_timeout="0", finish_paid_hour=False)
    over = decided(of, "14:00", up("12:55", "12:59"))
    assert (over.state, over.reason) == (Target.ASLEEP, "the time that ann booked is over")


def test_what_comes_next_and_the_forecast_follow_it():
    of = booked(booking("13:30", "15:30"), idle_timeout="0", finish_paid_hour=False)
    changes = list(foresee(of, (), None, Lifecycle(), at("08:00"), at("Tue 08:00")))
    assert [(c.at, c.state) for c in changes] == [
        (at("13:25"), Target.AWAKE),
        (at("15:30"), Target.ASLEEP),
    ]
    forecast = make_forecast(article_spec(), of, at("08:00"), at("Tue 08:00"))
    assert forecast.awake_hours == pytest.approx(2 + 5 / 60)


# conflicts


def test_windows_that_overlap_or_touch_are_one():
    of = booked(
        booking("08:00", "09:00"),
        booking("17:00", "20:00", "b2"),
        booking("21:00", "22:00", "b3"),
        booking("21:30", "21:45", "b4"),
        booking("21:30", "21:45", "b5", cancelled_at=at("00:00")),
        office_hours=HOURS,
    )
    assert list(of.windows(at("00:00"), at("Tue 00:00"))) == [
        OpenWindow(at("08:00"), at("20:00")),
        OpenWindow(at("21:00"), at("22:00")),
    ]


spans = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 600)), max_size=6)


@given(spans, st.booleans(), st.integers(0, 1500))
def test_it_is_wanted_exactly_when_something_is_open(booked_spans, with_hours, minute):
    """By union: whatever overlaps shortens nothing."""
    bookings = [
        booking("00:00", "00:01", f"b{i}").until(at("00:00") + minutes(start + length))
        for i, (start, length) in enumerate(booked_spans)
    ]
    bookings = [
        replace(each, opens_at=at("00:00") + minutes(start))
        for each, (start, _) in zip(bookings, booked_spans, strict=True)
    ]
    of = booked(*bookings, lead=0, office_hours=HOURS if with_hours else [])
    now = at("00:00") + minutes(minute)
    in_hours = with_hours and at("09:00") <= now < at("18:00")
    in_hours = in_hours or (with_hours and at("Tue 09:00") <= now < at("Tue 18:00"))
    in_booking = any(each.opens_at <= now < each.closes_at for each in bookings)
    assert (decide(of, (), None, Lifecycle(), now).state is Target.AWAKE) == (
        in_hours or in_booking
    )
    windows = list(of.windows(at("00:00"), at("Wed 00:00")))
    assert any(now in window for window in windows) == (in_hours or in_booking)
    for one, other in pairwise(windows):
        assert one.closes_at < other.opens_at


# what can be booked

TOKYO = parse_policy({"time_zone": "Asia/Tokyo"}).zone
NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)  # noon there


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-07 13:30", "2026-12-07T04:30"),
        ("2026-12-07T13:30", "2026-12-07T04:30"),
        ("2026-12-07T13:30:00Z", "2026-12-07T13:30"),
        ("2026-12-07T13:30:00+01:00", "2026-12-07T12:30"),
        ("2026-12-07 24:00", "2026-12-07T15:00"),
        ("13:30", "2026-12-01T04:30"),
        ("9:00", "2026-12-02T00:00"),
        ("2026-12-01 11:57", "2026-12-01T02:57"),
    ],
)
def test_a_moment_is_local_to_the_stack_or_has_an_offset(text, found):
    assert parse_start(text, TOKYO, NOW) == datetime.fromisoformat(found).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-12-07", "cannot read"),
        ("tomorrow", "cannot read"),
        ("", "cannot read"),
        ("25:00", "cannot read"),
        ("2026-13-01 09:00", "cannot read"),
        ("0001-01-01T00:00", "cannot read"),
        ("2026-12-01 11:00", "is over; leave it out to wake the stack now"),
        ("2028-01-01 09:00", "expected at most 366 days from now"),
        ("9999-12-31 24:00", "cannot read"),
        ("9999-12-31T23:59:59Z", "cannot read"),
        ("2026-W50-1", "cannot read"),
        ("20261207", "cannot read"),
    ],
)
def test_what_is_no_moment_ahead_is_refused_with_the_remedy(text, said):
    with pytest.raises(TextError, match=said):
        parse_start(text, TOKYO, NOW)


def test_a_time_that_a_clock_put_forward_leaves_out_is_the_moment_of_that():
    london = parse_policy({"time_zone": "Europe/London"}).zone
    now = datetime(2026, 3, 28, tzinfo=UTC)
    for text in ("2026-03-29 01:30", "2026-03-29T01:30", "2026-03-29T01:30:00"):
        assert parse_start(text, london, now) == datetime(2026, 3, 29, 1, tzinfo=UTC)


# whose it is


def test_a_booking_is_of_whoever_made_it_and_of_their_job():
    mine = booking("13:00", "14:00", job="ci")
    asker = Asker.at_command_line("ann")
    assert mine.is_of(asker) and mine.is_of(asker.as_job("ci"))
    assert not mine.is_of(asker.as_job("c")) and not mine.is_of(Asker.at_command_line("an"))


def test_present_and_future_ones_are_listed_in_order():
    later, now_one = booking("15:00", "16:00", "b2"), booking("11:00", "13:00")
    over, off = booking("09:00", "10:00", "b3"), booking("15:00", "16:00", "b4")
    found = live_bookings([later, over, now_one, off.cancelled(at("09:00"))], at("12:00"))
    assert found == (now_one, later)


def test_it_is_read_as_it_was_written_and_tells_nobody_whose_it_is():
    one = booking("13:00", "14:00", job="ci", reason="demo").cancelled(at("12:00"))
    assert Booking.from_json(one.to_json()) == one
    assert not {"owner", "job"} & set(one.public())


@pytest.mark.parametrize("closes", ["13:00", "12:00"])
def test_it_has_a_length(closes):
    with pytest.raises(InvalidLeaseError, match="would end at"):
        booking("13:00", closes)
    with pytest.raises(InvalidLeaseError, match="no time zone"):
        booking("13:00", "14:00", made_at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert timedelta(0) < booking("13:00", "14:00").closes_at - at("13:00")
