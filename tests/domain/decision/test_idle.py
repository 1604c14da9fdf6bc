"""From minutes of traffic to what is known (AWS behaviour §4, faults F62 to F65)."""

from datetime import timedelta

import pytest

from controller.domain.decision.idle import Counts, Minute, TrafficWindow, judge, window_to_read
from controller.domain.policy.policy import IdleBelow
from domain.decision_inputs import at, minutes, quiet

LIMITS = IdleBelow()
HALF_HOUR = minutes(30)


def counts(start, flows):
    """Minutes from `start` on, each given as (new, bytes, active); None is one without counts."""
    return Counts(
        tuple(
            Minute(at=at(start) + minutes(n), new_flows=one[0], bytes=one[1], active_flows=one[2])
            for n, one in enumerate(flows)
            if one is not None
        )
    )


SILENT = (0, 0, 0)
VISIT = (4, 20_000, 4)


def look(flows, start="10:00", since="10:00", now=None, before=None, limits=LIMITS):
    now = now or at(start) + minutes(len(flows) + 2)
    span = TrafficWindow(at(since), at(start), now - minutes(2))
    return judge(counts(start, flows), span, limits, before, now)


def test_silence_is_known_from_the_beginning_to_the_last_count():
    found = look([SILENT] * 30)

    assert found.last_at is None
    assert (found.quiet_since, found.known_until) == (at("10:00"), at("10:30"))


def test_a_visit_counts_until_the_end_of_its_minute():
    found = look([SILENT] * 5 + [VISIT] + [SILENT] * 10)

    assert found.last_at == at("10:06")
    assert (found.quiet_since, found.known_until) == (at("10:06"), at("10:16"))


def test_a_visit_in_the_first_minute_that_was_read_is_not_overlooked():
    assert look([VISIT] + [SILENT] * 5).last_at == at("10:01")


def test_a_few_short_flows_of_a_scanner_are_idle():
    """F64: one or two in five minutes, of some hundred bytes."""
    scanned = [(1, 200, 1), SILENT, SILENT, (1, 300, 1), SILENT] * 6
    assert look(scanned).last_at is None


def test_as_many_flows_as_the_threshold_within_five_minutes_are_use():
    spread = [(1, 100, 1), SILENT, (1, 100, 1), SILENT, (1, 100, 1)]
    assert look([SILENT] * 10 + spread + [SILENT] * 10).last_at == at("10:15")
    assert look(spread + [SILENT] * 10).last_at == at("10:05")
    # The same three over six minutes are not, whichever of the six are between them.
    for between in ([SILENT], [SILENT] * 2, [None]):
        apart = [spread[0], *between, *spread[1:4], spread[4]]
        assert look([SILENT] * 10 + apart + [SILENT] * 10).last_at is None
    close = [spread[0], *[SILENT] * 3, spread[2], spread[4]]
    assert look([SILENT] * 10 + close + [SILENT] * 10).last_at is None


def test_as_many_bytes_as_the_threshold_are_use():
    assert look([SILENT] * 10 + [(1, 4999, 1)] + [SILENT] * 10).last_at is None
    assert look([SILENT] * 10 + [(1, 5000, 1)] + [SILENT] * 10).last_at == at("10:11")


def test_a_long_connection_that_carries_bytes_is_use_however_few_they_are():
    """F65: no new flow for half an hour, and a word now and then."""
    found = look([(1, 900, 1)] + [(0, 120, 1)] * 29)
    assert found.last_at == at("10:30")


def test_a_long_connection_that_was_silent_counts_once_it_carries_bytes():
    found = look([(1, 900, 1)] + [(0, 0, 1)] * 20 + [(0, 6000, 1)] + [(0, 0, 1)] * 5)
    assert found.last_at == at("10:22")


def test_an_open_connection_that_says_nothing_is_idle():
    """AWS itself forgets it after 350 seconds (§4.4)."""
    assert look([(0, 0, 1)] * 30).last_at is None


def test_the_last_bytes_of_a_scan_do_not_make_it_a_long_connection():
    assert look([SILENT] * 10 + [(1, 200, 1), (0, 60, 1)] + [SILENT] * 10).last_at is None


def test_bytes_on_an_open_connection_are_use_from_the_third_minute_on():
    scanned, word = (1, 200, 1), (0, 60, 1)
    assert look([SILENT] * 10 + [scanned, word, word] + [SILENT] * 10).last_at is None
    assert look([SILENT] * 10 + [scanned, word, word, word] + [SILENT] * 10).last_at == at("10:14")


