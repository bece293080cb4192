"""What a run was made with: written beside what it makes, before the first shard.

    OUT/run/bundle.json          all of it: files by hash, sources, versions, the hash of each file of code, the machine
    OUT/run/recipe/...           the recipe, and what lies beside or below it: cards, lists, tokenizers
    OUT/run/modules/...          the user's own modules that the recipe imports
    OUT/run/files/HASH/NAME      cards of the package, and files from elsewhere

A file above COPY_BYTES is named with its hash and not copied. Inputs are named as the recipe names them; their hashes stand in
receipts. It is not part of the corpus: `fingerprint` leaves it out.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from atom_data.assets import version_of
from atom_data.errors import DataError
from atom_data.graph import Job, Source
from atom_data.import_graph import import_graph
from atom_data.origins import file_hash
from atom_data.reach import code_identity, job_imports
from atom_data.runner.bundle.held import file_sources, held_files, own_modules
from atom_data.runner.recipe import Recipe
from atom_data.storage.beside import BUNDLE
from atom_data.storage.formats import refuse_other_formats
from atom_data.storage.paths import create, exists, is_remote, without_secrets
from atom_data.workspace import Workspace

FORMAT = 1
NAME = "bundle.json"
AGAIN = "again.py"
"""The recipe once more, as `atom-data reproduce` writes it; a run of it leaves the bundle as it is."""
COPY_BYTES = 32 << 20
NO_LIBRARY = ("atom_data", "filters", "python")
"""What else stands in the identity of code: rooms of this package, lists, and Python."""
FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "asimd", "sve")
"""Of a processor: with these, compiled code may round otherwise."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that decides something."""

    path: str
    """As it was, absolute."""
    sha256: str
    bytes: int
    copy: str = ""
    """Where its copy is, below OUT/run; empty where it was too large."""


