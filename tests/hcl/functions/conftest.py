from dataclasses import replace

import pytest

from controller.hcl.convert import string, unknown
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.functions import CallContext
from controller.hcl.parse import parse_argument, parse_template
from controller.hcl.scope import CallingScope, TemplateScope
from controller.hcl.types import STRING
from controller.hcl.values import Origin

LOCALS = {"t1": "hi ${n}!", "t3": "${n}"}
FILES = {
    "a.txt": b"hello\n",
    "bin.dat": b"\xff\xfe\x00",
    "bom.txt": "\ufeffab".encode(),
    "crlf.txt": b"a\r\nb\r\n",
    "empty": b"",
    "main.tf": b"",
    "nfd.txt": "e\u0301".encode(),
    "one.tftpl": b"${n}",
    "t.tftpl": b"hi ${n}",
    "sub/a.json": b"{}",
    "sub/a{1}.json": b"x",
    "sub/b.json": b"{}",
    "sub/[b].json": b"x",
    "sub/.hidden.json": b"h",
    "sub/é.json": b"x",
    "sub/sp ace.txt": b"x",
    "sub/x.txt": b"",
    "sub/deep/c.json": b"{}",
    "sub/deep/x.txt": b"q",
    "sub/deep/er/d.json": b"1",
    ".h/i.json": b"x",
}


class RootScope(CallingScope):
    """The root that the expressions of functions.jsonl were evaluated in."""

    def resolve(self, reference):
        name = ".".join((reference.root, *(step.name for step in reference.steps[:2])))
        if name == "terraform_data.a.id":
            origin = Origin("terraform_data.a", ("id",))
            return unknown(STRING, [origin], [origin]), 2
        if name.removeprefix("local.") in LOCALS:
            return string(LOCALS[name.removeprefix("local.")]), 1
        raise HclError("undeclared", name, static=True)


def render(context):
    def render_template(text, variables, name):
        return evaluate(parse_template(text, name), TemplateScope(context, variables, name))

    return render_template


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def context(root):
    bare = CallContext(root, lambda *_: pytest.fail("a template in a template"))
    return replace(bare, render_template=render(bare))


@pytest.fixture(scope="session")
def console(context):
    """Evaluate one expression, as Terraform's console would."""
    scope = RootScope(context)
    return lambda text: evaluate(parse_argument(text, "<expr>"), scope)
