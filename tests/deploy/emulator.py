"""
ministack, an AWS that others wrote, with the time-dependent services at the simulated AWS.

What is deployed there runs as processes that ministack starts; they inherit its environment, and
so its endpoints. It listens on this machine alone and is gone at the end of the block.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from deploy import others
from deploy.cloud import INSTANT
from deploy.stack import REGION, ROOT
from local.furnish_spec import furnish_for
from local.server import LaptopServer

TIMED = ("ELASTIC_LOAD_BALANCING_V2", "ECS", "EC2", "CLOUDWATCH")
"""The services whose states take their time, by their names in AWS_ENDPOINT_URL_…"""

NOT_WANTED = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING"}
PARTS = ("src", "infra", "template.yaml", "samconfig.toml", "pyproject.toml", "uv.lock")
BORN_WITHIN = 60.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: str


class _AsTheyAre(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """`project` is a copy of this project, so that what is built there is nobody else's."""

    url: str
    laptop: LaptopServer
    project: Path
    environment: dict[str, str] = field(repr=False)

    def client(self, service: str) -> Any:
        """A client of ministack."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def dormouse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / ".venv" / "bin" / "dormouse"), *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def open(self, link: str, body: str | None = None, **headers: str) -> Reply:
        """One request to a Function URL of ministack, which knows it by its host name."""
        parts = urlsplit(link)
        request = urllib.request.Request(
            f"{self.url}{parts.path}?{parts.query}",
            None if body is None else body.encode(),
            {"Host": parts.netloc, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )
        try:
            with urllib.request.build_opener(_AsTheyAre).open(request, timeout=60) as reply:
                return Reply(reply.status, dict(reply.headers), reply.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read().decode())


@contextmanager
def running(place: Path) -> Iterator[Emulator]:
    """Both AWSs, with what the shipped stack's Terraform keeps, and a copy of the project."""
    project = place / "project"
    project.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, project / part)
    stack = project / "infra" / "nsfw-api"
    spec = compile_stack(stack, Inputs(), datetime.now(UTC)).spec
    assert spec
    with LaptopServer(INSTANT, furnish=furnish_for(spec)) as laptop:
        environment = _environment(laptop)
        with ministack(place, environment) as url:
            yield Emulator(
                url=url,
                laptop=laptop,
                project=project,
                environment=environment | {"AWS_ENDPOINT_URL": url, "SAM": str(others.sam())},
            )


def _environment(laptop: LaptopServer) -> dict[str, str]:
    """The shell's, without its own way to AWS."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DORMOUSE_"))}
    return {
        **inherited,
        "PATH": f"{ROOT / '.venv' / 'bin'}:{inherited['PATH']}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"AWS_ENDPOINT_URL_{service}": laptop.url for service in TIMED},
    }


@contextmanager
def ministack(place: Path, environment: dict[str, str]) -> Iterator[str]:
    scratch = place / "scratch"  # it leaves copies of the code behind
    scratch.mkdir()
    port = _free_port()
    own = {
        **NOT_WANTED,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",  # the default is every address
        "MINISTACK_REGION": REGION,
        "TMPDIR": str(scratch),
    }
    with (place / "ministack.log").open("w") as log:
        process = subprocess.Popen(
            [str(others.ministack()), "-m", "ministack"],
            cwd=scratch,
            env=environment | own,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/_ministack/health", process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + BORN_WITHIN
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"ministack does not answer at {url}; it ended with {process.poll()}")
