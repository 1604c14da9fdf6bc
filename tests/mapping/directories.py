"""Small whole directories as strangers write them, in both forms, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

from hand_made import NOW

from controller.domain.problem import Level, Problem
from controller.hcl.world import Inputs
from controller.mapping.assemble import Compiled
from controller.mapping.compile import compile_stack

SLEEPERS = {"aws_lb.front", "aws_lb_target_group.app", "aws_lb_listener.tcp", "aws_ecs_service.app"}

AWAKE = """
variable "awake" {
  type    = bool
  default = false
}
"""


def two_worlds(text: str, *names: str) -> str:
    """The same with `count = var.awake ? 1 : 0` for the resources named, and references to them."""
    for name in names:
        type_, label = name.split(".")
        head = f'resource "{type_}" "{label}" {{\n'
        assert head in text, name
        text = text.replace(f"{name}.", f"{name}[0].")
        text = text.replace(head, f"{head}  count = var.awake ? 1 : 0\n")
    return AWAKE + text


def compile_text(folder: Path, text: str, *options: tuple[str, str]) -> Compiled:
    (folder / "main.tf").write_text(text)
    return compile_stack(folder, Inputs(options=options), NOW, stack="app")


def errors(result: Compiled) -> list[Problem]:
    return [problem for problem in result.problems if problem.level is Level.ERROR]


def reported(result: Compiled, rule: str) -> list[Problem]:
    return [problem for problem in result.findings if problem.rule == rule]


def sleepers(result: Compiled) -> set[str]:
    assert result.spec is not None, [str(problem) for problem in result.problems]
    return {resource.address for resource in result.spec.resources}
