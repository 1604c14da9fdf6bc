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
from domain.decision_inputs import HOURS, Asked, at, hold, lease, quiet, rules, up

AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
DAY = {"office_hours": HOURS, "finish_paid_hour": False}
ALWAYS_USED = {**DAY, "idle_timeout": "0"}


def test_without_a_reason_it_sleeps_for_good():
    decision = Asked(rules()).decide("12:00")

    assert decision.state is ASLEEP
    assert decision.reason == "nobody has asked for it"
    assert decision.until is None


def test_a_lease_keeps_it_awake_until_its_end():
    requested = Asked(rules(finish_paid_hour=False), [lease("12:00", "13:00", reason="a demo")])
    decision = requested.wake("12:00", "12:04")

    assert decision.state is AWAKE
    assert decision.reason == "wake link asked for it: a demo"
    assert requested.act("12:59").state is AWAKE
    requested = Asked(
        rules(idle_timeout="0", finish_paid_hour=False), requested.leases, None, requested.lifecycle
    )
    assert requested.decide("12:04").until == at("13:00")
    assert requested.act("13:00").reason == "the time that wake link asked for is over"


def test_the_longest_of_several_leases_gives_the_reason():
    leases = [lease("12:00", "13:00"), lease("12:10", "15:00", "b", holder="deploy")]
    decision = Asked(rules(), leases).decide("12:20")

    assert decision.reason == "deploy asked for it"
    assert decision.evidence["lease"] == "b"


def test_office_hours_begin_early_by_the_lead():
    requested = Asked(rules(lead=5, **ALWAYS_USED))

    assert requested.decide("08:54").until == at("08:55")
    early = requested.decide("08:55")
    assert early.state is AWAKE
    assert early.reason == (
        "it is being made ready for office hours, which begin at Mon 23 Nov 09:00"
    )
    assert early.until == at("09:00")
    assert requested.decide("09:00").reason == "office hours"
    assert requested.decide("09:00").until == at("18:00")


def test_office_hours_begin_on_time_where_they_need_not_be_ready():
    requested = Asked(rules(lead=5, ready_by_opening=False, **DAY))

    assert requested.decide("08:55").until == at("09:00")


def test_a_hold_stands_above_leases_and_office_hours():
    asleep = hold("asleep", "10:00", "12:00", reason="a migration", over=frozenset({"a"}))
    requested = Asked(rules(**DAY), [lease("09:30", "11:00")], asleep)

    decision = requested.decide("10:30")
    assert decision.state is ASLEEP
    assert decision.reason == "ann holds it asleep until Mon 23 Nov 12:00: a migration"
    assert decision.until == at("12:00")

    awake = Asked(rules(**DAY), [], hold("awake", "19:00", "22:00"))
    assert awake.decide("20:00").state is AWAKE
    assert awake.decide("20:00").until == at("22:00")


def test_a_hold_awake_knows_neither_idleness_nor_a_longest_time():
    requested = Asked(rules(max_awake="1h", **DAY), [], hold("awake", "Sat 08:00", "Sat 20:00"))
    requested.wake("Sat 08:00")

    assert requested.decide("Sat 19:59").state is AWAKE
    assert requested.decide("Sat 08:00").until == at("Sat 20:00")
    assert requested.act("Sat 20:00").reason == "the hold of ann is over"


def test_a_hold_asleep_ends_with_a_later_wake_and_stays_ended():
    asleep = hold("asleep", "10:00", "Tue 08:55", over=frozenset({"a"}))
    requested = Asked(rules(finish_paid_hour=False), [lease("09:30", "23:00")], asleep)
    assert requested.act("10:00").state is ASLEEP

    requested.leases.append(lease("11:00", "12:00", "b"))
    assert requested.wake("11:00").state is AWAKE
    requested.leases = []  # long over and forgotten
    assert requested.act("12:30").reason == "nobody needs it any more"
    assert requested.act("12:30").rule is Rule.SLEPT


def test_sleep_now_uses_up_the_leases_that_it_was_put_over():
    asleep = hold("asleep", "10:00", "10:30", over=frozenset({"a"}))
    requested = Asked(rules(), [lease("09:30", "23:00")], asleep, up("09:30", "09:34"))

    assert requested.act("10:00").rule is Rule.HOLD
    later = requested.act("10:30")
    assert later.state is ASLEEP
    assert later.reason == "ann put it to sleep"


