"""The commands of an adoption, for people who give them themselves."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from controller.adopt.prepare import Prepared
from controller.domain.planning.owner_tags import owner_tags
from controller.domain.planning.spec import Kind


def commands(directory: Path, prepared: Prepared, patch: str | None) -> Iterator[str]:
    """Shell lines in order, with a comment before each part; `patch` is a file in the directory."""
    yield f"cd {shlex.quote(str(directory))}"
    if prepared.running:
        yield "# let what runs carry Dormouse's tags"
        yield from _tags(prepared)
    if patch:
        yield "# change the files"
        yield f"patch -p1 < {patch}"
    yield from _hand_over(prepared) if prepared.running else _create()


def _create() -> Iterator[str]:
    yield "# create what stays while it sleeps"
    yield "terraform init"
    yield "terraform apply"


def _hand_over(prepared: Prepared) -> Iterator[str]:
    yield "# Terraform must see moves and tags only (0 to add, 0 to destroy)"
    yield "terraform init"
    yield "terraform plan -var awake=true"
    yield "# let Terraform forget what runs; it keeps running"
    forgotten = " ".join(shlex.quote(one.in_state) for one in prepared.running)
    yield f"terraform state rm {forgotten}"
    yield "# both must see nothing to do"
    yield "terraform plan"
    yield "dormouse plan ."


def _tags(prepared: Prepared) -> Iterator[str]:
    for one in prepared.running:
        tags = owner_tags(prepared.stack, one.address)
        if one.kind in (Kind.AUTOSCALING_POLICY, Kind.SCHEDULED_ACTION):
            continue  # they have no tags
        if one.kind == Kind.AUTOSCALING_TARGET:
            pairs = ",".join(f"{key}={value}" for key, value in tags.items())
            call = "aws application-autoscaling tag-resource"
            yield f"{call} --resource-arn {one.arn} --tags {pairs}"
        elif one.kind == Kind.SERVICE:
            pairs = " ".join(f"key={key},value={value}" for key, value in tags.items())
            yield f"aws ecs tag-resource --resource-arn {one.arn} --tags {pairs}"
        elif not Kind(one.kind).is_companion:  # else it is its target's
            pairs = " ".join(f"Key={key},Value={value}" for key, value in tags.items())
            yield f"aws elbv2 add-tags --resource-arns {one.arn} --tags {pairs}"
