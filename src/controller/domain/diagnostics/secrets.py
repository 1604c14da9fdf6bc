"""Does what the containers read at start exist: parameters, secrets, log groups?"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.dataclass import dataclass
from controller.domain.diagnostics.facts import Facts, Secret, backs
from controller.domain.diagnostics.finding import Finding, ok, problem

CURRENT = "AWSCURRENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretName:
    """
    What a task definition's `valueFrom` names: a parameter of SSM, or a secret.

    `id` is what its service knows it by, `region` "" where it is the task's own; `stage` is the
    version's label of a secret, "" where a version's id is named instead. (ECS developer guide,
    "Pass Secrets Manager secrets through environment variables"; AWS behaviour, secrets.)
    """

    service: str
    id: str
    region: str = ""
    account: str = ""
    stage: str = ""

    @staticmethod
    def of(value_from: str) -> SecretName:
        parts = value_from.split(":")
        if parts[0] != "arn" or len(parts) < 6:
            return SecretName(service="ssm", id=value_from)
        service, region, account = parts[2], parts[3], parts[4]
        if service == "ssm":
            name = parts[5].removeprefix("parameter")
            # "parameter/name" may mean "name" or "/name": only one with a further slash
            # has to begin with one (SSM, "Parameter names").
            name = name if name.count("/") > 1 else name.removeprefix("/")
            return SecretName(service="ssm", id=name, region=region, account=account)
        _, stage, version = [*parts[7:10], "", "", ""][:3]
        return SecretName(
            service=service,
            id=":".join(parts[:7]),
            region=region,
            account=account,
            stage=stage or ("" if version else CURRENT),
        )


def secrets(facts: Facts) -> Iterator[Finding]:
    for address, container, name in _named(facts):
        found = (facts.secrets or {}).get(name)
        if found is not None:
            yield _judged(f"{address} {container} {name}", found, SecretName.of(name))


def _named(facts: Facts) -> Iterator[tuple[str, str, str]]:
    for back in backs(facts.spec):
        definition = (facts.definitions or {}).get(back.definition)
        for container in definition.containers if definition else ():
            for name in container.secrets:
                yield back.resource.address, container.name, name


def _judged(subject: str, found: Secret, name: SecretName) -> Finding:
    what = "parameter" if name.service == "ssm" else "secret"
    if not found.found:
        return problem(
            what, subject, f"there is no such {what}; create it, or correct the task definition"
        )
    if found.deleted_at:
        return problem(
            what,
            subject,
            f"it is scheduled for deletion (since {found.deleted_at:%Y-%m-%d}) and cannot be read; "
            f"aws secretsmanager restore-secret --secret-id {name.id}",
        )
    if name.stage and found.stages is not None and name.stage not in found.stages:
        there = ", ".join(sorted(found.stages)) or "none"
        return problem(
            what, subject, f"no version of it is {name.stage}; found {there}; put a value into it"
        )
    return ok(what, subject, "there")


def log_groups(facts: Facts) -> Iterator[Finding]:
    for back in backs(facts.spec):
        definition = (facts.definitions or {}).get(back.definition)
        for container in definition.containers if definition else ():
            is_there = (facts.log_groups or {}).get(container.log_group)
            if is_there is None:
                continue
            subject = f"{back.resource.address} {container.log_group}"
            if is_there:
                yield ok("log-group", subject, "there")
            else:
                yield problem(
                    "log-group",
                    subject,
                    "there is no such log group, and the task does not start without; run "
                    "terraform apply, or set awslogs-create-group",
                )
