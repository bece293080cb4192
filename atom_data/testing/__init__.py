"""The contract of sources, passes and steps, tried on one of them: for the tests of your own.

    check_source(Posts(paths=("forum/*.db",)))

Each function returns None, or raises an AssertionError with a sentence for what does not hold. `docs/own_sources.md` has the
contract in words.
"""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.testing.passes import check_pass as check_pass
    from atom_data.testing.sources import check_source as check_source
    from atom_data.testing.steps import check_step as check_step

__all__, __getattr__, __dir__ = lazy_names(
    __name__, {"passes": "check_pass", "sources": "check_source", "steps": "check_step"}
)
