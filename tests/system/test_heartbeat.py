"""The heartbeat with more stacks due than passes may run side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.bootstrap import bootstrap
from controller.domain.decision.wake_spread import spread_offset
from controller.domain.errors import PermanentError
from controller.handlers.entry import make_handler
from controller.reconcile.heartbeat import LAST_WAVE, QUEUED, SHORT_PASS, WAVE
from controller.reconcile.outcome import POLL
from controller.reconcile.side_by_side import one_by_one
from controller.reconcile.verdicts import LAST_STEPS
from controller.settings import Settings
from controller.store.items import due_text
from direct import DirectSession
from factories import article_spec
from local.aws import LaptopAws
from local.errors import AwsError
from local.records import create_table
from system.days import days
from tables.tables import Tables

AT_ONCE = 4
MINUTE = timedelta(minutes=1)


class Fleet:
    """So many published stacks, each due a second after the one before, and a heartbeat."""

    def __init__(self, stacks: int) -> None:
        self.aws = LaptopAws()
        Tables().play(self.aws)
        session = DirectSession(self.aws)
        create_table(session.client("dynamodb"), "dormouse")
        self.began = self.aws.clock.now()
        self.invoked: list[tuple[float, dict]] = []
        self.refused: set[str] = set()
        self.aws.answer_with("lambda", "Invoke", self._invoke)
        self.controller = bootstrap(
            {
                "DORMOUSE_TABLE": "dormouse",
                "DORMOUSE_CONTROLLER": "controller",
                "DORMOUSE_PASSES_AT_ONCE": str(AT_ONCE),
            },
            session=session,
            clock=self.aws.clock,
            side_by_side=one_by_one,
            rehearses=False,
        )
        self.names = [f"s{number:02}" for number in range(stacks)]
        for number, name in enumerate(reversed(self.names)):
            at = self.began - timedelta(seconds=1 + number)
            self.controller.table.put_spec(replace(article_spec(), stack=name), at)

    def _invoke(self, params):
        event = json.loads(params["Payload"])
        if event["stack"] in self.refused:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
        seconds = (self.aws.clock.now() - self.began).total_seconds()
        self.invoked.append((seconds, event))
        return {"StatusCode": 202}

    def order(self):
        return [event["stack"] for _, event in self.invoked]

    def advance_to_minute(self, number):
        self.aws.clock.advance_to(self.began + number * MINUTE)


def test_as_many_as_fit_are_started_at_once_with_all_of_their_time():
    fleet = Fleet(AT_ONCE)
    assert fleet.controller.hand_on_due() == fleet.names
    assert fleet.invoked == [(0, {"stack": name}) for name in fleet.names]


def test_a_crowd_is_started_in_waves_the_longest_overdue_first():
    fleet = Fleet(10)
    assert fleet.controller.hand_on_due() == fleet.names
    assert [seconds for seconds, _ in fleet.invoked] == [0] * 4 + [10] * 4 + [20] * 2
    assert fleet.order() == fleet.names
    assert {event["seconds"] for _, event in fleet.invoked} == {SHORT_PASS.total_seconds()}


def test_what_does_not_fit_is_left_to_the_next_heartbeat_which_begins_with_it():
    fleet = Fleet(23)
    first = fleet.controller.hand_on_due()
    assert first == fleet.names[:20]
    assert fleet.aws.clock.now() - fleet.began < MINUTE

    fleet.advance_to_minute(1)
    assert fleet.controller.hand_on_due() == fleet.names[20:]


def test_what_waits_in_lambdas_queue_is_started_again_only_when_lambda_has_dropped_it():
    fleet = Fleet(6)
    fleet.controller.hand_on_due()
    for minute in range(1, 5):
        fleet.advance_to_minute(minute)
        assert fleet.controller.hand_on_due() == []
    fleet.advance_to_minute(6)
    assert fleet.controller.hand_on_due() == fleet.names


def test_what_a_pass_says_about_when_it_is_due_counts_more_than_the_heartbeat():
    """The pass may be quicker than the heartbeat's own note."""
    fleet = Fleet(6)
    later = fleet.began + 3 * MINUTE
    plain = fleet._invoke

    def invoke(params):
        stack = json.loads(params["Payload"])["stack"]
        fleet.controller.table.put_status(stack, {}, later)
        return plain(params)

    fleet.aws.answer_with("lambda", "Invoke", invoke)
    fleet.controller.hand_on_due()
    assert {due.at for due in fleet.controller.table.overdue(later)} == {due_text(later)}


