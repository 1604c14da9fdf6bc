"""What a stack should be, by example: the order, idleness, the bounds, and what is spent."""

import json
from dataclasses import replace

import pytest

from controller.domain.decision.desired import live_requests
from controller.domain.decision.lifecycle import (
    Activity,
    ConsumedRequests,
    Failure,
    Lifecycle,
    Slept,
)
from controller.domain.decision.sleep_rules import Rule
from controller.domain.planning.plan import Target
from controller.domain.timestamps import write_timestamp
from domain.asked import HOURS, Asked, at, hold, lease, quiet, rules, up

AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
DAY = {"office_hours": HOURS, "finish_paid_hour": False}
ALWAYS_USED = {**DAY, "idle_timeout": "0"}


def test_without_a_reason_it_sleeps_for_good():
    decision = Asked(rules()).decide("12:00")

    assert decision.state is ASLEEP
    assert decision.reason == "nobody has asked for it"
    assert decision.until is None


def test_a_lease_keeps_it_awake_until_its_end():
    asked = Asked(rules(finish_paid_hour=False), [lease("12:00", "13:00", reason="a demo")])
    decision = asked.wake("12:00", "12:04")

    assert decision.state is AWAKE
    assert decision.reason == "wake link asked for it: a demo"
    assert asked.act("12:59").state is AWAKE
    asked = Asked(
        rules(idle_timeout="0", finish_paid_hour=False), asked.leases, None, asked.lifecycle
    )
    assert asked.decide("12:04").until == at("13:00")
    assert asked.act("13:00").reason == "the time that wake link asked for is over"


def test_the_longest_of_several_leases_gives_the_reason():
    leases = [lease("12:00", "13:00"), lease("12:10", "15:00", "b", holder="deploy")]
    decision = Asked(rules(), leases).decide("12:20")

    assert decision.reason == "deploy asked for it"
    assert decision.evidence["lease"] == "b"


def test_office_hours_begin_early_by_the_lead():
    asked = Asked(rules(lead=5, **ALWAYS_USED))

    assert asked.decide("08:54").until == at("08:55")
    early = asked.decide("08:55")
    assert early.state is AWAKE
    assert early.reason == (
        "it is being made ready for office hours, which begin at Mon 23 Nov 09:00"
    )
    assert early.until == at("09:00")
    assert asked.decide("09:00").reason == "office hours"
    assert asked.decide("09:00").until == at("18:00")


def test_office_hours_begin_on_time_where_they_need_not_be_ready():
    asked = Asked(rules(lead=5, ready_by_opening=False, **DAY))

    assert asked.decide("08:55").until == at("09:00")


def test_a_hold_stands_above_leases_and_office_hours():
    asleep = hold("asleep", "10:00", "12:00", reason="a migration", over=frozenset({"a"}))
    asked = Asked(rules(**DAY), [lease("09:30", "11:00")], asleep)

    decision = asked.decide("10:30")
    assert decision.state is ASLEEP
    assert decision.reason == "ann holds it asleep until Mon 23 Nov 12:00: a migration"
    assert decision.until == at("12:00")

    awake = Asked(rules(**DAY), [], hold("awake", "19:00", "22:00"))
    assert awake.decide("20:00").state is AWAKE
    assert awake.decide("20:00").until == at("22:00")


def test_a_hold_awake_knows_neither_idleness_nor_a_longest_time():
    asked = Asked(rules(max_awake="1h", **DAY), [], hold("awake", "Sat 08:00", "Sat 20:00"))
    asked.wake("Sat 08:00")

    assert asked.decide("Sat 19:59").state is AWAKE
    assert asked.decide("Sat 08:00").until == at("Sat 20:00")
    assert asked.act("Sat 20:00").reason == "the hold of ann is over"


