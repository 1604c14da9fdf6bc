"""Doctor and Terraform's state: told when what was taken from it does not exist any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.diagnostics.finding import Level
from diagnostics.exam import VPC, said
from factories import EIP, SUBNET, article_spec

OK, PROBLEM = Level.OK, Level.PROBLEM


def remembering(exam, **values):
    """The article's stack, with values that a state has given: what they are of, by value."""
    state = {"name": "terraform.tfstate (serial 7)", "values": {v: k for k, v in values.items()}}
    spec = exam.sut.spec
    return article_spec(resources=spec.resources, source={**spec.source, "state": state})


def test_a_state_whose_resources_are_there_is_still_true(exam):
    spec = remembering(exam, eip=EIP, subnet=SUBNET, vpc=VPC)
    findings = exam.findings(spec)

    assert "3 values from it are still true" in said(findings, "state", OK)
    assert {f.level for f in findings} == {OK}


def test_without_state_nothing_is_said_of_it(exam):
    assert "state" not in {finding.check for finding in exam.findings()}


def test_an_address_that_was_released_is_a_state_older_than_the_world(exam):
    exam.client("ec2").release_address(AllocationId=EIP)
    reported = said(
        exam.findings(remembering(exam, **{"aws_eip.ip": EIP, "s": SUBNET})), "state", PROBLEM
    )

    assert reported.startswith(
        "terraform.tfstate (serial 7): is older than the world: aws_eip.ip ("
    )
    assert SUBNET not in reported
    assert "run terraform apply" in reported


@pytest.mark.parametrize("kind", ["subnet", "sg", "vpc"])
def test_each_kind_that_is_gone_is_reported(exam, kind):
    gone = f"{kind}-0dead0dead0dead00"
    spec = remembering(exam, **{"a.b": gone})
    if kind != "vpc":
        spec = asking_for(exam, spec, kind, gone)

    assert f"a.b ({gone}) is there no more" in said(exam.findings(spec), "state", PROBLEM)


def asking_for(exam, spec, kind, value):
    """The service in that subnet, or with that group."""
    service = spec["aws_ecs_service.nsfw_service[0]"]
    network = dict(service.request["networkConfiguration"]["awsvpcConfiguration"])
    network["subnets" if kind == "subnet" else "securityGroups"] = [value]
    request = {**service.request, "networkConfiguration": {"awsvpcConfiguration": network}}
    others = [r for r in spec.resources if r.address != service.address]
    return replace(spec, resources=(*others, replace(service, request=request)))


def test_a_state_of_another_account_is_reported_as_such(exam):
    arn = "arn:aws:ecs:us-east-1:999999999999:cluster/main"
    reported = said(exam.findings(remembering(exam, cluster=arn)), "state", PROBLEM)

    assert "is of the account 999999999999" in reported and "123456789012" in reported
