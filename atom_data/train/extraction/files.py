"""From sets of pages to a model file with its origin in it, and a report beside it."""

import hashlib
import importlib.metadata
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError
from atom_data.text.main_text.model import Model
from atom_data.train.extraction.examples import Example, example_of
from atom_data.train.extraction.extractor import Options, Scored, cross_validated, train
from atom_data.train.extraction.kinds import train_kinds
from atom_data.train.extraction.pages import Labeled, read_pages, truth_beside
from atom_data.train.extraction.report import Report, calibration_error, part_of, parts_by

Set = tuple[Path, str]
"""A set of pages and the license of its labels, as SPDX names it."""
LEAST_FOR_KINDS = 200
"""Pages below which nothing is learned about kinds of pages."""


def train_extractor(
    sets: Sequence[Set],
    path: Path,
    options: Options,
    *,
    validate: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Train the models for main text on sets of pages, write them to `path`, and report on sites held out.

    Same sets and options, same bytes (with the same release of LightGBM and NumPy): one thread, seeds, an order by name. The
    file holds numbers alone, no text: hashes of words with scores, and trees. Its array `about` is JSON with the sets, their
    SHA-256, pages and licenses, and the parameters. `validate` trains a model more for each fold; what these make
    of the pages that they have not seen is what models of kinds of pages learn from.
    Memory: all pages, and the columns of all blocks, 1.1 kB a block, twice.
    Errors: a ConfigError without LightGBM, for a path that does not end in .npz or whose folder is missing; a DataError for a
    set that cannot be read, and for fewer sites than folds.
    """
    if path.suffix != ".npz":
        raise ConfigError(f"{path}: the model is an .npz file. Give a path that ends so.")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}. Make it first.")
    pages = [(place, read_pages(place, license_name)) for place, license_name in sets]
    examples = []
    for place, labeled in pages:
        say(f"{place.name}: {len(labeled)} pages")
        examples += [example_of(page) for page in labeled]
    described = tuple(_described(place, labeled) for place, labeled in pages)
    scored = list(cross_validated(examples, options, say)) if validate else []
    model = train(examples, options, say)
    kinds, accuracy = train_kinds(scored, options) if len(scored) >= LEAST_FOR_KINDS else ((), None)
    model = replace(model, kinds=kinds)
    report = _report(examples, described, options, scored, accuracy)
    about = {"sets": described, "parameters": report.parameters, "versions": _versions()}
    write_model(model, about, path)
    return report


def write_model(model: Model, about: dict[str, Any], path: Path) -> None:
    """Write a model with what it was made of; it appears whole or not at all."""
    stream = io.BytesIO()
    model.save(stream, json.dumps(about, sort_keys=True, ensure_ascii=False))
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(stream.getvalue())
    part.replace(path)


def _report(
    examples: Sequence[Example],
    described: tuple[dict[str, Any], ...],
    options: Options,
    scored: list[Scored],
    kind_accuracy: float | None,
) -> Report:
    return Report(
        len(examples),
        len({example.labeled.site for example in examples}),
        described,
        asdict(options),
        part_of(scored) if scored else None,
        parts_by(scored, "kind"),
        parts_by(scored, "language"),
        parts_by(scored, "set_name"),
        calibration_error([one.expected for one in scored], [one.f1 for one in scored]) if scored else None,
        kind_accuracy,
    )


def _described(path: Path, pages: Sequence[Labeled]) -> dict[str, Any]:
    return {
        "name": path.name,
        "sha256": _hash_of(path),
        "pages": len(pages),
        "licenses": sorted({page.license for page in pages}),
    }


def _hash_of(path: Path) -> str:
    """Return the SHA-256 of a file and of the truth beside it; of a folder, that of its files and their names."""
    found = hashlib.sha256()
    for name, place in _parts(path):
        found.update(f"{name}\0{place.stat().st_size}\0".encode())
        found.update(place.read_bytes())
    return found.hexdigest()


def _parts(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_dir():
        yield from ((file.relative_to(path).as_posix(), file) for file in sorted(path.rglob("*")) if file.is_file())
        return
    yield path.name, path
    if ".warc" in path.name:
        yield truth_beside(path).name, truth_beside(path)


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("lightgbm", "numpy")}
