"""The simulated AWS and the bench at the pace that a trial has measured."""

import json
from importlib import import_module
from pathlib import Path

import pytest

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
