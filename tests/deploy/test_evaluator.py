"""The tools of these tests are themselves right: IAM's rules, and the reading of the code."""

from __future__ import annotations

import pytest

from deploy import code_calls
from deploy.iam import Request, Verdict, evaluate
from deploy.stack import resolve


def statement(effect="Allow", action="ec2:*", resource="*", **others):
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


ALLOW = statement()
DENY = statement("Deny", "ec2:ReleaseAddress")
RELEASE = Request(action="ec2:ReleaseAddress", resource="arn:aws:ec2:us-east-1:1:elastic-ip/e")


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ([], Verdict.REFUSED),
        ([ALLOW], Verdict.ALLOWED),
        ([ALLOW, DENY], Verdict.DENIED),
        ([DENY, ALLOW], Verdict.DENIED),
        ([statement(action=["ecs:*", "EC2:releaseaddress"])], Verdict.ALLOWED),
        ([statement(action="ec2:Release")], Verdict.REFUSED),
        ([statement(resource="arn:aws:ec2:*:1:elastic-ip/*")], Verdict.ALLOWED),
        ([statement(resource=["arn:aws:ec2:*:1:elastic-ip"])], Verdict.REFUSED),
        ([statement(resource="arn:aws:EC2:*:1:elastic-ip/*")], Verdict.REFUSED),
        ([statement(resource="arn:aws:ec2:us-east-?:1:elastic-ip/e")], Verdict.ALLOWED),
    ],
)
def test_a_denial_wins_and_what_nothing_allows_is_refused(policy, verdict):
    assert evaluate(policy, RELEASE) is verdict


@pytest.mark.parametrize(
    ("condition", "context", "verdict"),
    [
        ({"Null": {"aws:RequestTag/t": "false"}}, {"aws:RequestTag/t": ""}, Verdict.ALLOWED),
        ({"Null": {"aws:RequestTag/t": "false"}}, {}, Verdict.REFUSED),
        ({"Null": {"aws:RequestTag/t": "true"}}, {}, Verdict.ALLOWED),
        ({"StringEquals": {"k": ["a", "b"]}}, {"K": "b"}, Verdict.ALLOWED),
        ({"StringEquals": {"k": "a"}}, {"k": "A"}, Verdict.REFUSED),
        ({"StringEquals": {"k": "a"}}, {}, Verdict.REFUSED),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a"}, Verdict.REFUSED),
        ({"StringEquals": {"k": "a"}, "Null": {"l": "false"}}, {"k": "a"}, Verdict.REFUSED),
    ],
)
def test_every_key_of_every_condition_must_hold(condition, context, verdict):
    request = Request(action="ec2:ReleaseAddress", context=context)
    assert evaluate([statement(Condition=condition)], request) is verdict


@pytest.mark.parametrize(
    "strange", [{"Condition": {"IpAddress": {"aws:SourceIp": "::/0"}}}, {"NotAction": "ec2:*"}]
)
def test_what_the_evaluator_does_not_know_is_an_error(strange):
    with pytest.raises(NotImplementedError):
        evaluate([statement(**strange)], RELEASE)


def test_calls_are_found_however_the_client_is_named(tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        "self._elbv2.create_listener(**request)\n"
        'clients.get("lambda").invoke(FunctionName="f")\n'
        '_pages(clients.ec2, "describe_vpcs", "Vpcs")\n'
        'ecs.get_paginator("list_tasks").paginate()\n'
        "table.put_item(Item={})\n"
        "clients.ec2.meta.region_name\n"
    )
    assert code_calls.find([code]) == {
        ("elbv2", "CreateListener"),
        ("lambda", "Invoke"),
        ("ec2", "DescribeVpcs"),
        ("ecs", "ListTasks"),
    }


def test_a_function_of_cloudformation_that_is_not_known_is_an_error():
    template = {
        "Parameters": {},
        "Resources": {"A": {"Properties": {"Value": {"Fn::Select": [0, ["a"]]}}}},
        "Outputs": {},
    }
    with pytest.raises(KeyError, match="Fn::Select"):
        resolve(template, {})