def test_lifting_a_hold_brings_office_hours_back():
    asleep = hold("asleep", "10:00", "Tue 08:55")
    requested = Asked(rules(**DAY), [], asleep, up("08:55", "08:59"))
    requested.act("10:00")
    requested.hold = None

    assert requested.decide("11:00").reason == "office hours"


def test_a_sleep_until_the_next_opening_ends_with_one_that_was_published_later():
    asleep = hold("asleep", "Fri 16:00", "Sun 23:55", after=at("Fri 16:00"))
    asked = Asked(rules(office_hours=[*HOURS, "Sat 10:00-14:00"]), [], asleep)

    assert asked.decide("Sat 09:54").until == at("Sat 09:55")
    assert asked.decide("Sat 09:54").reason == "ann holds it asleep until Sat 28 Nov 09:55"
    assert asked.act("Sat 09:55").state is AWAKE


# idleness


def test_it_sleeps_when_nobody_used_it_for_the_timeout():
    requested = Asked(rules(**DAY))
    requested.wake("08:55", "08:59")
    assert requested.decide("09:10").until == at(
        "09:33"
    )  # 09:00, the timeout, and CloudWatch's lag

    assert requested.decide("09:33").needs_traffic
    requested.looked("09:33", quiet("09:01", "09:31", "09:33", last="09:01"))
    used = requested.decide("09:33")
    assert used.state is AWAKE
    assert not used.needs_traffic
    assert used.until == at("09:34")

    requested.looked("09:35", quiet("09:01", "09:33", "09:35", last="09:01"))
    idle = requested.decide("09:35")
    assert idle.state is ASLEEP
    assert idle.reason == "nobody has used it for 30 min"
    assert idle.evidence["unused_since"] == "2026-11-23T09:01:00Z"


def test_what_idleness_ended_stays_asleep_until_the_next_opening_or_a_new_lease():
    requested = Asked(rules(**DAY))
    requested.wake("08:55", "08:59")
    requested.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    requested.act("11:20")

    later = requested.act("11:21")
    assert later.state is ASLEEP
    assert later.reason == "nobody has used it for 30 min"
    assert later.until == at("Tue 08:55")

    requested.leases.append(lease("13:00", "14:00"))
    assert requested.wake("13:00", "13:04").reason == "wake link asked for it"
    assert requested.act("14:05").reason == "the time that wake link asked for is over"
    assert requested.decide("14:05").until == at("Tue 08:55")


def test_where_it_is_always_open_a_new_day_is_no_new_opening():
    requested = Asked(rules(office_hours=["daily 00:00-24:00"], finish_paid_hour=False))
    requested.wake("08:55", "08:59")
    requested.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    assert requested.act("11:20").state is ASLEEP

    assert requested.decide("11:21").until is None
    assert requested.decide("Fri 00:01").state is ASLEEP


def test_an_extended_lease_counts_again():
    requested = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    requested.wake("Sat 10:00", "Sat 10:04")
    requested.looked("Sat 10:40", quiet("Sat 10:04", "Sat 10:38", "Sat 10:40"))
    assert requested.act("Sat 10:40").state is ASLEEP

    requested.leases = [requested.leases[0].extended(at("Sat 13:00"), at=at("Sat 11:00"))]
    assert requested.decide("Sat 11:00").state is AWAKE


def test_what_is_over_is_not_what_an_earlier_sleep_has_consumed():
    long_ago = lease("10:00", "12:00", "a", holder="ann")
    requested = Asked(
        rules(min_awake="2h", finish_paid_hour=False), [long_ago], lifecycle=up("10:00", "10:04")
    )
    requested.looked("12:10", quiet("10:04", "12:08", "12:10"))
    requested.leases = [long_ago, lease("11:00", "11:50", "b", holder="bob")]
    requested.lifecycle = replace(
        requested.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )

    assert requested.decide("12:01").reason.startswith("the time that bob asked for is over, but")


def test_asking_for_it_is_use():
    """Who presses "extend" after 29 minutes of reading has not asked for sleep."""
    requested = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    requested.wake("Sat 10:00", "Sat 10:04")
    requested.leases = [requested.leases[0].extended(at("Sat 13:00"), at=at("Sat 10:33"))]

    assert requested.decide("Sat 10:33").evidence["unused_since"] == wrote("Sat 10:33")
    assert requested.decide("Sat 10:40").until == at("Sat 11:06")


