import pytest
from simulated_stack import Stack, furnished

import reply_shapes


def watched(aws):
    session = aws.session()
    reply_shapes.watch(session)
    return Stack(aws, session)


@pytest.fixture
def stack():
    """The article's surroundings under the typical profile; every reply's shape is checked."""
    return watched(furnished())


@pytest.fixture
def stack_of():
    """The same under a profile of one's choice."""
    return lambda profile, **options: watched(furnished(profile, **options))
