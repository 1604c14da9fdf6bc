"""What the functions log: enough to follow a press, nothing secret, and nothing when idle."""

from __future__ import annotations

import json
from io import StringIO

import pytest

from api import handler as api
from controller.domain.dataclass import dataclass, replace
from controller.domain.guards.overdue import Overdue
from controller.handlers import entry
from installation import STACK
from local.function_url import REQUEST_ID, Context


@dataclass(frozen=True)
class PassContext(Context):
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


PASS = PassContext()


@pytest.fixture
def said():
    """The lines of both functions, as they go to CloudWatch."""
    stream = StringIO()
    handlers = {logger.registered_handler for logger in (api.logger, entry.logger)}  # may be one
    before = {handler: handler.stream for handler in handlers}
    for handler in handlers:
        handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for handler, stdout in before.items():
        handler.setStream(stdout)


@pytest.fixture
def started_passes(installation):
    taken = []
    installation.aws.answer_with(
        "lambda", "Invoke", lambda p: taken.append(json.loads(p["Payload"])) or {"StatusCode": 202}
    )
    return taken


def named(lines, message):
    return [line for line in lines if line["message"] == message]


def test_a_press_can_be_followed_from_the_request_to_the_end_of_its_pass(
    installation, said, started_passes
):
    installation.press("wake")
    (start,) = started_passes
    assert start == {"stack": STACK, "correlation_id": REQUEST_ID}
    entry.make_handler(installation.controller)(start, PASS)

    (request,), (pass_,) = named(said(), "request"), named(said(), "pass")
    assert request["correlation_id"] == pass_["correlation_id"] == REQUEST_ID
    assert pass_["function_request_id"] == PASS.aws_request_id
    assert (pass_["level"], pass_["stack"], pass_["result"]) == ("INFO", STACK, "converged")
    decision = pass_["decision"]
    assert (decision["state"], decision["rule"]) == ("awake", "lease")
    assert decision["reason"] == "wake link asked for it"
    assert decision["until"] and pass_["due_at"]
    assert pass_["cause"] == ""


def test_a_pass_of_a_heartbeat_carries_the_heartbeats_id(installation, said, started_passes):
    handle = entry.make_handler(installation.controller)
    handle({}, PASS)
    (start,) = started_passes
    assert start == {"stack": STACK, "correlation_id": PASS.aws_request_id}
    handle(start, replace(PASS, aws_request_id="another"))

    (heartbeat,), (pass_,) = named(said(), "heartbeat"), named(said(), "pass")
    assert heartbeat["due"] == [STACK]
    assert pass_["correlation_id"] == heartbeat["correlation_id"]
    assert pass_["function_request_id"] == "another"


def test_a_heartbeat_that_finds_nothing_logs_nothing(installation, said, started_passes):
    """43,800 a month: docs/costs.md counts no line for them."""
    handle = entry.make_handler(installation.controller)
    handle({"stack": STACK}, PASS)
    lines = len(said())
    handle({}, PASS)

    assert started_passes == []
    assert len(said()) == lines


def test_a_pass_that_fails_says_for_which_stack(installation, said):
    with pytest.raises(Exception, match='stack "other" is not published'):
        entry.make_handler(installation.controller)({"stack": "other"}, PASS)
    (line,) = named(said(), "pass ended")
    assert (line["level"], line["stack"]) == ("ERROR", "other")
    assert line["correlation_id"] == PASS.aws_request_id
    assert "dormouse publish DIR" in line["cause"]


def test_a_pass_that_breaks_says_for_which_stack_and_where(installation, said, monkeypatch):
    monkeypatch.setattr("controller.bootstrap.StackPass.run", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        entry.make_handler(installation.controller)({"stack": STACK}, PASS)
    (line,) = named(said(), "pass failed")
    assert (line["level"], line["stack"]) == ("ERROR", STACK)
    assert "ZeroDivisionError" in line["exception"]


def test_what_is_overdue_is_an_error_that_the_alarms_filter_finds(installation, said, monkeypatch):
    """The template's filters look for `$.overdue`, at the root of a line of any log level."""
    monkeypatch.setattr(
        "controller.reconcile.stack_pass.find_overdue", lambda *_: Overdue.AWAKE_TOO_LONG
    )
    entry.make_handler(installation.controller)({"stack": STACK}, PASS)
    (line,) = named(said(), "pass")
    assert (line["level"], line["overdue"]) == ("ERROR", "awake_too_long")


def test_metrics_stand_at_the_root_of_their_line(installation, said, monkeypatch):
    """Where CloudWatch looks for `_aws`."""
    notify = replace(
        installation.controller.notify, log=entry.logger, namespace="Dormouse/dormouse"
    )
    installation.press("wake")
    entry.make_handler(replace(installation.controller, notify=notify))({"stack": STACK}, PASS)

    (line,) = named(said(), "measured")
    assert line["Wakes"] == 1
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Dormouse/dormouse"
