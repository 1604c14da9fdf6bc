"""
The arguments of a companion as the provider's schema has them.

Of the types that always sleep the language does this where it evaluates them. Most instances of
the others are Terraform's, and nobody is to be refused a directory for those.
"""

from __future__ import annotations

from controller.hcl.provider_version import AwsProvider
from controller.hcl.schema_check import conform, unsupported
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.fill import Filling


def conforming(instance: ResourceInstance, filling: Filling, provider: AwsProvider) -> Block:
    """Its body with every argument converted; what does not fit is an error and left out."""
    block, errors = conform(instance.body, instance.type, provider)
    for error in (*unsupported(instance.body, instance.type), *errors):
        filling.error(error.kind, error.message, error.place)
    for name, origins in instance.undecided.items():
        filling.error(
            "unknown-value",
            f"{name}: how many of these blocks there are must be known when compiling",
            instance.place,
            origins,
        )
    return block
