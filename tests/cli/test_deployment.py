"""Which table, function and URL the commands use, and what they say where there are none."""

from __future__ import annotations

import pytest
from botocore.exceptions import NoCredentialsError
from deployed import SHIPPED, STACK, deploy

from controller.cli.main import run
from local.errors import AwsError

OUTPUTS = {"Table": "dormouse", "WakeUrl": "https://abc.lambda-url.us-east-1.on.aws/"}


EVERY_WAY_TO_AWS = [
    ("status",),
    ("plan", str(SHIPPED)),
    ("apply", str(SHIPPED), "--to", "asleep"),
    ("doctor", str(SHIPPED)),
    ("cost",),
    ("sweep",),
]


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Nothing in the environment; CloudFormation knows the deployments "dormouse" and "trial"."""
    made = deploy(monkeypatch, capsys)
    monkeypatch.delenv("DORMOUSE_TABLE")
    made.requested = []

    def describe(params):
        name = params["StackName"]
        made.requested.append(name)
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
    assert dormouse.requested == ["trial"]
    assert invoked(dormouse) == ["trial-controller"]
    assert len(dormouse.leases()) == 1


def test_the_environment_of_the_functions_is_enough(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")
    monkeypatch.setenv("DORMOUSE_CONTROLLER", "elsewhere")
    dormouse("wake", STACK, "--no-wait")
    assert dormouse.requested == []
    assert invoked(dormouse) == ["elsewhere"]


def test_a_deployment_that_is_named_counts_more_than_the_environment(dormouse, monkeypatch):
    monkeypatch.setenv("DORMOUSE_TABLE", "another-table")
    dormouse("status", "--deployment", "dormouse")
    assert dormouse.requested == ["dormouse"]


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
    assert "Unable to locate credentials; log in (aws configure, aws sso login)" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("command", EVERY_WAY_TO_AWS, ids=" ".join)
def test_no_such_profile(command, monkeypatch, capsys):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert run([*command]) == 1
    said = capsys.readouterr()
    assert "no-such-profile" in said.out + said.err
    assert "set AWS_PROFILE to one of those" in " ".join((said.out + said.err).split())


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://127.0.0.1:port", "ftp://aws"])
@pytest.mark.parametrize("command", EVERY_WAY_TO_AWS, ids=" ".join)
def test_an_endpoint_that_is_no_url(command, url, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert run([*command]) == 2
    said = capsys.readouterr().err.splitlines()
    assert (
        said[-1] == f'Error: AWS_ENDPOINT_URL: found "{url}", expected a URL like https://HOST:PORT'
    )


@pytest.mark.parametrize("command", [("sweep",), ("sweep", "--json")], ids=" ".join)
def test_a_sweep_without_a_region_does_not_say_that_nothing_is_left(command, monkeypatch, capsys):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert run([*command]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith("Error: cannot look for leftovers: no region")