def test_a_stack_unused_before_the_opening_sees_the_opening():
    requested = Asked(rules(lead=5, **DAY), [lease("07:00", "09:30")])
    requested.wake("07:00", "07:04")
    requested.looked("08:50", quiet("08:25", "08:48", "08:50", last="08:25"))

    assert requested.decide("09:01").evidence["idle_at"] == "2026-11-23T09:30:00Z"


def test_what_nobody_could_use_was_not_unused():
    requested = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 16:00")])
    requested.wake("Sat 10:00", "Sat 10:04")
    whole = requested.lifecycle
    requested.lifecycle = whole.snapshot_taken(at("Sat 10:20"), complete=False, served=False)
    requested.looked("Sat 12:00", quiet("Sat 10:04", "Sat 11:58", "Sat 12:00"))
    unserved = requested.decide("Sat 12:00")
    assert (unserved.state, unserved.needs_traffic) == (AWAKE, False)

    requested.lifecycle = requested.lifecycle.snapshot_taken(
        at("Sat 12:10"), complete=True, served=True
    )
    again = requested.decide("Sat 12:15")
    assert (again.state, again.evidence["unused_since"]) == (AWAKE, wrote("Sat 12:10"))


def test_zero_means_that_it_is_never_idle():
    requested = Asked(rules(**ALWAYS_USED))
    requested.wake("08:55", "08:59")

    assert not requested.decide("17:59").needs_traffic
    assert requested.decide("09:00").until == at("18:00")


def test_idleness_may_be_for_outside_office_hours_alone():
    requested = Asked(rules(idle_during_office_hours=False, **DAY), [lease("09:00", "20:00")])
    requested.wake("08:55", "08:59")

    assert requested.decide("17:00").until == at("18:00")
    assert requested.decide("18:00").needs_traffic


def test_what_is_not_known_is_not_idle():
    requested = Asked(rules(**DAY))
    requested.wake("08:55", "08:59")
    requested.looked("09:33", Activity(read_at=at("09:33"), note="CloudWatch said nothing"))

    unknown = requested.decide("09:33")
    assert unknown.state is AWAKE
    assert unknown.rule is Rule.UNKNOWN
    assert unknown.reason == (
        "office hours; CloudWatch said nothing, and what is not known is not idle"
    )
    assert unknown.until == at("09:35")
    assert requested.decide("09:35").needs_traffic


def test_counts_that_come_late_are_waited_for_as_long_as_they_took_the_last_time():
    requested = Asked(rules(**DAY))
    requested.wake("08:55", "08:59")
    requested.looked("09:33", quiet("09:00", "09:18", "09:33"))

    assert requested.decide("09:33").until == at("09:45")


def test_counts_of_an_earlier_read_are_too_old_to_sleep_on():
    """The paid hour has put the end off; somebody may have come meanwhile."""
    requested = Asked(rules(office_hours=HOURS))
    requested.wake("08:55", "08:59", balancer="08:55")
    requested.looked("09:51", quiet("09:05", "09:49", "09:51", last="09:05"))

    assert requested.decide("09:51").rule is Rule.IDLE
    assert requested.decide("09:54").needs_traffic


def test_a_read_without_counts_at_the_idle_moment_is_mentioned():
    requested = Asked(rules(**DAY))
    requested.wake("08:55", "08:59")
    requested.looked("09:30", Activity(read_at=at("09:30"), note="CloudWatch said nothing"))

    assert requested.decide("09:30").rule is Rule.UNKNOWN
    assert requested.decide("09:30").until == at("09:33")


def test_a_wake_that_is_not_ready_is_not_idle():
    requested = Asked(rules(**DAY), lifecycle=up("08:55"))

    assert not requested.decide("09:50").needs_traffic
    assert requested.decide("09:50").until == at("18:00")


# the bounds


def test_it_stays_awake_for_a_while_once_it_is_ready():
    requested = Asked(rules(finish_paid_hour=False), [lease("12:00", "12:06")])
    requested.wake("12:00", "12:04")

    held = requested.decide("12:06")
    assert held.state is AWAKE
    assert held.reason == (
        "the time that wake link asked for is over, but it stays awake for 10 min at least"
    )
    assert held.until == at("12:14")
    assert requested.decide("12:14").state is ASLEEP


