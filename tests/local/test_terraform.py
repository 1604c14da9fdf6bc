"""The real Terraform applies, finds nothing to change in, and destroys the article's stack."""

import shutil
from pathlib import Path

import pytest

from local.server import LaptopServer
from oracle import needs_terraform, terraform_on

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


def test_terraform_applies_and_destroys_the_articles_stack(directory):
    """The minute it takes is Terraform's own waiting, not the simulated AWS's."""
    with (
        LaptopServer(profile="typical", speed=120, furnish="article-network") as server,
        terraform_on(directory, server.url) as terraform,
    ):
        terraform.init()
        applied = terraform.run("apply", "-auto-approve", "-no-color").stdout
        assert "12 added, 0 changed, 0 destroyed" in applied
        made = {call.operation for call in server.aws.calls.writes() if call.error_code is None}
        assert {"CreateLoadBalancer", "CreateService", "CreateRole"} <= made

        planned = terraform.run("plan", "-detailed-exitcode", "-no-color").stdout
        assert "No changes" in planned

        destroyed = terraform.run("destroy", "-auto-approve", "-no-color").stdout
        assert "12 destroyed" in destroyed
        standing = [each for each in server.aws.lifetimes() if each.ended_at is None]
        assert [each.kind for each in standing if each.kind != "task"] == ["elastic_ip"]
