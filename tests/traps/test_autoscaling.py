"""Application Auto Scaling and the files both set the number of tasks."""

import pytest

from controller.reconcile.outcome import Result
from traps.stack_directory import S, compiled, spec_of, stack_dir, sut_for

TARGET = """
resource "aws_appautoscaling_target" "t" {{
  min_capacity       = {least}
  max_capacity       = 6
  resource_id        = {id}
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}}
"""
BY_NAME = '"service/${aws_ecs_cluster.c.name}/garden"'


def target(least=2, id_=BY_NAME):
    return TARGET.format(least=least, id=id_)


def reported(directory):
    """That the target goes with the service is another matter."""
    return [p for p in compiled(directory).problems if p.rule == "autoscaling"]


def test_a_minimum_above_the_count_is_reported_at_the_count(tmp_path):
    (problem,) = reported(stack_dir(tmp_path, more=target()))
    assert (problem.rule, str(problem.level), problem.address) == ("autoscaling", "warning", S)
    assert "desired_count = 2" in problem.message and "ignore_changes" in problem.message
    assert problem.place.file == "service.tf" and problem.place.line == 6


def test_a_maximum_below_the_count(tmp_path):
    directory = stack_dir(tmp_path, service={"desired_count": "9"}, more=target(1))
    assert [str(p.level) for p in reported(directory)] == ["warning"]


@pytest.mark.parametrize(
    ("more", "service"),
    [
        (target(1), {}),
        (target(), {"desired_count": "2"}),
        (target(), {"lifecycle": "{\n ignore_changes = [desired_count]\n}"}),
        (target(), {"lifecycle": "{\n ignore_changes = all\n}"}),
        (target(id_='"service/other/garden"'), {}),
        (target(id_='"service/garden/other"'), {}),
        (target(id_='"table/garden"').replace('"ecs"', '"dynamodb"'), {}),
    ],
)
def test_no_word_where_they_agree_or_it_is_another_service(tmp_path, more, service):
    assert reported(stack_dir(tmp_path, service=service, more=more)) == []


def test_the_count_is_not_set_back_below_the_minimum(tmp_path):
    sut = sut_for(spec_of(stack_dir(tmp_path, more=target())))
    assert sut.wake().result is Result.CONVERGED
    ecs = sut.session.client("ecs")
    for count, changes in ((2, []), (6, []), (7, ["UpdateService"])):
        ecs.update_service(cluster="garden", service="garden", desiredCount=count)
        sut.aws.clock.advance(600)
        start = len(sut.aws.calls)
        assert sut.wake().result is Result.CONVERGED
        assert [c for c in sut.calls_since(start) if c.startswith("Update")] == changes
