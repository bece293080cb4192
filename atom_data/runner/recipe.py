"""Recipes: Python files with a function `stages()`, run by path and never imported by the library."""

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from atom_data.errors import AtomDataError, ConfigError, MissingColumn, meant
from atom_data.graph import Job, Node, in_order, stage_of, whole_identity
from atom_data.identity import canonical, former_identities
from atom_data.runner.settings.parameters import Parameter, Value, as_text, as_values, parameters_of, readable, settle

ADDRESS = re.compile(r"<[^<>]{1,200} at 0x[0-9a-f]{6,}>")
"""The default repr of a Python object."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A loaded recipe: its jobs, each after what it needs."""

    path: str
    sha256: str
    """Of its text, and of what was set where it has parameters."""
    nodes: tuple[Node, ...]
    """What `stages()` returned."""
    jobs: tuple[Job, ...]
    parameters: tuple[Parameter, ...] = ()
    """What can be set."""
    given: Mapping[str, str] = field(default_factory=dict)
    """What was set, by name, as texts that `--set` takes: a process that loads the recipe again gives the same."""
    remembered: tuple[str, ...] = ()
    """What of it the output folder knew from its last run."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Of all parameters."""

    @property
    def settings(self) -> tuple[str, ...]:
        """Return what was set as words of a command line."""
        return tuple(word for name, text in self.given.items() for word in ("--set", f"{name}={text}"))

    def job(self, name: str) -> Job:
        """Return the job of that name; ConfigError names those there are."""
        for job in self.jobs:
            if job.name == name:
                return job
        stage = stage_of(name)
        inner = [job.name for job in self.jobs if stage_of(job.name) == stage]
        there = inner if stage != name and inner else dict.fromkeys(stage_of(job.name) for job in self.jobs)
        said = meant(name, [job.name for job in self.jobs])
        raise ConfigError(f"{self.path}: no stage '{name}'; stages there: {', '.join(there)}.{said}")

    def stage(self, name: str) -> tuple[Job, ...]:
        """Return the jobs of a stage or a pass, each after what it needs; of a job of a pass itself. ConfigError as `job`."""
        return tuple(job for job in self.jobs if stage_of(job.name) == name) or (self.job(name),)


def load_recipe(
    path: str, given: Mapping[str, str] | None = None, remembered: Mapping[str, str] | None = None
) -> Recipe:
    """Run a recipe file and its `stages()`. ConfigError with the line when it cannot be loaded.

    `given` are its parameters as `--set` says them; `remembered` those of an earlier run, which count where nothing is given and
    are passed over where the recipe does not have them any more.
    """
    given = given or {}
    stages = _stages(path)
    parameters = parameters_of(stages, path)
    known = {name: text for name, text in readable(parameters, remembered or {}).items() if name not in given}
    values = settle(parameters, {**known, **given}, path)
    file = Path(path)
    made = _guarded(file, lambda: stages(**values))
    nodes = tuple(_node(file, item) for item in (made if isinstance(made, (tuple, list)) else (made,)))
    if not nodes:
        raise ConfigError(f"{path}: stages() returned nothing. Return a tuple of stages.")
    return Recipe(
        path=path, sha256=_sha256(file, values), nodes=nodes, jobs=in_order(tuple(job for node in nodes for job in node.jobs())),
        parameters=parameters, given={name: as_text(values[name]) for name in {**known, **given}},
        remembered=tuple(known), values=values,
    )  # fmt: skip


def recipe_parameters(path: str) -> tuple[Parameter, ...]:
    """Return what can be set of a recipe, without its stages. ConfigError when it cannot be loaded."""
    return parameters_of(_stages(path), path)


def _stages(path: str) -> Callable[..., object]:
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"{path}: no such recipe. Give the path of a Python file with a function stages().")
    stages: object = vars(_module(file)).get("stages")
    if not callable(stages):
        raise ConfigError(f"{path}: it has no function stages(). Add one that returns the stages as a tuple.")
    return stages


def _sha256(file: Path, values: Mapping[str, Value]) -> str:
    digest = hashlib.sha256(file.read_bytes())
    if values:
        digest.update(canonical(as_values(values)).encode())
    return digest.hexdigest()


def job_identity(job: Job) -> str:
    """Return one hash of all that decides a job's output besides inputs and code. ConfigError when it cannot be computed."""
    return _hash(job, whole_identity(job))


def known_identities(job: Job) -> set[str]:
    """Return the job's identity, and what it was under the names of earlier releases: their work is as good."""
    identity = whole_identity(job)
    return {_hash(job, value) for value in (identity, *former_identities(identity))}


def _hash(job: Job, identity: object) -> str:
    try:
        text = canonical(identity)
        if address := ADDRESS.search(text):
            raise ValueError(f"{address[0]} contains a memory address, which differs in each process")
        return hashlib.sha256(text.encode()).hexdigest()
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"stage '{job.name}': it has no identity: {error}. Let identity() return numbers, text, lists and dictionaries of "
            "these; `atom_data.identity.describe` makes them of steps and files."
        ) from error


def _node(file: Path, item: object) -> Node:
    if isinstance(item, type) or not isinstance(item, Node) or not item.jobs():
        raise ConfigError(
            f"{file}: stages() returned {item!r}, which is not a stage. Return Stage(...), Tokenize(...) or another node."
        )
    return item


def _module(file: Path) -> ModuleType:
    name = f"atom_data_recipe_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{file}: is not a Python file. A recipe's name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that a step defined in the recipe knows its source file
    _guarded(file, lambda: _execute(file, module))
    return module


def _execute(file: Path, module: ModuleType) -> None:
    """Run a recipe as it stands. What Python keeps of it would go by second and size, and lie in the user's folder."""
    exec(compile(file.read_bytes(), str(file), "exec", dont_inherit=True), vars(module))


def _guarded(file: Path, call: object) -> object:
    try:
        return call()  # type: ignore[operator]
    except MissingColumn as error:
        raise MissingColumn(f"{file}{_line(file, error)}: {error}", error.columns) from error
    except AtomDataError as error:
        raise type(error)(f"{file}{_line(file, error)}: {error}") from error
    except SyntaxError as error:
        raise ConfigError(f"{file}, line {error.lineno}: {error.msg}. Correct the recipe.") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"{file}{_line(file, error)}: the recipe raised {what}.{_meant(error)} Correct the recipe."
        ) from error


def _meant(error: Exception) -> str:
    """Return the name that was meant where an import from this package names nothing."""
    found = re.match(r"cannot import name '(\w+)' from '(atom_data[\w.]*)'", str(error))
    if not isinstance(error, ImportError) or found is None:
        return ""
    package = sys.modules.get(found[2])
    return meant(found[1], package.__all__ if package is not None and "__all__" in vars(package) else ())


def _line(file: Path, error: BaseException) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == file.resolve()
    ]
    return f", line {lines[-1]}" if lines else ""
