"""
What AWS refuses although Terraform's validate and plan accept it, as data.

Each row is one refusal: when it happens, in which words AWS refuses, what the user can do, and
where the fact was read. To add one, add a row to the file of its kind; nothing else has to be
touched:

- `dormouse check` reports it at the line at fault (`check.py`),
- the simulated AWS refuses the same request in the same words (`local.refusals`),
- the reference page lists it (`docs/reference/traps.md`, by `make docs`),
- a test sees to it that it has a case of its own (`tests/traps/test_refusals.py`).

The files: `load_balancers.py`, `target_groups.py`, `listeners.py`; of services `services.py`,
`service_network.py`, `placement.py`, `deployments.py` and `service_parts.py`.

What is not known before the stack wakes gives no refusal: it compares false with everything.
"""

from controller.mapping.refusals.listeners import LISTENERS
from controller.mapping.refusals.load_balancers import LOAD_BALANCERS
from controller.mapping.refusals.row import Refusal
from controller.mapping.refusals.services import SERVICES
from controller.mapping.refusals.target_groups import TARGET_GROUPS

__all__ = ["LISTENERS", "LOAD_BALANCERS", "SERVICES", "TARGET_GROUPS", "Refusal"]
