"""What your notebook or script calls: steps, cards and passes on a table in memory, and recipes by path.

No files, no recipe, no process is needed for `apply`, `identify_languages`, `exact_copies` and `near_copies`.
"""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.library.copies import exact_copies as exact_copies, near_copies as near_copies
    from atom_data.library.recipes import run as run
    from atom_data.library.steps import apply as apply, identify_languages as identify_languages

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {"steps": "apply identify_languages", "copies": "exact_copies near_copies", "recipes": "run"},
)