def test_a_wake_under_way_is_finished_although_its_lease_is_over():
    requested = Asked(
        rules(finish_paid_hour=False), [lease("12:00", "12:02")], lifecycle=up("12:00")
    )

    going_on = requested.decide("12:03")
    assert going_on.rule is Rule.FINISH_WAKE
    assert going_on.reason == (
        "the time that wake link asked for is over, but the wake that has begun is finished first"
    )
    assert going_on.until == at("12:20")  # wake_timeout: it is given up by then


def test_the_hour_that_is_paid_is_used():
    requested = Asked(rules(idle_timeout="0", **{"office_hours": HOURS}))
    requested.wake("08:55", "08:59", balancer="08:55")

    paid = requested.decide("18:00")
    assert paid.rule is Rule.PAID_HOUR
    assert paid.reason == (
        "office hours are over, but the hour of its load balancer is paid until "
        "Mon 23 Nov 18:55: it stays until Mon 23 Nov 18:51"
    )
    assert paid.until == at("18:51")
    assert requested.act("18:51").state is ASLEEP
    assert requested.act("18:51").reason == "office hours are over"


def test_an_end_shortly_before_the_hour_is_over_is_not_put_off():
    requested = Asked(rules(idle_timeout="0"), [lease("12:00", "12:58")])
    requested.wake("12:00", "12:04", balancer="12:00")

    assert requested.decide("12:58").state is ASLEEP


def test_an_end_that_was_missed_is_put_off_to_the_next_paid_hour():
    requested = Asked(rules(idle_timeout="0"), [lease("12:00", "12:58")])
    requested.wake("12:00", "12:04", balancer="12:00")

    late = requested.decide("13:03")
    assert late.rule is Rule.PAID_HOUR
    assert late.until == at("13:56")


def test_idleness_waits_for_the_paid_hour_too():
    requested = Asked(rules(office_hours=HOURS))
    requested.wake("08:55", "08:59", balancer="08:55")

    assert requested.decide("09:00").until == at("09:51")
    assert not requested.decide("09:40").needs_traffic
    assert requested.decide("09:51").needs_traffic


def test_idleness_that_was_found_too_late_is_put_off_to_the_next_paid_hour():
    requested = Asked(rules(office_hours=HOURS))
    requested.wake("08:55", "08:59", balancer="08:55")

    late = requested.decide("10:03")
    assert not late.needs_traffic
    assert late.until == at("10:51")


def test_idleness_waits_for_min_awake():
    requested = Asked(rules(idle_timeout="5m", min_awake="1h", finish_paid_hour=False))
    requested.leases = [lease("12:00", "16:00")]
    requested.wake("12:00", "12:04")

    assert not requested.decide("12:20").needs_traffic
    assert requested.decide("12:20").until == at("13:04")
    assert requested.decide("13:04").needs_traffic


@pytest.mark.parametrize(
    ("idle_timeout", "time", "rule"),
    [("58m", "12:30", Rule.LEASE), ("58m", "12:59", Rule.UNKNOWN), ("55m", "12:59", Rule.LEASE)],
)
def test_whatever_is_known_of_the_traffic_the_longest_time_is_the_next_change(
    idle_timeout, time, rule
):
    requested = Asked(rules(idle_timeout=idle_timeout, max_awake="1h", finish_paid_hour=False))
    requested.leases = [lease("12:00", "16:00")]
    requested.wake("12:00", "12:01")
    if rule is Rule.UNKNOWN:
        requested.looked("12:59", Activity(read_at=at("12:59")))

    decision = requested.decide(time)
    assert decision.rule is rule
    assert decision.until == at("13:00")


def test_a_hold_asleep_does_not_wait_for_the_paid_hour():
    requested = Asked(rules(office_hours=HOURS), [], hold("asleep", "12:00", "Tue 08:55"))
    requested.lifecycle = up("08:55", "08:59", balancer="08:55")

    assert requested.decide("12:00").state is ASLEEP


def test_outside_office_hours_it_is_awake_for_so_long_at_most():
    requested = Asked(rules(max_awake="3h", idle_timeout="0"), [lease("12:00", "23:00")])
    requested.wake("12:00", "12:04", balancer="12:01")

    assert requested.decide("12:04").until == at("15:00")
    capped = requested.act("15:00")
    assert capped.state is ASLEEP
    assert capped.reason == (
        "it was awake outside office hours for 3 h, the longest that max_awake allows"
    )
    assert requested.decide("15:01").until is None  # the lease is spent


