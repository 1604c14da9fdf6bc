"""Which modules of ours the functions import: at their start, or later in a function."""

from __future__ import annotations

from functools import lru_cache

import grimp

from deploy.stack import deploy

PACKAGES = ("controller", "api", "door")


def handlers() -> set[str]:
    """The modules that template.yaml names."""
    named = [deploy()[name]["Properties"]["Handler"] for name in ("Controller", "Api", "Door")]
    return {each.removesuffix(".handler") for each in named}


@lru_cache
def reached() -> frozenset[str]:
    """What the handlers import, in functions too, with the packages around each."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    found: set[str] = set()
    ahead = list(handlers())
    while ahead:
        module = ahead.pop()
        if module not in found:
            found.add(module)
            ahead += graph.find_modules_directly_imported_by(module)
            ahead += [module.rpartition(".")[0]] if "." in module else []
    return frozenset(found)
