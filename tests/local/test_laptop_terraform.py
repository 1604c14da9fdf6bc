"""The real Terraform applies, finds nothing to change in, and destroys the article's stack."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.server import LaptopServer
from oracle import mirror, needs_terraform

ARTICLE = Path(__file__).parent.parent / "data" / "article-stack"
pytestmark = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture
def directory(tmp_path):
    """The article's stack with the platform version that still exists (AWS behaviour §2.3)."""
    needs_terraform()
    root = tmp_path / "stack"
    shutil.copytree(ARTICLE, root)
    fargate = root / "fargate.tf"
    fargate.write_text(fargate.read_text().replace('"1.3.0"', '"1.4.0"'))
    return root


def terraform(server, directory, *arguments):
    settings = directory / "cli.tfrc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror()}" }}\n}}\n'
    )
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    result = subprocess.run(
        ["terraform", *arguments, "-no-color"],
        cwd=directory,
        env={
            **inherited,
            **server.environment,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_terraform_applies_and_destroys_the_articles_stack(directory):
    """The minute it takes is Terraform's own waiting, not the laptop's."""
    with LaptopServer(profile="typical", speed=120, furnish="article-network") as server:
        terraform(server, directory, "init")
        applied = terraform(server, directory, "apply", "-auto-approve")
        assert "12 added, 0 changed, 0 destroyed" in applied
        made = {call.operation for call in server.aws.calls.writes() if call.error_code is None}
        assert {"CreateLoadBalancer", "CreateService", "CreateRole"} <= made

        planned = terraform(server, directory, "plan", "-detailed-exitcode")
        assert "No changes" in planned

        destroyed = terraform(server, directory, "destroy", "-auto-approve")
        assert "12 destroyed" in destroyed
        standing = [each for each in server.aws.lifetimes() if each.ended_at is None]
        assert [each.kind for each in standing if each.kind != "task"] == ["elastic_ip"]