def test_office_hours_do_not_count_towards_the_longest_time():
    requested = Asked(rules(max_awake="3h", **ALWAYS_USED), [lease("12:00", "23:00")])
    requested.wake("08:55", "08:59")

    assert requested.decide("17:59").state is AWAKE
    assert requested.decide("18:00").until == at("21:00")
    assert requested.decide("21:00").rule is Rule.MAX_AWAKE


def test_the_longest_time_ends_before_the_shortest():
    requested = Asked(
        rules(max_awake="5m", min_awake="1h", idle_timeout="0"), [lease("12:00", "13:00")]
    )
    requested.wake("12:00", "12:04")

    assert requested.decide("12:04").until == at("12:05")
    assert requested.decide("12:05").state is ASLEEP


def test_the_longest_time_ends_what_min_awake_or_a_paid_hour_would_add():
    requested = Asked(rules(max_awake="1h", idle_timeout="0"), [lease("12:00", "12:59:30")])
    requested.wake("12:00", "12:04", balancer="12:20")

    assert requested.decide("12:59:30").until == at("13:00")
    assert requested.decide("13:00").rule is Rule.OVER
    assert requested.decide("13:00").state is ASLEEP
    assert requested.decide("13:00").reason == "the time that wake link asked for is over"

    requested = Asked(rules(max_awake="1h", min_awake="2h"), [lease("12:00", "12:30")])
    requested.wake("12:00", "12:04")
    assert requested.decide("12:30").rule is Rule.MIN_AWAKE
    assert requested.decide("12:30").until == at("13:00")


# failures


def test_a_failed_wake_consumes_what_requested_it():
    requested = Asked(rules(**DAY), [lease("10:00", "17:00")], hold("awake", "10:00", "16:00"))
    requested.act("10:00")
    spent = live_requests(requested.rules, requested.leases, requested.hold, at("10:08"))
    failure = Failure(at=at("10:08"), cause="no such image", spec_hash="1", spent=spent)
    requested.lifecycle = requested.lifecycle.failed(failure)

    after = requested.act("10:08")
    assert after.state is ASLEEP
    assert after.reason == "the wake failed: no such image"
    assert after.until == at("Tue 08:55")

    requested.leases.append(lease("10:30", "11:00", "b"))
    assert requested.wake("10:30", "10:34").state is AWAKE
    assert requested.lifecycle.failure is None
    # The other things stay spent, though the failure is forgotten.
    assert requested.act("11:00").state is ASLEEP


def test_a_wake_that_fails_before_its_opening_has_used_up_the_opening():
    requested = Asked(rules(lead=5, **DAY))
    requested.act("08:55")
    spent = live_requests(requested.rules, [], None, at("08:58"))
    failure = Failure(at=at("08:58"), cause="no such image", spec_hash="1", spent=spent)
    requested.lifecycle = requested.lifecycle.failed(failure)
    assert requested.act("08:58").until == at("Tue 08:55")
    assert requested.decide("09:01").state is ASLEEP


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
    requested = Asked(rules(**DAY))
    requested.act("08:55")
    spent = live_requests(requested.rules, [], None, at("09:08"))
    failure = Failure(at=at("09:08"), cause="no such image", spec_hash="1", spent=spent)
    requested.lifecycle = requested.lifecycle.failed(failure)
    assert requested.decide("09:10").state is ASLEEP

    requested.lifecycle = requested.lifecycle.judged_by("2")
    assert requested.decide("09:10").state is AWAKE


# what is remembered


def test_a_lease_that_is_over_need_not_be_remembered_as_consumed():
    """They are kept for a week: who asks every minute must not outgrow the status record."""
    old = [lease("08:00", "09:30", f"old{number}") for number in range(1000)]
    requested = Asked(rules(**DAY), [*old, lease("09:40", "17:00", "live")])
    requested.wake("09:40", "09:44")
    requested.looked("10:20", quiet("09:44", "10:18", "10:20"))
    assert requested.act("10:20").state is ASLEEP
    assert requested.lifecycle.spent.leases == {("live", at("09:40"))}

    requested.act("17:30")
    assert requested.lifecycle.spent.leases == frozenset()
    assert requested.decide("17:30").state is ASLEEP


