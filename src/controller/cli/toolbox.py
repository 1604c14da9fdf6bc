"""
Tools that are installed when a command first needs them, each file checked against its hash: SAM,
and the demo's packages.

`uv` comes with the package. What it installs is kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from controller.cli.project import shipped_file
from controller.domain.errors import PermanentError
from controller.hcl.disk_cache import cache_folder

SAM_REQUIREMENTS = Path(__file__).with_name("sam_requirements.txt")
"""SAM's own lock: it needs other versions of what the project itself uses."""

LAPTOP = "laptop"
"""The dependency group of the simulated AWS (pyproject.toml)."""


def sam() -> list[str]:
    """How to call SAM: the variable SAM if it is set, else the pinned release in the cache."""
    given = os.environ.get("SAM")
    if given:
        return shlex.split(given)
    return [str(_sam_program())]


def bring_sam() -> None:
    """Have SAM here before it is called, so that a missing network is reported as such."""
    if os.environ.get("SAM") or _sam_program().exists():
        return
    click.echo("Installing SAM (once, about 200 MB) …", err=True)
    requirements = SAM_REQUIREMENTS.read_text(encoding="utf-8")
    place = _sam_program().parents[1]
    with _scratch_of(place) as scratch:
        # A relocatable environment finds its Python after the folder has been renamed.
        create = ["venv", "--quiet", "--relocatable", "--python", sys.executable, str(scratch)]
        _uv(*create, doing="make an environment for SAM")
        python = str(scratch / "bin" / "python")
        _install(requirements, "--python", python, doing="install SAM")


def _sam_program() -> Path:
    mark = _mark(SAM_REQUIREMENTS.read_text(encoding="utf-8"))
    return _cache() / f"sam-{mark}" / "bin" / "sam"


def find_uv() -> str:
    """The program uv: the one that came with the package, else what is on PATH."""
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if not found:
        raise PermanentError(
            "uv is missing, which brings SAM; install Dormouse again, or install uv"
        )
    return found


def bring_laptop() -> None:
    """Make the demo's packages importable; install them first if they are missing."""
    if _has("moto") and _has("werkzeug"):
        return
    requirements = _locked(LAPTOP)
    place = _cache() / f"{LAPTOP}-{_mark(requirements)}"
    if not place.exists():
        click.echo("Installing what the demo runs on (once, about 60 MB) …", err=True)
        with _scratch_of(place) as scratch:
            target = ["--python", sys.executable, "--target", str(scratch)]
            _install(requirements, *target, doing="install what the demo runs on")
    sys.path.append(str(place))


def _has(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _locked(group: str) -> str:
    """A dependency group as the lock file has it: versions and hashes."""
    options = ["--quiet", "--frozen", "--no-emit-project", "--no-header", "--only-group", group]
    folder = shipped_file("pyproject.toml").parent
    return _uv("export", *options, "--directory", str(folder), doing="read the lock file")


def _install(requirements: str, *into: str, doing: str) -> None:
    """Install exactly these, each file held to its hash."""
    options = ["--quiet", "--require-hashes", "--no-deps", *into, "--requirements", "-"]
    _uv("pip", "install", *options, doing=doing, given=requirements)


@contextmanager
def _scratch_of(place: Path) -> Iterator[Path]:
    """A folder that becomes `place` at the end, whole or not at all; another process may do it."""
    scratch = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        yield scratch
        with suppress(OSError):  # the other process was first
            scratch.rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _mark(requirements: str) -> str:
    text = f"{sys.version_info[:2]}\n{sys.platform}\n{requirements}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cache() -> Path:
    """Only a folder where nobody else can write: its content is executed."""
    folder = cache_folder()
    if folder is None:
        raise PermanentError(
            "there is no cache folder of your own to install into; set XDG_CACHE_HOME to one"
        )
    return folder


def _uv(*arguments: str, doing: str, given: str = "") -> str:
    command: Sequence[str] = [find_uv(), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise PermanentError(
            f"could not {doing}; uv said: {said[-1].strip()} (it needs the package index once: "
            "check the network, or set UV_DEFAULT_INDEX to the one you use)"
        )
    return done.stdout
