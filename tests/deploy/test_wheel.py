"""The wheel in an environment of its own, used from a folder that is not this project's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.stack import ROOT
from deploy.test_build import files

pytestmark = pytest.mark.slow

UV = Path(sys.executable).with_name("uv")


def run(*command, cwd, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env=kept | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    built = run(UV, "build", "--quiet", "--wheel", "--out-dir", place, ROOT, cwd=place)
    assert built.returncode == 0, built.stderr
    (found,) = place.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder with the programs of an environment that holds the wheel and what it needs."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run(UV, "venv", "--quiet", "--python", sys.executable, venv, cwd=wheel.parent)
    python = venv / "bin" / "python"
    got = run(UV, "pip", "install", "--quiet", "--python", python, wheel, cwd=wheel.parent)
    if got.returncode:
        pytest.skip(f"what the wheel needs cannot be had: {got.stderr.strip().splitlines()[-1]}")
    return venv / "bin"


@pytest.fixture
def elsewhere(tmp_path):
    return tmp_path


def test_it_carries_licence_template_and_example(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "controller/shipped/template.yaml",
        "controller/shipped/infra/nsfw-api/nlb.tf",
        "controller/shipped/infra/nsfw-api/container_definition.json",
        "controller/shipped/uv.lock",
        "controller/cli/sam_requirements.txt",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "tfstate" in name or "__pycache__" in name]


def test_it_says_its_version_and_completes_commands(installed, elsewhere):
    version = run(installed / "dormouse", "--version", cwd=elsewhere)
    assert version.stdout.strip() == "0.1.0"
    script = run(installed / "dormouse", "completion", "zsh", cwd=elsewhere)
    assert script.returncode == 0 and "compdef" in script.stdout
    requested = {
        "_DORMOUSE_COMPLETE": "bash_complete",
        "COMP_WORDS": "dormouse de",
        "COMP_CWORD": "1",
    }
    completed = run(installed / "dormouse", cwd=elsewhere, **requested)
    assert {"plain,deploy", "plain,demo", "plain,destroy"} >= set(completed.stdout.split())
    assert "plain,deploy" in completed.stdout


def test_it_checks_a_directory(installed, elsewhere):
    shutil.copytree(ROOT / "infra" / "nsfw-api", elsewhere / "api")
    said = run(
        installed / "dormouse", "check", "api", "--json", cwd=elsewhere, AWS_REGION="us-east-1"
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert not [p for p in json.loads(said.stdout)["problems"] if p["level"] == "error"]


def test_it_plays_the_demo_and_brings_what_that_needs(installed, elsewhere):
    said = run(
        *(installed / "dormouse", "demo", "--play", "--speed", "600", "--port", "0"),
        cwd=elsewhere,
        XDG_CACHE_HOME=str(elsewhere / "cache"),
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Installing what the demo runs on" in said.stderr
    assert "Elastic IP" in said.stdout


def test_sam_is_given_what_a_checkout_gives_it(installed, elsewhere):
    """Laid out from the package, the recipe builds the same bytes as from the project."""
    script = (
        "from pathlib import Path; from controller.cli.project import lay_out; lay_out(Path('.'))"
    )
    laid = elsewhere / "laid"
    laid.mkdir()
    done = run(installed / "python", "-c", script, cwd=laid)
    assert done.returncode == 0, done.stderr
    built = {}
    for name, project in (("package", laid), ("checkout", ROOT)):
        artifact = elsewhere / name
        command = ["make", "-s", "-C", project / "src", "build-Controller"]
        made = run(*command, f"ARTIFACTS_DIR={artifact}", f"UV={UV}", cwd=elsewhere)
        assert made.returncode == 0, made.stdout + made.stderr
        built[name] = files(artifact)
    assert len(built["checkout"]) > 100
    assert built["package"] == built["checkout"]


def test_it_deploys_from_any_folder_with_its_own_template(installed, elsewhere):
    """As far as without an account: SAM is called in a folder that is laid out for it."""
    shutil.copytree(ROOT / "infra" / "nsfw-api", elsewhere / "terraform" / "api")
    sam = elsewhere / "sam"
    listing = 'ls template.yaml src uv.lock src/Makefile >> "$0.log"'
    sam.write_text(f'#!/bin/sh\n{listing}; "$UV" --version >> "$0.log" && exit 7\n')
    sam.chmod(0o755)
    said = run(
        *(
            installed / "dormouse",
            "deploy",
            "terraform/api",
            "--no-doctor",
            "--region",
            "us-east-1",
        ),
        cwd=elsewhere,
        SAM=str(sam),
    )
    assert said.returncode == 1
    assert "sam build ended with code 7" in said.stderr
    listed = (elsewhere / "sam.log").read_text().split()
    assert {"template.yaml", "uv.lock", "src/Makefile", "controller", "api"} <= set(listed)
    assert "uv" in listed, "the recipe of the functions is built with uv, which need not be on PATH"
