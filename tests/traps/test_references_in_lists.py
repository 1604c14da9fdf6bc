"""A single value that AWS wants in a list or an object is put there, known or not."""

import pytest

from controller.aws.clients import Clients
from controller.aws.look_ups.answers import LookUps
from controller.reconcile.outcome import Result
from local.aws import LaptopAws
from traps.stack_directory import L, S, compiled, spec_of, stack_dir, sut_for

ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/0a"
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
TLS = {"protocol": '"TLS"', "port": "443"}
SOURCES = {
    "data source": (
        "data.aws_acm_certificate.site.arn",
        'data "aws_acm_certificate" "site" {\n domain = "example.com"\n}\n',
        "certificate",
    ),
    "resource": (
        "aws_acm_certificate.site.arn",
        'resource "aws_acm_certificate" "site" {\n domain_name = "example.com"\n}\n',
        "certificate",
    ),
    "validation": (
        "aws_acm_certificate_validation.site.certificate_arn",
        'resource "aws_acm_certificate" "site" {\n domain_name = "example.com"\n}\n'
        'resource "aws_acm_certificate_validation" "site" {\n'
        "  certificate_arn = aws_acm_certificate.site.arn\n}\n",
        "certificate",
    ),
    "parameter": (
        "data.aws_ssm_parameter.site.value",
        'data "aws_ssm_parameter" "site" {\n name = "/site"\n}\n',
        "ssm_parameter",
    ),
    "certificate that IAM keeps": (
        "aws_iam_server_certificate.site.arn",
        'resource "aws_iam_server_certificate" "site" {\n name = "site"\n'
        ' certificate_body = "x"\n private_key = "y"\n}\n',
        "server_certificate",
    ),
    "data source of one": (
        "data.aws_iam_server_certificate.site.arn",
        'data "aws_iam_server_certificate" "site" {\n name = "site"\n}\n',
        "server_certificate",
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_certificate_from_anywhere_stands_in_the_list(tmp_path, name):
    expression, more, kind = SOURCES[name]
    directory = stack_dir(tmp_path, listener={**TLS, "certificate_arn": expression}, more=more)
    (certificate,) = spec_of(directory)[L].request["Certificates"]
    assert certificate["CertificateArn"]["$look_up"] == kind


def test_a_certificate_that_is_put_together_stands_in_the_list(tmp_path):
    text = '"arn:aws:acm:eu-central-1:${data.aws_caller_identity.me.account_id}:certificate/0a"'
    more = 'data "aws_caller_identity" "me" {}\n'
    directory = stack_dir(tmp_path, listener={**TLS, "certificate_arn": text}, more=more)
    (certificate,) = spec_of(directory)[L].request["Certificates"]
    assert set(certificate["CertificateArn"]) == {"$join"}


def test_a_policy_of_protocols_that_is_looked_up_stands_in_the_list(tmp_path):
    changes = {
        **TLS,
        "certificate_arn": f'"{ARN}"',
        "alpn_policy": "data.aws_ssm_parameter.policy.value",
    }
    more = 'data "aws_ssm_parameter" "policy" {\n name = "/policy"\n}\n'
    (policy,) = spec_of(stack_dir(tmp_path, listener=changes, more=more))[L].request["AlpnPolicy"]
    assert policy["name"] == "/policy"


def test_it_wakes_with_the_certificate_that_is_found(tmp_path):
    expression, more, _ = SOURCES["data source"]
    changes = {**TLS, "certificate_arn": expression}
    sut = sut_for(spec_of(stack_dir(tmp_path, listener=changes, more=more)))
    changes["ssl_policy"] = "data.aws_ssm_parameter.policy.value"
    more += 'data "aws_ssm_parameter" "policy" {\n name = "/policy"\n}\n'
    sut.spec = spec_of(stack_dir(tmp_path, listener=changes, more=more))
    policy = {"Name": "/policy", "Value": POLICY, "Type": "String", "Version": 1}
    sut.aws.answer_with("ssm", "GetParameter", lambda _: {"Parameter": policy})
    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED, outcome.cause

    start = len(sut.aws.calls)
    assert sut.wake().result is Result.CONVERGED
    assert not [c for c in sut.calls_since(start) if c.startswith(("Modify", "Update", "Create"))]
    (certificate,) = sut.session.client("acm").list_certificates()["CertificateSummaryList"]
    (balancer,) = sut.session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    (listener,) = sut.session.client("elbv2").describe_listeners(
        LoadBalancerArn=balancer["LoadBalancerArn"]
    )["Listeners"]
    assert listener["Certificates"] == [{"CertificateArn": certificate["CertificateArn"]}]
    assert listener["SslPolicy"] == POLICY


def test_tags_of_a_volume_that_only_a_look_up_could_name_are_refused(tmp_path):
    """ECS takes them one by one, so their names must be known."""
    volume = (
        '{\n name = "data"\n managed_ebs_volume {\n'
        '  role_arn = "arn:aws:iam::123456789012:role/ebs"\n  size_in_gb = 1\n'
        '  tag_specifications {\n resource_type = "volume"\n tags = data.aws_vpc.v.tags\n }\n }\n}'
    )
    more = 'data "aws_vpc" "v" {\n default = true\n}\n'
    result = compiled(stack_dir(tmp_path, service={"volume_configuration": volume}, more=more))
    assert result.spec is None
    assert any(p.address == S and "tags" in p.message for p in result.problems)


def test_a_trust_store_is_looked_up_by_its_name(tmp_path):
    changes = {
        **TLS,
        "certificate_arn": f'"{ARN}"',
        "mutual_authentication": (
            '{\n mode = "verify"\n trust_store_arn = aws_lb_trust_store.ours.arn\n}'
        ),
    }
    more = (
        'resource "aws_lb_trust_store" "ours" {\n name = "ours"\n'
        ' ca_certificates_bundle_s3_bucket = "b"\n ca_certificates_bundle_s3_key = "k"\n}\n'
    )
    found = spec_of(stack_dir(tmp_path, listener=changes, more=more))[L].request
    assert found["MutualAuthentication"]["TrustStoreArn"]["$look_up"] == "trust_store"


def test_a_certificate_that_iam_keeps_is_found_by_name():
    aws = LaptopAws()
    made = (
        aws.session()
        .client("iam")
        .upload_server_certificate(
            ServerCertificateName="site", CertificateBody="x", PrivateKey="y"
        )["ServerCertificateMetadata"]
    )
    requested = {"$look_up": "server_certificate", "name": "site", "attribute": "arn", "of": "x"}
    assert LookUps(Clients(aws.session(), "us-east-1"))(requested) == made["Arn"]


def test_a_trust_store_is_found_by_name():
    aws = LaptopAws()
    store = {"Name": "ours", "TrustStoreArn": "arn:aws:elasticloadbalancing:x:1:truststore/ours/1"}
    aws.answer_with("elbv2", "DescribeTrustStores", lambda requested: {"TrustStores": [store]})
    requested = {"$look_up": "trust_store", "name": "ours", "attribute": "arn", "of": "x"}
    assert LookUps(Clients(aws.session(), "us-east-1"))(requested) == store["TrustStoreArn"]
