"""What the simulated AWS says is what AWS's models and documents let it say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import botocore.session

import local
import reply_shapes
from controller.mapping.refusals import LISTENERS, LOAD_BALANCERS, SERVICES, TARGET_GROUPS
from deploy.cloud import INSTANT
from local.aws import OPERATIONS, LaptopAws
from local.clock import ManualClock
from recording.days import START
from recording.questions import Asker, ask_all

DOCUMENTED = {
    "EC2 API reference, error codes": (
        "AddressLimitExceeded AuthFailure DependencyViolation DryRunOperation "
        "InvalidAddress.NotFound InvalidAllocationID.NotFound InvalidAssociationID.NotFound "
        "InvalidGroup.Duplicate InvalidGroup.NotFound InvalidID InvalidInternetGatewayID.NotFound "
        "InvalidIPAddress.InUse InvalidNetworkInterfaceID.NotFound InvalidParameterValue "
        "InvalidPermission.Duplicate InvalidPermission.NotFound "
        "InvalidRouteTableID.NotFound InvalidSecurityGroupRuleId.NotFound InvalidSubnetID.NotFound "
        "InvalidVpcEndpointId.NotFound InvalidVpcID.NotFound Resource.AlreadyAssociated "
        "RequestLimitExceeded"
    ),
    "common errors of the query APIs": "InternalFailure InvalidAction Throttling ValidationError",
    "CloudWatch API reference": "InvalidParameterCombination",
    "of the simulated AWS alone: an operation that it does not have": "NotImplemented",
}
"""Codes that no model lists, by where they are documented."""

NEVER_AGREED_TO = {
    ("acm", "DescribeCertificate"),
    ("acm", "ListTagsForCertificate"),
    ("ec2", "DisassociateAddress"),
    ("ecs", "StopTask"),
    ("elbv2", "ModifyTargetGroup"),
    ("elbv2", "SetSecurityGroups"),
}
"""Operations of which the questions ask only what is refused."""

CODE = re.compile(r"[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?")
DOTTED = re.compile(r"[A-Z][A-Za-z]+ID\.[A-Z][A-Za-z]+|InvalidGroup\.[A-Z][A-Za-z]+")


def modelled_codes():
    session = botocore.session.get_session()
    for service in (*OPERATIONS, "dynamodb", "lambda"):  # the last two can be made to fail too
        model = session.get_service_model(service)
        for shape in model.error_shapes:
            yield shape.metadata.get("error", {}).get("code", shape.name)
            yield shape.name


def codes_in(tree):
    """What stands first in AwsError(...), or before its text, and what only a code looks like."""
    for node in ast.walk(tree):
        is_error = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AwsError"
        is_pair = (
            isinstance(node, ast.Tuple) and len(node.elts) in (2, 3) and " " in _text(node.elts[1])
        )
        first = node.args[:1] if is_error else node.elts[:1] if is_pair else []
        yield from (code for each in first if CODE.fullmatch(code := _text(each)))
        if DOTTED.fullmatch(_text(node)):
            yield _text(node)


def reasons():
    """Of a target's health: pairs of a code and a text that are no errors."""
    model = botocore.session.get_session().get_service_model("elbv2")
    return set(model.shape_for("TargetHealthReasonEnum").enum)


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_code_of_an_error_is_modelled_or_documented():
    folder = Path(local.__file__).parent
    ours = {c for p in folder.rglob("*.py") for c in codes_in(ast.parse(p.read_text()))}
    ours |= {row.code for row in (*LISTENERS, *LOAD_BALANCERS, *SERVICES, *TARGET_GROUPS)}
    documented = set(" ".join(DOCUMENTED.values()).split())
    assert len(ours) > 50
    assert ours - set(modelled_codes()) - documented - reasons() == set()
    assert documented - ours == set(), "documented, and said by nobody"


def test_every_answer_is_one_that_the_model_allows():
    """Members, types, what is required, and the words of each enumeration."""
    clock = ManualClock(START)
    aws = LaptopAws(INSTANT, clock)
    session, wrong = aws.session(), []
    session.events.register("after-call", lambda **answer: wrong.extend(_problems(**answer)))
    ask_all(Asker(session, clock.advance, clock.now))
    agreed = {(call.service, call.operation) for call in aws.calls if not call.error_code}
    ours = {(service, name) for service, names in OPERATIONS.items() for name in names}
    assert wrong == []
    assert ours - agreed == NEVER_AGREED_TO


def _problems(model, parsed, http_response, **_):
    if http_response.status_code == 200:
        try:
            reply_shapes.check_reply(
                {key: value for key, value in parsed.items() if key != "ResponseMetadata"},
                model.output_shape,
                model.name,
            )
        except AssertionError as problem:
            yield str(problem)
