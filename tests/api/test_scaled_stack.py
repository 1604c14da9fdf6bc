"""The page of a stack whose service scales: each kind of resource has a name in each language."""

from __future__ import annotations

import pytest

from api.translations import TABLES
from controller.domain.planning.spec import Kind
from factories import scaled_spec
from installation import Installation


@pytest.mark.parametrize("language", TABLES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_name(language, kind):
    assert TABLES[language][kind]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_of_a_stack_that_scales_shows_its_wake(language):
    installation = Installation()
    installation.publish(scaled_spec())
    installation.press("wake")
    installation.run(seconds=40)
    assert "PutScalingPolicy" in installation.aws.calls.names()
    page = installation.page(language=language)
    assert page.status == 200
    assert TABLES[language]["autoscaling_target"] in page.body

    installation.run()
    assert installation.page(language=language).status == 200
    assert installation.status()["state"] == "awake"
