"""Files stay as their owners laid them out: only what must change does, to the byte."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from adopting import STACK, adopted, compile_in, prepared, refused

from controller.adopt.changes import Change
from controller.adopt.edits import align_comments, apply
from controller.adopt.insertions import put_first
from controller.adopt.layout import read_layout
from controller.adopt.patch import patch_of, taken_back

COUNT = "count = var.awake ? 1 : 0"


def only_inserted(before, after):
    """Whether what is left of `after` without our insertions is `before`."""
    for inserted in (rf"[ \t]*{re.escape(COUNT)}\r?\n(?:\r?\n)?", r"\[0\]"):
        after = re.sub(inserted, "", after)
    return after == before


def test_windows_line_ends_stay(tmp_path):
    before = STACK.replace("\n", "\r\n")
    after = adopted(tmp_path, before)
    assert only_inserted(before, after)
    assert f"  {COUNT}\r\n\r\n" in after
    assert "\n" not in after.replace("\r\n", "")
    new = next(c for c in prepared(tmp_path).changes.files if c.before is None)
    assert b"\n" not in new.after.replace(b"\r\n", b"")


def test_a_byte_order_mark_and_tabs_stay(tmp_path):
    before = "\ufeff" + STACK.replace("  ", "\t")
    after = adopted(tmp_path, before)
    assert only_inserted(before, after)
    assert f"\t{COUNT}\n\n" in after


def test_comments_and_what_is_not_laid_out_stay(tmp_path):
    before = "# 用意\n" + STACK.replace(
        '  name               = "front"\n', '  # why\n  name="front" // so\n\n\n'
    )
    assert only_inserted(before, adopted(tmp_path, before))


def test_a_file_without_a_last_line_end_gets_none(tmp_path):
    assert only_inserted(STACK.rstrip(), adopted(tmp_path, STACK.rstrip()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", f"{{ {COUNT} }}"),
        ("{ }", f"{{ {COUNT} }}"),
        ('{ name = "a" }', f'{{\n  {COUNT}\n\n  name = "a"\n}}'),
        ('{ # why\n  name = "a"\n}', f'{{ # why\n  {COUNT}\n\n  name = "a"\n}}'),
        ("{\n}", f"{{\n  {COUNT}\n}}"),
        ('{\n\n  name = "a"\n}', f'{{\n  {COUNT}\n\n  name = "a"\n}}'),
    ],
)
def test_a_block_of_any_layout_takes_the_count(before, after):
    text = f'resource "aws_lb_target_group" "x" {before}\n'
    (block,) = read_layout(text, "main.tf").blocks
    assert apply(text, [put_first(text, block, COUNT)]) == text.replace(before, after)


def test_comments_at_the_ends_of_lines_move_together(tmp_path):
    before = "a = {\n  b  = aws_lb.x.arn # one\n  cc = 2            # two\n}\n"
    after = "a = {\n  b  = one(aws_lb.x[*].arn) # one\n  cc = 2            # two\n}\n"
    aligned = "a = {\n  b  = one(aws_lb.x[*].arn) # one\n  cc = 2                    # two\n}\n"
    assert align_comments(before, after) == aligned
    loose = before.replace("arn # one", "arn   # one")
    changed = after.replace(") # one", ")   # one")
    assert align_comments(loose, changed) == changed


def test_json_is_changed_in_place(tmp_path):
    group = {"port": 1, "protocol": "TCP", "vpc_id": "vpc-1", "target_type": "ip"}
    body = {
        "resource": {
            "aws_lb_target_group": {
                "more": {"name": "more", **group},
                "many": {"count": 2, "name": "n-${count.index}", **group},
            }
        },
        "output": {
            "arn": {"value": "${aws_lb.front.arn}"},
            "url": {"value": "http://${aws_lb.front.dns_name}/"},
            "name": {"value": "${aws_ecs_service.app.name}"},
        },
    }
    (tmp_path / "more.tf.json").write_text(json.dumps(body, indent=4))
    (tmp_path / "main.tf").write_text(STACK)
    changed = {c.shown_as: c.after.decode() for c in prepared(tmp_path).changes.files}
    after = json.loads(changed["more.tf.json"])
    groups = after["resource"]["aws_lb_target_group"]
    assert groups["more"]["count"] == "${var.awake ? 1 : 0}"
    assert list(groups["more"]) == ["count", *body["resource"]["aws_lb_target_group"]["more"]]
    assert groups["many"]["count"] == "${var.awake ? (2) : 0}"
    assert {name: one["value"] for name, one in after["output"].items()} == {
        "arn": "${one(aws_lb.front[*].arn)}",
        "url": '${var.awake ? "http://${aws_lb.front[0].dns_name}/" : null}',
        "name": "app",
    }
    assert changed["more.tf.json"].count("\n") == json.dumps(body, indent=4).count("\n") + 1


def test_an_override_is_changed_where_it_wins(tmp_path):
    (tmp_path / "override.tf").write_text(
        'resource "aws_lb_target_group" "app" {\n  count = 1\n}\n'
    )
    text = STACK.replace("aws_lb_target_group.app.arn", "aws_lb_target_group.app[0].arn")
    (tmp_path / "main.tf").write_text(text)
    changed = {c.shown_as: c.after.decode() for c in prepared(tmp_path).changes.files}
    assert "  count = var.awake ? (1) : 0\n" in changed["override.tf"]
    assert changed["main.tf"].count(COUNT) == 3


MODULE = 'module "api" {\n  source = "./svc"\n}\n'


def test_what_sleeps_in_a_local_module_is_reported_at_its_call(tmp_path):
    svc = tmp_path / "svc"
    svc.mkdir()
    (svc / "main.tf").write_text(
        STACK.partition("resource")[2].join(["resource", ""])
        + 'output "dns_name" {\n  value = aws_lb.front.dns_name\n}\n'
    )
    (tmp_path / "main.tf").write_text(
        STACK.partition("resource")[0]
        + MODULE
        + 'output "to" {\n  value = module.api.dns_name\n}\n'
    )
    result = prepared(tmp_path)
    changed = {c.shown_as: c.after.decode() for c in result.changes.files}
    assert '  source = "./svc"\n\n  awake = var.awake\n}' in changed["main.tf"]
    assert "  default     = true\n" in changed["svc/dormouse.tf"]
    assert "  default     = false\n" in changed["dormouse.tf"]
    assert "  value = one(aws_lb.front[*].dns_name)\n" in changed["svc/main.tf"]
    assert {r.address for r in result.after.resources} == {
        "module.api.aws_lb.front[0]",
        "module.api.aws_lb_target_group.app[0]",
        "module.api.aws_lb_listener.tcp[0]",
        "module.api.aws_ecs_service.app[0]",
    }


def test_a_module_that_others_call_is_left_alone(tmp_path):
    root, other, svc = (tmp_path / name for name in ("one", "two", "svc"))
    for folder in (root, other, svc):
        folder.mkdir()
    (svc / "main.tf").write_text(STACK.partition("resource")[2].join(["resource", ""]))
    text = STACK.partition("resource")[0] + MODULE.replace("./svc", "../svc")
    (other / "main.tf").write_text(text)
    assert "one/" not in str(found := refused(root, text))
    assert "the module ../svc holds what would sleep, and two/main.tf:6 calls it too" in found[0]
    (other / "main.tf").unlink()
    assert refused(root, text) == []


def test_modules_that_only_this_directory_calls_are_its_own(tmp_path):
    """Though they lie beside it, and one of them calls the other."""
    root, app, svc = (tmp_path / name for name in ("one", "app", "svc"))
    for folder in (root, app, svc):
        folder.mkdir()
    (svc / "main.tf").write_text(STACK.partition("resource")[2].join(["resource", ""]))
    (app / "main.tf").write_text(MODULE.replace("./svc", "../svc"))
    (root / "main.tf").write_text(
        STACK.partition("resource")[0] + MODULE.replace("./svc", "../app")
    )
    changed = {c.shown_as: c.after.decode() for c in prepared(root).changes.files}
    assert "  awake = var.awake\n" in changed["../app/main.tf"]
    assert changed["../svc/main.tf"].count(COUNT) == 4
    assert {"../app/dormouse.tf", "../svc/dormouse.tf", "dormouse.tf"} <= changed.keys()


def test_a_link_and_a_generated_file_are_left_alone(tmp_path):
    (tmp_path / "shared.tf").write_text(STACK)
    root = tmp_path / "root"
    root.mkdir()
    (root / "lb.tf").symlink_to(tmp_path / "shared.tf")
    assert "lb.tf is a link to" in refused(root, "")[0]
    (root / "lb.tf").unlink()
    cache = root / ".terragrunt-cache" / "x"
    cache.mkdir(parents=True)
    assert "Terragrunt copies it there" in refused(cache, STACK)[0]


def test_tests_of_terraform_are_reported(tmp_path):
    (tmp_path / "main.tf").write_text(STACK)
    (tmp_path / "x.tftest.hcl").write_text(
        'run "a" {\n  assert {\n    condition = aws_lb.front.arn != ""\n  }\n}\n'
    )
    (note,) = prepared(tmp_path).changes.notes
    assert note.startswith("x.tftest.hcl names aws_lb.front: write aws_lb.front[0] there")


def test_the_patch_is_one_that_git_applies(tmp_path):
    (tmp_path / "main.tf").write_text(STACK.rstrip())
    changes = prepared(tmp_path).changes.files
    (tmp_path / "it.patch").write_text(patch_of(changes))
    subprocess.run(["git", "apply", "it.patch"], cwd=tmp_path, check=True)
    assert {c.shown_as: c.after for c in changes} == {
        c.shown_as: (tmp_path / c.shown_as).read_bytes() for c in changes
    }
    assert compile_in(tmp_path).spec == prepared(tmp_path).after


@pytest.mark.parametrize(
    ("now", "back"),
    [
        (b"new\na\nX\nc\nd\n", b"new\na\nb\nc\nd\n"),
        (b"a\nX\nc\nd\ne\n", b"a\nb\nc\nd\ne\n"),
        (b"a\nX\nd\n", b"a\nb\nd\n"),
        (b"a\nY\nc\nd\n", None),
    ],
)
def test_what_was_changed_since_stays_when_ours_goes(now, back):
    assert taken_back(b"a\nb\nc\nd\n", b"a\nX\nc\nd\n", now) == back


def test_lines_of_ours_that_are_gone_cannot_be_taken_back():
    change = Change(path=None, shown_as="x", before=b"a\nb\n", after=b"a\nnew\nb\n")
    assert taken_back(change.before, change.after, b"a\nb\nc\n") is None


def laid(root, switch):
    """A module of a registry, where `terraform init` has put it."""
    place = root / ".terraform" / "modules" / "front"
    place.mkdir(parents=True)
    call = {"Key": "front", "Source": "registry.terraform.io/x/front/aws", "Version": "1.0.0"}
    entries = [{"Key": "", "Source": "", "Dir": "."}, {**call, "Dir": ".terraform/modules/front"}]
    (place.parent / "modules.json").write_text(json.dumps({"Modules": entries}))
    front = STACK[
        STACK.index('resource "aws_lb" "front"') : STACK.index('resource "aws_ecs_service"')
    ]
    if switch:
        front = re.sub(r"(aws_lb\w*\.\w+)\.arn", r"\1[0].arn", front)
        front = re.sub(r'(resource "aws_lb[^{]*\{\n)', r"\1  count = var.create ? 1 : 0\n", front)
        front += 'variable "create" {\n  default = true\n}\n'
    value = "try(aws_lb_target_group.app[0].arn, null)" if switch else "aws_lb_target_group.app.arn"
    (place / "main.tf").write_text(front + f'output "group" {{\n  value = {value}\n}}\n')


CALL = 'module "front" {\n  source  = "x/front/aws"\n  version = "1.0.0"\n%s}\n'


def with_module(more=""):
    start, end = STACK.index('resource "aws_lb" "front"'), STACK.index('resource "aws_ecs_service"')
    text = STACK[:start] + CALL % more + STACK[end:]
    return text.replace("aws_lb_target_group.app.arn", "module.front.group")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '  version = "1.0.0"\n\n  create = var.awake\n}'),
        ("  create  = true\n", '  version = "1.0.0"\n  create  = var.awake\n}'),
        ("  create  = 1 > 0\n", '  version = "1.0.0"\n  create  = var.awake && (1 > 0)\n}'),
    ],
)
def test_a_module_of_a_registry_is_switched(tmp_path, before, after):
    laid(tmp_path, switch=True)
    text = adopted(tmp_path, with_module(before))
    assert after in text
    assert text.count(COUNT) == 1


def test_a_module_of_a_registry_without_a_switch_is_refused(tmp_path):
    laid(tmp_path, switch=False)
    (found,) = refused(tmp_path, with_module())
    assert "module.front: holds what would sleep, and has no variable that leaves it out" in found


def test_a_switch_that_takes_along_what_should_stay_is_refused(tmp_path):
    laid(tmp_path, switch=True)
    group = 'resource "aws_security_group" "s" {\n  count = var.create ? 1 : 0\n  name = "s"\n}\n'
    file = tmp_path / ".terraform" / "modules" / "front" / "main.tf"
    file.write_text(file.read_text() + group)
    (found,) = refused(tmp_path, with_module())
    assert "module.front.aws_security_group.s[0]: exists only when awake" in found
