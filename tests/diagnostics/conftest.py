import pytest

from catalogue.tools import Calendar
from diagnostics.exam import fit_account
from local.aws import LaptopAws


@pytest.fixture(scope="session")
def account():
    """One account, emptied for each test: boto3 takes a while to make its clients."""
    return LaptopAws(profile="fast", clock=Calendar())


@pytest.fixture
def exam_of(account):
    """Makes the account fit for the article's stack, but for the things that are given."""

    def make(**things):
        account.clock.restart()
        account.reset()
        return fit_account(account, **things)

    return make


@pytest.fixture
def exam(exam_of):
    return exam_of()