def test_a_hold_asleep_ends_with_a_later_wake_and_stays_ended():
    asleep = hold("asleep", "10:00", "Tue 08:55", over=frozenset({"a"}))
    asked = Asked(rules(finish_paid_hour=False), [lease("09:30", "23:00")], asleep)
    assert asked.act("10:00").state is ASLEEP

    asked.leases.append(lease("11:00", "12:00", "b"))
    assert asked.wake("11:00").state is AWAKE
    asked.leases = []  # long over and forgotten
    assert asked.act("12:30").reason == "nobody needs it any more"
    assert asked.act("12:30").rule is Rule.SLEPT


def test_sleep_now_uses_up_the_leases_that_it_was_put_over():
    asleep = hold("asleep", "10:00", "10:30", over=frozenset({"a"}))
    asked = Asked(rules(), [lease("09:30", "23:00")], asleep, up("09:30", "09:34"))

    assert asked.act("10:00").rule is Rule.HOLD
    later = asked.act("10:30")
    assert later.state is ASLEEP
    assert later.reason == "ann put it to sleep"


def test_lifting_a_hold_brings_office_hours_back():
    asleep = hold("asleep", "10:00", "Tue 08:55")
    asked = Asked(rules(**DAY), [], asleep, up("08:55", "08:59"))
    asked.act("10:00")
    asked.hold = None

    assert asked.decide("11:00").reason == "office hours"


# idleness


def test_it_sleeps_when_nobody_used_it_for_the_timeout():
    asked = Asked(rules(**DAY))
    asked.wake("08:55", "08:59")
    assert asked.decide("09:10").until == at("09:33")  # 09:00, the timeout, and CloudWatch's lag

    assert asked.decide("09:33").needs_traffic
    asked.looked("09:33", quiet("09:01", "09:31", "09:33", last="09:01"))
    used = asked.decide("09:33")
    assert used.state is AWAKE
    assert not used.needs_traffic
    assert used.until == at("09:34")

    asked.looked("09:35", quiet("09:01", "09:33", "09:35", last="09:01"))
    idle = asked.decide("09:35")
    assert idle.state is ASLEEP
    assert idle.reason == "nobody has used it for 30 min"
    assert idle.evidence["unused_since"] == "2026-11-23T09:01:00Z"


def test_what_idleness_ended_stays_asleep_until_the_next_opening_or_a_new_lease():
    asked = Asked(rules(**DAY))
    asked.wake("08:55", "08:59")
    asked.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    asked.act("11:20")

    later = asked.act("11:21")
    assert later.state is ASLEEP
    assert later.reason == "nobody has used it for 30 min"
    assert later.until == at("Tue 08:55")

    asked.leases.append(lease("13:00", "14:00"))
    assert asked.wake("13:00", "13:04").reason == "wake link asked for it"
    assert asked.act("14:05").reason == "the time that wake link asked for is over"
    assert asked.decide("14:05").until == at("Tue 08:55")


def test_where_it_is_always_open_a_new_day_is_no_new_opening():
    asked = Asked(rules(office_hours=["daily 00:00-24:00"], finish_paid_hour=False))
    asked.wake("08:55", "08:59")
    asked.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    assert asked.act("11:20").state is ASLEEP

    assert asked.decide("11:21").until is None
    assert asked.decide("Fri 00:01").state is ASLEEP


def test_an_extended_lease_counts_again():
    asked = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    asked.wake("Sat 10:00", "Sat 10:04")
    asked.looked("Sat 10:40", quiet("Sat 10:04", "Sat 10:38", "Sat 10:40"))
    assert asked.act("Sat 10:40").state is ASLEEP

    asked.leases = [asked.leases[0].extended(at("Sat 13:00"), at=at("Sat 11:00"))]
    assert asked.decide("Sat 11:00").state is AWAKE


def test_what_is_over_is_not_what_an_earlier_sleep_has_consumed():
    long_ago = lease("10:00", "12:00", "a", holder="ann")
    asked = Asked(
        rules(min_awake="2h", finish_paid_hour=False), [long_ago], lifecycle=up("10:00", "10:04")
    )
    asked.looked("12:10", quiet("10:04", "12:08", "12:10"))
    asked.leases = [long_ago, lease("11:00", "11:50", "b", holder="bob")]
    asked.lifecycle = replace(
        asked.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )

    assert asked.decide("12:01").reason.startswith("the time that bob asked for is over, but")


