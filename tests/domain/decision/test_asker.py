import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.decision.asker import LONGEST_JOB, Asker, check_job
from controller.domain.errors import TextError

jobs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,63}", fullmatch=True)
askers = st.one_of(
    st.builds(Asker.of_link, st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.just("") | jobs),
    st.builds(
        Asker.at_command_line,
        st.text(st.sampled_from("ab#-.@"), min_size=1, max_size=6),
        st.just("") | jobs,
    ),
)


@given(askers, st.integers(0, 10**6))
def test_everybody_knows_what_they_requested(asker, count):
    id_ = asker.new_id(count)
    assert asker.owns(id_) and asker.is_of_this_job(id_)
    assert asker.as_job("").owns(id_)


@given(askers, askers, st.integers(0, 10**6))
def test_nobody_knows_anothers_for_their_own(one, other, count):
    id_ = one.new_id(count)
    if one.prefix != other.prefix:
        assert not other.owns(id_)
    assert other.is_of_this_job(id_) == (one == other)


@pytest.mark.parametrize("text", ["a", "42", "build-42", "refs/pull/7/merge", "a" * LONGEST_JOB])
def test_an_id_that_a_job_can_have(text):
    assert check_job(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a b", "a#1", "\x1b", "é", "a" * (LONGEST_JOB + 1)])
def test_an_id_that_no_job_can_have_is_refused_with_what_it_may_be(text):
    with pytest.raises(TextError, match="expected at most 64 letters, digits"):
        check_job(text)
