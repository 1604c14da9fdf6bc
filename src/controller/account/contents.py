"""What tasks and listeners need besides the network: images, secrets, log groups, certificates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import urlopen

from controller.aws.clients import Client
from controller.aws.errors import code_of
from controller.domain.diagnostics.facts import Certificate, Image, Secret
from controller.domain.diagnostics.images import EcrName
from controller.domain.diagnostics.secrets import SecretName

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ARCHITECTURES = {"amd64": "X86_64", "arm64": "ARM64"}
"""The image format's words to those of ECS."""

SECONDS = 5
LARGEST_CONFIG = 1_000_000
"""Bytes: an image's configuration is a few thousand."""

Fetch = Callable[[str], bytes]


def read_image(ecr: Client, name: EcrName, fetch: Fetch | None = None) -> Image:
    """
    Whether it is there, and for what it is built.

    `imageStatus` ANY: without it an archived image looks like one that is gone. The reads of an
    image's architecture may be refused by themselves.
    """
    image_id = {"imageDigest": name.digest} if name.digest else {"imageTag": name.tag}
    where = {"registryId": name.account, "repositoryName": name.repository}
    try:
        reply = ecr.describe_images(**where, imageIds=[image_id], filter={"imageStatus": "ANY"})
    except Exception as error:
        if code_of(error) in ("RepositoryNotFoundException", "ImageNotFoundException"):
            return Image(status="")
        raise
    found = next(iter(reply["imageDetails"]), None)
    if found is None:
        return Image(status="")
    status = found.get("imageStatus", "ACTIVE")
    if status != "ACTIVE":
        return Image(status=status)
    try:
        built_for = _architectures(ecr, where, image_id, fetch or _fetch)
    except Exception as error:
        if not code_of(error) and not isinstance(error, OSError | ValueError | KeyError):
            raise
        built_for = None
    return Image(status=status, architectures=built_for)


def _architectures(
    ecr: Client, where: Mapping[str, str], image_id: Mapping[str, str], fetch: Fetch
) -> frozenset[str] | None:
    reply = ecr.batch_get_image(
        **where, imageIds=[image_id], acceptedMediaTypes=[*INDEXES, *MANIFESTS]
    )
    if not reply.get("images"):
        return None
    manifest = json.loads(reply["images"][0]["imageManifest"])
    if "manifests" in manifest:
        named = [each.get("platform", {}).get("architecture") for each in manifest["manifests"]]
    else:
        digest = manifest["config"]["digest"]
        layer = ecr.get_download_url_for_layer(**where, layerDigest=digest)
        named = [json.loads(fetch(layer["downloadUrl"])).get("architecture")]
    # "unknown" is that of an attestation beside the images.
    return frozenset(ARCHITECTURES.get(one, one) for one in named if one and one != "unknown")


def _fetch(url: str) -> bytes:
    """Only from where ECR's answer leads: a signed address of S3."""
    if not url.startswith("https://"):
        raise ValueError(f"ECR sends to {url}, expected https")
    with urlopen(url, timeout=SECONDS) as answer:
        content: bytes = answer.read(LARGEST_CONFIG)
    return content


def read_certificate(acm: Client, arn: str) -> Certificate:
    try:
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except Exception as error:
        if code_of(error) == "ResourceNotFoundException":
            return Certificate(status="")
        raise
    return Certificate(
        status=found.get("Status", ""),
        expires_at=found.get("NotAfter"),
        renews=found.get("Type") == "AMAZON_ISSUED",
    )


def read_parameter(ssm: Client, name: str) -> Secret:
    """By its tags: a right to those shows whether it is there, and shows no value."""
    try:
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    except Exception as error:
        if code_of(error) == "InvalidResourceId":
            return Secret(found=False)
        raise
    return Secret(found=True)


def read_secret(secretsmanager: Client, name: SecretName) -> Secret:
    try:
        found = secretsmanager.describe_secret(SecretId=name.id)
    except Exception as error:
        if code_of(error) == "ResourceNotFoundException":
            return Secret(found=False)
        raise
    versions: Mapping[str, Any] = found.get("VersionIdsToStages", {})
    return Secret(
        found=True,
        deleted_at=found.get("DeletedDate"),
        stages=frozenset(stage for stages in versions.values() for stage in stages),
    )


def read_log_group(logs: Client, name: str) -> bool:
    """The read is by prefix; with one page the exact name, the shortest, comes first."""
    reply = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)
    return any(each["logGroupName"] == name for each in reply["logGroups"])
