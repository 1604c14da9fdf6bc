"""Ways in which people take one of several things that a data source finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack

ROOT = """
provider "aws" {{
  region = "us-east-1"
}}

data "aws_subnets" "public" {{
  tags = {{ Tier = "public" }}
}}

resource "aws_lb" "nlb" {{
  name               = "idiom"
  load_balancer_type = "network"

  subnet_mapping {{
    subnet_id = {expression}
  }}
}}
"""


@pytest.mark.parametrize(
    ("expression", "index"),
    [
        ("data.aws_subnets.public.ids[1]", 1),
        ("element(data.aws_subnets.public.ids, 0)", 0),
        ("tolist(data.aws_subnets.public.ids)[1]", 1),
        ("one(data.aws_subnets.public.ids)", 0),
    ],
)
def test_one_of_a_looked_up_list_stays_a_look_up(tmp_path, expression, index):
    (tmp_path / "main.tf").write_text(ROOT.format(expression=expression))
    compiled = compile_stack(tmp_path, Inputs(), datetime(2026, 11, 23, tzinfo=UTC), stack="a")

    (balancer,) = compiled.spec.resources
    (mapping,) = balancer.request["SubnetMappings"]
    assert mapping["SubnetId"]["$look_up"] == "subnets"
    assert mapping["SubnetId"]["index"] == index


def test_what_cannot_be_looked_up_again_is_refused(tmp_path):
    (tmp_path / "main.tf").write_text(
        ROOT.format(expression='join("-", [data.aws_subnets.public.ids[0], upper("x")])')
    )
    good = compile_stack(tmp_path, Inputs(), datetime(2026, 11, 23, tzinfo=UTC), stack="a")
    assert good.spec is not None  # a text around a look-up can be made when waking

    (tmp_path / "main.tf").write_text(
        ROOT.format(expression="strrev(data.aws_subnets.public.ids[0])")
    )
    bad = compile_stack(tmp_path, Inputs(), datetime(2026, 11, 23, tzinfo=UTC), stack="a")
    assert bad.spec is None
    assert any("data.aws_subnets.public" in problem.message for problem in bad.problems)
