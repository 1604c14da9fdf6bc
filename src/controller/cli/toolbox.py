"""
Tools that are brought when a command first needs them, pinned: SAM, and what the demo runs on.

`uv` comes with the package. What it installs is kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from controller.cli.project import shipped_file
from controller.domain.errors import PermanentError
from controller.hcl.disk_cache import cache_folder

SAM = "aws-sam-cli==1.170.0"
LAPTOP = "laptop"
"""The dependency group with what the simulated AWS runs on (pyproject.toml)."""


def sam() -> list[str]:
    """How to call SAM: the variable SAM if it is set, else the pinned release, by uv."""
    given = os.environ.get("SAM")
    if given:
        return shlex.split(given)
    return [find_uv(), "tool", "run", "--from", SAM, "sam"]


def bring_sam() -> None:
    """Have SAM here before it is called, so that a missing network is told as such."""
    if not os.environ.get("SAM"):
        _uv("tool", "run", "--from", SAM, "sam", "--version", doing="bring SAM")


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
    """Make what the demo runs on importable; install it first where it is not there."""
    if _has("moto") and _has("werkzeug"):
        return
    requirements = _locked(LAPTOP)
    place = _cache() / f"{LAPTOP}-{_mark(requirements)}"
    if not (place / ".ready").exists():
        click.echo("Installing what the demo runs on (once, about 60 MB) …", err=True)
        _install(requirements, place)
    sys.path.append(str(place))


def _has(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _locked(group: str) -> str:
    """A dependency group as the lock file has it: versions and hashes."""
    options = ["--quiet", "--frozen", "--no-emit-project", "--no-header", "--only-group", group]
    folder = shipped_file("pyproject.toml").parent
    return _uv("export", *options, "--directory", str(folder), doing="read the lock file")


def _install(requirements: str, place: Path) -> None:
    """Whole or not at all: another process may do the same."""
    scratch = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        options = ["--quiet", "--require-hashes", "--no-deps", "--python", sys.executable]
        _uv(
            *("pip", "install", *options, "--target", str(scratch), "--requirements", "-"),
            doing="install what the demo runs on",
            given=requirements,
        )
        (scratch / ".ready").touch()
        if not (place / ".ready").exists():
            shutil.rmtree(place, ignore_errors=True)
            scratch.rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _mark(requirements: str) -> str:
    text = f"{sys.version_info[:2]}\n{sys.platform}\n{requirements}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cache() -> Path:
    """Only where nobody else can write: what lies there is run."""
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