def test_asking_for_it_is_use():
    """Who presses "extend" after 29 minutes of reading has not asked for sleep."""
    asked = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    asked.wake("Sat 10:00", "Sat 10:04")
    asked.leases = [asked.leases[0].extended(at("Sat 13:00"), at=at("Sat 10:33"))]

    assert asked.decide("Sat 10:33").evidence["unused_since"] == wrote("Sat 10:33")
    assert asked.decide("Sat 10:40").until == at("Sat 11:06")


def test_a_stack_unused_before_the_opening_sees_the_opening():
    asked = Asked(rules(lead=5, **DAY), [lease("07:00", "09:30")])
    asked.wake("07:00", "07:04")
    asked.looked("08:50", quiet("08:25", "08:48", "08:50", last="08:25"))

    assert asked.decide("09:01").evidence["idle_at"] == "2026-11-23T09:30:00Z"


def test_what_nobody_could_use_was_not_unused():
    asked = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 16:00")])
    asked.wake("Sat 10:00", "Sat 10:04")
    whole = asked.lifecycle
    asked.lifecycle = whole.snapshot_taken(at("Sat 10:20"), complete=False, served=False)
    asked.looked("Sat 12:00", quiet("Sat 10:04", "Sat 11:58", "Sat 12:00"))
    unserved = asked.decide("Sat 12:00")
    assert (unserved.state, unserved.needs_traffic) == (AWAKE, False)

    asked.lifecycle = asked.lifecycle.snapshot_taken(at("Sat 12:10"), complete=True, served=True)
    again = asked.decide("Sat 12:15")
    assert (again.state, again.evidence["unused_since"]) == (AWAKE, wrote("Sat 12:10"))


def test_zero_means_that_it_is_never_idle():
    asked = Asked(rules(**ALWAYS_USED))
    asked.wake("08:55", "08:59")

    assert not asked.decide("17:59").needs_traffic
    assert asked.decide("09:00").until == at("18:00")


def test_idleness_may_be_for_outside_office_hours_alone():
    asked = Asked(rules(idle_during_office_hours=False, **DAY), [lease("09:00", "20:00")])
    asked.wake("08:55", "08:59")

    assert asked.decide("17:00").until == at("18:00")
    assert asked.decide("18:00").needs_traffic


def test_what_is_not_known_is_not_idle():
    asked = Asked(rules(**DAY))
    asked.wake("08:55", "08:59")
    asked.looked("09:33", Activity(read_at=at("09:33"), note="CloudWatch said nothing"))

    unknown = asked.decide("09:33")
    assert unknown.state is AWAKE
    assert unknown.rule is Rule.UNKNOWN
    assert unknown.reason == (
        "office hours; CloudWatch said nothing, and what is not known is not idle"
    )
    assert unknown.until == at("09:35")
    assert asked.decide("09:35").needs_traffic


def test_counts_that_come_late_are_waited_for_as_long_as_they_took_the_last_time():
    asked = Asked(rules(**DAY))
    asked.wake("08:55", "08:59")
    asked.looked("09:33", quiet("09:00", "09:18", "09:33"))

    assert asked.decide("09:33").until == at("09:45")


def test_counts_of_an_earlier_read_are_too_old_to_sleep_on():
    """The paid hour has put the end off; somebody may have come meanwhile."""
    asked = Asked(rules(office_hours=HOURS))
    asked.wake("08:55", "08:59", balancer="08:55")
    asked.looked("09:51", quiet("09:05", "09:49", "09:51", last="09:05"))

    assert asked.decide("09:51").rule is Rule.IDLE
    assert asked.decide("09:54").needs_traffic


def test_a_read_without_counts_at_the_idle_moment_is_mentioned():
    asked = Asked(rules(**DAY))
    asked.wake("08:55", "08:59")
    asked.looked("09:30", Activity(read_at=at("09:30"), note="CloudWatch said nothing"))

    assert asked.decide("09:30").rule is Rule.UNKNOWN
    assert asked.decide("09:30").until == at("09:33")