@pytest.mark.parametrize(("time", "remembered"), [("10:59", 1), ("11:04:59", 1), ("11:05", 0)])
def test_what_was_consumed_of_a_lease_is_remembered_until_it_is_over_by_any_clock(time, remembered):
    """Or whoever's clock runs behind would wake the stack again by what idleness has ended."""
    requested = Asked(rules(), [lease("10:00", "11:00")])
    requested.lifecycle = replace(
        requested.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )
    requested.act(time)
    assert len(requested.lifecycle.spent.leases) == remembered


def test_a_consumed_lease_that_ends_while_it_is_awake_for_another_is_not_said_to_be_why():
    spent = lease("10:00", "11:00", holder="whoever was idle")
    requested = Asked(rules(min_awake="3h"), [spent, lease("10:30", "10:50", "b")])
    requested.lifecycle = replace(
        requested.lifecycle, spent=ConsumedRequests(leases=frozenset({("a", at("10:00"))}))
    )
    requested.wake("10:30", "10:33")
    said = requested.act("10:55").reason
    assert "ask" in said
    assert {requested.act(time).reason for time in ("11:00", "11:04", "11:05", "11:30")} == {said}


def test_a_failed_wake_forgets_the_leases_that_are_over():
    requested = Asked(rules(), [lease("10:00", "11:00")])
    requested.act("10:00")
    spent = live_requests(requested.rules, requested.leases, None, at("10:20"))
    failure = Failure(at=at("10:20"), cause="no such image", spec_hash="1", spent=spent)
    requested.lifecycle = requested.lifecycle.failed(failure)
    requested.act("10:20")
    assert requested.lifecycle.failure.spent.leases
    requested.act("11:10")
    assert not requested.lifecycle.failure.spent.leases


# the stack's own time zone


def test_sentences_use_the_time_of_the_stacks_own_zone():
    tokyo = {"time_zone": "Asia/Tokyo", "idle_timeout": "0"}
    requested = Asked(rules(**tokyo), [], hold("asleep", "10:00", "12:00"))
    assert requested.decide("11:00").reason == "ann holds it asleep until Mon 23 Nov 21:00"

    requested = Asked(rules(lead=5, office_hours=HOURS, **tokyo))
    assert requested.decide("Tue 23:56").reason.endswith(
        "office hours, which begin at Wed 25 Nov 09:00"
    )

    requested = Asked(rules(office_hours=HOURS, **tokyo))
    requested.wake("00:00", "00:04", balancer="00:00")
    assert requested.decide("09:00").reason == (
        "office hours are over, but the hour of its load balancer is paid until "
        "Mon 23 Nov 19:00: it stays until Mon 23 Nov 18:56"
    )


# records that are odd


def test_a_lease_from_a_clock_that_runs_ahead_counts_at_once():
    requested = Asked(rules(), [lease("12:03", "13:00")])

    assert requested.decide("12:00").state is AWAKE
    assert Asked(rules(), [lease("13:00", "14:00")]).decide("12:00").until == at("12:55")


def test_a_lifecycle_from_a_clock_that_ran_ahead_does_no_harm():
    requested = Asked(
        rules(finish_paid_hour=False), [lease("12:03", "13:00")], lifecycle=up("12:01", "12:05")
    )

    assert requested.decide("12:00").state is AWAKE
    assert requested.decide("12:00").until == at("12:38")


def test_a_lease_from_a_clock_that_runs_behind_is_not_taken_for_consumed():
    requested = Asked(rules(**DAY), [lease("Sat 10:00", "Sat 12:00")])
    requested.wake("Sat 10:00", "Sat 10:04")
    requested.looked("Sat 10:40", quiet("Sat 10:04", "Sat 10:38", "Sat 10:40"))
    requested.act("Sat 10:40")

    requested.leases.append(lease("Sat 10:38", "Sat 11:38", "b"))
    assert requested.decide("Sat 10:41").state is AWAKE


def test_of_two_openings_of_which_one_begins_early_the_later_counts():
    """The morning is spent; the afternoon begins in the lead, before the morning is over."""
    hours = ["Mon 09:00-12:00", "Mon 12:02-18:00"]
    requested = Asked(rules(lead=5, office_hours=hours, finish_paid_hour=False))
    requested.wake("08:55", "08:59")
    requested.looked("11:20", quiet("10:47", "11:18", "11:20", last="10:47"))
    requested.act("11:20")

    assert requested.decide("11:20").until == at("11:57")
    assert requested.decide("11:57").state is AWAKE


