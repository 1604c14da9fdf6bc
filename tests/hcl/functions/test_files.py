"""Files and templates: HCL semantics §16."""

from dataclasses import replace

import pytest

from controller.hcl.convert import from_python, string, to_python
from controller.hcl.errors import HclError
from controller.hcl.functions import call


def refusal(context, name, *args):
    with pytest.raises(HclError) as caught:
        call(name, [from_python(arg) for arg in args], context)
    return caught.value


def test_paths_begin_at_the_root(context, root):
    assert call("file", [string("sub/../a.txt")], context).data == "hello\n"
    assert call("abspath", [string("sub/../a.txt")], context).data == str(root / "a.txt")


def test_text_is_taken_as_it_is_but_for_its_normal_form(context):
    assert call("file", [string("crlf.txt")], context).data == "a\r\nb\r\n"
    assert call("file", [string("bom.txt")], context).data == "\ufeffab"
    assert call("file", [string("nfd.txt")], context).data == "é"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none.txt", 'there is no file "none.txt"'),
        ("sub", '"sub" is not a file'),
        ("bin.dat", r'"bin.dat" is not UTF-8 text; filebase64\(\) can read it'),
    ],
)
def test_a_file_that_cannot_be_read_says_why(context, path, message):
    error = refusal(context, "file", path)

    assert error.kind == "file"
    with pytest.raises(HclError, match=message):
        raise error


def test_home_is_only_what_the_caller_says(context, root):
    with_home = replace(context, home=root)

    assert call("pathexpand", [string("~/a//b")], with_home).data == f"{root}/a/b"
    assert call("file", [string("~/a.txt")], with_home).data == "hello\n"
    assert "no home folder" in refusal(context, "pathexpand", "~/a").message
    assert "another user" in refusal(with_home, "pathexpand", "~other/a").message


def test_a_set_of_files_is_named_from_its_folder_on(context):
    found = call("fileset", [string("sub"), string("{a,b}.json")], context)

    assert to_python(found) == ["a.json", "b.json"]


def test_a_link_to_a_file_counts_and_one_to_a_folder_is_not_followed(context, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "g").symlink_to(tmp_path / "real" / "f")

    found = call("fileset", [string("."), string("**")], replace(context, root=tmp_path))
    assert to_python(found) == ["g", "real/f"]


def test_a_template_that_is_one_interpolation_keeps_its_type(context):
    variables = from_python({"n": [1, "a"]})

    assert to_python(call("templatefile", [string("one.tftpl"), variables], context)) == [1, "a"]


def test_what_is_wrong_in_a_template_is_an_error_of_the_call_that_names_its_place(context):
    error = refusal(context, "templatefile", "t.tftpl", {})

    assert error.kind == "argument"
    assert error.place is None
    assert 't.tftpl:1: the template t.tftpl uses "n"' in error.message


@pytest.mark.parametrize("name", ["templatefile", "templatestring"])
def test_a_template_does_not_render_another(context, name):
    inside = replace(context, in_template=True)

    assert "inside a template" in refusal(inside, name, "t.tftpl", {}).message


def test_the_compressed_text_unpacks_to_the_same(context):
    import base64
    import gzip

    packed = call("base64gzip", [string("héllo")], context).data
    assert gzip.decompress(base64.b64decode(packed)).decode() == "héllo"