@dataclass(frozen=True, slots=True)
class SourceSaid:
    """A source of files, as the recipe names them."""

    name: str
    paths: tuple[str, ...]
    """Absolute; URLs without passwords."""
    given: tuple[str, ...]
    """As the recipe gave them, where they depend on the working folder."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that it takes to make a corpus again, but for its inputs and large files."""

    recipe: str
    """Its copy, below OUT/run."""
    base: str
    """The folder in which the recipe lay."""
    files: tuple[Kept, ...]
    sources: tuple[SourceSaid, ...]
    version: str
    python: str
    libraries: dict[str, str] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    """The first 16 digits of a SHA-256 of each source and list that a job reaches, docstrings and comments aside."""
    machine: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, value: dict[str, Any], path: str) -> Self:
        """Make one of what stands in a file. DataError for another format, and for what is none."""
        refuse_other_formats(value, (FORMAT,), path, "a bundle")
        try:
            return cls(
                **{
                    **{name: item for name, item in value.items() if name != "format"},
                    "files": tuple(Kept(**item) for item in value["files"]),
                    "sources": tuple(
                        SourceSaid(item["name"], tuple(item["paths"]), tuple(item["given"]))
                        for item in value["sources"]
                    ),
                }
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}: does not say what the run was made with ({error}). Run the recipe once more."
            ) from error

    def value(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {"format": FORMAT, **asdict(self)}


def read_bundle(workspace: Workspace) -> Bundle | None:
    """Return the bundle of a run; None where there is none, as in folders of earlier releases."""
    name = f"{BUNDLE}/{NAME}"
    value = workspace.read_json(name)
    return None if value is None else Bundle.read(value, workspace.path(name))


def write_bundle(recipe: Recipe, workspace: Workspace) -> None:
    """Keep what a run is made with, unless it is there already, or the run is one that rebuilds from a bundle."""
    path = Path(recipe.path).absolute()
    if path.name == AGAIN and not workspace.is_remote and path.parent == workspace.local(BUNDLE).absolute():
        return
    bundle, origins = bundle_of(recipe)
    value = workspace.read_json(f"{BUNDLE}/{NAME}")
    if value == json.loads(json.dumps(bundle.value())) and all(
        exists(workspace.path(BUNDLE, kept.copy)) for kept in bundle.files if kept.copy
    ):
        return
    for copy, origin in origins.items():
        with create(workspace.path(BUNDLE, copy), workspace.token) as target, origin.open("rb") as source:
            while data := source.read(1 << 20):
                target.write(data)
    workspace.write_json(f"{BUNDLE}/{NAME}", bundle.value())


def bundle_of(recipe: Recipe) -> tuple[Bundle, dict[str, Path]]:
    """Return what a run of a recipe is made with now, and which files are to be copied where."""
    path = Path(recipe.path).absolute()
    named = {f"recipe/{path.name}": path}
    for name, file in own_modules(path).items():
        folder = name.replace(".", "/")
        named[f"modules/{folder}/__init__.py" if file.name == "__init__.py" else f"modules/{folder}.py"] = file
    files: list[Kept] = []
    origins: dict[str, Path] = {}
    for copy, file in [*named.items(), *(("", file) for file in held_files(recipe.nodes))]:
        digest, size = file_hash(file), file.stat().st_size
        place = (copy or _copy_name(file, path.parent, digest)) if size <= COPY_BYTES else ""
        if place not in origins or not place:
            files.append(Kept(os.path.abspath(file), digest, size, place))  # noqa: PTH100 - links keep their names
            origins |= {place: file} if place else {}
    code, libraries = _code(recipe.jobs)
    bundle = Bundle(
        recipe=f"recipe/{path.name}",
        base=str(path.parent),
        files=tuple(files),
        sources=tuple(_sources(recipe)),
        version=version_of("atom-data") or "",
        python=platform.python_version(),
        libraries=libraries,
        code=code,
        machine=machine(),
    )
    return bundle, origins


def _copy_name(file: Path, base: Path, digest: str) -> str:
    """Return where a file is copied to: beside the recipe as it was, or by its hash."""
    place = Path(os.path.abspath(file))  # noqa: PTH100
    below = place.is_relative_to(base) and ".." not in place.relative_to(base).parts
    return f"recipe/{place.relative_to(base).as_posix()}" if below else f"files/{digest[:16]}/{file.name}"


def _sources(recipe: Recipe) -> Iterator[SourceSaid]:
    for source in file_sources(recipe.nodes):
        whole = [without_secrets(path) if is_remote(path) else os.path.abspath(path) for path in source.paths]  # noqa: PTH100
        given = [path if not is_remote(path) and not Path(path).is_absolute() else "" for path in source.paths]
        yield SourceSaid(source.name if isinstance(source, Source) else "", tuple(whole), tuple(given))


def _code(jobs: tuple[Job, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Return a hash of each file of code that the jobs reach, and the versions of libraries."""
    graph, modules, libraries = import_graph(), set[str](), dict[str, str]()
    for job in jobs:
        modules |= graph.reached(job_imports(job))
        libraries |= {
            name: said for name, said in code_identity(job).items() if name.partition(".")[0] not in NO_LIBRARY
        }
    code = {graph.files[module]: graph.known(module).digest for module in modules}
    data = [place for place, users in graph.data.items() if not users or modules & users]
    code |= {place: short_hash(Path(graph.paths[place]).read_bytes()) for place in data}
    return dict(sorted(code.items())), dict(sorted(libraries.items()))


def short_hash(content: bytes) -> str:
    """Return the first 16 digits of a SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def machine() -> dict[str, str]:
    """Return what of this machine may change how numbers are rounded: its architecture and its processor."""
    said = {"architecture": platform.machine(), "system": sys.platform}
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return said
    known = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set((known.get("flags") or known.get("Features") or "").split())
    return {
        **said,
        "processor": known.get("model name", ""),
        "features": " ".join(name for name in FEATURES if name in flags),
    }
