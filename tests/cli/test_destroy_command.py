"""`dormouse destroy`: what it takes away, what it leaves, and what stops it."""

from __future__ import annotations

import os
import signal
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from deployed import STACK, deploy

from controller.cli.main import run
from controller.cli.samconfig import Environment
from controller.domain.reporting.report import State
from controller.store.table import Table
from factories import article_spec
from local.faults import FOREVER, Fault
from local.functions import ROOM
from local.records import create_table
from running_system import running
from system.stack_under_test import ASLEEP, AWAKE, FORBIDDEN

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/dormouse/1"
TABLE = "dormouse-Table-1A2B3C"
CODE = [{"Key": "dormouse/1a2b", "VersionId": "1"}, {"Key": "dormouse/1a2b", "VersionId": "2"}]


class Account:
    """
    What destroy asks of the services that the simulated AWS does not play, and what it
    changes.
    """

    def __init__(self, aws):
        self.aws = aws
        self.done = []
        self.stands = True
        self.refuses = ""
        self.concurrency = {"dormouse-api": 5, "dormouse-door": None}
        self.tables = ["dormouse", TABLE, "dormouse-other-Table-1A2B3C", "orders"]
        answers = {
            ("cloudformation", "DescribeStacks"): self.stacks,
            ("cloudformation", "DeleteStack"): self.delete_stack,
            ("cloudformation", "DescribeStackEvents"): lambda _: {"StackEvents": []},
            ("dynamodb", "ListTables"): lambda _: {"TableNames": self.tables},
            ("dynamodb", "DeleteTable"): self.delete_table,
            ("logs", "DescribeLogGroups"): lambda _: {
                "logGroups": [
                    {"logGroupName": f"/aws/lambda/dormouse-{name}"}
                    for name in ("api", "door", "others")
                ]
            },
            ("logs", "DeleteLogGroup"): self.note("logGroupName"),
            ("ssm", "GetParameter"): lambda _: {"Parameter": {"Value": "…"}},
            ("ssm", "DeleteParameter"): self.note("Name"),
            ("s3", "ListObjectVersions"): self.versions,
            ("s3", "DeleteObjects"): self.note("Delete"),
            ("lambda", "GetAccountSettings"): lambda _: {"AccountLimit": ROOM},
            ("lambda", "GetFunctionConcurrency"): self.limit,
            ("lambda", "PutFunctionConcurrency"): self.set_limit,
            ("lambda", "DeleteFunctionConcurrency"): self.lift_limit,
        }
        for (service, operation), answer in answers.items():
            aws.answer_with(service, operation, answer)

    def stacks(self, params):
        status = "CREATE_COMPLETE" if self.stands else "DELETE_COMPLETE"
        outputs = {"Table": "dormouse"}
        if params["StackName"] == "aws-sam-cli-managed-default":
            status, outputs = "CREATE_COMPLETE", {"SourceBucket": "sam-bucket"}
        stack = {
            "StackName": params["StackName"],
            "StackId": STACK_ID,
            "StackStatus": (self.refuses and not self.stands and "DELETE_FAILED") or status,
            "StackStatusReason": self.refuses,
            "CreationTime": self.aws.clock.now(),
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
        }
        return {"Stacks": [stack]}

    def delete_stack(self, params):
        self.stands = False
        self.done.append("DeleteStack")
        return {}

    def delete_table(self, params):
        self.done.append(params["TableName"])
        return {}

    def versions(self, params):
        assert params["Prefix"] == "dormouse/"
        return {"Versions": CODE[:1], "DeleteMarkers": CODE[1:]}

    def limit(self, params):
        limit = self.concurrency[params["FunctionName"]]
        return {} if limit is None else {"ReservedConcurrentExecutions": limit}

    def set_limit(self, params):
        self.concurrency[params["FunctionName"]] = params["ReservedConcurrentExecutions"]
        return {}

    def lift_limit(self, params):
        self.concurrency[params["FunctionName"]] = None
        return {}

    def note(self, name):
        def answer(params):
            self.done.append(params[name])
            return {}

        return answer


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Tuesday, two hours before the office opens."""
    made = deploy(monkeypatch, capsys)
    made.account = Account(made.world.aws)
    environment = Environment(
        name="default", stack_name="dormouse", region=None, profile=None, prefix="dormouse"
    )
    monkeypatch.setattr("controller.cli.samconfig.read_environment", lambda *_: environment)
    monkeypatch.delenv("LEAVE", raising=False)
    monkeypatch.delenv("DORMOUSE_TABLE")
    yield made
    assert not {call.operation for call in made.world.aws.calls} & FORBIDDEN


def everything_is_gone(dormouse):
    delete = {"Objects": CODE, "Quiet": True}
    logs = ["/aws/lambda/dormouse-api", "/aws/lambda/dormouse-door"]
    parts = ["DeleteStack", TABLE, "/dormouse/dormouse/keys", *logs, delete]
    return dormouse.account.done == parts


def test_stacks_are_put_to_sleep_before_the_controller_goes(dormouse):
    dormouse.account.tables.remove("dormouse")
    dormouse("wake", STACK, "--for", "3h")
    assert dormouse.world.sut.standing() == AWAKE

    said = dormouse("destroy", "--leave", "asleep")
    assert dormouse.world.sut.standing() == ASLEEP
    assert everything_is_gone(dormouse)
    assert f"table {TABLE}, with all records" in said.err
    assert "2 uploaded files in bucket sam-bucket" in said.err
    assert dormouse.account.concurrency == {"dormouse-api": 0, "dormouse-door": 0}


def test_an_opening_that_is_near_does_not_wake_it_again(dormouse):
    dormouse("destroy", "--leave", "asleep")
    hold = dormouse.held()
    assert (hold.until - hold.set_at).days == 7
    assert hold.reason == "the controller is being removed"


def test_left_awake_a_stack_stands_and_it_is_said_who_pays(dormouse, monkeypatch):
    dormouse("wake", STACK, "--for", "3h")
    monkeypatch.setenv("LEAVE", "awake")
    said = dormouse("destroy")

    assert dormouse.world.sut.standing() == AWAKE
    assert everything_is_gone(dormouse)
    assert f"warning: {STACK} stays as it is and goes on costing money" in said.err


def test_without_a_terminal_and_an_answer_nothing_happens(dormouse):
    said = dormouse("destroy", code=2)
    assert "LEAVE=asleep, or LEAVE=awake" in said.err
    assert dormouse.account.done == []
    assert dormouse.held() is None


def test_a_stack_that_cannot_be_put_to_sleep_stops_it_with_what_still_costs(dormouse):
    dormouse("wake", STACK, "--for", "3h")
    dormouse.world.aws.faults.add(
        Fault(
            service="elbv2",
            operation="DeleteLoadBalancer",
            code="OperationNotPermitted",
            status=400,
            times=FOREVER,
        )
    )
    said = dormouse("destroy", "--leave", "asleep", code=1)

    assert "nothing was removed, because these still cost money" in said.err
    assert 'cannot delete load balancer "ecs-nlb": OperationNotPermitted' in said.err
    assert "aws_lb.nlb[0]" in said.err
    assert "dormouse apply DIR --to asleep" in said.err
    assert dormouse.account.done == []
    assert dormouse.account.concurrency == {"dormouse-api": 5, "dormouse-door": None}


@pytest.mark.usefixtures("unignored")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 130)])
def test_one_that_is_ended_in_the_middle_opens_links_and_doors_again(dormouse, name, code):
    dormouse("wake", STACK, "--for", "3h")

    def end(_):
        os.kill(os.getpid(), getattr(signal, name))
        return False

    dormouse.world.aws.faults.add(Fault(operation="DeleteLoadBalancer", predicate=end))
    dormouse("destroy", "--leave", "asleep", code=code)
    assert dormouse.account.done == []
    assert dormouse.account.concurrency == {"dormouse-api": 5, "dormouse-door": None}


def test_functions_that_a_killed_one_has_closed_are_a_problem_for_doctor(dormouse):
    dormouse.account.concurrency["dormouse-api"] = 0
    said = dormouse("doctor", STACK, "--json", code=1).json
    (found,) = [each for each in said["findings"] if each["check"] == "concurrency"]
    assert found["level"] == "problem"
    assert "the function dormouse-api answers nobody" in found["message"]


@pytest.fixture
def abandoned(dormouse):
    """The controller is gone, and its table, which CloudFormation keeps, is left."""
    create_table(dormouse.world.aws.session().client("dynamodb"), TABLE)
    table = Table(dormouse.world.aws.session().client("dynamodb"), TABLE)
    table.put_spec(article_spec(), dormouse.world.now)
    dormouse.account.stands = False
    dormouse.account.tables = [TABLE]
    return table


def test_what_an_interrupted_destroy_left_goes_with_the_next(dormouse, abandoned):
    said = dormouse("destroy", "--leave", "asleep")

    assert dormouse.account.done[0] == TABLE
    assert "CloudFormation" not in said.err


def test_records_of_an_awake_stack_are_kept_where_nobody_can_put_it_to_sleep(dormouse, abandoned):
    dormouse("wake", STACK, "--for", "3h")
    records = dormouse.world.controller.table.load(STACK)
    abandoned.put_status(STACK, records.status.to_json(), None)
    for lease in records.leases:
        abandoned.grant(lease)
    said = dormouse("destroy", "--leave", "asleep", code=1)

    assert "the controller is gone already" in said.err
    assert dormouse.account.done == []


def test_cloudformation_that_cannot_delete_stops_before_the_records_go(dormouse):
    dormouse.account.refuses = "role is in use"
    said = dormouse("destroy", "--leave", "asleep", code=1)

    assert "could not delete the stack: role is in use" in said.err
    assert dormouse.account.done == ["DeleteStack"]


def test_it_ends_the_demo_as_it_would_end_a_deployment(monkeypatch, capsys):
    """Over HTTP, as a second terminal reaches it."""
    with running() as system:
        monkeypatch.setenv("AWS_ENDPOINT_URL", system.endpoint)
        monkeypatch.setenv("AWS_REGION", system.aws.region_name)
        for name in ("DORMOUSE_TABLE", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        assert run(["wake", STACK]) == 0
        assert run(["destroy", "--leave", "asleep"]) == 0
        assert (
            "CloudFormation stack dormouse, with functions and schedule" in capsys.readouterr().err
        )
        assert (system.report().state, system.deployed.is_deleted) == (State.ASLEEP, True)
        for address in (system.link(), system.door()):
            with pytest.raises(HTTPError, match="429"):
                urlopen(address)
        assert run(["destroy"]) == 0
        assert capsys.readouterr().out.startswith('nothing of the deployment "dormouse"')
        assert run(["status"]) == 1