def test_a_wake_that_is_not_ready_is_not_idle():
    asked = Asked(rules(**DAY), lifecycle=up("08:55"))

    assert not asked.decide("09:50").needs_traffic
    assert asked.decide("09:50").until == at("18:00")


# the bounds


def test_it_stays_awake_for_a_while_once_it_is_ready():
    asked = Asked(rules(finish_paid_hour=False), [lease("12:00", "12:06")])
    asked.wake("12:00", "12:04")

    held = asked.decide("12:06")
    assert held.state is AWAKE
    assert held.reason == (
        "the time that wake link asked for is over, but it stays awake for 10 min at least"
    )
    assert held.until == at("12:14")
    assert asked.decide("12:14").state is ASLEEP


def test_a_wake_under_way_is_finished_although_its_lease_is_over():
    asked = Asked(rules(finish_paid_hour=False), [lease("12:00", "12:02")], lifecycle=up("12:00"))

    going_on = asked.decide("12:03")
    assert going_on.rule is Rule.FINISH_WAKE
    assert going_on.reason == (
        "the time that wake link asked for is over, but the wake that has begun is finished first"
    )
    assert going_on.until == at("12:20")  # wake_timeout: it is given up by then


def test_the_hour_that_is_paid_is_used():
    asked = Asked(rules(idle_timeout="0", **{"office_hours": HOURS}))
    asked.wake("08:55", "08:59", balancer="08:55")

    paid = asked.decide("18:00")
    assert paid.rule is Rule.PAID_HOUR
    assert paid.reason == (
        "office hours are over, but the hour of its load balancer is paid until "
        "Mon 23 Nov 18:55: it stays until Mon 23 Nov 18:51"
    )
    assert paid.until == at("18:51")
    assert asked.act("18:51").state is ASLEEP
    assert asked.act("18:51").reason == "office hours are over"


def test_an_end_shortly_before_the_hour_is_over_is_not_put_off():
    asked = Asked(rules(idle_timeout="0"), [lease("12:00", "12:58")])
    asked.wake("12:00", "12:04", balancer="12:00")

    assert asked.decide("12:58").state is ASLEEP


def test_an_end_that_was_missed_is_put_off_to_the_next_paid_hour():
    asked = Asked(rules(idle_timeout="0"), [lease("12:00", "12:58")])
    asked.wake("12:00", "12:04", balancer="12:00")

    late = asked.decide("13:03")
    assert late.rule is Rule.PAID_HOUR
    assert late.until == at("13:56")


def test_idleness_waits_for_the_paid_hour_too():
    asked = Asked(rules(office_hours=HOURS))
    asked.wake("08:55", "08:59", balancer="08:55")

    assert asked.decide("09:00").until == at("09:51")
    assert not asked.decide("09:40").needs_traffic
    assert asked.decide("09:51").needs_traffic


def test_idleness_that_was_found_too_late_is_put_off_to_the_next_paid_hour():
    asked = Asked(rules(office_hours=HOURS))
    asked.wake("08:55", "08:59", balancer="08:55")

    late = asked.decide("10:03")
    assert not late.needs_traffic
    assert late.until == at("10:51")


def test_idleness_waits_for_min_awake():
    asked = Asked(rules(idle_timeout="5m", min_awake="1h", finish_paid_hour=False))
    asked.leases = [lease("12:00", "16:00")]
    asked.wake("12:00", "12:04")

    assert not asked.decide("12:20").needs_traffic
    assert asked.decide("12:20").until == at("13:04")
    assert asked.decide("13:04").needs_traffic


