"""Where the code of a step comes from: the source files that a function or class outside this package is made of.

A function counts by the file that defines it and by every file of the user's own that this one imports, directly or
through others, so that an edited helper is noticed. Installed packages count by their version. What is imported by name
at run time (`importlib.import_module`) is not seen.
"""

import ast
import hashlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from atom_data.errors import ConfigError
from atom_data.imports import WHOLE, Imported, imports_behind, parsed, read_source
from atom_data.public_names import PUBLIC

PACKAGE = "atom_data"
COUNTED_ELSEWHERE = frozenset(("atom_data", "numpy", "pyarrow", "numba"))
"""This package and libraries whose versions count in nearly every job: see `reach.code_identity`."""


def origin(thing: Any) -> object:  # noqa: ANN401 - a class or a function
    """Return the name of a class or function and what decides its code, as plain JSON values.

    In this package: the public name alone, because its sources count in each job that reaches them (see `reach`). Elsewhere: the
    SHA-256 of the file, of the user's own modules that it imports, and versions of packages. ConfigError where no source
    file can be found.
    """
    if is_ours(thing):
        return public_name(thing)
    name = thing.__qualname__.rpartition(".")[2]
    if not _is_users(thing.__module__):
        source = _source(thing.__module__)
        return {"name": name, "sha256": file_hash(source) if source else "", "version": _version(thing.__module__)}
    file = _file(thing)
    others, packages = _imported(thing.__module__, file)
    found: dict[str, object] = {"name": name, "sha256": file_hash(file)}
    if others:
        found["modules"] = {module: file_hash(path) for module, path in sorted(others.items())}
    if packages:
        found["packages"] = {package: _version(package) for package in sorted(packages)}
    return found


def package_imports(module: str, name: str) -> frozenset[Imported]:
    """Return what a class or function outside this package imports of it, itself and through the user's modules.

    Of the file that defines it only what it needs, so that a step in a recipe does not need all that the recipe is made of;
    without a name, all that the module imports. All of this package where no source can be read, and for an installed
    package that depends on it.
    """
    if not _is_users(module):
        return frozenset((WHOLE,)) if _depends_on_us(module.partition(".")[0]) else frozenset()
    there = sys.modules.get(module)
    source = vars(there).get("__file__") if there is not None else None
    if source is None or not Path(source).is_file():
        return frozenset((WHOLE,))
    file = Path(source)
    content, is_page = file.read_bytes(), file.name == "__init__.py"
    whole = read_source(content, module, is_page).imports
    found = set(imports_behind(content, module, is_page, name) if name else whole)
    for other, path in _imported(module, file)[0].items():
        found.update(read_source(path.read_bytes(), other, path.name == "__init__.py").imports)
    return frozenset(item for item in found if item.module.partition(".")[0] == PACKAGE)


@cache
def _depends_on_us(package: str) -> bool:
    """Tell whether an installed package may use this one; what names no distribution may."""
    if package in COUNTED_ELSEWHERE or package in sys.stdlib_module_names:
        return False
    import importlib.metadata  # noqa: PLC0415 - slow, and seldom asked for

    try:
        names: Sequence[str] = (importlib.metadata.distribution(package).name,)
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(package, ())
    needed = [item for name in names for item in importlib.metadata.requires(name) or ()]
    return not names or any(re.match(r"atom[-_.]data\b", item, re.IGNORECASE) for item in needed)


def is_ours(thing: Any) -> bool:  # noqa: ANN401
    """Tell whether a class or function is of this package, whose sources count in every job."""
    return bool(thing.__module__.partition(".")[0] == PACKAGE)


