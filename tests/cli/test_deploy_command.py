"""`dormouse deploy`: the order of its steps, what stops it, and what a second time changes."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml
from deployed import SHIPPED, STACK, deploy

from controller.cli import toolbox
from controller.cli.project import is_checkout
from controller.cli.toolbox import bring_sam
from controller.domain.errors import PermanentError
from controller.domain.planning.spec import Kind
from controller.links import Keys

SAM = """#!/bin/sh
here=$(dirname "$0")
echo "$1 $3 $AWS_REGION $AWS_PROFILE" >> "$here/sam.log"
cp "$5" "$here/config-of-$1"
pwd > "$here/folder-of-$1"
test ! -e "$here/refuse-$1"
"""
CONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "dormouse"
[prod.global.parameters]
stack_name = "dormouse-prod"
region = "eu-west-1"
profile = "production"
[nameless.deploy.parameters]
resolve_s3 = true
"""
KEYS = "/dormouse/dormouse/keys"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder as the project's own, with a `sam` that notes how it is called."""
    (tmp_path / "samconfig.toml").write_text(CONFIG)
    shutil.copytree(SHIPPED, tmp_path / "infra" / STACK)
    sam = tmp_path / "sam"
    sam.write_text(SAM)
    sam.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with patch.dict(os.environ):  # the command itself sets some
        for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE", "CONFIG_ENV"):
            os.environ.pop(name, None)
        os.environ.update(SAM=str(sam), AWS_REGION="us-east-1")
        yield tmp_path


@pytest.fixture
def dormouse(monkeypatch, capsys, project):
    made = deploy(monkeypatch, capsys)
    outputs = {"Table": "dormouse", "WakeUrl": "https://abc.lambda-url.us-east-1.on.aws/"}
    stack = {
        "StackName": "dormouse",
        "CreationTime": made.world.now,
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
    }
    made.world.aws.answer_with("cloudformation", "DescribeStacks", lambda _: {"Stacks": [stack]})
    made.world.aws.answer_with(
        "lambda",
        "GetFunctionUrlConfig",
        lambda _: {"FunctionUrl": outputs["WakeUrl"], "AuthType": "NONE"},
    )
    monkeypatch.setattr("controller.cli.link.open_session", made.world.aws.session, raising=False)
    return made


def said_to_sam(project):
    log = project / "sam.log"
    return [line.strip() for line in log.read_text().splitlines()] if log.exists() else []


def keys(dormouse):
    ssm = dormouse.world.aws.session().client("ssm")
    return ssm.get_parameter(Name=KEYS, WithDecryption=True)["Parameter"]


def test_it_checks_builds_deploys_publishes_and_ends_with_a_link(dormouse, project):
    said = dormouse("deploy", "--no-doctor")

    steps = [line.split()[1] for line in said.err.splitlines() if line.startswith("==")]
    assert steps == ["check:", "build:", "deploy:", "publish:", "link:"]
    assert said_to_sam(project) == ["build default us-east-1", "deploy default us-east-1"]
    assert said.out.splitlines()[-1].startswith(
        f"https://abc.lambda-url.us-east-1.on.aws/s/{STACK}?k="
    )
    assert dormouse.world.controller.table.load(STACK).spec.stack == STACK


def test_a_second_time_changes_no_key_and_no_spec(dormouse):
    dormouse("deploy", "--no-doctor")
    first, calls = keys(dormouse), len(dormouse.world.aws.calls)
    said = dormouse("deploy", "--no-doctor")

    assert keys(dormouse) == first
    assert f"{STACK}: unchanged" in said.out
    assert dormouse.written(calls) == []


def test_a_mistake_in_a_stack_stops_it_before_anything_is_built(dormouse, project):
    (project / "infra" / STACK / "nlb.tf").write_text('resource "aws_lb" "nlb" {')
    said = dormouse("deploy", "--no-doctor", code=2)

    assert "nlb.tf" in said.out + said.err
    assert said_to_sam(project) == []


def test_a_variable_holds_for_every_step_that_reads_the_files(dormouse, project):
    files = project / "infra" / STACK / "variable.tf"
    before = files.read_text()
    files.write_text(before + '\nvariable "size" {\n  type = number\n}\n')
    service = project / "infra" / STACK / "fargate.tf"
    text = service.read_text()
    service.write_text(re.sub(r"desired_count( *)= 1", r"desired_count\1= var.size", text))

    said = dormouse(
        "deploy", "--no-doctor", "-var", "size=3", "-var", "eip_alloc=eipalloc-0f0f0f0f"
    )
    assert said.out.splitlines()[-1].startswith("https://abc.lambda-url.us-east-1.on.aws/s/")
    spec = dormouse.world.controller.table.load(STACK).spec
    assert "eipalloc-0f0f0f0f" in json.dumps(spec.to_json())
    assert [each.request["desiredCount"] for each in spec.of_kind(Kind.SERVICE)] == [3]


