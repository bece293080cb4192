"""A comparison tried on a few documents: the real pass, run by the real runner, in a temporary folder."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from atom_data.dedup import Copies, MinHash
from atom_data.dedup.near.curve import Curve
from atom_data.errors import ConfigError, DataError
from atom_data.evaluate.evaluate import Evaluation, evaluate, share_a_band
from atom_data.evaluate.truth import read_labels, read_sample, shingles_of, truth_of_all_pairs, truth_of_labels
from atom_data.graph import passes_behind
from atom_data.readers.open import source_for
from atom_data.runner.local import Options, run
from atom_data.runner.recipe import Recipe, load_recipe
from atom_data.storage.shards import Intake
from atom_data.terminal.display import OnlyCompiling
from atom_data.workspace import Workspace

_RECIPE = """
from atom_data import Copies, MinHash, Parquet, Stage
from atom_data.evaluate.trial import copies_of
from atom_data.runner.recipe import load_recipe

def stages():
    copies = Copies(of=Parquet({documents!r}), by={by}, name="near", allow_loss=1.0)
    return (Stage(name="trial", reads=copies, steps=(), writes=("id",), provenance=False),)
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration, the documents it was tried on, and how it did."""

    configuration: str
    documents: pa.Table
    """`id` and `text`, by number."""
    seen: int
    """From how many documents they were drawn."""
    wanted: str
    """What makes a pair one that ought to be caught."""
    evaluation: Evaluation


def try_configuration(
    documents: Sequence[str],
    given: Mapping[str, int | float | str],
    *,
    recipe: Recipe | None,
    name: str | None,
    workspace: Workspace,
    labels: str | None,
    complete: bool | None,
    most: int,
    floor: float,
) -> Trial:
    """Evaluate the MinHash of a recipe, or one with the `given` parameters, on up to `most` documents.

    Documents are those of files, or what the recipe's pass reads in the folder `out`. ConfigError when neither is named.
    """
    copies = copies_of(recipe, name) if recipe is not None else None
    by: Any = MinHash(**given) if copies is None else copies.by  # type: ignore[arg-type]
    if by.min_jaccard is None:
        raise ConfigError(f"dedup-eval: {by} does not confirm by a Jaccard index. Give its MinHash a min_jaccard.")
    source = (
        source_for("dedup-eval", *documents, kinds=("JSON lines", "Parquet"))
        if documents
        else copies.of
        if copies
        else None
    )
    if source is None:
        raise ConfigError(
            "dedup-eval: neither documents nor a recipe. Name files, or the recipe that was run into --output."
        )
    listed = read_labels(labels, complete) if labels is not None else None
    table, seen = read_sample(source, workspace, most)
    if len(table) < 2:
        raise DataError(f"dedup-eval: {len(table)} documents make no pair. Give more.")
    shingles = shingles_of(table.column("text"), by.ngram, by.unit)
    if listed is None:
        truth = truth_of_all_pairs(shingles, min(floor, by.min_jaccard), by.min_jaccard)
    else:
        truth = truth_of_labels(shingles, table.column("id").to_pylist(), listed)
    proposed = share_a_band(by.measure, by.measured, table, truth.pairs)
    found = evaluate(
        truth, shingles, kept_for(table, _written(copies, recipe, given)), proposed, Curve(by.bands, by.rows)
    )
    wanted = f"have a Jaccard index of {by.min_jaccard:g} or more" if listed is None else "are labeled as duplicates"
    return Trial(str(by), table, seen, wanted, found)


def _written(copies: Copies | None, recipe: Recipe | None, given: Mapping[str, int | float | str]) -> str:
    """Return the comparison as a recipe writes it: a worker loads it by itself."""
    if copies is not None and recipe is not None:
        path = str(Path(recipe.path).resolve())
        return f"copies_of(load_recipe({path!r}, {dict(recipe.given)!r}), {copies.name!r}).by"
    return f"MinHash({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def copies_of(recipe: Recipe, name: str | None = None) -> Copies:
    """Return the pass of a recipe that compares by MinHash; ConfigError when there is none, or several and no name."""
    below = [found for job in recipe.jobs for source in job.sources() for found in passes_behind(source)]
    found = {source.name: source for source in below if isinstance(source, Copies) and isinstance(source.by, MinHash)}
    chosen = [source for source in found.values() if name in (None, source.name)]
    if len(chosen) != 1:
        names = ", ".join(found) or "none"
        raise ConfigError(
            f"{recipe.path}: {len(chosen)} passes to choose from; those with MinHash: {names}. Give --pass NAME."
        )
    return chosen[0]


def kept_for(documents: pa.Table, by: str) -> list[int]:
    """Run a pass over documents (`id`, `text`); return for each the number of the one it was removed for, -1 if it is kept.

    `by` is the comparison as a recipe writes it. DataError when the pass fails.
    """
    with tempfile.TemporaryDirectory(prefix="atom-data-trial-") as folder:
        path, recipe, out = (str(Path(folder) / name) for name in ("documents.parquet", "trial.py", "out"))
        numbered = documents.set_column(0, "id", pa.array([str(number) for number in range(len(documents))]))
        pq.write_table(numbered, path)
        Path(recipe).write_text(_RECIPE.format(documents=path, by=by), "utf-8")
        loaded = load_recipe(recipe)
        failures = run(loaded, Options(out=out), OnlyCompiling(Console(stderr=True)))
        if failures:
            raise DataError(f"trial: {failures[0].message}")
        copies = copies_of(loaded)
        names = copies.by.added.names
        rank = next(name for name in names if name.endswith("_rank"))
        kept = next(name for name in names if name.endswith("_of"))
        found: list[int] = []
        workspace = Workspace(out)
        for shard in copies.shards(workspace):
            for batch in copies.read(shard, workspace, {"id", rank, kept}, Intake(reject=lambda *_: None)):
                both = zip(batch.column(rank).to_pylist(), batch.column(kept).to_pylist(), strict=True)
                found += [int(other) if place > 0 else -1 for place, other in both]
    return found
