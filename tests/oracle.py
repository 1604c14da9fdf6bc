"""The real terraform with its AWS provider, where they are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

_PROVIDER = "registry.terraform.io/hashicorp/aws"
_PLACES = ("/*/*/", "/*/*/*/", "/*/*/*/*/")


@lru_cache(maxsize=1)
def mirror() -> Path | None:
    """A filesystem mirror that holds the AWS provider: TF_MIRROR, or wherever one is found."""
    named = os.environ.get("TF_MIRROR")
    if named:
        return Path(named)
    plugins = Path.home() / ".terraform.d" / "plugins"
    found = [plugins] if (plugins / _PROVIDER).is_dir() else []
    for pattern in _PLACES:
        found += [p.parents[2] for p in Path("/").glob(f"{pattern[1:]}{_PROVIDER}")]
        if found:
            break
    return next(iter(found), None)


def needs_terraform() -> None:
    """Skip the test, visibly, where terraform or the provider is absent."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    if mirror() is None:
        pytest.skip("no filesystem mirror with the AWS provider was found; set TF_MIRROR")


class Terraform:
    """
    One working directory; every call goes to `endpoint` when there is one.

    `environment` is what the terraform command needs in its own.
    """

    def __init__(self, directory: Path, endpoint: str | None = None) -> None:
        self._directory = directory
        settings = directory / ".terraformrc"
        settings.write_text(
            "provider_installation {\n"
            f'  filesystem_mirror {{ path = "{mirror()}" }}\n'
            '  direct { exclude = ["*/*"] }\n'
            "}\n"
        )
        self.environment = {
            **_surroundings(endpoint),
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "off",  # the provider lives for seconds; collecting takes a fifth of its time
        }

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self._directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"terraform {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done

    def init(self) -> None:
        self.run("init", "-input=false", "-no-color")

    def plan(self, **variables: Any) -> dict[str, Any]:
        """The plan as JSON."""
        self.run("plan", "-input=false", "-no-color", "-out=tfplan", *_options(variables))
        shown: dict[str, Any] = json.loads(self.run("show", "-json", "tfplan").stdout)
        return shown

    def apply(self, **variables: Any) -> None:
        self.run("apply", "-input=false", "-no-color", "-auto-approve", *_options(variables))

    def take_over(self, address: str, id_: str, **variables: Any) -> None:
        """Import one existing object."""
        self.run("import", "-input=false", "-no-color", *_options(variables), address, id_)


@contextmanager
def standing_provider(endpoint: str | None = None) -> Iterator[dict[str, str]]:
    """
    One process of the AWS provider for many commands, which otherwise start two or three each.

    Yields what a terraform command needs in its environment to ask this process; with it, a
    directory needs `init` only for its modules and its backend. The provider calls `endpoint`,
    whatever the directory's own environment says. One command at a time.
    """
    place = mirror()
    assert place is not None
    (program,) = (place / _PROVIDER).glob("*/*/terraform-provider-aws_*")
    process = subprocess.Popen(
        [str(program), "-debug"],
        env={**_surroundings(endpoint), "GOGC": "400"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        reported = next(
            filter(None, (re.search(r"(TF_REATTACH_PROVIDERS)='(.*)'", x) for x in lines))
        )
        yield {reported[1]: reported[2]}
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def terraform_on(directory: Path, endpoint: str | None = None) -> Iterator[Terraform]:
    """A working directory whose commands share one process of the provider."""
    with standing_provider(endpoint) as reached:
        terraform = Terraform(directory, endpoint)
        terraform.environment.update(reached)
        yield terraform


def _surroundings(endpoint: str | None) -> dict[str, str]:
    """The environment of this process with the simulated AWS in place of whatever it names."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    keys = {"AWS_ACCESS_KEY_ID": "laptop", "AWS_SECRET_ACCESS_KEY": "laptop"}
    there = {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    return {**clean, **keys, "AWS_EC2_METADATA_DISABLED": "true", **there}


def _options(variables: Mapping[str, Any]) -> list[str]:
    return [f"-var={name}={json.dumps(value)}" for name, value in variables.items()]
