"""A timing profile as JSON, and what is said of one that cannot be used."""

import json

import pytest

from controller.domain.errors import TextError
from controller.domain.planning.timing import NEVER, PROFILES, TYPICAL
from controller.domain.planning.timing_record import NAMES, timing_from_json
from controller.timing_file import find_timing, save_timing


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_what_is_saved_is_read_back(tmp_path, timing):
    save_timing(tmp_path / "here.json", timing)

    assert find_timing(str(tmp_path / "here.json")) == timing
    assert set(json.loads((tmp_path / "here.json").read_text())) == set(NAMES)


def test_fields_that_are_left_out_are_those_of_typical():
    found = timing_from_json({"name": "mine", "eip_release": 240, "purge": None})

    assert (found.name, found.eip_release, found.purge) == ("mine", 240, NEVER)
    assert found.lb_provisioning == TYPICAL.lb_provisioning


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], 'found [], expected an object like {"eip_release": 60}'),
        (None, 'found null, expected an object like {"eip_release": 60}'),
        ({"eip_relase": 60}, 'there is no field "eip_relase"; did you mean eip_release'),
        ({"zzz": 60}, 'there is no field "zzz"; expected some of name, describe_lag, '),
        ({"eip_release": "60"}, 'eip_release: found "60", expected seconds from 0 to 86400'),
        ({"eip_release": -1}, "eip_release: found -1, expected seconds from 0 to 86400"),
        ({"eip_release": True}, "eip_release: found true, expected seconds from 0 to 86400"),
        ({"eip_release": None}, "eip_release: found null, expected seconds from 0 to 86400"),
        ({"stop": float("nan")}, "stop: found NaN, expected seconds from 0 to 86400"),
        ({"stop": 86_401}, "stop: found 86401, expected seconds from 0 to 86400"),
        ({"honours_delay": 1}, "honours_delay: found 1, expected true or false"),
        ({"name": "a\nb"}, 'name: found "a\\nb", expected a name in one line'),
        ({"name": ""}, 'name: found "", expected a name in one line'),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_in_one_line(data, said):
    with pytest.raises(TextError) as refused:
        timing_from_json(data)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "line 1: it is not JSON; expected fast, typical, slow, or a file that"),
        (b"\xff", "here.json: it is not JSON; expected fast, typical, slow, or a file that"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"stop": "x"}', 'here.json: stop: found "x", expected seconds'),
    ],
)
def test_a_file_that_is_no_profile_is_named(tmp_path, content, said):
    file = tmp_path / "here.json"
    file.write_bytes(content)
    with pytest.raises(TextError) as refused:
        find_timing(str(file))
    assert said in str(refused.value) and str(file) in str(refused.value)


def test_what_is_neither_a_name_nor_a_file_is_refused(tmp_path):
    with pytest.raises(TextError, match='no timing profile or file "quick"; expected fast, typi'):
        find_timing("quick")
    with pytest.raises(TextError, match="Is a directory; expected fast"):
        find_timing(str(tmp_path))
    with pytest.raises(TextError, match=r"cannot write .*/gone/x.json: No such file"):
        save_timing(tmp_path / "gone" / "x.json", TYPICAL)
