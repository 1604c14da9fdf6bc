"""Whether a stack could wake, found out by reads alone: what the controller's passes are given."""

from __future__ import annotations

from datetime import datetime

from controller.account.survey import Survey
from controller.aws.clients import Clients
from controller.domain.diagnostics.examine import examine
from controller.domain.diagnostics.rehearsal import prove, prove_nothing
from controller.domain.errors import DormouseError
from controller.domain.planning.spec import Spec
from controller.domain.ports import SideBySide
from controller.domain.reporting.proof import Proof


def rehearse(spec: Spec, clients: Clients, side_by_side: SideBySide, now: datetime) -> Proof:
    """`clients` are those of the stack's region and role, with which it would be woken."""
    try:
        facts = Survey(spec, clients, side_by_side, whole=False).gather(now)
        return prove(examine(facts), spec.hash, now)
    except DormouseError as error:
        return prove_nothing(str(error), spec.hash, now)
    except Exception as error:
        # An answer in a form that nobody here knows must not fail the pass of a sleeping stack.
        return prove_nothing(f"{type(error).__name__}: {error}", spec.hash, now)
