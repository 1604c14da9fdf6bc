"""A monthly budget that a sleeping stack uses up by itself is doubtful."""

from __future__ import annotations

import pytest
from directories import compile_text

from controller.domain.problem import Level
from small_stack import STACK


@pytest.mark.parametrize(("budget", "small"), [("3.65", True), ("2", True), ("4", False)])
def test_a_budget_below_the_price_of_the_elastic_ip_is_a_warning(tmp_path, budget, small):
    policy = f'variable "dormouse" {{\n  default = {{\n    monthly_budget = {budget}\n  }}\n}}\n'
    result = compile_text(tmp_path, policy + STACK)
    found = [each for each in result.problems if "monthly_budget" in each.message]

    assert [(each.level, each.place.line) for each in found] == [(Level.WARNING, 3)] * small
    assert all("its Elastic IP) costs 3.65 USD" in each.message for each in found)
