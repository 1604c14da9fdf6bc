"""What `make bench` measures. It borrows the tests' tools, the terraform oracle among them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "api"))
