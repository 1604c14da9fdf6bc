"""Can the containers' images be pulled, and do they run on what the task asks for?"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.dataclass import dataclass
from controller.domain.diagnostics.facts import Facts, Image, TaskDefinition, backs
from controller.domain.diagnostics.finding import Finding, not_checked, ok, problem

CHECK = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class EcrName:
    """An image's name in ECR, taken apart. `tag` and `digest` are "" where the name has none."""

    account: str
    region: str
    repository: str
    tag: str = ""
    digest: str = ""

    @staticmethod
    def of(image: str) -> EcrName | None:
        """
        None for an image of another registry.

        `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG@DIGEST`, also `dkr-ecr` with `on.aws`
        and the FIPS hosts (ECR user guide, "Amazon ECR endpoints").
        """
        host, slash, path = image.partition("/")
        account, dot, rest = host.partition(".")
        if not (slash and dot and account.isdigit() and rest.startswith(("dkr.ecr", "dkr-ecr"))):
            return None
        service, dot, rest = rest.removeprefix("dkr.").partition(".")
        region = rest.partition(".")[0]
        if service not in ("ecr", "ecr-fips", "dkr-ecr", "dkr-ecr-fips") or not region:
            return None
        path, _, digest = path.partition("@")
        repository, colon, tag = path.partition(":")
        if not colon and not digest:
            tag = "latest"
        return EcrName(
            account=account, region=region, repository=repository, tag=tag, digest=digest
        )


def images(facts: Facts) -> Iterator[Finding]:
    for back in backs(facts.spec):
        definition = (facts.definitions or {}).get(back.definition)
        for container in definition.containers if definition else ():
            subject = f"{back.resource.address} {container.image}"
            if definition and EcrName.of(container.image):
                found = (facts.images or {}).get(container.image)
                if found is not None:
                    yield _judged(subject, found, definition)
            else:
                yield not_checked(
                    CHECK,
                    subject,
                    "is not in ECR, so whether it can be pulled shows at the next wake only",
                )


def _judged(subject: str, image: Image, definition: TaskDefinition) -> Finding:
    match image.status:
        case "":
            return problem(
                CHECK,
                subject,
                "there is no such image; push it again, or name one that is there in the task "
                "definition",
            )
        case "ACTIVE":
            return _architecture(subject, image, definition.architecture)
        case "ACTIVATING":
            return problem(CHECK, subject, "it is being restored and cannot be pulled yet; wait")
    return problem(
        CHECK,
        subject,
        f"it is {image.status}, and cannot be pulled; restore it (aws ecr "
        "update-image-storage-class --target-storage-class STANDARD), or push it again",
    )


def _architecture(subject: str, image: Image, wanted: str) -> Finding:
    if image.architectures is None:
        return not_checked(CHECK, subject, "it is there; for which architecture was not readable")
    if wanted in image.architectures:
        return ok(CHECK, subject, f"there, for {wanted}")
    found = ", ".join(sorted(image.architectures)) or "none"
    return problem(
        CHECK,
        subject,
        f"it is built for {found}, expected {wanted}; build it for that, or set "
        "runtime_platform.cpu_architecture",
    )
