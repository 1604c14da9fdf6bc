"""Images, certificates, parameters, secrets and log groups: what rots while a stack sleeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.account import contents
from controller.domain.diagnostics.certificates import certificates
from controller.domain.diagnostics.facts import Certificate
from controller.domain.diagnostics.finding import Level
from controller.domain.diagnostics.images import EcrName
from controller.domain.diagnostics.secrets import SecretName
from controller.domain.planning.spec import Kind
from diagnostics.exam import fit_account, index, said
from local.faults import Fault

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
OK, WARNING, PROBLEM = Level.OK, Level.WARNING, Level.PROBLEM
NOW = datetime(2026, 11, 30, tzinfo=UTC)
SINGLE = "application/vnd.oci.image.manifest.v1+json"


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (f"{REGISTRY}/api", ("us-east-1", "api", "latest", "")),
        (f"{REGISTRY}/team/api:1.2", ("us-east-1", "team/api", "1.2", "")),
        (f"{REGISTRY}/api@sha256:ab", ("us-east-1", "api", "", "sha256:ab")),
        (f"{REGISTRY}/api:1@sha256:ab", ("us-east-1", "api", "1", "sha256:ab")),
        (
            f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a",
            ("us-gov-west-1", "a", "latest", ""),
        ),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/a", ("cn-north-1", "a", "latest", "")),
        (f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws/a:b", ("eu-west-1", "a", "b", "")),
    ],
)
def test_an_image_of_ecr_is_taken_apart(image, found):
    name = EcrName.of(image)
    assert (name.region, name.repository, name.tag, name.digest) == found
    assert name.account == ACCOUNT


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "ghcr.io/a/b:1",
        "public.ecr.aws/nginx/nginx",
        "docker.io/library/redis",
        "localhost:5000/a",
    ],
)
def test_other_registries_are_not_looked_at(exam, image):
    assert EcrName.of(image) is None
    exam.define(container={"image": image})
    findings = exam.findings()
    assert "not in ECR" in said(findings, "image", WARNING)
    assert [f.checked for f in findings if f.check == "image"] == [False]


def test_an_image_that_is_there_for_the_right_architecture(exam):
    assert said(exam.findings(), "image", OK).endswith("there, for X86_64")


def test_an_image_for_another_architecture(exam):
    exam.push(index("arm64"))
    message = said(exam.findings(), "image", PROBLEM)
    assert "built for ARM64, expected X86_64" in message
    exam.define(runtimePlatform={"cpuArchitecture": "ARM64"})
    assert said(exam.findings(), "image", OK).endswith("there, for ARM64")


def test_an_image_of_one_architecture_says_so_in_its_configuration():
    exam = fit_account()  # of its own: it is made to answer otherwise
    manifest = {"schemaVersion": 2, "mediaType": SINGLE, "config": {"digest": "sha256:c"}}
    exam.push(manifest)
    requested = []

    def layer(params):
        requested.append(params["layerDigest"])
        return {"downloadUrl": "https://layers.example/c", "layerDigest": "sha256:c"}

    exam.sut.aws.answer_with("ecr", "GetDownloadUrlForLayer", layer)
    name = EcrName.of(f"{REGISTRY}/api")
    configuration = json.dumps({"architecture": "arm64"}).encode()
    image = contents.read_image(exam.client("ecr"), name, lambda url: configuration)
    assert image.architectures == {"ARM64"}
    assert requested == ["sha256:c"]


def test_an_architecture_that_cannot_be_read_is_not_called_right():
    exam = fit_account()  # of its own: it is made to answer otherwise
    exam.push({"schemaVersion": 2, "mediaType": SINGLE, "config": {"digest": "sha256:c"}})
    answer = {"downloadUrl": "http://layers.example/c", "layerDigest": "sha256:c"}
    exam.sut.aws.answer_with("ecr", "GetDownloadUrlForLayer", lambda _: answer)
    findings = exam.findings()
    assert "not readable" in said(findings, "image", WARNING)


@pytest.mark.parametrize("image", ["api:gone", "nothing/here:1"])
def test_an_image_that_is_gone(exam, image):
    exam.define(container={"image": f"{REGISTRY}/{image}"})
    assert "there is no such image" in said(exam.findings(), "image", PROBLEM)


def test_an_archived_image_is_not_one_that_is_gone():
    exam = fit_account()  # of its own: it is made to answer otherwise
    requested = []

    def describe(params):
        requested.append(params)
        return {"imageDetails": [{"imageStatus": "ARCHIVED"}]}

    exam.sut.aws.answer_with("ecr", "DescribeImages", describe)
    assert "it is ARCHIVED, and cannot be pulled; restore it" in said(
        exam.findings(), "image", PROBLEM
    )
    assert requested[0]["filter"] == {"imageStatus": "ANY"}


@pytest.mark.parametrize(
    ("value_from", "service", "id_", "stage"),
    [
        ("db-password", "ssm", "db-password", ""),
        ("/prod/db", "ssm", "/prod/db", ""),
        (f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/prod/db", "ssm", "/prod/db", ""),
        (f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/db", "ssm", "db", ""),
        (
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf",
            "secretsmanager",
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf",
            "AWSCURRENT",
        ),
        (
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf:key:AWSPREVIOUS:",
            "secretsmanager",
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf",
            "AWSPREVIOUS",
        ),
        (
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf:::9d4c",
            "secretsmanager",
            f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf",
            "",
        ),
    ],
)
def test_what_a_task_definition_names_is_taken_apart(value_from, service, id_, stage):
    name = SecretName.of(value_from)
    assert (name.service, name.id, name.stage) == (service, id_, stage)


def test_parameters_and_secrets_by_name_and_without_their_values(exam):
    exam.client("ssm").put_parameter(Name="/prod/db", Value="hidden", Type="SecureString")
    arn = exam.client("secretsmanager").create_secret(Name="token", SecretString="hidden")["ARN"]
    names = [
        {"name": "DB", "valueFrom": "/prod/db"},
        {"name": "TOKEN", "valueFrom": arn},
    ]
    exam.define(container={"secrets": names})
    before = len(exam.sut.aws.calls)
    findings = exam.findings()
    assert "/prod/db: there" in said(findings, "parameter", OK)
    assert f"{arn}: there" in said(findings, "secret", OK)
    requested = {call.operation for call in exam.sut.aws.calls[before:]}
    assert not requested & {"GetParameter", "GetParameters", "GetSecretValue"}


def test_a_parameter_that_is_gone_and_a_secret_that_is_being_deleted(exam):
    manager = exam.client("secretsmanager")
    arn = manager.create_secret(Name="token", SecretString="hidden")["ARN"]
    manager.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    gone = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:never-AbCdEf"
    names = [
        {"name": each, "valueFrom": value}
        for each, value in (("DB", "/prod/db"), ("TOKEN", arn), ("X", gone))
    ]
    exam.define(container={"secrets": names})
    findings = exam.findings()
    assert "there is no such parameter" in said(findings, "parameter", PROBLEM)
    reported = said(findings, "secret", PROBLEM)
    assert "scheduled for deletion" in reported and "there is no such secret" in reported


def test_a_version_of_a_secret_that_does_not_exist(exam):
    arn = exam.client("secretsmanager").create_secret(Name="token", SecretString="hidden")["ARN"]
    exam.define(container={"secrets": [{"name": "A", "valueFrom": f"{arn}::AWSPENDING:"}]})
    assert "no version of it is AWSPENDING; found AWSCURRENT" in said(
        exam.findings(), "secret", PROBLEM
    )


def test_a_log_group_that_somebody_deleted(exam):
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api"}}
    exam.define(container={"logConfiguration": log})
    exam.client("logs").create_log_group(logGroupName="/ecs/api-2")
    assert "there is no such log group" in said(exam.findings(), "log-group", PROBLEM)
    exam.client("logs").create_log_group(logGroupName="/ecs/api")
    assert said(exam.findings(), "log-group", OK).endswith("/ecs/api: there")


def test_a_read_that_is_denied_is_not_called_right(exam):
    exam.sut.aws.faults.add(
        Fault(operation="DescribeImages", code="AccessDeniedException", status=400)
    )
    findings = [f for f in exam.findings() if f.check == "image"]
    assert [(f.level, f.checked) for f in findings] == [(WARNING, False)]
    assert "missing right ecr:DescribeImages" in findings[0].message


@pytest.mark.parametrize(
    ("found", "level", "message"),
    [
        (Certificate(status=""), PROBLEM, "there is no such certificate"),
        (Certificate(status="PENDING_VALIDATION"), PROBLEM, "PENDING_VALIDATION, expected ISSUED"),
        (Certificate(status="ISSUED", expires_at=NOW), PROBLEM, "it expired on 2026-11-30"),
        (
            Certificate(status="ISSUED", expires_at=NOW + timedelta(days=44), renews=True),
            WARNING,
            "only while it is in use",
        ),
        (
            Certificate(status="ISSUED", expires_at=NOW + timedelta(days=44)),
            WARNING,
            "import a new one",
        ),
        (Certificate(status="ISSUED", expires_at=NOW + timedelta(days=46)), OK, "valid until"),
    ],
)
def test_certificates(exam, found, level, message):
    arn = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c"
    spec = exam.sut.spec
    listener = spec.of_kind(Kind.LISTENER)[0]
    changed = replace(
        listener, request={**listener.request, "Certificates": [{"CertificateArn": arn}]}
    )
    spec = replace(spec, resources=tuple(changed if r is listener else r for r in spec.resources))
    facts = replace(exam.facts(), spec=spec, at=NOW, certificates={arn: found})
    (finding,) = certificates(facts)
    assert finding.level is level
    assert message in finding.message


def test_a_certificate_is_read_from_acm(exam):
    acm = exam.client("acm")
    things = {"domain": "api.example", "expires_at": "2027-01-01T00:00:00Z"}
    made = exam.sut.aws.furnish(certificates=[things])["certificates"]["api.example"]
    found = contents.read_certificate(acm, made)
    assert (found.status, found.renews) == ("ISSUED", True)
    assert found.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert contents.read_certificate(acm, f"{made}x").status == ""