@pytest.mark.parametrize(
    ("idle_timeout", "time", "rule"),
    [("58m", "12:30", Rule.LEASE), ("58m", "12:59", Rule.UNKNOWN), ("55m", "12:59", Rule.LEASE)],
)
def test_whatever_is_known_of_the_traffic_the_longest_time_is_the_next_change(
    idle_timeout, time, rule
):
    asked = Asked(rules(idle_timeout=idle_timeout, max_awake="1h", finish_paid_hour=False))
    asked.leases = [lease("12:00", "16:00")]
    asked.wake("12:00", "12:01")
    if rule is Rule.UNKNOWN:
        asked.looked("12:59", Activity(read_at=at("12:59")))

    decision = asked.decide(time)
    assert decision.rule is rule
    assert decision.until == at("13:00")


def test_a_hold_asleep_does_not_wait_for_the_paid_hour():
    asked = Asked(rules(office_hours=HOURS), [], hold("asleep", "12:00", "Tue 08:55"))
    asked.lifecycle = up("08:55", "08:59", balancer="08:55")

    assert asked.decide("12:00").state is ASLEEP


def test_outside_office_hours_it_is_awake_for_so_long_at_most():
    asked = Asked(rules(max_awake="3h", idle_timeout="0"), [lease("12:00", "23:00")])
    asked.wake("12:00", "12:04", balancer="12:01")

    assert asked.decide("12:04").until == at("15:00")
    capped = asked.act("15:00")
    assert capped.state is ASLEEP
    assert capped.reason == (
        "it was awake outside office hours for 3 h, the longest that max_awake allows"
    )
    assert asked.decide("15:01").until is None  # the lease is spent


def test_office_hours_do_not_count_towards_the_longest_time():
    asked = Asked(rules(max_awake="3h", **ALWAYS_USED), [lease("12:00", "23:00")])
    asked.wake("08:55", "08:59")

    assert asked.decide("17:59").state is AWAKE
    assert asked.decide("18:00").until == at("21:00")
    assert asked.decide("21:00").rule is Rule.MAX_AWAKE


def test_the_longest_time_ends_before_the_shortest():
    asked = Asked(
        rules(max_awake="5m", min_awake="1h", idle_timeout="0"), [lease("12:00", "13:00")]
    )
    asked.wake("12:00", "12:04")

    assert asked.decide("12:04").until == at("12:05")
    assert asked.decide("12:05").state is ASLEEP


def test_the_longest_time_ends_what_min_awake_or_a_paid_hour_would_add():
    asked = Asked(rules(max_awake="1h", idle_timeout="0"), [lease("12:00", "12:59:30")])
    asked.wake("12:00", "12:04", balancer="12:20")

    assert asked.decide("12:59:30").until == at("13:00")
    assert asked.decide("13:00").rule is Rule.OVER
    assert asked.decide("13:00").state is ASLEEP
    assert asked.decide("13:00").reason == "the time that wake link asked for is over"

    asked = Asked(rules(max_awake="1h", min_awake="2h"), [lease("12:00", "12:30")])
    asked.wake("12:00", "12:04")
    assert asked.decide("12:30").rule is Rule.MIN_AWAKE
    assert asked.decide("12:30").until == at("13:00")


# failures


def test_a_failed_wake_consumes_what_requested_it():
    asked = Asked(rules(**DAY), [lease("10:00", "17:00")], hold("awake", "10:00", "16:00"))
    asked.act("10:00")
    spent = live_requests(asked.rules, asked.leases, asked.hold, at("10:08"))
    failure = Failure(at=at("10:08"), cause="no such image", spec_hash="1", spent=spent)
    asked.lifecycle = asked.lifecycle.failed(failure)

    after = asked.act("10:08")
    assert after.state is ASLEEP
    assert after.reason == "the wake failed: no such image"
    assert after.until == at("Tue 08:55")

    asked.leases.append(lease("10:30", "11:00", "b"))
    assert asked.wake("10:30", "10:34").state is AWAKE
    assert asked.lifecycle.failure is None
    # The other things stay spent, though the failure is forgotten.
    assert asked.act("11:00").state is ASLEEP


