"""
Which version of the AWS provider a directory uses.

Told by the lock file, by what is installed, or by what the root and all modules require of it
(Terraform takes the newest that all allow). Versions 5 and 6 differ in their arguments and in a few
defaults.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from controller.domain.dataclass import dataclass
from controller.hcl.declarations import RequiredProvider
from controller.hcl.errors import HclError
from controller.hcl.parse import parse_body
from controller.hcl.syntax import Literal
from controller.hcl.version_constraint import (
    BEYOND,
    NotAConstraint,
    Version,
    bounds,
    read_version,
)

LEAVES_ZONES_ALONE: Version = (6, 12, 0)
"""From here on AWS decides about a service's zone rebalancing where the files do not (#43241)."""

LOCK_FILE = ".terraform.lock.hcl"
_SOURCE = "hashicorp/aws"
_HOSTS = ("registry.terraform.io", "registry.opentofu.org")


@dataclass(frozen=True, slots=True)
class AwsProvider:
    """
    The versions that may be in use: from `low` up to, not including, `high`.

    `stated_in` says where that is written, "" where it is written nowhere.
    """

    low: Version = (0, 0, 0)
    high: Version = BEYOND
    stated_in: str = ""

    def lacks(self, since: int) -> bool:
        """Whether no version that may be in use has what came with that major version."""
        return self.high <= (since, 0, 0)

    def surely_has(self, version: Version) -> bool:
        """
        Whether the version in use is that one or a later one.

        Where a range within one major version says it, the newest of the range is in use.
        """
        newest = self.low >= (version[0], 0, 0) and self.high > version
        return self.low >= version or newest

    def __str__(self) -> str:
        major = self.high[0] - (self.high[1:] == (0, 0))
        return f"provider {major} ({self.stated_in})"


UNKNOWN = AwsProvider()


def find_aws_provider(
    root: Path, data_dir: str | None, required: Iterable[RequiredProvider]
) -> AwsProvider:
    """The provider of a root directory; `required` are the demands of it and of all its modules."""
    exact = _locked(root / LOCK_FILE)
    if exact:
        return _only(exact, LOCK_FILE)
    folder = f"{data_dir or '.terraform'}/providers"
    exact = _installed(root / folder)
    return _only(exact, folder) if exact else _demanded(required)


def _only(version: Version, stated_in: str) -> AwsProvider:
    return AwsProvider(version, (version[0], version[1], version[2] + 1), stated_in)


def _locked(path: Path) -> Version | None:
    try:
        body = parse_body(path.read_text(encoding="utf-8"), LOCK_FILE)
    except (OSError, UnicodeDecodeError, HclError):
        return None  # Terraform itself says what is wrong with it
    for block in body.of_type("provider"):
        version = block.body.arguments.get("version")
        if block.labels in {(f"{host}/{_SOURCE}",) for host in _HOSTS} and version:
            value = version.expression
            if isinstance(value, Literal) and isinstance(value.value.data, str):
                return read_version(value.value.data)
    return None


def _installed(folder: Path) -> Version | None:
    """The one installed version; None if there are several."""
    found = {read_version(path.name) for path in folder.glob(f"*/{_SOURCE}/*")} - {None}
    return found.pop() if len(found) == 1 else None


def _demanded(required: Iterable[RequiredProvider]) -> AwsProvider:
    low, high = UNKNOWN.low, UNKNOWN.high
    for one in required:
        if one.source.removeprefix(f"{_HOSTS[0]}/").removeprefix(f"{_HOSTS[1]}/") != _SOURCE:
            continue
        try:
            least, most = bounds(one.constraint)
        except NotAConstraint:
            continue
        low, high = max(low, least), min(high, most)
    return AwsProvider(low, high, "required_providers") if low < high else UNKNOWN
