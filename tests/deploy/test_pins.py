"""What is installed later, by us, is what was reviewed: each file is held to its hash."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from controller.cli import toolbox
from controller.domain.errors import PermanentError

ROOT = Path(__file__).parents[2]


def requirements(text):
    """Each requirement with all its lines."""
    plain = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    return [each for each in plain.replace("\\\n", " ").splitlines() if each.strip()]


def test_all_that_sam_needs_has_one_version_and_hashes():
    found = requirements(toolbox.SAM_REQUIREMENTS.read_text(encoding="utf-8"))
    assert any(each.startswith("aws-sam-cli==") for each in found)
    loose = [
        each
        for each in found
        if not re.match(r"[\w.-]+==[\w.]+( ;.*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$", each)
    ]
    assert loose == []


def test_the_makefile_takes_uv_by_the_hashes_of_the_lock_file():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (program,) = re.findall(r"^UV_LOCKED := (.+)$", makefile, re.M)
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    uv, *hashes = said.split()
    assert uv.startswith("uv==")
    assert hashes
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes)
    (install,) = re.findall(r"pip install [^;]*uv\.txt", makefile)
    assert "--require-hashes" in install


@pytest.fixture
def wheel(tmp_path):
    """A package of one file, and its hash."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    about = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "ANSWER = 42\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", about)
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("pin", ["", " --hash=sha256:" + 64 * "0"], ids=["no hash", "another"])
def test_what_has_another_hash_or_none_is_not_installed(tmp_path, wheel, pin):
    path, right = wheel
    into = ["--python", sys.executable, "--target", str(tmp_path / "here")]
    with pytest.raises(PermanentError, match="could not install it; uv said"):
        toolbox._install(f"tiny @ {path.as_uri()}{pin}", *into, doing="install it")
    assert not (tmp_path / "here" / "tiny.py").exists()

    named = f"tiny @ {path.as_uri()} --hash=sha256:{right}"
    toolbox._install(named, *into, doing="install it")
    assert (tmp_path / "here" / "tiny.py").exists()