def test_a_lost_lifecycle_leaves_it_as_the_records_say():
    requested = Asked(rules(**DAY), lifecycle=Lifecycle())

    assert requested.decide("12:00").state is AWAKE
    assert requested.decide("19:00").state is ASLEEP


@pytest.mark.parametrize("time", ["03:00", "08:56", "12:00", "18:30"])
def test_a_decision_is_kept_as_json(time):
    requested = Asked(rules(office_hours=HOURS), [lease("02:00", "04:00")])
    data = requested.decide(time).to_json()

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
    requested = Asked(rules(**ALWAYS_USED), leases)
    assert facts(requested.decide("12:10")) == (
        Rule.LEASE,
        {"lease": "a", "by": "wake link", "expires_at": wrote("13:00")},
    )

    opening = {"opens_at": wrote("09:00"), "closes_at": wrote("18:00")}
    requested = Asked(rules(lead=5, **ALWAYS_USED))
    assert facts(requested.decide("08:56")) == (Rule.OPENING, opening)
    assert facts(requested.decide("09:30")) == (Rule.OFFICE_HOURS, opening)
    assert facts(requested.decide("19:00")) == (Rule.NOBODY, {})

    requested = Asked(rules(**DAY), [], hold("asleep", "10:00", "12:00"))
    held = {"by": "ann", "set_at": wrote("10:00"), "until": wrote("12:00")}
    decision = requested.decide("10:30")
    assert facts(decision) == (Rule.HOLD, held)
    assert decision.reason == "ann holds it asleep until Mon 23 Nov 12:00"


def test_what_is_over_carries_what_keeps_it_for_a_while():
    requested = Asked(rules(idle_timeout="0", min_awake="30m"), [lease("12:00", "12:10")])
    requested.wake("12:00", "12:04", balancer="12:00")
    kept = requested.decide("12:10")
    assert facts(kept) == (Rule.MIN_AWAKE, {"until": wrote("12:34")})
    paid = requested.decide("12:40")
    assert paid.rule is Rule.PAID_HOUR
    assert paid.evidence["until"] == write_timestamp(paid.until)

    requested = Asked(rules(finish_paid_hour=False, min_awake="0s"), [lease("12:00", "12:10")])
    requested.wake("12:00", "12:04")
    requested.leases = []
    assert facts(requested.decide("12:40"))[0] is Rule.OVER


def test_the_longest_time_says_since_when():
    long = [lease("00:00", "Tue 23:00")]
    requested = Asked(rules(idle_timeout="0", max_awake="12h", finish_paid_hour=False), long)
    requested.wake("00:00", "00:04")
    decision = requested.decide("12:10")

    assert decision.state is ASLEEP
    assert decision.rule is Rule.MAX_AWAKE
    assert decision.evidence["since"] == wrote("00:00")


def test_what_went_to_sleep_says_when_and_by_what():
    requested = Asked(rules(idle_timeout="0", max_awake="12h", finish_paid_hour=False), [])
    requested.leases = [lease("00:00", "Tue 23:00")]
    requested.wake("00:00", "00:04")
    requested.act("13:00")

    assert facts(requested.decide("14:00")) == (
        Rule.SLEPT,
        {"since": wrote("13:00"), "by": str(Rule.MAX_AWAKE)},
    )


def test_unknown_traffic_says_what_it_lacks_and_keeps_its_facts():
    requested = Asked(rules(finish_paid_hour=False), [lease("12:00", "16:00")])
    requested.wake("12:00", "12:04")
    requested.looked("12:40", Activity(read_at=at("12:40"), known_until=at("12:20")))
    decision = requested.decide("12:40")

    assert decision.rule is Rule.UNKNOWN
    assert decision.reason == (
        "wake link asked for it; too few of its traffic counts have come, and what is not known "
        "is not idle"
    )
    assert decision.evidence["known_until"] == wrote("12:20")
    assert decision.evidence["unused_since"] == wrote("12:04")
    assert decision.evidence["idle_at"] == wrote("12:34")


def test_counts_that_are_due_are_requested_and_requested_again():
    requested = Asked(rules(finish_paid_hour=False), [lease("12:00", "16:00")])
    requested.wake("12:00", "12:04")
    decision = requested.decide("12:50")

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
