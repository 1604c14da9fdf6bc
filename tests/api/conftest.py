import pytest

from installation import Installation


@pytest.fixture
def installation():
    """The article's stack, asleep and published, and its wake URL."""
    return Installation()
