"""`dormouse init`: what it writes is right for Terraform, for Dormouse, and for a person."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time

import pytest

from controller.cli.init import _time_zone
from controller.cli.main import run
from local.server import LaptopServer
from oracle import Terraform, needs_terraform

SUBNETS = ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1")
EIPS = ("eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1")
VPC = "vpc-0123456789abcdef0"

FORMS = {
    "nothing": [],
    "a VPC": ["--vpc", VPC],
    "one subnet": ["--subnets", SUBNETS[0]],
    "two subnets": ["--subnets", ",".join(SUBNETS)],
    "an address": ["--eip", EIPS[0]],
    "all": ["--vpc", VPC, "--subnets", " ".join(SUBNETS), "--eip", EIPS[0], "--eip", EIPS[1]],
}


@pytest.fixture
def init(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    def command(*arguments, code=0):
        found = run(["init", *arguments])
        said = capsys.readouterr()
        assert found == code, said
        return said

    return command


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_it_writes_compiles_without_a_warning(init, capsys, form):
    said = init("api", "--image", "nginx:1.29", "--port", "8080", *form).out
    assert "service.tf" in said

    assert run(["check", "--strict", "--json", "api"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    assert run(["compile", "api"]) == 0
    spec = json.loads(capsys.readouterr().out)
    assert [r["kind"] for r in spec["resources"]] == [
        *("load_balancer", "target_group", "listener", "service")
    ]
    assert spec["policy"]["time_zone"] == "Asia/Tokyo"


@pytest.mark.slow
@pytest.mark.terraform
def test_terraform_finds_every_form_valid_and_well_formatted(init, tmp_path):
    """As modules of one root, whose provider is started once."""
    needs_terraform()
    calls = []
    for number, form in enumerate(FORMS.values()):
        init(f"form-{number}", "--image", "nginx:1.29", *form)
        given = (tmp_path / f"form-{number}" / "terraform.tfvars").read_text()
        calls.append(f'module "m{number}" {{\n  source = "./form-{number}"\n{given}}}\n')
    assert len(calls) == len(FORMS)
    (tmp_path / "main.tf").write_text("\n".join(calls))
    terraform = Terraform(tmp_path)
    terraform.run("fmt", "main.tf")
    terraform.run("init", "-input=false", "-backend=false")
    assert json.loads(terraform.run("validate", "-json").stdout)["diagnostics"] == []
    formatted = terraform.run("fmt", "-check", "-diff", "-recursive", check=False)
    assert formatted.returncode == 0, formatted.stdout


def test_two_subnets_each_get_an_address(init, capsys):
    init("api", "--image", "nginx:1.29", "--subnets", *SUBNETS[:1], "--subnets", SUBNETS[1])
    assert run(["compile", "api"]) == 0
    spec = json.loads(capsys.readouterr().out)
    mappings = spec["resources"][0]["request"]["SubnetMappings"]
    assert [mapping["SubnetId"] for mapping in mappings] == list(SUBNETS)
    assert mappings[0]["AllocationId"] != mappings[1]["AllocationId"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["API", "--image", "x"], 'name: found "API", expected small letters'),
        (["api"], "--image is missing"),
        (["api", "--image", 'x"${var.y}'], "--image: found"),
        (["api", "--image", "x", "--vpc", "main"], '--vpc: found "main", expected the id of a VPC'),
        (["api", "--image", "x", "--subnets", "a"], '--subnets: found "a"'),
        (["api", "--image", "x", "--eip", "1.2.3.4"], "expected the allocation id"),
        (["api", "--image", "x", "--region", "mars"], '--region: found "mars"'),
        (
            ["api", "--image", "x", "--subnets", ",".join(SUBNETS), "--eip", EIPS[0]],
            "found 1 Elastic IPs for 2 subnets, expected one for each",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(init, tmp_path, arguments, said):
    assert said in init(*arguments, code=2).err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(init, tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "mine.tf").write_text("# mine")
    assert "is there already and not empty" in init("api", "--image", "x", code=2).err
    assert [file.name for file in (tmp_path / "api").iterdir()] == ["mine.tf"]


def test_on_a_terminal_it_offers_what_the_account_has(tmp_path):
    with LaptopServer() as laptop:
        ec2 = laptop.aws.session().client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-1a"
        )["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        shown = on_terminal(
            [sys.executable, "-m", "controller.cli", "init", "api", "--vpc", vpc],
            ["nginx:1.29", "8080", "1", "1"],
            cwd=tmp_path,
            AWS_ENDPOINT_URL=laptop.url,
            AWS_REGION="us-east-1",
        )
    assert f"1  {subnet} us-east-1a 10.9.1.0/24 in {vpc}" in shown
    written = (tmp_path / "api" / "terraform.tfvars").read_text()
    assert f'subnet_ids     = ["{subnet}"]' in written
    assert f'allocation_ids = ["{address}"]' in written
    assert 'image = "nginx:1.29"' in written and "port  = 8080" in written


def on_terminal(command, answers, *, cwd, **environment):
    """Run a command on a pseudo-terminal, answer each of its questions, return what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=cwd, env=os.environ | environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown, end = "", time.monotonic() + 60
    while time.monotonic() < end:
        try:
            text = os.read(ours, 4096).decode()
        except OSError:
            break
        shown += text
        if answers and shown.rstrip().endswith(":") and shown[-1] == " ":
            os.write(ours, f"{answers.pop(0)}\n".encode())
            shown += "\n"
    assert process.wait(timeout=30) == 0, shown
    return shown


@pytest.mark.parametrize("name", ["Etc/UTC", "Zulu"])
def test_a_machine_in_utc_gives_a_stack_the_name_that_people_know(name, monkeypatch):
    monkeypatch.setenv("TZ", name)
    assert _time_zone() == "UTC"
