"""Lambda's side of a function, with an environment that speaks the Runtime API itself."""

from __future__ import annotations

import sys
import time

import boto3
import pytest

from deploy.lambda_function import FunctionError, LambdaFunction
from deploy.lambda_service import LambdaService

RUNTIME = """
import importlib, json, os, sys, urllib.error, urllib.request
module, _, name = sys.argv[-1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{base}/next") as reply:
        told, event = reply.headers, json.load(reply)
    url = f"{base}/{told['Lambda-Runtime-Aws-Request-Id']}"
    try:
        verb, answer = "response", handler(event, told)
    except Exception as error:
        verb, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
    urllib.request.urlopen(f"{url}/{verb}", json.dumps(answer).encode()).close()
"""
"""The least that a runtime does (AWS Lambda Developer Guide, "Building a custom runtime")."""

HANDLERS = """
import json, os, sys
def echo(event, told):
    print(json.dumps({"level": "INFO", "event": event}), flush=True)
    return {"event": event, "until": told["Lambda-Runtime-Deadline-Ms"], "of": os.environ["OF"]}
def fail(event, told):
    raise ValueError("no such thing")
def die(event, told):
    os._exit(7)
"""


@pytest.fixture
def function(tmp_path):
    artifact = tmp_path / "artifact"
    (artifact / "awslambdaric").mkdir(parents=True)
    (artifact / "awslambdaric" / "__main__.py").write_text(RUNTIME)
    (artifact / "mine.py").write_text(HANDLERS)
    return LambdaFunction(
        "mine",
        handler="mine.echo",
        artifact=artifact,
        python=sys.executable,
        log=tmp_path / "log",
        environment={"OF": "the template"},
        timeout=30.0,
    )


def test_an_event_goes_in_and_an_answer_comes_out_with_the_time_that_is_left(function):
    with function:
        answer = function.invoke({"stack": "ä"})
        assert function.invoke(None)["event"] is None
        assert 1e6 < function.peak_memory() < 1e9

    assert answer["event"] == {"stack": "ä"}
    assert answer["of"] == "the template"
    assert int(answer["until"]) / 1000 == pytest.approx(time.time() + 30, abs=20)
    assert [line["event"] for line in function.logged()] == [{"stack": "ä"}, None]
    assert function.process.returncode is not None


def test_what_the_handler_raises_is_an_error_with_its_type(function):
    with (
        function.copy(handler="mine.fail") as failing,
        pytest.raises(FunctionError, match="no such thing") as error,
    ):
        failing.invoke({})
    assert error.value.kind == "ValueError"


def test_an_environment_that_ends_fails_what_it_was_working_on_and_all_after(function):
    with function.copy(handler="mine.die") as dying:
        for _ in range(2):
            with pytest.raises(FunctionError, match="ended"):
                dying.invoke({})


def test_a_client_of_lambda_invokes_with_and_without_waiting(function):
    with function, LambdaService({"mine": function}) as service:
        client = boto3.client(
            "lambda",
            endpoint_url=service.url,
            region_name="us-east-1",
            aws_access_key_id="laptop",
            aws_secret_access_key="laptop",
        )
        waited = client.invoke(FunctionName=function.arn, Payload=b'{"a": 1}')
        later = client.invoke(FunctionName="mine", InvocationType="Event", Payload=b'{"a": 2}')
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.invoke(FunctionName="other", Payload=b"{}")
        client.close()

        assert waited["StatusCode"] == 200
        assert b'"a": 1' in waited["Payload"].read()
        assert later["StatusCode"] == 202
        assert service.later[0].result(20)["event"] == {"a": 2}