def test_sam_that_cannot_be_brought_is_a_matter_of_the_network(monkeypatch, tmp_path):
    monkeypatch.delenv("SAM", raising=False)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(toolbox, "cache_folder", lambda: tmp_path / "own")
    with pytest.raises(PermanentError, match=r"could not install SAM.*check the network"):
        bring_sam()
    assert not list((tmp_path / "own").iterdir())


@pytest.mark.parametrize("verb", ["build", "deploy"])
def test_where_sam_fails_nothing_is_published(dormouse, project, verb):
    (project / f"refuse-{verb}").touch()
    calls = len(dormouse.world.aws.calls)
    said = dormouse("deploy", "--no-doctor", code=1)

    assert f"sam {verb} ended with code 1" in said.err
    assert dormouse.written(calls) == []


def test_publishing_alone_leaves_the_controller_as_it_is(dormouse, project):
    dormouse("deploy", "--no-doctor", "--publish-only")
    assert said_to_sam(project) == []


def test_an_environment_brings_its_region_and_profile(dormouse, project):
    dormouse("deploy", "--no-doctor", "--config-env", "prod")
    assert said_to_sam(project)[:1] == ["build prod eu-west-1 production"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("test", 'has no environment "test"; expected one of default, prod, nameless'),
        ("nameless", 'environment "nameless" has no stack_name'),
    ],
)
def test_an_environment_that_is_not_there_is_named(dormouse, environment, said):
    assert said in dormouse("deploy", "--config-env", environment, code=2).err


def test_a_folder_without_stacks_is_said(dormouse, project):
    shutil.rmtree(project / "infra" / STACK)
    assert "there is no stack in infra" in dormouse("deploy", code=2).err


def config(project, verb="deploy"):
    """What sam was given for a verb: its parameters, and those that hold for all."""
    given = yaml.safe_load((project / f"config-of-{verb}").read_text())
    (tables,) = [value for key, value in given.items() if key != "version"]
    return tables["global"]["parameters"] | tables[verb]["parameters"]


def test_a_file_that_is_not_there_is_not_named(dormouse, project):
    (project / "samconfig.toml").unlink()
    said = dormouse("deploy", "--config-env", "test", f"infra/{STACK}", code=2).err
    assert 'there is no environment "test"; expected one of default, ci' in said
    assert "samconfig.toml" not in said


def test_without_a_file_of_ones_own_it_takes_what_ships(dormouse, project):
    (project / "samconfig.toml").unlink()
    dormouse("deploy", "--no-doctor", f"infra/{STACK}")

    assert config(project)["stack_name"] == "dormouse"
    assert config(project)["capabilities"] == "CAPABILITY_IAM"
    assert is_checkout(Path((project / "folder-of-build").read_text().strip()))


def test_a_file_of_ones_own_names_what_differs(dormouse, project):
    (project / "dormouse.toml").write_text(
        """
        name = "night"
        region = "eu-west-1"
        stacks = ["infra/nsfw-api"]
        [parameters]
        NotifyEmail = "team@example.com"
        PointInTimeRecovery = false
        [env.ci.parameters]
        LogLevel = "DEBUG"
        """
    )
    dormouse("deploy", "--no-doctor", "--config-env", "ci")

    given = config(project)
    assert (given["stack_name"], given["s3_prefix"], given["region"]) == (
        *("night", "night"),
        "eu-west-1",
    )
    assert given["parameter_overrides"] == [
        "NotifyEmail=team@example.com",
        "PointInTimeRecovery=false",
        "LogLevel=DEBUG",
    ]
    assert given["confirm_changeset"] is False  # as ships for ci
    assert said_to_sam(project)[0] == "build ci eu-west-1"


def test_options_win_over_files(dormouse, project):
    (project / "dormouse.toml").write_text(
        'name = "night"\nregion = "eu-west-1"\n[parameters]\nLogLevel = "DEBUG"\n'
    )
    named = ["--name", "dormouse", "--region", "us-east-1"]
    given = ["--parameter", "LogLevel=WARN", "--parameter", "NotifyAbout=trouble"]
    dormouse("deploy", "--no-doctor", *named, *given)

    assert config(project)["stack_name"] == "dormouse"
    assert config(project)["parameter_overrides"] == ["LogLevel=WARN", "NotifyAbout=trouble"]
    assert said_to_sam(project)[0] == "build default us-east-1"


