"""What is kept between runs changes no result, and is read only where nobody else could write."""

from pathlib import Path

import pytest

from controller.hcl import disk_cache, grammar, parse, parser
from controller.hcl.errors import HclError
from controller.hcl.json_syntax import parse_json_body

TEXT = "a = 1\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    disk_cache.cache_folder.cache_clear()
    parse.parse_body.cache_clear()
    yield tmp_path / "dormouse"
    disk_cache.cache_folder.cache_clear()
    parse.parse_body.cache_clear()


def forget():
    parse.parse_body.cache_clear()


def test_the_grammars_tables_are_kept_in_the_users_cache_folder(folder):
    built = grammar._parser.__wrapped__()
    place = next(folder.glob("grammar-*.pickle"))
    assert place.stat().st_mode & 0o077 == 0

    for tables in (built, grammar._load(place)):
        assert tables.parse(TEXT, start="start").data == "start"


def test_a_file_is_parsed_once_for_all_runs(folder, monkeypatch):
    first = parse.parse_body(TEXT, "main.tf")
    forget()
    monkeypatch.setattr(parser, "parse_body", None)  # would fail if it were called
    assert repr(parse.parse_body(TEXT, "main.tf")) == repr(first)


def test_files_of_the_json_syntax_and_templates_are_parsed_once_too(folder, monkeypatch):
    text = '{"locals": {"a": "${1 + 1}"}}'
    trees = parse_json_body(text, "main.tf.json"), parse.parse_template_file("${a}!", "a.tftpl")
    parse.parse_template_file.cache_clear()
    monkeypatch.setattr(parser, "parse_template", None)  # would fail if it were called

    again = parse_json_body(text, "main.tf.json"), parse.parse_template_file("${a}!", "a.tftpl")
    assert repr(again) == repr(trees)


def test_another_text_or_name_is_another_tree(folder):
    one = disk_cache.place_of("tree", TEXT, "main.tf")
    assert (
        len(
            {
                one,
                disk_cache.place_of("tree", TEXT, "b.tf"),
                disk_cache.place_of("tree", "", "main.tf"),
            }
        )
        == 3
    )


def test_a_mistake_is_reported_each_time(folder):
    for _ in range(2):
        forget()
        with pytest.raises(HclError):
            parse.parse_body("a = = 1\n", "main.tf")


@pytest.mark.parametrize("damage", ["cut", "foreign", "gone"])
def test_what_is_damaged_or_missing_is_created_again(folder, damage):
    first = parse.parse_body(TEXT, "main.tf")
    place = disk_cache.place_of("tree", TEXT, "main.tf")
    assert place.exists()
    if damage == "cut":
        place.write_bytes(place.read_bytes()[:20])
    elif damage == "foreign":
        disk_cache.save(place, "something else")
    else:
        place.unlink()

    forget()
    assert repr(parse.parse_body(TEXT, "main.tf")) == repr(first)


def test_what_others_could_have_written_is_not_read(folder):
    place = disk_cache.place_of("tree", TEXT, "main.tf")
    disk_cache.save(place, "kept")
    assert disk_cache.load(place) == "kept"

    place.chmod(0o666)
    assert disk_cache.load(place) is None
    place.chmod(0o600)
    place.parent.chmod(0o777)
    assert disk_cache.load(place) is None


def test_the_folder_for_temporary_files_serves_where_there_is_no_home(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("HOME", str(blocked))
    monkeypatch.setattr(disk_cache.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))

    assert disk_cache.cache_folder.__wrapped__().parent == tmp_path / "temporary"


def test_there_is_room_for_a_limited_number(folder, monkeypatch):
    monkeypatch.setattr(disk_cache, "_MOST_FILES", 10)
    for number in range(14):
        disk_cache.save(disk_cache.place_of("tree", str(number)), number)

    assert 5 <= len(list(folder.glob("tree-*.pickle"))) <= 10


@pytest.mark.slow
def test_without_any_folder_to_write_to_everything_is_created_again(monkeypatch):
    monkeypatch.setattr(disk_cache, "place_of", lambda *parts: None)
    forget()

    assert grammar._parser.__wrapped__().parse(TEXT, start="start").data == "start"
    assert parse.parse_body(TEXT, "main.tf").arguments
    forget()


def test_another_shape_of_what_is_kept_is_another_file(folder, tmp_path, monkeypatch):
    """Prices and places are classes of the domain: an upgrade of today may change their shape."""
    from controller.domain.money import prices

    before = disk_cache.place_of("prices", "us-east-1", "2026-11-30")
    code = Path(prices.__file__)
    state = disk_cache.state_of

    def upgraded(path):
        return f"{state(path)}:other" if path == code else state(path)

    monkeypatch.setattr(disk_cache, "state_of", upgraded)
    disk_cache._version.cache_clear()
    try:
        assert disk_cache.place_of("prices", "us-east-1", "2026-11-30") != before
    finally:
        disk_cache._version.cache_clear()
