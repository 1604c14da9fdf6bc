"""What `dormouse doctor` reads of Lambda, over HTTP."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from local.errors import AwsError
from local.server import LaptopServer

LIMIT = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}


@pytest.fixture
def functions():
    with LaptopServer() as server:
        aws = server.aws
        aws.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": LIMIT})
        aws.answer_with("lambda", "GetFunctionConcurrency", _concurrency)
        yield boto3.client(
            "lambda",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="y",
        )


def _concurrency(params):
    if params["FunctionName"] != "dormouse-api":
        raise AwsError("ResourceNotFoundException", "Function not found", 404)
    return {"ReservedConcurrentExecutions": 20}


def test_the_accounts_concurrency_is_answered(functions):
    assert functions.get_account_settings()["AccountLimit"] == LIMIT


def test_a_functions_own_is_answered_and_a_missing_function_refused(functions):
    found = functions.get_function_concurrency(FunctionName="dormouse-api")
    assert found["ReservedConcurrentExecutions"] == 20
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_function_concurrency(FunctionName="dormouse-door")
