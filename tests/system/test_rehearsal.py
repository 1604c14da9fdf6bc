"""A sleeping stack is asked whether it could wake, before anybody needs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import EventKind
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.proof import Verdict
from diagnostics.exam import Exam, index
from local.faults import Fault
from system.days import STACK, Days

REPORTED = (EventKind.COULD_NOT_WAKE, EventKind.COULD_WAKE)


@pytest.fixture
def days():
    """Office hours from nine; the account has all that the article's stack needs."""

    def make(**changes):
        given = {"office_hours": ["Mon-Fri 09:00-18:00"], "time_zone": "Asia/Tokyo"} | changes
        day = Days(parse_policy(given), rehearses=True, profile="fast")
        exam = Exam(day.sut)
        exam.role()
        exam.define()
        exam.push(index("amd64"))
        return day, exam

    return make


def proof_of(day):
    return day.controller.table.load(STACK).status.proof


def reported(day):
    return [event.kind for event in day.reported if event.kind in REPORTED]


def lose_image(exam):
    exam.client("ecr").delete_repository(repositoryName="api", force=True)


def test_a_published_stack_is_looked_at_once_and_then_once_a_day(days):
    day, _ = days(office_hours=[])
    day.live("Mon 06:05")
    first = proof_of(day)
    assert (first.verdict, first.findings) == (Verdict.COULD_WAKE, ())
    day.live("Tue 06:00")
    assert proof_of(day) == first
    day.live("Tue 06:10")
    assert timedelta(hours=24) <= proof_of(day).at - first.at <= timedelta(hours=24, minutes=2)
    assert reported(day) == []


def test_it_makes_no_more_than_twenty_reads_and_no_write(days):
    day, _ = days()
    day.live("Mon 06:05")
    day.controller = replace(day.controller, rehearses=False)
    before = len(day.aws.calls)
    day.controller.table.request_rehearsal(STACK, day.now)
    day.run_pass()
    plain = len(day.aws.calls) - before
    day.controller = replace(day.controller, rehearses=True)
    before = len(day.aws.calls)
    day.controller.table.request_rehearsal(STACK, day.now + timedelta(seconds=1))
    day.aws.clock.advance(2)
    day.run_pass()
    made = day.aws.calls[before:]
    assert proof_of(day).at == day.now
    assert len(made) - plain <= 20
    assert {c.service for c in made if not c.is_read} <= {"dynamodb"}


def test_an_image_that_is_lost_overnight_is_reported_once_an_hour_before_the_opening(days):
    day, exam = days()
    day.live("Mon 23:00")
    lose_image(exam)
    day.live("Tue 08:30")
    (event,) = [event for event in day.reported if event.kind in REPORTED]
    assert event.kind is EventKind.COULD_NOT_WAKE
    assert day.moment("Tue 07:30") <= event.at <= day.moment("Tue 08:05")
    assert "api:latest: there is no such image; push it again" in event.reason
    assert proof_of(day).verdict is Verdict.COULD_NOT_WAKE


def test_trouble_is_reported_once_and_its_end_too(days):
    day, exam = days(office_hours=[])
    lose_image(exam)
    day.live("Thu 07:00")
    assert reported(day) == [EventKind.COULD_NOT_WAKE]
    exam.push(index("amd64"))
    day.live("Fri 07:00")
    assert reported(day) == [EventKind.COULD_NOT_WAKE, EventKind.COULD_WAKE]


def test_trouble_that_could_not_be_checked_meanwhile_is_not_reported_again(days):
    """Unknown is not over: the image was missing before, and is missing still."""
    day, exam = days(office_hours=[])
    lose_image(exam)
    day.live("Mon 12:00")
    denied = Fault(operation="DescribeImages", code="AccessDeniedException", status=400, times=1)
    day.aws.faults.add(denied)
    day.live("Tue 12:00")
    assert (denied.struck, proof_of(day).verdict) == (1, Verdict.NOT_CHECKED)
    day.live("Thu 12:00")
    assert proof_of(day).verdict is Verdict.COULD_NOT_WAKE
    assert reported(day) == [EventKind.COULD_NOT_WAKE]


def test_trouble_that_comes_back_after_it_was_over_is_reported_again(days):
    """Another problem stood all the time."""
    day, exam = days(office_hours=[])
    lose_image(exam)
    exam.client("ecs").delete_cluster(cluster="nsfw_api_cluster")
    day.live("Mon 12:00")
    exam.push(index("amd64"))
    day.live("Tue 12:00")
    assert reported(day) == [EventKind.COULD_NOT_WAKE]
    lose_image(exam)
    day.live("Wed 12:00")
    assert reported(day) == [EventKind.COULD_NOT_WAKE] * 2


def test_another_trouble_is_reported_too(days):
    day, exam = days(office_hours=[])
    lose_image(exam)
    day.live("Mon 12:00")
    exam.client("ecs").delete_cluster(cluster="nsfw_api_cluster")
    day.live("Wed 07:00")
    assert reported(day) == [EventKind.COULD_NOT_WAKE] * 2


def test_what_could_not_be_looked_at_is_not_called_fine(days):
    day, _ = days()
    day.aws.faults.add(
        Fault(operation="DescribeImages", code="AccessDeniedException", status=400, times=9)
    )
    day.live("Mon 06:05")
    proof = proof_of(day)
    assert proof.verdict is Verdict.NOT_CHECKED
    assert [each.rule for each in proof.findings] == ["image"]
    assert "missing right ecr:DescribeImages" in proof.findings[0].message
    assert reported(day) == []


def test_off_makes_no_call(days):
    day, _ = days(rehearse="off")
    day.live("Tue 08:00")
    assert proof_of(day) is None
    assert not day.aws.calls.of("DescribeAccountLimits")


def test_an_awake_stack_is_not_rehearsed(days):
    day, _ = days(office_hours=["daily 00:00-24:00"], idle_timeout="0")
    day.live("Tue 08:00")
    assert proof_of(day) is None


def test_somebody_who_presses_meanwhile_is_served_in_the_same_pass(days):
    day, _ = days(office_hours=[])
    day.live("Mon 06:05")
    requested = day.controller.table.load(STACK)
    day.controller.table.request_rehearsal(STACK, day.now)

    def press(params):
        day.wake(2)
        return {"imageDetails": [{"imageStatus": "ACTIVE"}]}

    day.aws.answer_with("ecr", "DescribeImages", press)
    day.aws.clock.advance(1)
    day.run_pass()
    assert day.controller.table.load(STACK).request_version > requested.request_version
    assert day.aws.calls.of("CreateLoadBalancer")


def test_an_answer_that_the_rehearsal_does_not_understand_fails_no_pass(days):
    day, _ = days()
    day.aws.answer_with("ec2", "DescribeSubnets", lambda _: {"Subnets": [{"SubnetId": "subnet-1"}]})
    day.live("Mon 06:05")
    proof = proof_of(day)
    assert proof.verdict is Verdict.NOT_CHECKED
    assert [each.rule for each in proof.findings] == ["rehearsal"]
    assert "KeyError" in proof.findings[0].message
