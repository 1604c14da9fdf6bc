"""
Record what Terraform's AWS provider itself sends when it creates the four kinds.

    python tests/mapping/record_provider.py [CASE...]

applies each stack with the real terraform against moto, through a proxy that notes the calls which
change something, and writes `tests/data/provider-calls/<case>.json`. The tests compare what we
compile with these files, so they need neither terraform nor a provider. Record again when the
provider's version changes. Needs `terraform`, and the provider in a filesystem mirror that
TF_CLI_CONFIG_FILE names. A minute per case: the provider waits for load balancers.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}

import boto3
import moto
import requests
from moto.ec2 import ec2_backends
from moto.elbv2 import elbv2_backends

from local.http_server import HttpServer, Requests

DATA = Path(__file__).parent.parent / "data"
STACKS = DATA / "hcl-cases" / "stacks"
RECORDED = DATA / "provider-calls"
SERVICES = ("elbv2", "ecs", "ec2", "iam", "sts", "servicediscovery")
WANTED = re.compile(
    r"CreateLoadBalancer|CreateTargetGroup|CreateListener|CreateService$|Modify\w+Attributes|"
    r"SetSecurityGroups"
)


class Proxy(Requests):
    calls: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.read_body()
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        host = "iam" if scope[3] == "iam" else f"{scope[3]}.us-east-1"
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
        answer = requests.post(
            f"https://{host}.amazonaws.com{self.path}", data=body, headers=headers, timeout=60
        )
        if scope[3] in ("elasticloadbalancing", "ecs"):
            self._note(body.decode())
        kind = answer.headers.get("Content-Type", "text/xml")
        self.send(answer.status_code, answer.content, {"Content-Type": kind})

    def _note(self, body: str) -> None:
        target = self.headers.get("X-Amz-Target")
        if target:
            operation, request = target.rpartition(".")[2], json.loads(body)
        else:
            pairs = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
            operation = pairs.pop("Action", "")
            pairs.pop("Version", None)
            request = _unflatten(pairs)
        call = {"operation": operation, "request": _without_noise(request)}
        if WANTED.match(operation) and call not in self.calls:
            self.calls.append(call)


_HOP_BY_HOP = ("host", "connection", "accept-encoding", "content-length")


def _unflatten(pairs: dict[str, str]) -> Any:
    """ "A.member.1.B": "x" of the query protocol as {"A": [{"B": "x"}]}; all values are text."""
    tree: dict[str, Any] = {}
    for key, value in pairs.items():
        node = tree
        *outer, last = key.split(".")
        for step in outer:
            node = node.setdefault(step, {})
        node[last] = value
    return _lists(tree)


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node.keys() == {"member"}:
        members = node["member"]
        return [_lists(members[key]) for key in sorted(members, key=int)]
    return {key: _lists(item) for key, item in node.items()}


def _without_noise(request: Any) -> Any:
    """ARNs by name, generated names as they begin, no tokens: equal in every run."""
    text = json.dumps(request, sort_keys=True)
    text = re.sub(r"arn:[^\"]*:(loadbalancer)/\w+/([^/\"]+)/\w+", r"\1/\2", text)
    text = re.sub(r"arn:[^\"]*:(listener)/\w+/([^/\"]+)/\w+/\w+", r"\1/\2", text)
    text = re.sub(
        r"arn:aws:(?:ecs|elasticloadbalancing):[^\"]*:(targetgroup|cluster|task-definition)"
        r"/([^/\"]+)(/\w+)?",
        r"\1/\2",
        text,
    )
    text = re.sub(r"20\d{24}", "*", text)
    request = json.loads(text)
    request.pop("clientToken", None)
    return request


def _accept_invented_ids() -> None:
    """The stacks name VPCs, subnets and groups that exist nowhere; let moto take them."""
    backend = ec2_backends["123456789012"]["us-east-1"]
    cls = type(backend)
    vpc = backend.create_vpc("10.0.0.0/16")
    subnet = backend.create_subnet(vpc.id, "10.0.1.0/24", availability_zone="us-east-1a")
    known_vpc, known_subnet, known_group = (
        cls.get_vpc,
        cls.get_subnet,
        cls.get_security_group_from_id,
    )

    def get_vpc(self: Any, vpc_id: str) -> Any:
        return _or_copy(lambda: known_vpc(self, vpc_id), vpc, vpc_id)

    def get_subnet(self: Any, subnet_id: str) -> Any:
        return _or_copy(lambda: known_subnet(self, subnet_id), subnet, subnet_id)

    def describe_subnets(self: Any, subnet_ids: Any = None, filters: Any = None) -> Any:
        return [get_subnet(self, name) for name in subnet_ids or ()]

    def get_group(self: Any, group_id: str) -> Any:
        return known_group(self, group_id) or (vpc if "0a1b2c3d4e5f" in group_id else None)

    def describe_groups(self: Any, group_ids: Any = None, **others: Any) -> Any:
        found = [get_group(self, name) for name in group_ids or ()]
        return [group for group in found if group is not vpc]

    cls.get_vpc, cls.get_subnet = get_vpc, get_subnet
    cls.describe_subnets, cls.describe_security_groups = describe_subnets, describe_groups
    cls.get_security_group_from_id = get_group
    cls.revoke_security_group_egress = lambda *_, **__: None
    front = type(elbv2_backends["123456789012"]["us-east-1"])
    front._certificate_exists = lambda *_, **__: True


def _make_what_stacks_take_for_granted() -> None:
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="existing-cluster")
    for _ in range(7):
        ecs.register_task_definition(
            family="existing-task",
            containerDefinitions=[{"name": "api", "image": "x", "memory": 128}],
        )


def _or_copy(find: Any, like: Any, name: str) -> Any:
    try:
        return find()
    except Exception:
        other = copy.copy(like)
        other.id = name
        return other


def _override(url: str) -> str:
    endpoints = "\n".join(f'    {service} = "{url}"' for service in SERVICES)
    return (
        'provider "aws" {\n  access_key = "none"\n  secret_key = "none"\n'
        f"  skip_metadata_api_check = true\n  endpoints {{\n{endpoints}\n  }}\n}}\n"
    )


def record(case: str) -> None:
    folder = STACKS / case if (STACKS / case).exists() else RECORDED / case
    options = _options(folder)
    with tempfile.TemporaryDirectory() as temporary, moto.mock_aws():
        _accept_invented_ids()
        _make_what_stacks_take_for_granted()
        Proxy.calls = []
        server = HttpServer(Proxy).start()
        work = Path(temporary) / "root"
        shutil.copytree(folder / "root", work)
        (work / "zz_override.tf").write_text(_override(server.url))
        subprocess.run(["terraform", "init"], cwd=work, check=True, stdout=subprocess.DEVNULL)
        command = ["terraform", "apply", "-auto-approve", "-no-color", *options]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        server.stop()
        calls = sorted(Proxy.calls, key=lambda c: json.dumps(c, sort_keys=True))
        text = json.dumps(calls, indent=1, ensure_ascii=False) + "\n"
        (RECORDED / f"{case}.json").write_text(text)
        print(case, len(calls), "calls", done.stderr[:600], flush=True)
        sys.stdout.flush()
        os._exit(0)  # moto cannot put its patched backends back


def _options(folder: Path) -> list[str]:
    file = folder / "case.json"
    case = json.loads(file.read_text()) if file.exists() else {}
    return [f"-var={text}" for text in case.get("cli", ())]


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in RECORDED.glob("*.json"))
    if len(names) == 1:
        record(names[0])
    else:
        for name in names:
            subprocess.run([sys.executable, __file__, name], check=True)