def test_a_wake_that_fails_before_its_opening_has_used_up_the_opening():
    asked = Asked(rules(lead=5, **DAY))
    asked.act("08:55")
    spent = live_requests(asked.rules, [], None, at("08:58"))
    failure = Failure(at=at("08:58"), cause="no such image", spec_hash="1", spent=spent)
    asked.lifecycle = asked.lifecycle.failed(failure)
    assert asked.act("08:58").until == at("Tue 08:55")
    assert asked.decide("09:01").state is ASLEEP


def test_a_wake_that_fails_again_does_not_restore_what_the_first_has_consumed():
    def failure(id_, at_):
        spent = ConsumedRequests(leases=frozenset({(id_, at("09:00"))}))
        return Failure(at=at(at_), cause="no such image", spec_hash="1", spent=spent)

    lifecycle = up("10:00").failed(failure("a", "10:08")).begin_transition(at("10:30"))
    lifecycle = lifecycle.failed(failure("b", "10:40"))
    assert {id_ for id_, _ in lifecycle.failure.spent.leases} == {"a", "b"}
    assert lifecycle.failure.at == at("10:40")
    assert lifecycle.slept == Slept(
        at=at("10:40"), rule="failed", reason="the wake failed: no such image"
    )


def test_a_spec_that_was_changed_is_a_reason_to_try_again():
    asked = Asked(rules(**DAY))
    asked.act("08:55")
    spent = live_requests(asked.rules, [], None, at("09:08"))
    failure = Failure(at=at("09:08"), cause="no such image", spec_hash="1", spent=spent)
    asked.lifecycle = asked.lifecycle.failed(failure)
    assert asked.decide("09:10").state is ASLEEP

    asked.lifecycle = asked.lifecycle.judged_by("2")
    assert asked.decide("09:10").state is AWAKE


# what is remembered


def test_a_lease_that_is_over_need_not_be_remembered_as_consumed():
    """They are kept for a week: who asks every minute must not outgrow the status record."""
    old = [lease("08:00", "09:30", f"old{number}") for number in range(1000)]
    asked = Asked(rules(**DAY), [*old, lease("09:40", "17:00", "live")])
    asked.wake("09:40", "09:44")
    asked.looked("10:20", quiet("09:44", "10:18", "10:20"))
    assert asked.act("10:20").state is ASLEEP
    assert asked.lifecycle.spent.leases == {("live", at("09:40"))}

    asked.act("17:30")
    assert asked.lifecycle.spent.leases == frozenset()
    assert asked.decide("17:30").state is ASLEEP


@pytest.mark.parametrize(("time", "remembered"), [("10:59", 1), ("11:04:59", 1), ("11:05", 0)])
def test_what_was_consumed_of_a_lease_is_remembered_until_it_is_over_by_any_clock(time, remembered):
    """Or whoever's clock runs behind would wake the stack again by what idleness has ended."""
    asked = Asked(rules(), [lease("10:00", "11:00")])
    asked.lifecycle = replace(
        asked.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )
    asked.act(time)
    assert len(asked.lifecycle.spent.leases) == remembered


def test_a_consumed_lease_that_ends_while_it_is_awake_for_another_is_not_said_to_be_why():
    spent = lease("10:00", "11:00", holder="whoever was idle")
    asked = Asked(rules(min_awake="3h"), [spent, lease("10:30", "10:50", "b")])
    asked.lifecycle = replace(
        asked.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )
    asked.wake("10:30", "10:33")
    said = asked.act("10:55").reason
    assert "ask" in said
    assert {asked.act(time).reason for time in ("11:00", "11:04", "11:05", "11:30")} == {said}


def test_a_failed_wake_forgets_the_leases_that_are_over():
    asked = Asked(rules(), [lease("10:00", "11:00")])
    asked.act("10:00")
    spent = live_requests(asked.rules, asked.leases, None, at("10:20"))
    failure = Failure(at=at("10:20"), cause="no such image", spec_hash="1", spent=spent)
    asked.lifecycle = asked.lifecycle.failed(failure)
    asked.act("10:20")
    assert asked.lifecycle.failure.spent.leases
    asked.act("11:10")
    assert not asked.lifecycle.failure.spent.leases