def test_one_that_cannot_be_started_stays_due_and_is_the_first_of_the_next_heartbeat():
    fleet = Fleet(6)
    fleet.refused = {"s01"}
    with pytest.raises(Exception, match="1 of 6 due stacks"):
        fleet.controller.hand_on_due()
    fleet.refused = set()
    fleet.advance_to_minute(1)
    assert fleet.controller.hand_on_due() == ["s01"]


def test_a_heartbeat_that_dies_in_the_middle_starves_nobody():
    fleet = Fleet(12)

    class DiedError(BaseException):
        pass

    def die(params):
        if len(fleet.invoked) == 6:
            raise DiedError
        return fleet._invoke(params)

    fleet.aws.answer_with("lambda", "Invoke", die)
    with pytest.raises(DiedError):
        fleet.controller.hand_on_due()
    fleet.aws.answer_with("lambda", "Invoke", fleet._invoke)
    fleet.advance_to_minute(1)
    fleet.controller.hand_on_due()
    assert set(fleet.order()) == set(fleet.names)


def test_a_pass_in_a_crowd_makes_everything_and_leaves_the_waiting_to_the_next():
    """The function is told how long it has; its due moment brings the next look."""
    fleet = Fleet(1)
    fleet.aws.furnish_article()
    hours = {"office_hours": [[["mon"], "00:00", "24:00"]]}
    spec = replace(article_spec(policy=hours), stack="s00")
    fleet.controller.table.put_spec(spec, fleet.began)
    handle = make_handler(fleet.controller)
    event = {"stack": "s00", "seconds": SHORT_PASS.total_seconds()}

    result = handle(event, Context())
    assert result["result"] == "unfinished"
    assert fleet.aws.clock.now() - fleet.began <= timedelta(seconds=7), "it waits for nothing"
    assert {"CreateLoadBalancer", "CreateService"} <= set(fleet.aws.calls.writes().names())

    looks = 0
    while result["result"] == "unfinished":
        looks += 1
        fleet.advance_to_minute(looks)
        assert [due.stack for due in fleet.controller.table.overdue(fleet.aws.clock.now())]
        result = handle(event, Context())
    assert result["result"] == "converged"
    assert looks <= 4


def test_a_stack_that_nobody_remembers_is_looked_at_twice_in_a_crowd_too():
    fleet = Fleet(1)
    fleet.aws.furnish_article()
    handle = make_handler(fleet.controller)
    event = {"stack": "s00", "seconds": SHORT_PASS.total_seconds()}
    assert handle(event, Context())["result"] == "unfinished"
    fleet.advance_to_minute(1)
    assert handle(event, Context())["result"] == "converged"


class Context:
    function_name = aws_request_id = "x"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:x"

    def get_remaining_time_in_millis(self):
        return 300_000


def test_the_times_of_a_crowd_fit_one_another_and_the_template():
    assert SHORT_PASS - LAST_STEPS - POLL < WAVE
    assert LAST_WAVE < MINUTE
    template = (Path(__file__).parents[2] / "template.yaml").read_text()
    assert f"MaximumEventAgeInSeconds: {QUEUED.total_seconds():.0f}" in template


def test_a_stack_of_a_spread_wakes_earlier_by_its_share_and_sees_its_opening():
    """Although nobody uses it for longer than its idle time before office hours begin."""
    monday = days(office_hours=["Mon-Fri 09:00-18:00"], idle_timeout="10m", finish_paid_hour=False)
    spread = timedelta(minutes=60)
    settings = replace(monday.controller.settings, spread=spread)
    monday.controller = replace(monday.controller, settings=settings)
    monday.live("Mon 09:30")

    usual = monday.moment("Mon 08:54")  # the lead of a stack that has never been awake
    early = spread_offset("nsfw-api", spread)
    assert early > timedelta(minutes=20)
    begun = monday.balancers()[0].started_at
    assert timedelta(0) <= begun - (usual - early) <= MINUTE
    story = {kind: at for at, kind in monday.story()}
    assert list(story) == ["waking", "awake", "sleeping", "asleep"]
    assert "Mon 09:10" <= story["sleeping"] <= "Mon 09:20"


@pytest.mark.parametrize("found", ["0", "-1", "many", "2.5"])
def test_a_number_that_cannot_be_is_refused_by_its_name(found):
    environment = {
        "DORMOUSE_TABLE": "t",
        "DORMOUSE_CONTROLLER": "c",
        "DORMOUSE_PASSES_AT_ONCE": found,
    }
    with pytest.raises(PermanentError, match=f'DORMOUSE_PASSES_AT_ONCE is "{found}", expected'):
        Settings.from_environment(environment)
