"""`dormouse adopt` as it is called; tests/terraform/test_adopting.py hands over what runs."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli, run

ARTICLE = Path(__file__).parents[1] / "data" / "article-stack"
FOUR = [
    "aws_lb.nlb",
    "aws_lb_target_group.ecs_tg",
    "aws_lb_listener.nlb_listener",
    "aws_ecs_service.nsfw_service",
]


@pytest.fixture
def terraform(tmp_path, monkeypatch):
    """On the PATH, and broken: nothing here may call it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "terraform"
    program.write_text("#!/bin/sh\nexit 66\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def directory(tmp_path):
    copy = tmp_path / "nsfw-api"
    shutil.copytree(ARTICLE, copy)
    return copy


def adopt(*arguments, **options):
    return CliRunner().invoke(cli, ["adopt", *map(str, arguments)], **options)


def texts(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def state(*addresses):
    resources = [
        {
            "mode": "managed",
            "type": address.split(".")[0],
            "name": address.split(".")[1],
            "provider": "aws",
            "instances": [{"attributes": {"arn": f"arn:aws:x:::{address}"}}],
        }
        for address in addresses
    ]
    data = {"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "l"}
    return json.dumps({**data, "outputs": {}, "resources": resources})


@pytest.mark.usefixtures("terraform")
def test_a_directory_where_nothing_runs_is_edited(directory):
    before = texts(directory)
    done = adopt(directory, "--yes", "--json")
    assert done.exit_code == 0, done.output
    reported = json.loads(done.stdout)
    assert reported["stack"] == "nsfw-api"
    assert reported["result"] == "adopted"
    assert reported["changed"] == ["fargate.tf", "nlb.tf", "dormouse.tf"]
    assert reported["forgotten"] == []
    assert "+  count = var.awake ? 1 : 0\n" in reported["patch"]
    assert CliRunner().invoke(cli, ["check", str(directory)]).exit_code == 0

    again = adopt(directory, "--yes", "--json")
    assert json.loads(again.stdout)["result"] == "adopted"
    undone = adopt(directory, "--undo", "--json")
    assert json.loads(undone.stdout)["result"] == "undone"
    assert texts(directory) == before
    assert not (directory / ".dormouse-adopt").exists()


@pytest.mark.usefixtures("terraform")
def test_stopped_by_hand_it_says_how_to_go_on_and_back(directory, monkeypatch, capsys):
    def stopped(changes):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("controller.adopt.files.write", stopped)
        assert run(["adopt", str(directory), "--yes"]) == 130
    assert f"dormouse adopt {directory} continues, and --undo reverts it" in capsys.readouterr().err
    assert adopt(directory, "--yes").exit_code == 0
    assert (directory / "dormouse.tf").exists()


@pytest.mark.usefixtures("terraform")
def test_it_shows_the_patch_and_asks_once(directory):
    before = texts(directory)
    refused = adopt(directory, input="n\n")
    assert refused.exit_code == 1
    assert "+++ b/nlb.tf\n" in refused.stdout
    assert "Write this?" in refused.stderr
    assert texts(directory) == before
    alone = adopt(directory, input="")
    assert alone.exit_code == 2
    assert "\nError: there is no terminal to answer; read the patch, then add --yes" in alone.stderr
    assert texts(directory) == before
    assert adopt(directory, input="y\n").exit_code == 0
    assert texts(directory) != before


@pytest.mark.usefixtures("terraform")
def test_what_is_in_the_two_worlds_form_is_left_as_it_is():
    shipped = Path(__file__).parents[2] / "infra" / "nsfw-api"
    done = adopt(shipped, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["result"] == "unchanged"


@pytest.mark.usefixtures("terraform")
def test_a_refusal_touches_nothing_and_gives_the_line(directory):
    hung = 'resource "aws_ssm_parameter" "p" {\n  name = "x"\n  type = "String"\n'
    (directory / "p.tf").write_text(hung + "  value = aws_lb.nlb.dns_name\n}\n")
    before = texts(directory)
    plain, reported = adopt(directory, "--yes"), adopt(directory, "--yes", "--json")
    assert plain.exit_code == reported.exit_code == 2
    assert "p.tf:4: aws_ssm_parameter.p: error: value needs aws_lb.nlb.dns_name" in plain.stderr
    assert "then adopt again" in plain.stderr
    assert "nothing touched" in plain.stderr
    (problem,) = json.loads(reported.stdout)["problems"]
    assert (problem["file"], problem["line"]) == ("p.tf", 4)
    assert texts(directory) == before


def test_without_terraform_it_writes_the_patch_and_prints_the_commands(directory, monkeypatch):
    monkeypatch.setenv("PATH", "")
    before = texts(directory)
    (directory / "terraform.tfstate").write_text(state(*FOUR))
    done = adopt(directory, "--yes")
    assert done.exit_code == 1, done.output
    assert "Nothing has been changed, as terraform is not on the PATH." in done.stdout
    (forget,) = [line for line in done.stdout.splitlines() if "state rm" in line]
    assert set(forget.split()[3:]) == set(FOUR)
    assert done.stdout.count("Key=dormouse:stack,Value=nsfw-api") == 3
    assert "--tags key=dormouse:stack,value=nsfw-api" in done.stdout
    assert "  patch -p1 < dormouse-adopt.patch\n" in done.stdout
    after = texts(directory)
    assert b"+  count = var.awake ? 1 : 0\n" in after.pop("dormouse-adopt.patch")
    after.pop("terraform.tfstate")
    assert after == before


def test_without_terraform_what_was_never_applied_is_to_be_applied(directory, monkeypatch):
    """Nothing runs that could be moved or forgotten: a plan would add all that stays."""
    monkeypatch.setenv("PATH", "")
    done = adopt(directory, "--yes")
    assert done.exit_code == 1, done.output
    given = [line.strip() for line in done.stdout.splitlines()[1:] if "#" not in line]
    assert given == [
        f"cd {directory}",
        "patch -p1 < dormouse-adopt.patch",
        "terraform init",
        "terraform apply",
        "Next: dormouse deploy .",
    ]


@pytest.mark.usefixtures("terraform")
def test_a_broken_state_is_named_and_is_wrong_input(directory):
    (directory / "terraform.tfstate").write_text(state(*FOUR)[:-9])
    before = texts(directory)
    assert run(["adopt", str(directory), "--yes"]) == 2
    assert texts(directory) == before
    refused = adopt(directory, "--yes")
    assert f"{directory / 'terraform.tfstate'} ends in the middle of its JSON" in refused.stderr


@pytest.mark.usefixtures("terraform")
def test_adopted_it_gives_each_command_that_comes_next(directory):
    said = adopt(directory, "--yes").stdout.splitlines()[-2:]
    assert said == [
        f"nsfw-api is adopted. To go back: dormouse adopt {directory} --undo",
        f"Next: cd {directory}; terraform init; terraform apply; dormouse deploy .",
    ]


def test_a_state_that_is_elsewhere_needs_terraform_or_a_file(directory, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (directory / "b.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    refused = adopt(directory, "--yes")
    assert refused.exit_code == 2
    assert "its state is elsewhere (backend s3), and terraform is not on the PATH" in refused.stderr
    (directory / "pulled").write_text(state(*FOUR))
    given = adopt(directory, "--yes", "--json", "--state", directory / "pulled")
    reported = json.loads(given.stdout)
    assert reported["result"] == "by-hand"
    assert any(line.startswith("terraform state rm ") for line in reported["commands"])


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize(
    ("addresses", "says"),
    [
        (FOUR[:2], "Terraform has made aws_lb.nlb, but not"),
        (["aws_lb.other"], "aws_lb.other is in Terraform's state, but the files name nothing"),
    ],
)
def test_a_state_that_the_files_do_not_fit_is_refused(directory, addresses, says):
    (directory / "terraform.tfstate").write_text(state(*addresses))
    refused = adopt(directory, "--yes")
    assert refused.exit_code == 2
    assert says in refused.stderr


def test_there_is_nothing_to_undo_where_nothing_was_adopted(directory):
    refused = adopt(directory, "--undo")
    assert refused.exit_code == 2
    assert "has not been adopted from here" in refused.stderr
