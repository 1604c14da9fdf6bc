"""What `check` tells as refused by AWS is what Terraform itself does not find."""

from __future__ import annotations

import pytest

from oracle import Terraform, needs_terraform
from traps.stack_directory import HEAD, PROVIDER, stack_dir
from traps.test_refusals import CASES

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def test_terraform_validate_accepts_every_case(tmp_path):
    """All of them as modules of one root and its provider, which is started once."""
    needs_terraform()
    calls = [PROVIDER]
    for number, case in enumerate(CASES):
        folder = tmp_path / f"case-{number}"
        folder.mkdir()
        stack_dir(folder, more=case.more, head=HEAD.replace(PROVIDER, ""), **case.parts)
        name = f"{case.rule}-{number}"
        calls.append(
            f'module "{name}" {{\n  source = "./case-{number}/garden"\n  awake = true\n}}\n'
        )
    (tmp_path / "main.tf").write_text("".join(calls))
    terraform = Terraform(tmp_path)
    terraform.init()
    done = terraform.run("validate", "-no-color", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
