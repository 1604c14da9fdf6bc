import pytest

from doorstep.service import Service
from doorstep.world import World


@pytest.fixture
def service():
    with Service() as found:
        yield found


@pytest.fixture
def world(service):
    """The article's stack, asleep, with its door."""
    return World(service.port)


@pytest.fixture
def awake(world):
    """The same, awake, and nothing received yet."""
    world.wake()
    assert world.status()["state"] == "awake"
    return world
