"""What the Lambda functions get: built by the recipe that `sam build` runs, without sam."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from deploy import others
from deploy.artifact import build
from deploy.reached_code import PACKAGES, reached
from deploy.stack import ROOT, deploy

pytestmark = pytest.mark.slow

HANDLERS = ["controller.handlers.entry", "api.handler", "door.handler"]
LEFT_OUT = ["hcl2", "lark", "moto", "rich", "click", "local", "boto3", "botocore", "pydantic"]
OF_THE_RUNTIME = {"boto3", "botocore", "certifi", "dateutil", "s3transfer", "six", "urllib3"}
"""What Lambda's Python brings: the AWS SDK and what it imports (certifi where there is one)."""

UNPACKED_LIMIT, PACKED_LIMIT = 16_000_000, 5_000_000
"""Every byte is read at a cold start; a new dependency that doubles them should be noticed."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    artifact = tmp_path_factory.mktemp("artifact") / "Controller"
    return artifact, build("Controller", artifact)


def files(artifact: Path) -> dict[str, str]:
    """Path to hash, with the mode: all that ends up in the zip."""
    return {
        str(path.relative_to(artifact)): f"{path.stat().st_mode:o} "
        + hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(artifact.rglob("*"))
        if path.is_file()
    }


def has_bytecode(artifact: Path) -> bool:
    return any(artifact.rglob("*.pyc"))


def test_the_same_input_gives_the_same_bytes_wherever_it_is_built(built, tmp_path):
    artifact, _ = built
    again = tmp_path / "elsewhere" / "Api"
    build("Api", again, PYTHONHASHSEED="7", TZ="Asia/Tokyo")

    assert len(files(artifact)) > 100
    assert files(again) == files(artifact)


@pytest.mark.parametrize("started", [["-C", "src"], ["-f", "src/Makefile"]], ids=" ".join)
def test_it_finds_lock_file_and_uv_in_a_folder_whose_name_has_spaces(tmp_path, started):
    """As SAM does, and as people do by hand."""
    home = tmp_path / "my projects" / "dormouse"
    (home / "src").mkdir(parents=True)
    (home / ".venv" / "bin").mkdir(parents=True)
    (home / "uv.lock").touch()
    uv = home / ".venv" / "bin" / "uv"
    uv.touch(mode=0o755)
    shutil.copy(ROOT / "src" / "Makefile", home / "src")
    environment = {name: value for name, value in os.environ.items() if name != "UV"}
    show = ["--eval", 'show: check-inputs ; @echo "$(SRC)|$(UV)"']
    said = subprocess.run(
        ["make", "-s", "--no-print-directory", *started, *show, "show", "ARTIFACTS_DIR=x"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (said.stdout.strip(), said.stderr) == (f"{home / 'src'}|{uv}", "")


def test_what_reads_terraform_or_a_terminal_is_left_out(built):
    artifact, _ = built
    rooms = {p.name for p in (artifact / "controller").iterdir()}

    assert {"domain", "handlers", "aws", "store"} <= rooms
    assert not rooms & {"hcl", "mapping", "cli"}
    assert not (artifact / "controller" / "domain" / "trial").exists()
    assert not [name for name in LEFT_OUT if list(artifact.glob(f"{name}*"))]


def test_the_code_of_ours_is_what_the_handlers_reach(built):
    artifact, _ = built
    files = [file for name in PACKAGES for file in (artifact / name).rglob("*.py")]
    paths = [file.relative_to(artifact).with_suffix("") for file in files]

    assert {".".join(path.parts).removesuffix(".__init__") for path in paths} == reached()


def test_nothing_of_the_machine_that_built_it_is_in_it(built):
    artifact, _ = built
    place = str(artifact.parent).encode()

    assert not [p for p in artifact.rglob("*") if p.is_file() and place in p.read_bytes()]
    assert not (artifact / "bin").exists()
    assert not (artifact / ".lock").exists()


def test_the_dependencies_are_those_of_the_lock_file(built):
    artifact, _ = built
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    versions = {p["name"]: p.get("version") for p in locked}
    shipped = {
        re.sub(r"[-_.]+", "-", p.name.split("-")[0]).lower(): p.name.split("-")[1]
        for p in artifact.glob("*.dist-info")
    }

    assert {"aws-lambda-powertools", "jinja2"} <= set(shipped)
    for name, rest in shipped.items():
        assert rest.removesuffix(".dist") == versions[name]


def test_machine_code_is_for_the_functions_architecture(built):
    artifact, _ = built
    libraries = [p.name for p in artifact.rglob("*.so")]

    assert deploy()["Controller"]["Properties"]["Architectures"] == ["arm64"]
    assert [name for name in libraries if "aarch64" not in name] == []


@pytest.mark.parametrize("handler", HANDLERS)
def test_everything_a_handler_imports_is_in_the_artifact_or_in_the_runtime(built, handler):
    """It is imported with the artifact first on the path, and the rest told by its place."""
    artifact, _ = built
    before = _loaded("")
    loaded = _loaded(f"sys.path.insert(0, {str(artifact)!r})\nimport {handler}\n")
    shipped = {name for name, file in loaded if file.startswith(str(artifact))}
    beside = {name for name, file in loaded - before if "site-packages" in file}

    assert handler.partition(".")[0] in shipped
    assert beside <= OF_THE_RUNTIME
    assert not {name for name, file in loaded if file.startswith(str(ROOT / "src"))}


def _loaded(script: str) -> set[tuple[str, str]]:
    """The top-level names and files of what an interpreter has loaded after `script`."""
    tell = "for n, m in list(sys.modules.items()): print(n, getattr(m, '__file__', None) or '')"
    reported = subprocess.run(
        [sys.executable, "-I", "-B", "-c", f"import sys\n{script}{tell}"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"POWERTOOLS_SERVICE_NAME": "dormouse"},
    ).stdout
    pairs = (line.split(" ", 1) for line in reported.splitlines())
    return {(name.partition(".")[0], file) for name, file in pairs}


def test_the_recipe_names_the_runtime_of_the_template():
    recipe = (ROOT / "src" / "Makefile").read_text()
    version = re.search(r"^RUNTIME := (.+)$", recipe, re.MULTILINE)[1]

    assert deploy()["Controller"]["Properties"]["Runtime"] == f"python{version}"


def test_bytecode_is_never_checked_against_its_source(built):
    """The folder is read-only in Lambda and dates are lost in the zip (PEP 552, flags 0b01)."""
    artifact, _ = built
    if not has_bytecode(artifact):
        pytest.skip("no Python 3.13 on this machine, so the artifact has no bytecode")
    compiled = list(artifact.rglob("*.pyc"))

    assert {p.name.split(".")[1] for p in compiled} == {"cpython-313"}
    assert {p.read_bytes()[4] for p in compiled} == {1}
    assert (
        b"/var/task/controller"
        in next(
            p
            for p in compiled
            if p.parent.parent == artifact / "controller" / "handlers"
            and p.name.startswith("entry.")
        ).read_bytes()
    )


def test_a_machine_without_the_runtimes_python_builds_and_says_what_is_lost(tmp_path):
    """Its python3.13 is there but does not run, as pyenv's shim does for a version not chosen."""
    tools = tmp_path / "bin"
    tools.mkdir()
    shim = tools / "python3.13"
    shim.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    said = build(
        "Controller",
        tmp_path / "artifact",
        PATH=f"{tools}:/usr/bin:/bin",
        PYENV_ROOT=str(tmp_path),
        UV_PYTHON_INSTALL_DIR=str(tmp_path / "none"),
    )

    assert "warning: no Python 3.13 found, so no bytecode is shipped" in said
    assert not has_bytecode(tmp_path / "artifact")


