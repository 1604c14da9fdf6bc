"""
Virtual environments beside the project's own, for what must not share its packages.

    python = side_venv("runtime", locked("runtime"), python=find_python("3.13"))

Made by uv on first use and kept below the project's environment, so that whoever deletes that
deletes them too. The folder is named by what is in it: other requirements make another one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class SideVenvError(Exception):
    """It cannot be made here; the text is one line with the cause."""


def side_venv(
    name: str, requirements: str, *, python: Path | None = None, options: Sequence[str] = ()
) -> Path:
    """
    Return the interpreter of an environment that holds `requirements` (a requirements.txt's text).

    `python` is the one it is made from, else this process's. Raises SideVenvError.
    """
    python = python or Path(sys.executable)
    options = ["--compile-bytecode", *options]  # processes start often, and Lambda's are compiled
    mark = hashlib.sha256("\n".join([str(python), requirements, *options]).encode()).hexdigest()[
        :12
    ]
    place = Path(sys.prefix) / "side"
    place.mkdir(exist_ok=True)
    venv = place / f"{name}-{mark}"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (venv / ".ready").exists():
            _make(venv, python, requirements, options)
    return venv / "bin" / "python"


def locked(group: str) -> str:
    """A dependency group of pyproject.toml as uv.lock has it, with hashes."""
    command = ["export", "--quiet", "--frozen", "--no-emit-project", "--no-header"]
    return _uv([*command, "--only-group", group], cwd=ROOT)


def find_python(version: str) -> Path:
    """
    An interpreter of that minor version. Raises SideVenvError.

    pyenv's shim stands on PATH even where its version is not chosen, so each has to run.
    """
    for candidate in _pythons(version):
        script = 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)'
        reported = subprocess.run(
            [candidate, "-c", script], capture_output=True, text=True, check=False
        ).stdout.split()
        if reported[:1] == [version]:
            return Path(reported[1])
    raise SideVenvError(f"no Python {version} found; install it (uv python install {version})")


def _pythons(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python")))
    try:
        yield _uv(["python", "find", "--managed-python", "--offline", version]).strip()
    except SideVenvError:
        return


def _make(venv: Path, python: Path, requirements: str, options: Sequence[str]) -> None:
    _uv(["venv", "--quiet", "--clear", "--python", str(python), str(venv)])
    place = ["--quiet", "--python", str(venv / "bin" / "python")]
    _uv(["pip", "install", *place, *options, "--requirements", "-"], given=requirements)
    (venv / ".ready").touch()


def _uv(arguments: Sequence[str], *, given: str | None = None, cwd: Path | None = None) -> str:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise SideVenvError("uv is missing; run make setup")
    done = subprocess.run(
        [uv, *arguments], input=given, cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise SideVenvError(f"uv {arguments[0]} failed and said: {said[-1].strip()}")
    return done.stdout
