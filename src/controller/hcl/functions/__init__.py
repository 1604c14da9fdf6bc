"""The functions of the language: `call` one by its name."""

from controller.hcl.functions.catalogue import (
    FUNCTIONS,
    OF_PROVIDER,
    SPECIAL_FORMS,
    call,
    find,
)
from controller.hcl.functions.definition import CallContext, Function, Parameter

__all__ = [
    "FUNCTIONS",
    "OF_PROVIDER",
    "SPECIAL_FORMS",
    "CallContext",
    "Function",
    "Parameter",
    "call",
    "find",
]