def test_the_size_is_printed_and_small(built, tmp_path):
    artifact, said = built
    packed = tmp_path / "code.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in artifact.rglob("*"):
            archive.write(path, path.relative_to(artifact))
    unpacked = sum(p.stat().st_size for p in artifact.rglob("*") if p.is_file())

    match = re.fullmatch(r"Controller: ([\d.]+) MB in (\d+) files, ([\d.]+) MB packed\n", said)
    assert float(match[1]) == pytest.approx(unpacked / 1e6, abs=0.06)
    assert int(match[2]) == len(files(artifact))
    assert float(match[3]) == pytest.approx(packed.stat().st_size / 1e6, rel=0.25)
    assert unpacked < UNPACKED_LIMIT
    assert packed.stat().st_size < PACKED_LIMIT


def test_a_build_without_its_folder_says_what_is_missing():
    command = ["make", "-s", "-C", str(ROOT / "src"), "build-Api"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "ARTIFACTS_DIR"},
    )
    assert result.returncode != 0
    assert "ARTIFACTS_DIR is not set" in result.stderr


def test_sam_builds_the_same_as_the_recipe_alone(built, tmp_path):
    artifact, _ = built
    result = subprocess.run(
        [others.sam(), "build", "--build-dir", str(tmp_path / "build")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"SAM_CLI_TELEMETRY": "0"},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for function in ("Controller", "Api", "Door"):
        assert files(tmp_path / "build" / function) == files(artifact)