def public_name(thing: Any) -> str:  # noqa: ANN401
    """Return the name under which this package exports a class or function: `atom_data.MinHash`, `atom_data.signals.CheckUrl`.

    What no package exports is named by its room, never by its module, so that a file may move within the room.
    """
    room = thing.__module__.split(".")[1]
    for package in (PACKAGE, f"{PACKAGE}.{room}"):
        name = f"{package}.{thing.__qualname__}"
        if name in PUBLIC and vars(sys.modules[package]).get("__all__") is not None:
            exported = getattr(sys.modules[package], thing.__qualname__, None)
            if exported is thing:
                return name
    name = f"{PACKAGE}.{room}.{thing.__qualname__}"
    if name in PUBLIC:
        raise ConfigError(f"{thing.__module__}.{thing.__qualname__}: {name} is another one. Rename it.")
    return name


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, one over the names and contents of all files below it."""
    try:
        if path.is_dir():
            digest = hashlib.sha256()
            for file in sorted(item for item in path.rglob("*") if item.is_file()):
                digest.update(f"{file.relative_to(path).as_posix()}\0{file_hash(file)}\0".encode())
            return digest.hexdigest()
        with path.open("rb") as stream:  # a list of domains may have 100 MB
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Check the path in the recipe.") from error


def _file(thing: Any) -> Path:  # noqa: ANN401
    module = sys.modules.get(thing.__module__)
    file = module.__file__ if module is not None and "__file__" in vars(module) else None
    try:
        file = file or inspect.getsourcefile(thing)
    except TypeError:
        file = None
    if file is None or not Path(file).is_file():
        raise ConfigError(
            f"{thing.__module__}.{thing.__qualname__} has no identity: no source file defines it, so a change of it would "
            "not be noticed. Define it in the recipe or in a module that it imports."
        )
    return Path(file)


def _imported(module: str, file: Path) -> tuple[dict[str, Path], set[str]]:
    """Return the user's own modules that a file needs, directly or through others, and the packages they import."""
    known: dict[str, Path] = {module: file}
    packages: set[str] = set()
    waiting = [(module, file)]
    while waiting:
        name, path = waiting.pop()
        for wanted in _imports(path.read_bytes(), name, path.name == "__init__.py"):
            top = wanted.partition(".")[0]
            if top in COUNTED_ELSEWHERE or top in sys.stdlib_module_names or wanted in known:
                continue
            source = _source(wanted)
            if source is None:
                continue
            if _is_installed(source):
                packages.add(top)
            elif source not in known.values():
                known[wanted] = source
                waiting.append((wanted, source))
    del known[module]
    return known, packages


@lru_cache(maxsize=256)
def _imports(source: bytes, module: str, is_package: bool) -> tuple[str, ...]:
    """Return the full names of all modules that a source may import; of `from a import b`, `a.b` too: it may be one."""
    found: dict[str, None] = {}
    parts = module.split(".")
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update(dict.fromkeys([base, *(f"{base}.{alias.name}" for alias in node.names)]))
    # Importing a.b runs a/__init__.py as well.
    whole = {".".join(name.split(".")[:end]): None for name in found for end in range(1, name.count(".") + 2)}
    return tuple(name for name in whole if name)


def _source(module: str) -> Path | None:
    """Return the source file of a module, or None where there is no such module or it is not Python source."""
    there = sys.modules.get(module)
    try:
        spec = there.__spec__ if there is not None else importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):  # `a.b` where b is a function of a, or a parent that cannot load
        return None
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return Path(spec.origin)


def _is_users(module: str) -> bool:
    """Tell whether a module is the user's own, neither of the standard library nor of an installed package."""
    if module.partition(".")[0] in sys.stdlib_module_names:
        return module == "__main__"
    source = _source(module)
    return source is None or not _is_installed(source)


@cache
def _installed_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in names})


def _is_installed(file: Path) -> bool:
    place = file.resolve()
    return any(part in ("site-packages", "dist-packages") for part in place.parts) or any(
        place.is_relative_to(folder) for folder in _installed_folders()
    )


@cache
def _version(module: str) -> str:
    """Return the version of the package that brings a module; that of Python for the standard library."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"Python {sys.version_info.major}.{sys.version_info.minor}"
    import importlib.metadata  # noqa: PLC0415 - slow, and seldom asked for

    found = importlib.metadata.packages_distributions().get(top, ())
    return ", ".join(sorted(f"{name} {importlib.metadata.version(name)}" for name in set(found)))
