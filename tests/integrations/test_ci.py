"""What CI systems run: parsed as they do, and run by bash on the simulated AWS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from running_system import CREDENTIALS, running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2] / "integrations"
ACTION = yaml.safe_load((ROOT / "github" / "action.yml").read_text())
PREVIEW = yaml.safe_load((ROOT / "gitlab" / "preview.yml").read_text())
TEMPLATE = yaml.safe_load((ROOT / "gitlab" / "dormouse.yml").read_text())[".dormouse"]
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
"""How GitHub runs a step with `shell: bash`; GitLab's shell is as strict."""


@pytest.fixture(scope="module")
def system():
    with running(speed=20) as system:
        yield system


@pytest.fixture
def link(system):
    yield system.link(name="ci")
    live = [x for x in system.table.load(system.spec.stack).leases if x.expires_at > system.now]
    assert live == []  # whatever came of the job


def environment(**more: str) -> dict[str, str]:
    """A runner's: nothing of AWS, and dormouse on the path."""
    clean = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    return {**clean, "PATH": path, **more}


def start(script: str, path: Path, **more: str) -> subprocess.Popen[str]:
    """A step as a process of its own, without a terminal."""
    path.write_text(script)
    return subprocess.Popen(
        [*BASH, str(path)],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


# GitHub

EXPRESSION = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")


def step(name: str) -> dict[str, Any]:
    return next(each for each in ACTION["runs"]["steps"] if each["name"] == name)


def github(tmp_path: Path, **inputs: str) -> subprocess.Popen[str]:
    """The step that does the work, with its inputs filled in as the runner does."""
    known = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
    given = {**known, **{name.replace("_", "-"): value for name, value in inputs.items()}}
    found = step("Run with the stack awake")
    filled = {
        name: EXPRESSION.sub(lambda match: given[match[1]], text)
        for name, text in found["env"].items()
    }
    said = {"GITHUB_WORKFLOW": "e2e", "GITHUB_RUN_NUMBER": "7", "GITHUB_REPOSITORY": "a/b"}
    return start(found["run"], tmp_path / "step.sh", **filled, **said)


def test_the_action_is_what_a_runner_takes():
    assert set(ACTION) == {"name", "description", "inputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    for each in ACTION["runs"]["steps"]:
        assert set(each) <= {"name", "shell", "run", "env", "working-directory", "id", "if", "uses"}
        assert each["shell"] == "bash"
    for name, each in ACTION["inputs"].items():
        assert each["description"]
        assert each.get("required") or "default" in each, name


def test_no_input_is_part_of_a_script():
    """Whoever names a branch would write the script."""
    text = (ROOT / "github" / "action.yml").read_text()
    assert all("${{" not in each["run"] for each in ACTION["runs"]["steps"])
    assert set(EXPRESSION.findall(text)) == set(ACTION["inputs"])


def test_it_installs_what_it_was_checked_out_with(tmp_path):
    """Into a place of its own, by the tool that every runner image has."""
    fake = tmp_path / "bin" / "pipx"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@" >"$0.said"\n')
    fake.chmod(0o755)
    action_path = ROOT / "github"
    process = subprocess.run(
        [*BASH, "-c", step("Install dormouse")["run"]],
        env={"PATH": f"{fake.parent}:/usr/bin:/bin", "GITHUB_ACTION_PATH": str(action_path)},
        check=True,
    )
    assert process.returncode == 0
    words = Path(f"{fake}.said").read_text().split()
    assert words[:2] == ["install", "--quiet"]
    assert (Path(words[2]).resolve() / "pyproject.toml").exists()


def test_the_step_runs_its_commands_with_the_stack_awake(link, tmp_path, system):
    run = 'echo "at $DORMOUSE_ENDPOINT"\nfalse | true || echo "pipes fail"\nexit 3'
    code, out, err = ended(github(tmp_path, link=link, run=run, ready="/", shows="container"))
    assert code == 3, err
    lines = out.splitlines()
    key = link.partition("k=")[2]
    assert lines == [
        f"::add-mask::{key}",
        f"at http://{system.service.ip}:5000",
        "pipes fail",
    ]
    assert key not in err
    latest = max(system.table.load(system.spec.stack).leases, key=lambda each: each.granted_at)
    assert latest.reason == "e2e, run 7 of a/b"


def test_without_a_secret_it_says_so_and_ends_with_125(tmp_path):
    code, out, _ = ended(github(tmp_path, link="", run="echo ran"))
    assert (code, out.count("ran")) == (125, 0)
    assert out.startswith("::error::dormouse: the link is empty; pull requests from forks")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_step_hears_of_it_and_gives_the_stack_back(link, tmp_path, number):
    """The runner tells the step's own process alone, which is no shell any more by then."""
    ready = tmp_path / "ready"
    run = f"sleep 60 & trap 'echo heard; kill $!; exit 9' INT TERM; touch {ready}; wait"
    process = github(tmp_path, link=link, run=run)
    wait_for(ready)
    process.send_signal(number)
    code, out, err = ended(process)
    assert code == 9, err
    assert out.splitlines()[-1] == "heard"


# GitLab


def gitlab(part: str, **variables: str) -> str:
    """A part of the job as the runner puts it together: the lines of the lists in one shell."""
    given = {**TEMPLATE["variables"], "CI_JOB_ID": "4711", "CI_JOB_NAME": "e2e"}
    given |= {"CI_PROJECT_PATH": "group/project", **variables}
    exports = "".join(f"export {name}={_quoted(str(text))}\n" for name, text in given.items())
    names = ("before_script", "script") if part == "script" else (part,)
    return exports + "\n".join(line for name in names for line in TEMPLATE[name])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def parts(link: str) -> dict[str, str]:
    page, _, key = link.partition("?k=")
    return {"DORMOUSE_PAGE": page, "DORMOUSE_KEY": key}


def test_the_template_is_a_hidden_job_that_others_extend():
    whole = yaml.safe_load((ROOT / "gitlab" / "dormouse.yml").read_text())
    assert set(whole) == {".dormouse"}
    assert set(TEMPLATE) == {"variables", "before_script", "script", "after_script"}
    assert all(isinstance(value, str) for value in TEMPLATE["variables"].values())


def test_the_job_runs_its_commands_with_the_stack_awake(link, tmp_path, system):
    run = 'echo "at $DORMOUSE_ENDPOINT"; exit 4'
    script = gitlab("script", **parts(link), DORMOUSE_RUN=run, DORMOUSE_READY="/")
    code, out, err = ended(start(script, tmp_path / "job.sh"))
    assert (code, out) == (4, f"at http://{system.service.ip}:5000\n"), err
    latest = max(system.table.load(system.spec.stack).leases, key=lambda each: each.granted_at)
    assert "gitlab-4711#" in latest.id and latest.reason == "e2e of group/project"
    assert ended(start(gitlab("after_script", **parts(link)), tmp_path / "after.sh"))[0] == 0


def test_what_a_killed_job_could_not_give_back_its_after_script_does(link, tmp_path):
    ready = tmp_path / "ready"
    run = f"touch {ready}; sleep 60"
    process = start(gitlab("script", **parts(link), DORMOUSE_RUN=run), tmp_path / "job.sh")
    wait_for(ready)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    code, _, err = ended(start(gitlab("after_script", **parts(link)), tmp_path / "after.sh"))
    assert code == 0, err


def test_without_its_variables_the_job_says_so_and_ends_with_125(tmp_path):
    script = gitlab("script", DORMOUSE_RUN="echo ran", DORMOUSE_PAGE="", DORMOUSE_KEY="")
    code, out, err = ended(start(script, tmp_path / "job.sh"))
    assert (code, out) == (125, "")
    assert "protected variables are not given to every branch" in err
    assert ended(start(gitlab("after_script", DORMOUSE_KEY=""), tmp_path / "after.sh"))[0] == 0


def test_without_dormouse_in_the_image_it_says_what_to_set(tmp_path):
    lines = "\n".join(TEMPLATE["before_script"])
    process = subprocess.run(
        [*BASH, "-c", lines],
        env={"PATH": "/usr/bin:/bin", "DORMOUSE_PACKAGE": ""},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 125
    assert "set DORMOUSE_PACKAGE" in process.stderr


# GitLab's previews

MERGE_REQUEST = {
    "CI_MERGE_REQUEST_IID": "7",
    "GITLAB_USER_LOGIN": "ann",
    "DORMOUSE_DIR": "infra/preview",
    "DORMOUSE_STACK": "mr-7",
    "DORMOUSE_PACKAGE": "",
    "DORMOUSE_ROLE": "arn:aws:iam::123456789012:role/preview",
    "DORMOUSE_TOKEN": "header.claims.signature",
}


def previewed(tmp_path: Path, job: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A job of a merge request, with a `dormouse` that says how it was called."""
    fake = tmp_path / "bin" / "dormouse"
    fake.parent.mkdir(exist_ok=True)
    fake.write_text(
        '#!/bin/sh\necho "$*"; echo "$AWS_ROLE_ARN $(cat $AWS_WEB_IDENTITY_TOKEN_FILE)"\n'
    )
    fake.chmod(0o755)
    base = PREVIEW[PREVIEW[job]["extends"]]
    lines = "\n".join([*base["before_script"], *PREVIEW[job]["script"]])
    return subprocess.run(
        [*BASH, "-c", lines],
        env={"PATH": f"{fake.parent}:/usr/bin:/bin", **MERGE_REQUEST, **variables},
        capture_output=True,
        text=True,
    )


def test_a_merge_request_publishes_and_its_end_unpublishes(tmp_path):
    """With the role that the job's own token opens; boto3 finds both in the environment."""
    credentials = f"{MERGE_REQUEST['DORMOUSE_ROLE']} {MERGE_REQUEST['DORMOUSE_TOKEN']}"
    published = previewed(tmp_path, "dormouse-preview")
    assert published.stdout.splitlines() == [
        "publish infra/preview --stack mr-7 --owner ann --expires 14d",
        credentials,
    ]
    ended = previewed(tmp_path, "dormouse-preview-end")
    assert ended.stdout.splitlines() == ["unpublish mr-7", credentials]


def test_without_a_role_nothing_is_published(tmp_path):
    refused = previewed(tmp_path, "dormouse-preview", DORMOUSE_ROLE="")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "protected variables are not given to every branch" in refused.stderr


def test_gitlab_ends_a_preview_by_itself():
    """
    What it takes: the environment names the job that stops it, both run in the same pipelines, and
    that one waits without holding up the pipeline, and needs no branch.
    """
    start, end = PREVIEW["dormouse-preview"], PREVIEW["dormouse-preview-end"]
    assert start["environment"]["on_stop"] == "dormouse-preview-end"
    assert end["environment"] == {"name": start["environment"]["name"], "action": "stop"}
    (begins,), (ends,) = start["rules"], end["rules"]
    assert ends == {**begins, "when": "manual", "allow_failure": True}
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in begins["if"]  # no fork
    assert end["variables"]["GIT_STRATEGY"] == "none"
