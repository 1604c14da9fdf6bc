import pytest

from catalogue.tools import Calendar, StackUnderTest, fresh_sut
from controller.domain.planning.timing import profile as timing_of
from local.aws import LaptopAws
from system.stack_under_test import FORBIDDEN


@pytest.fixture(scope="session")
def accounts():
    """Accounts to empty and use again, by timing: boto3 takes a while to make its clients."""
    return {}


@pytest.fixture
def sut_of(accounts):
    """Makes stacks under test, and sees to it that no pass on any of them made a forbidden call."""
    made: list[StackUnderTest] = []

    def make(profile="typical", *args, **options) -> StackUnderTest:
        free = accounts.setdefault(timing_of(profile), [])
        aws = free.pop() if free else LaptopAws(profile=profile, clock=Calendar())
        aws.clock.restart()
        aws.reset()
        made.append(fresh_sut(profile, *args, aws=aws, **options))
        return made[-1]

    yield make
    for sut in made:
        accounts[sut.aws.timing].append(sut.aws)
    for sut in made:
        assert not {call.operation for call in sut.aws.calls} & FORBIDDEN


@pytest.fixture(params=["typical"])
def sut(request, sut_of):
    """The article's stack, asleep, in an account of its own."""
    return sut_of(request.param)
