import pytest

from house import House


@pytest.fixture
def house():
    """The article's stack, asleep and published, and its wake URL."""
    return House()
