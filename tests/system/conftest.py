import pytest

from local.aws import LaptopAws
from system.stack_under_test import FORBIDDEN, StackUnderTest


@pytest.fixture(params=["typical"])
def sut(request):
    """The article's stack, asleep, in an account of its own."""
    aws = LaptopAws(profile=request.param)
    aws.furnish_article()
    sut = StackUnderTest(aws)
    yield sut
    made = {call.operation for call in aws.calls}
    assert not made & FORBIDDEN
