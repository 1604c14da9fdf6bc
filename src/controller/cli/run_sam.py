"""
Run the pinned SAM: `python -m controller.cli.run_sam ARGUMENT...`, for the Makefile.

It is installed first where it is missing.
"""

from __future__ import annotations

import os
import sys

from controller.cli.toolbox import bring_sam, sam
from controller.domain.errors import DormouseError


def main(arguments: list[str]) -> int:
    try:
        bring_sam()
        command = [*sam(), *arguments]
    except DormouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
