"""The simulated AWS and the bench at the pace that a trial has measured."""

import argparse
import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from controller.cli.main import run
from controller.domain.planning.timing import TYPICAL
from controller.domain.planning.timing_record import timing_to_json
from local import server

ROOT = Path(__file__).parents[2]
SHORT_SLEEP = {
    "eip_release": 10,
    "deregistration_floor": 10,
    "honours_delay": False,
    "stop": 15,
    "inactive": 5,
}
"""The bench begins a wake at each second of a sleep."""


def test_the_server_takes_a_file_and_refuses_another_in_one_line(tmp_path, capsys):
    measured = tmp_path / "measured.json"
    measured.write_text('{"name": "measured", "eip_release": 133}')
    assert server.profile_argument(str(measured)).eip_release == 133

    with pytest.raises(SystemExit) as refused:
        server.main(["--profile", str(tmp_path / "none.json")])
    assert refused.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "there is no timing profile or file" in said


def test_the_bench_measures_at_that_pace(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.chdir(ROOT)
    bench = import_module("bench.__main__")
    measured = tmp_path / "measured.json"
    measured.write_text(json.dumps({"name": "measured", "lb_provisioning": 200, **SHORT_SLEEP}))

    assert bench.main(["--profile", str(measured)]) == 0
    said = capsys.readouterr().out
    assert "s / 220 s, measured" in said
    assert "s / 21 s, measured" in said
    assert said.count("wake during a sleep / bound") == 5
    assert bench.main(["--profile"]) == 2


TIMES = json.dumps(timing_to_json(TYPICAL))

BAD = {
    "empty": (b"", "it is not JSON"),
    "half": (TIMES[:-5].encode(), "it is not JSON"),
    "not-utf-8": (b"\xff\xfe", "it is not JSON"),
    "deep": (b"[" * 99_000, "it is not JSON"),
    "large": (b" " * 100_001, "it is larger than 100 kB"),
    "list": (b"[1]", "found [1], expected an object"),
    "text": (b'"typical"', 'found "typical", expected an object'),
    "other-fields": (b'{"wake": 170}', 'there is no field "wake"'),
    "trial-json": (b'{"measured": {"eip_hold": 1}}', 'there is no field "measured"'),
    "text-for-number": (b'{"stop": "15"}', 'stop: found "15", expected seconds'),
    "truth-for-number": (b'{"stop": true}', "stop: found true, expected seconds"),
    "null": (b'{"stop": null}', "stop: found null, expected seconds"),
    "not-a-number": (b'{"stop": NaN}', "stop: found NaN, expected seconds"),
    "negative": (b'{"stop": -1}', "stop: found -1, expected seconds"),
    "endless": (b'{"stop": 1e999}', "stop: found Infinity, expected seconds"),
    "nested": (b'{"stop": {"seconds": 1}}', "stop: found"),
    "new\nline": (b"{", "it is not JSON"),
}


def bad_paths(folder: Path) -> dict[str, tuple[str, str]]:
    """Each bad argument, and what is said of it."""
    found = {}
    for name, (content, said) in BAD.items():
        (folder / name).write_bytes(content)
        found[name] = str(folder / name), said
    loop = folder / "loop"
    loop.symlink_to(loop)
    return {
        **found,
        "absent": (str(folder / "none.json"), "there is no timing profile or file"),
        "in-a-file": (str(folder / "list" / "x"), "there is no timing profile or file"),
        "nameless": ("", ".: Is a directory"),
        "folder": (str(folder), "Is a directory"),
        "long-name": ("x" * 5_000, "File name too long"),
        "loop": (str(loop), "Too many levels of symbolic links"),
        "endless-file": ("/dev/zero", "it is larger than 100 kB"),
    }


def run_bench(argument: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = import_module("bench.__main__").main(["--profile", argument])
    return code, capsys.readouterr().err


def run_demo(argument: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    return run(["demo", "--profile", argument]), capsys.readouterr().err


@pytest.mark.parametrize("refuse", [run_bench, run_demo])
def test_a_file_that_is_no_profile_is_refused_in_one_line(tmp_path, monkeypatch, capsys, refuse):
    monkeypatch.syspath_prepend(str(ROOT))
    for name, (argument, said) in bad_paths(tmp_path).items():
        code, told = refuse(argument, capsys)
        assert (name, code) == (name, 2)
        assert said in told, name
        assert told.count("\n") == 1, name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    file = tmp_path / "secret.json"
    file.write_text(TIMES)
    file.chmod(0)
    with pytest.raises(argparse.ArgumentTypeError, match="Permission denied"):
        server.profile_argument(str(file))


@pytest.mark.parametrize(
    "arguments", [["--profile"], ["board", "--profile", "fast"], ["--profile", "fast", "x"]]
)
def test_the_bench_takes_a_profile_and_nothing_beside_it(monkeypatch, capsys, arguments):
    monkeypatch.syspath_prepend(str(ROOT))
    assert import_module("bench.__main__").main(arguments) == 2
    told = capsys.readouterr().err
    assert told == f'found "{" ".join(arguments)}"; expected --profile FILE and nothing else\n'
