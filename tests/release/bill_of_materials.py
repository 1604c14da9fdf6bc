"""The software bill of materials, as uv writes it from the lock file."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

from deploy.stack import ROOT

FORMAT = "cyclonedx1.5"


def bill_of_materials(group: str | None, made: str) -> str:
    """
    CycloneDX JSON of what the package needs, or of one dependency group instead.

    `made` (RFC 3339) replaces the time of the run, and the serial number follows from the
    content: the same lock file gives the same text.
    """
    uv = Path(sys.executable).with_name("uv")
    chosen = ["--only-group", group] if group else ["--no-default-groups"]
    options = ["--quiet", "--frozen", "--format", FORMAT, *chosen]
    command = [str(uv), "export", *options, "--directory", str(ROOT)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bill = json.loads(said)
    bill["metadata"]["timestamp"] = made
    del bill["serialNumber"]
    content = json.dumps(bill, sort_keys=True)
    bill["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    return json.dumps(bill, indent=2, sort_keys=True) + "\n"