# the stack's own time zone


def test_sentences_use_the_time_of_the_stacks_own_zone():
    tokyo = {"time_zone": "Asia/Tokyo", "idle_timeout": "0"}
    asked = Asked(rules(**tokyo), [], hold("asleep", "10:00", "12:00"))
    assert asked.decide("11:00").reason == "ann holds it asleep until Mon 23 Nov 21:00"

    asked = Asked(rules(lead=5, office_hours=HOURS, **tokyo))
    assert asked.decide("Tue 23:56").reason.endswith(
        "office hours, which begin at Wed 25 Nov 09:00"
    )

    asked = Asked(rules(office_hours=HOURS, **tokyo))
    asked.wake("00:00", "00:04", balancer="00:00")
    assert asked.decide("09:00").reason == (
        "office hours are over, but the hour of its load balancer is paid until "
        "Mon 23 Nov 19:00: it stays until Mon 23 Nov 18:56"
    )


# records that are odd


def test_a_lease_from_a_clock_that_runs_ahead_counts_at_once():
    asked = Asked(rules(), [lease("12:03", "13:00")])

    assert asked.decide("12:00").state is AWAKE
    assert Asked(rules(), [lease("13:00", "14:00")]).decide("12:00").until == at("12:55")


def test_a_lifecycle_from_a_clock_that_ran_ahead_does_no_harm():
    asked = Asked(
        rules(finish_paid_hour=False), [lease("12:03", "13:00")], lifecycle=up("12:01", "12:05")
    )

    assert asked.decide("12:00").state is AWAKE
    assert asked.decide("12:00").until == at("12:38")


def test_a_lease_from_a_clock_that_runs_behind_is_not_taken_for_consumed():
    asked = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    asked.wake("Sat 10:00", "Sat 10:04")
    asked.looked("Sat 10:40", quiet("Sat 10:04", "Sat 10:38", "Sat 10:40"))
    asked.act("Sat 10:40")

    asked.leases.append(lease("Sat 10:38", "Sat 11:38", "b"))
    assert asked.decide("Sat 10:41").state is AWAKE


def test_of_two_openings_of_which_one_begins_early_the_later_counts():
    """The morning is spent; the afternoon begins in the lead, before the morning is over."""
    hours = ["Mon 09:00-12:00", "Mon 12:02-18:00"]
    asked = Asked(rules(lead=5, office_hours=hours, finish_paid_hour=False))
    asked.wake("08:55", "08:59")
    asked.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    asked.act("11:20")

    assert asked.decide("11:20").until == at("11:57")
    assert asked.decide("11:57").state is AWAKE


def test_a_lost_lifecycle_leaves_it_as_the_records_say():
    asked = Asked(rules(**DAY), lifecycle=Lifecycle())

    assert asked.decide("12:00").state is AWAKE
    assert asked.decide("19:00").state is ASLEEP


@pytest.mark.parametrize("time", ["03:00", "08:56", "12:00", "18:30"])
def test_a_decision_is_kept_as_json(time):
    asked = Asked(rules(office_hours=HOURS), [lease("02:00", "04:00")])
    data = asked.decide(time).to_json()

    assert json.loads(json.dumps(data)) == data
    assert data["state"] in ("awake", "asleep")


def wrote(time):
    return write_timestamp(at(time))


def facts(decision):
    """Rule and evidence, with what is not known left out."""
    return decision.rule, {name: one for name, one in decision.evidence.items() if one is not None}


