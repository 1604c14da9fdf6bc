"""Which reads cover what the tasks and listeners of a stack need; see `contents`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from controller.account import contents
from controller.account.read import Read
from controller.aws.clients import Clients
from controller.domain.diagnostics.certificates import certificate_arns
from controller.domain.diagnostics.facts import Container, Facts, backs
from controller.domain.diagnostics.images import EcrName
from controller.domain.diagnostics.secrets import SecretName
from controller.domain.planning.spec import Kind

SECRETS = {
    "ssm": ("parameter", "ssm:ListTagsForResource"),
    "secretsmanager": ("secret", "secretsmanager:DescribeSecret"),
}
"""The service of a secret to its name and the right to read it."""


def content_reads(facts: Facts, clients: Clients) -> list[Read]:
    """Each image, secret, log group and certificate once. `facts` has the task definitions."""
    containers = [
        container
        for name in dict.fromkeys(back.definition for back in backs(facts.spec))
        if (definition := (facts.definitions or {}).get(name))
        for container in definition.containers
    ]
    reads = [
        *_images(containers, clients),
        *_secrets(containers, clients),
        *_log_groups(containers, clients),
        *_certificates(facts, clients),
    ]
    return list({(read.field, read.key): read for read in reads}.values())


def _images(containers: list[Container], clients: Clients) -> Iterator[Read]:
    for container in containers:
        name = EcrName.of(container.image)
        if name:
            ecr = clients.in_region(name.region).get("ecr")
            yield Read(
                field="images",
                key=container.image,
                check="image",
                subject=container.image,
                right="ecr:DescribeImages",
                do=partial(contents.read_image, ecr, name),
            )


def _secrets(containers: list[Container], clients: Clients) -> Iterator[Read]:
    for named in (each for container in containers for each in container.secrets):
        name = SecretName.of(named)
        if name.service not in SECRETS:
            continue
        what, right = SECRETS[name.service]
        client = clients.in_region(name.region or None).get(name.service)
        read = (
            partial(contents.read_parameter, client, name.id)
            if name.service == "ssm"
            else partial(contents.read_secret, client, name)
        )
        yield Read(field="secrets", key=named, check=what, subject=named, right=right, do=read)


def _log_groups(containers: list[Container], clients: Clients) -> Iterator[Read]:
    for container in containers:
        if container.log_group:
            yield Read(
                field="log_groups",
                key=container.log_group,
                check="log-group",
                subject=container.log_group,
                right="logs:DescribeLogGroups",
                do=partial(contents.read_log_group, clients.get("logs"), container.log_group),
            )


def _certificates(facts: Facts, clients: Clients) -> Iterator[Read]:
    for listener in facts.spec.of_kind(Kind.LISTENER):
        for arn in certificate_arns(listener.request):
            if ":acm:" in arn:
                yield Read(
                    field="certificates",
                    key=arn,
                    check="certificate",
                    subject=arn,
                    right="acm:DescribeCertificate",
                    do=partial(contents.read_certificate, clients.get("acm"), arn),
                )