@pytest.mark.parametrize(
    ("free", "reserved", "given", "passed"),
    [
        (1000, None, [], ["ApiConcurrency=20", "DoorConcurrency=200"]),
        (1000, None, ["ApiConcurrency=0"], ["ApiConcurrency=0", "DoorConcurrency=200"]),
        (1000, None, ["DoorConcurrency=7"], ["DoorConcurrency=7", "ApiConcurrency=20"]),
        (319, None, [], ["ApiConcurrency=20"]),
        (980, 20, [], []),  # CloudFormation keeps what is not given
        (119, None, [], []),  # AWS leaves a hundred to all others
        (10, None, ["LogLevel=WARN"], ["LogLevel=WARN"]),
    ],
)
def test_the_wake_url_is_bounded_where_the_account_has_room(
    dormouse, project, free, reserved, given, passed
):
    limit = {"ConcurrentExecutions": free, "UnreservedConcurrentExecutions": free}
    held = {} if reserved is None else {"ReservedConcurrentExecutions": reserved}
    aws = dormouse.world.aws
    aws.answer_with("lambda", "GetAccountSettings", lambda _: {"AccountLimit": limit})
    aws.answer_with("lambda", "GetFunctionConcurrency", lambda _: held)
    dormouse("deploy", "--no-doctor", *(part for one in given for part in ("--parameter", one)))

    assert config(project).get("parameter_overrides", []) == passed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nmae = "x"', 'unknown key "nmae"; expected name, region, profile, stacks, parameters'),
        ("region = 7", '"region" must be a text'),
        ("name = ", "dormouse.toml: "),
    ],
)
def test_a_mistake_in_the_file_is_named(dormouse, project, text, said):
    (project / "dormouse.toml").write_text(text)
    assert said in dormouse("deploy", code=2).err


def test_what_is_no_folder_and_no_parameter_is_named(dormouse):
    assert "there is no directory nowhere" in dormouse("deploy", "nowhere", code=2).err
    said = dormouse("deploy", "--parameter", "LogLevel", code=2).err
    assert 'found "LogLevel", expected KEY=VALUE' in said


def test_without_a_region_it_says_how_to_set_one(dormouse, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "no region is set; give --region REGION" in dormouse("deploy", code=2).err


def test_the_link_has_a_key_that_the_wake_url_takes(dormouse):
    link = dormouse("deploy", "--no-doctor").out.splitlines()[-1]
    found = Keys.from_text(keys(dormouse)["Value"]).authentic(link.partition("?k=")[2])
    assert (found.stack, str(found.scope)) == (STACK, "wake")


# what stands under infra/


def test_a_name_in_the_files_is_the_one_that_gets_the_link(dormouse, project):
    variables = project / "infra" / STACK / "variable.tf"
    text = variables.read_text()
    variables.write_text(
        text.replace("office_hours = [", 'name = "office"\n    office_hours = [', 1)
    )
    said = dormouse("deploy", "--no-doctor")
    assert "/s/office?k=" in said.out.splitlines()[-1]
    assert dormouse.world.controller.table.load("office").spec.stack == "office"


def test_a_folder_that_others_call_is_no_stack(dormouse, project):
    infra = project / "infra"
    (infra / STACK / "shared.tf").write_text('module "shared" {\n  source = "../modules"\n}\n')
    (infra / "modules").mkdir()
    (infra / "modules" / "main.tf").write_text("locals {\n  x = 1\n}\n")
    said = dormouse("deploy", "--no-doctor", "--publish-only")
    assert f"note: infra/modules is left out: infra/{STACK} calls it as a module" in said.err
    assert dormouse.world.controller.table.published() == [STACK]


def test_a_published_stack_whose_folder_is_gone_is_named(dormouse, project):
    shutil.copytree(project / "infra" / STACK, project / "infra" / "old")
    dormouse("deploy", "--no-doctor", "--publish-only")
    shutil.rmtree(project / "infra" / "old")
    said = dormouse("deploy", "--no-doctor", "--publish-only")
    assert "note: old is published, and its folder infra/old is gone" in said.err
    assert "dormouse unpublish old" in said.err


def test_a_state_is_read_at_every_step(dormouse, project, tmp_path):
    """What the files do not say: the certificate of another directory's making."""
    folder = project / "infra" / STACK
    (folder / "id.tf").write_text('resource "random_id" "r" {\n  byte_length = 2\n}\n')
    service = folder / "fargate.tf"
    text = service.read_text()
    assert '"nsfw_api_service"' in text
    service.write_text(text.replace('"nsfw_api_service"', '"api-${random_id.r.hex}"'))
    assert "random_id.r.hex" in dormouse("deploy", "--no-doctor", "--publish-only", code=2).out

    resource = {"address": "random_id.r", "mode": "managed", "type": "random_id", "name": "r"}
    values = {"byte_length": 2, "hex": "beef", "id": "vu8"}
    resource |= {"provider_name": "registry.terraform.io/hashicorp/random", "values": values}
    shown = {"format_version": "1.0", "terraform_version": "1.11.4"}
    state = tmp_path / "state.json"
    state.write_text(json.dumps({**shown, "values": {"root_module": {"resources": [resource]}}}))
    dormouse("deploy", "--publish-only", "--no-doctor", "--state", str(state))
    spec = dormouse.world.controller.table.load(STACK).spec
    assert [each.request["serviceName"] for each in spec.of_kind(Kind.SERVICE)] == ["api-beef"]

    shutil.copytree(folder, folder.parent / "other")
    said = dormouse("deploy", "--publish-only", "--no-doctor", "--state", str(state), code=2)
    assert "--state is for one directory" in said.err
