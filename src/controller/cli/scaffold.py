"""The files that `dormouse init` writes: a Terraform directory in the two-worlds form."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.domain.dataclass import asdict, dataclass

_TEMPLATES = Path(__file__).with_name("scaffold_files")
_SUFFIX = ".j2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """
    The data for the files. All texts are safe between quotes in HCL.

    Without `subnets` the first public subnet is looked up, in `vpc` or else in the default VPC.
    Without `addresses` (allocation ids) Terraform makes the Elastic IPs.
    """

    name: str
    image: str
    port: int
    region: str
    time_zone: str
    vpc: str = ""
    subnets: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many subnets are served, each with an Elastic IP of its own."""
        return max(len(self.subnets), 1)


def write(scaffold: Scaffold, place: Path) -> list[str]:
    """
    Write the directory `place`, all of it or nothing; return the names of its files.

    Raises FileExistsError where there is something in it already.
    """
    if place.is_dir() and any(place.iterdir()):
        raise FileExistsError(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        for name, text in render(scaffold).items():
            (scratch / name).write_text(text, encoding="utf-8")
        scratch.chmod(0o755)
        scratch.replace(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return sorted(file.name for file in place.iterdir())


def render(scaffold: Scaffold) -> dict[str, str]:
    """File name to text."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # Terraform text, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {**asdict(scaffold), "count": scaffold.count}
    files = {
        name.removesuffix(_SUFFIX): environment.get_template(name).render(values)
        for name in sorted(environment.list_templates(extensions=["j2"]))
    }
    files[".gitignore"] = ".terraform/\n*.tfstate*\n"
    return files
