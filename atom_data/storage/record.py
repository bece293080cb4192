"""Whose output folder it is: one small file that a run writes before it changes anything else.

OUT/run.json

    {"format": 1, "recipe": "/home/me/recipe.py", "sha256": "...", "jobs": ["clean", "unique"], "former": ["distinct"],
     "settings": {"crawl": "CC-MAIN-2026-22"}}

It is not part of the corpus: `fingerprint` leaves it out, and `verify` asks it which stages count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from atom_data.errors import DataError
from atom_data.storage.formats import refuse_other_formats

RUN = "run.json"
SUBMISSION = "cluster/submission.json"
"""What was submitted to a cluster, see `cluster.chain`."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The recipe that an output folder was last run with, and the jobs that count in it."""

    recipe: str
    """Absolute path, where it was run; empty in a folder of an earlier release, which did not say."""
    sha256: str
    """Of the recipe's text, and of its parameters where it has some."""
    jobs: tuple[str, ...]
    """The folders that it makes, each after those it needs."""
    former: tuple[str, ...] = ()
    """Folders of stages that were in the recipe once, and are not any more; sorted."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the recipe that were set, as `--set` says them; commands that are not told otherwise take the same."""

    @classmethod
    def read(cls, value: Mapping[str, Any], path: str) -> Self:
        """Make one of what stands in a file. DataError for a format that is not known, and for what is not a record."""
        refuse_other_formats(value, (FORMAT,), path, "a record")
        try:
            settings = {str(name): str(text) for name, text in dict(value.get("settings", {})).items()}
            return cls(value["recipe"], value["sha256"], tuple(value["jobs"]), tuple(value["former"]), settings)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: does not say whose folder it is ({error}). Delete it; the next run writes it again."
            ) from error

    def after(self, before: Self | None) -> Self:
        """Return the record with the folders that were in the one before, and are not in this one, as former."""
        former = {*before.jobs, *before.former} - set(self.jobs) if before else set()
        return replace(self, former=tuple(sorted(former)))

    def value(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {
            "format": FORMAT,
            "recipe": self.recipe,
            "sha256": self.sha256,
            "jobs": list(self.jobs),
            "former": list(self.former),
            **({"settings": dict(self.settings)} if self.settings else {}),
        }
