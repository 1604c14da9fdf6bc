"""Which table, function and URL the commands use, and what they say where there are none."""

from __future__ import annotations

import pytest
from botocore.exceptions import NoCredentialsError
from deployed import STACK, deploy

from controller.cli.main import run
from local.errors import AwsError

OUTPUTS = {"Table": "dormouse", "WakeUrl": "https://abc.lambda-url.us-east-1.on.aws/"}


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Nothing in the environment; CloudFormation knows the deployments "dormouse" and "trial"."""
    made = deploy(monkeypatch, capsys)
    monkeypatch.delenv("DORMOUSE_TABLE")
    made.asked = []

    def describe(params):
        name = params["StackName"]
        made.asked.append(name)
        if name not in ("dormouse", "trial"):
            raise AwsError("ValidationError", f"Stack with id {name} does not exist")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"Outputs": outputs}]}

    made.world.aws.answer_with("cloudformation", "DescribeStacks", describe)
    return made


def invoked(dormouse) -> list[str]:
    calls = (call for call in dormouse.world.aws.calls if call.operation == "Invoke")
    return [call.params["FunctionName"] for call in calls]


def test_the_table_is_an_output_and_the_function_follows_from_the_name(dormouse):
    dormouse("wake", STACK, "--no-wait", "--deployment", "trial")
    assert dormouse.asked == ["trial"]
    assert invoked(dormouse) == ["trial-controller"]
    assert len(dormouse.leases()) == 1


def test_the_environment_of_the_functions_is_enough(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")
    monkeypatch.setenv("DORMOUSE_CONTROLLER", "elsewhere")
    dormouse("wake", STACK, "--no-wait")
    assert dormouse.asked == []
    assert invoked(dormouse) == ["elsewhere"]


def test_a_deployment_that_is_named_counts_more_than_the_environment(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "another-table")
    dormouse("status", "--deployment", "dormouse")
    assert dormouse.asked == ["dormouse"]


def test_no_such_deployment(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_DEPLOYMENT", "nowhere")
    said = dormouse("status", code=1).err
    assert 'there is no deployment "nowhere" in this account and us-east-1; deploy it' in said
    assert len(said.splitlines()) == 1


def test_no_such_table(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "gone")
    for command in (["status"], ["status", STACK], ["wake", STACK], ["sleep", STACK]):
        said = dormouse(*command, code=1).err
        assert 'there is no table "gone" (DORMOUSE_TABLE) in this account and us-east-1' in said
        assert len(said.splitlines()) == 1


def test_a_stack_of_something_else(dormouse, monkeypatch):
    monkeypatch.delitem(OUTPUTS, "Table")
    assert 'has no output "Table"' in dormouse("status", code=1).err


def test_no_rights(dormouse):
    def refuse(_):
        raise AwsError("AccessDenied", "not authorized to perform: DescribeStacks", 403)

    dormouse.world.aws.answer_with("cloudformation", "DescribeStacks", refuse)
    said = dormouse("status", code=1).err
    assert said.startswith('Error: cannot find the deployment "dormouse": AccessDenied')


def test_no_credentials(dormouse, monkeypatch):
    class Nobody:
        def client(self, name, **_):
            raise NoCredentialsError

    monkeypatch.setattr("controller.cli.deployment.open_session", Nobody)
    said = dormouse("status", code=1).err
    assert "Unable to locate credentials; set AWS_PROFILE and AWS_REGION" in said
    assert len(said.splitlines()) == 1


def test_no_such_profile(monkeypatch, capsys):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert run(["status"]) == 1
    assert "set AWS_PROFILE and AWS_REGION" in capsys.readouterr().err
