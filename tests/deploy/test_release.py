"""`make release`: one command, the same bytes from the same commit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
import zipfile

import pytest

from deploy.stack import ROOT
from release import __main__ as release_module
from release.__main__ import main, release
from release.archive import pack
from release.bill_of_materials import bill_of_materials
from release.notes import notes
from release.sums import sums

MADE = "2026-11-30T12:00:00+00:00"


@pytest.mark.slow
def test_a_release_is_whole_and_its_sums_hold(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("a release is made from a commit, and this is no clone")
    folder = tmp_path / "dist"
    release(folder)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {path.name for path in folder.iterdir()} == {
        f"dormouse-{version}-py3-none-any.whl",
        f"dormouse-functions-{version}.zip",
        f"dormouse-{version}.cdx.json",
        f"dormouse-functions-{version}.cdx.json",
        "NOTES.md",
        "SHA256SUMS",
    }
    if shutil.which("sha256sum"):
        checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True)
        assert checked.returncode == 0, checked.stdout
    functions = zipfile.ZipFile(folder / f"dormouse-functions-{version}.zip").namelist()
    assert {"controller/handlers/entry.py", "api/handler.py"} <= set(functions)


@pytest.mark.parametrize("part", ["build_wheel", "build", "bill_of_materials", "notes", "sums"])
@pytest.mark.parametrize("before", ["absent", "empty"])
def test_a_release_that_fails_leaves_what_was_there_before(
    tmp_path, monkeypatch, capsys, part, before
):
    """Whichever of its steps fails; the parts made by then are real ones, in the place for them."""
    folder = tmp_path / "dist"
    if before == "empty":
        folder.mkdir()
    made = []

    def build_wheel(place):
        (place / "dormouse.whl").write_bytes(b"wheel")
        made.append(place)

    def fail(*_):
        raise ValueError("the disk is full")

    monkeypatch.setattr(release_module, "build_wheel", build_wheel)
    monkeypatch.setattr(release_module, "build", lambda _, place: place.mkdir())
    monkeypatch.setattr(release_module, "bill_of_materials", lambda *_: "{}")
    monkeypatch.setattr(release_module, "_git", lambda *_: "")
    monkeypatch.setattr(release_module, part, fail)
    assert main([str(folder)]) == 1
    assert "error: no release was made: the disk is full" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ([] if before == "absent" else ["dist"])
    assert before == "absent" or not list(folder.iterdir())

    monkeypatch.setattr(
        release_module, part, build_wheel if part == "build_wheel" else _whole(part)
    )
    assert main([str(folder)]) == 0
    assert {"dormouse.whl", "NOTES.md", "SHA256SUMS"} <= {path.name for path in folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]
    before_again = sorted(path.name for path in folder.iterdir())
    with pytest.raises(SystemExit, match="is not empty"):
        main([str(folder)])
    assert sorted(path.name for path in folder.iterdir()) == before_again


def _whole(part):
    if part == "build":
        return lambda _, place: place.mkdir()
    return {"sums": sums, "notes": notes}.get(part, lambda *_: "{}")


def test_the_functions_zip_depends_on_content_and_modes_alone(tmp_path):
    packed = []
    for name, order in (("a", ["x/two.py", "one.py"]), ("b", ["one.py", "x/two.py"])):
        (tmp_path / name / "x").mkdir(parents=True)
        for number, file in enumerate(order):
            path = tmp_path / name / file
            path.write_text(f"# {file}\n")
            path.chmod(0o644)
            os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        packed.append(pack(tmp_path / name))
    assert packed[0] == packed[1]
    (tmp_path / "b" / "one.py").chmod(0o755)
    assert pack(tmp_path / "b") != packed[0]


@pytest.mark.parametrize("group", [None, "lambda"])
def test_the_bill_of_materials_names_what_the_lock_file_pins(group):
    bill = bill_of_materials(group, MADE)
    assert bill_of_materials(group, MADE) == bill
    found = {each["name"]: each["version"] for each in json.loads(bill)["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    for each in wanted:
        name, _, version = each.partition("==")
        assert found[name] == version
    assert ("boto3" in found) is (group is None)  # the functions' boto3 is the runtime's
    assert "pytest" not in found


@pytest.mark.parametrize(
    ("heading", "said"), [("## 0.2.0 (2026-12-01)", "new"), ("## Unreleased", "new")]
)
def test_the_notes_are_the_section_of_the_version(heading, said):
    changelog = f"# Changes\n\n{heading}\n\n- {said}\n\n## 0.1.0\n\n- old\n"
    assert notes(changelog, "0.2.0") == f"# Dormouse 0.2.0\n\n- {said}\n"


def test_a_version_without_notes_is_refused():
    with pytest.raises(ValueError, match=r"nothing under '## 0\.2\.0'"):
        notes("# Changes\n\n## 0.1.0\n\n- old\n", "0.2.0")