def test_a_scan_beside_an_open_connection_that_says_nothing_is_idle():
    assert look([(0, 0, 1)] * 10 + [(1, 200, 2)] + [(0, 0, 1)] * 10).last_at is None


def test_the_policy_sets_the_thresholds():
    visit = [SILENT] * 10 + [VISIT] + [SILENT] * 10
    assert look(visit, limits=IdleBelow(new_flows=10, bytes=50_000)).last_at is None


def test_nothing_is_below_zero():
    assert look([SILENT] * 30, limits=IdleBelow(new_flows=0)).last_at == at("10:30")


def test_a_problem_and_no_counts_at_all_prove_nothing():
    """F62, F63. What an earlier look knew is not taken for the present."""
    before = quiet("10:00", "10:30", "10:33", last="09:58")
    span = TrafficWindow(at("10:00"), at("09:56"), at("10:58"))
    none_yet = "CloudWatch has no counts of its traffic yet"
    for reported, note in (
        (Counts(problem="it was partial"), "it was partial"),
        (Counts(), none_yet),
    ):
        found = judge(reported, span, LIMITS, before, at("11:00"))
        assert (found.quiet_since, found.known_until) == (None, None)
        assert found.last_at == at("09:58")
        assert found.read_at == at("11:00")
        assert found.note == note


def test_a_fifth_of_the_minutes_may_be_missing():
    flows = [SILENT] * 30
    flows[3] = flows[8] = flows[14] = flows[15] = flows[21] = flows[22] = None
    assert look(flows).quiet_since == at("10:00")


def test_a_new_load_balancer_is_known_from_when_enough_of_its_minutes_are():
    """Its first counts come late (§4.1): eight minutes of twenty are missing here."""
    found = look([None] * 8 + [SILENT] * 12)
    assert found.quiet_since == at("10:08")

    # After half an hour more they weigh less than a fifth.
    assert look([None] * 8 + [SILENT] * 32).quiet_since == at("10:00")


def test_more_than_a_fifth_missing_is_too_much_also_when_it_is_a_single_minute():
    """Four of six minutes are known after 10:01, five of seven after 10:00."""
    assert look([SILENT] * 2 + [None] * 2 + [SILENT] * 3).quiet_since == at("10:04")


def test_after_an_outage_quiet_begins_anew():
    found = look([SILENT] * 10 + [None] * 20 + [SILENT] * 10)
    assert found.quiet_since == at("10:30")
    assert found.known_until == at("10:40")


def test_counts_that_end_early_are_known_only_so_far():
    found = look([SILENT] * 20, now=at("10:37"))
    assert (found.known_until, found.read_at) == (at("10:20"), at("10:37"))


def test_a_use_known_before_is_not_forgotten():
    before = quiet("09:40", "10:05", "10:08", last="09:40")
    found = look([SILENT] * 30, start="10:05", since="09:30", before=before)

    assert found.last_at == at("09:40")
    assert found.quiet_since == at("10:05")  # what lies before was not read this time


def test_use_after_the_given_moment_is_later_than_it():
    found = look([SILENT] * 5 + [VISIT] + [SILENT] * 5, since="10:03:20")
    assert (found.last_at, found.quiet_since) == (at("10:06"), at("10:06"))


def test_a_moment_within_a_minute_keeps_its_seconds():
    assert look([SILENT] * 30, since="10:00:20").quiet_since == at("10:00:20")


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 59])
def test_the_newest_minutes_are_not_read_and_an_interval_before_the_moment_is(seconds):
    """§4.2: the start is part of it, the end is not; both are whole minutes."""
    now = at("10:40") + timedelta(seconds=seconds)
    span = window_to_read(at("10:00"), HALF_HOUR, now)

    assert span == TrafficWindow(since=at("10:00"), start=at("09:56"), end=at("10:38"))


def test_no_more_is_read_than_the_timeout_needs():
    span = window_to_read(at("01:00"), HALF_HOUR, at("10:40"))

    needed = minutes(30 / 0.8 + 5 + 4)
    assert needed <= span.end - span.start <= needed + minutes(1)


def test_an_interval_is_read_however_recent_the_moment_was():
    span = window_to_read(at("10:39"), HALF_HOUR, at("10:40"))
    assert (span.start, span.end) == (at("10:33"), at("10:38"))