def test_a_decision_carries_what_it_rests_on():
    """Each reason comes with its evidence; the page and the CLI read it."""
    leases = [lease("12:00", "13:00")]
    asked = Asked(rules(**ALWAYS_USED), leases)
    assert facts(asked.decide("12:10")) == (
        Rule.LEASE,
        {"lease": "a", "by": "wake link", "expires_at": wrote("13:00")},
    )

    opening = {"opens_at": wrote("09:00"), "closes_at": wrote("18:00")}
    asked = Asked(rules(lead=5, **ALWAYS_USED))
    assert facts(asked.decide("08:56")) == (Rule.OPENING, opening)
    assert facts(asked.decide("09:30")) == (Rule.OFFICE_HOURS, opening)
    assert facts(asked.decide("19:00")) == (Rule.NOBODY, {})

    asked = Asked(rules(**DAY), [], hold("asleep", "10:00", "12:00"))
    held = {"by": "ann", "set_at": wrote("10:00"), "until": wrote("12:00")}
    decision = asked.decide("10:30")
    assert facts(decision) == (Rule.HOLD, held)
    assert decision.reason == "ann holds it asleep until Mon 23 Nov 12:00"


def test_what_is_over_carries_what_keeps_it_for_a_while():
    asked = Asked(rules(idle_timeout="0", min_awake="30m"), [lease("12:00", "12:10")])
    asked.wake("12:00", "12:04", balancer="12:00")
    kept = asked.decide("12:10")
    assert facts(kept) == (Rule.MIN_AWAKE, {"until": wrote("12:34")})
    paid = asked.decide("12:40")
    assert paid.rule is Rule.PAID_HOUR
    assert paid.evidence["until"] == write_timestamp(paid.until)

    asked = Asked(rules(finish_paid_hour=False, min_awake="0s"), [lease("12:00", "12:10")])
    asked.wake("12:00", "12:04")
    asked.leases = []
    assert facts(asked.decide("12:40"))[0] is Rule.OVER


def test_the_longest_time_says_since_when():
    long = [lease("00:00", "Tue 23:00")]
    asked = Asked(rules(idle_timeout="0", max_awake="12h", finish_paid_hour=False), long)
    asked.wake("00:00", "00:04")
    decision = asked.decide("12:10")

    assert decision.state is ASLEEP
    assert decision.rule is Rule.MAX_AWAKE
    assert decision.evidence["since"] == wrote("00:00")


def test_what_went_to_sleep_says_when_and_by_what():
    asked = Asked(rules(idle_timeout="0", max_awake="12h", finish_paid_hour=False), [])
    asked.leases = [lease("00:00", "Tue 23:00")]
    asked.wake("00:00", "00:04")
    asked.act("13:00")

    assert facts(asked.decide("14:00")) == (
        Rule.SLEPT,
        {"since": wrote("13:00"), "by": str(Rule.MAX_AWAKE)},
    )


def test_unknown_traffic_says_what_it_lacks_and_keeps_its_facts():
    asked = Asked(rules(finish_paid_hour=False), [lease("12:00", "16:00")])
    asked.wake("12:00", "12:04")
    asked.looked("12:40", Activity(read_at=at("12:40"), known_until=at("12:20")))
    decision = asked.decide("12:40")

    assert decision.rule is Rule.UNKNOWN
    assert decision.reason == (
        "wake link asked for it; too few of its traffic counts have come, and what is not known "
        "is not idle"
    )
    assert decision.evidence["known_until"] == wrote("12:20")
    assert decision.evidence["unused_since"] == wrote("12:04")
    assert decision.evidence["idle_at"] == wrote("12:34")


def test_counts_that_are_due_are_requested_and_requested_again():
    asked = Asked(rules(finish_paid_hour=False), [lease("12:00", "16:00")])
    asked.wake("12:00", "12:04")
    decision = asked.decide("12:50")

    assert decision.state is AWAKE
    assert decision.rule is Rule.LEASE
    assert decision.reason == "wake link asked for it"
    assert decision.needs_traffic
    assert decision.until == at("12:52")
    assert decision.evidence["unused_since"] == wrote("12:04")


def test_a_decision_in_json_has_these_fields():
    data = Asked(rules(**ALWAYS_USED)).decide("09:30").to_json()

    assert data["rule"] == "office_hours"
    assert data["reason"] == "office hours"
    assert data["until"] == "2026-11-23T18:00:00Z"
    assert set(data["evidence"]) == {"opens_at", "closes_at"}
