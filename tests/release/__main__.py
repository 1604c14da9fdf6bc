"""
Make a release: `python -m release [FOLDER]` fills FOLDER (default: dist).

    dormouse-0.1.0-py3-none-any.whl      the command line, for pipx or uv
    dormouse-functions-0.1.0.zip         the code of the Lambda functions, as SAM builds it
    dormouse-0.1.0.cdx.json              what the command line needs (CycloneDX)
    dormouse-functions-0.1.0.cdx.json    what the functions carry (CycloneDX)
    NOTES.md                             what changed
    SHA256SUMS                           for `sha256sum -c`

Uncommitted changes are refused: a release can be made again from its commit, byte for byte. It is
built beside FOLDER and moved there when it is whole: a failure leaves what was there before.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from deploy.artifact import build
from deploy.stack import ROOT
from release.archive import pack
from release.bill_of_materials import bill_of_materials
from release.notes import notes
from release.sums import sums

FUNCTION = "Controller"
"""Each function's build is the same."""


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else ROOT / "dist"
    changed = _git("status", "--porcelain", "--untracked-files=no")
    if changed:
        first = changed.split()[1]
        print(f"error: {first} differs from the commit; commit it or undo it", file=sys.stderr)
        return 2
    try:
        release(folder.resolve())
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        print(f"error: no release was made: {error}", file=sys.stderr)
        return 1
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        print(line)
    return 0


def release(folder: Path) -> None:
    """Fill `folder`, which must be empty or absent; at once, when the release is whole."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        sys.exit(f"error: {folder} is not empty; remove it, or name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        fill(beside)
        beside.replace(folder)  # an empty folder may be there
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def fill(folder: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version, made = project["version"], _git("log", "-1", "--format=%cI")
    _say("building the wheel …")
    build_wheel(folder)
    _say("building the functions …")
    with tempfile.TemporaryDirectory() as scratch:
        build(FUNCTION, Path(scratch) / FUNCTION)
        archive = pack(Path(scratch) / FUNCTION)
    (folder / f"dormouse-functions-{version}.zip").write_bytes(archive)
    _say("writing what is in them …")
    for name, group in ((f"dormouse-{version}", None), (f"dormouse-functions-{version}", "lambda")):
        (folder / f"{name}.cdx.json").write_text(bill_of_materials(group, made))
    (folder / "NOTES.md").write_text(notes((ROOT / "CHANGELOG.md").read_text(), version))
    (folder / "SHA256SUMS").write_text(sums(folder))


def build_wheel(folder: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [
        uv,
        "build",
        "--quiet",
        "--wheel",
        "--no-create-gitignore",
        "--out-dir",
        folder,
        ROOT,
    ]
    subprocess.run(command, check=True)


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
