"""The sample recipe over 498 real pages, beside a bare loop of FastWARC + resiliparse and the same chain in datatrove.

    make bench-pipeline          QUICK=1: one round of the small file; LARGE=0: without the file of 1 GB; PEER=0: without datatrove
    python benchmarks/pipeline.py --data FILE.warc.gz

Every contender is a whole process, start and imports included, on one worker. Ours is `atom-data run` on the recipe as it
stands in `pipelines/sample.py`: a copy of that file in a folder where the data has the place of the sample. `x10` are ten
copies of the file whose pages are marked so that none is taken for a copy (`marked.py`), `1 GB` as many as fill a file of
Common Crawl's size. That the work is the same is looked at with resiliparse as the engine, as the loop has it.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from contenders import PACKED, SAMPLE, datatrove_command, lay_out, loop_command, ours_command, versions
from inputs import arguments
from marked import write
from measure import QUICK, ROOT, Contender, Run, in_turn, row, run
from pipeline_results import DIFFERENCES, results, same_work, stages
from table import tell

from atom_data.runner.recipe import Recipe, load_recipe

REAL = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"
COPIES, LARGE_BYTES = 10, 1_000_000_000
LARGE = os.environ.get("LARGE", "1") != "0" and not QUICK
PEER = os.environ.get("PEER", "1") != "0"
ROUNDS = {"atom-data": 3, "bare loop": 3, "datatrove": 2, "x10": 2, "1 GB": 1}
WORK = {
    "atom-data": "read, extract, URL and language and quality filters, exact and near copies, tokenize; ledgers, receipts",
    "bare loop": "read and extract; nothing is filtered or written",
    "datatrove": "read, extract, URL and language and quality filters, exact and near copies, tokenize",
}
AIMS = {"": 1.0, "x10": 0.62, "1 GB": 0.62}
"""The CPU of the whole recipe over that of the bare loop, by input."""


@dataclass(frozen=True, slots=True)
class Input:
    """What all contenders read."""

    label: str
    """Behind the name of a contender: nothing for the file itself."""
    files: tuple[Path, ...]

    def named(self, tool: str) -> str:
        """Return the name of a contender on this input."""
        return f"{tool} {self.label}".strip()


def main() -> None:
    """Measure, check that the work was the same, write the report, print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, nargs="+", help="WARC files instead of the 498 pages or the sample")
    given = parser.parse_args().data
    files = (
        [path.resolve() for path in given] if given else [REAL] if REAL.exists() else sorted(SAMPLE.glob(f"*{PACKED}"))
    )
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as place:
        report = measure(files, Path(place))
    said = []
    for label, aim in AIMS.items():
        name = f"bare loop {label}".strip()
        if name in report["ratios"]:
            wall, cpu = (1 / report["ratios"][name + figure] for figure in ("", " CPU"))
            said.append(f"{wall:.2f} times the {name} by wall, {cpu:.2f} by CPU; the aim is {aim} by CPU")
    said += [f"{name} is left out: {reason}" for name, reason in report["same_work"]["left out"].items()]
    tell("pipeline", report, *said, *DIFFERENCES)


def inputs(files: Sequence[Path], scratch: Path) -> list[Input]:
    """Return the files, ten marked copies of the first, and one file of 1 GB of marked copies."""
    found = [Input("", tuple(files))]
    if not QUICK:
        found.append(Input("x10", tuple(write(files[0], scratch / "marked", COPIES))))
    if LARGE:
        copies = -(-LARGE_BYTES // files[0].stat().st_size)
        found.append(Input("1 GB", tuple(write(files[0], scratch / "large", copies, one=True))))
    return found


def measure(files: Sequence[Path], scratch: Path) -> dict[str, Any]:
    """Run all contenders and return the report without its name and machine."""
    given = inputs(files, scratch)
    laid = {one.label: lay_out(one.files, 1, scratch / f"input {one.label}".strip()) for one in given}
    recipe = load_recipe(str(laid[""]))
    same = same_work(*_alike(laid[""], scratch), recipe)
    run(
        ours_command(laid[""], scratch / "warm"), scratch / "warm"
    )  # untimed: compiles and caches what a first run compiles
    contenders: dict[str, Contender] = {}
    for one in given:
        path = laid[one.label]
        contenders[one.named("atom-data")] = partial(ours_command, path)
        contenders[one.named("bare loop")] = partial(loop_command, path, recipe)
    try:
        if not PEER:
            raise RuntimeError("datatrove: PEER=0 was set")
        peer = datatrove_command(laid[""], recipe)
        run([*peer, "--prepare", "--out", str(scratch)], scratch)
        contenders["datatrove"] = lambda folder: [*peer, "--out", str(folder)]
    except RuntimeError as error:
        same["left out"]["datatrove"] = "its environment was not made"
        print(error, file=sys.stderr)
    rounds = {name: 1 if QUICK else ROUNDS.get(_label(name), ROUNDS.get(name, 1)) for name in contenders}
    return summary(given, in_turn(contenders, rounds, scratch, same["left out"]), same, recipe)


def _alike(path: Path, scratch: Path) -> tuple[dict[str, Any], Path]:
    """Run the loop and our recipe with the loop's engine; return what the loop counted, and our folder."""
    folder, loop = scratch / "alike", scratch / "texts"
    shutil.copytree(path.parent, folder, symlinks=True)
    recipe = folder / path.name
    text = recipe.read_text("utf-8")
    recipe.write_text(
        f"from atom_data.extract import Resiliparse\n{text}".replace("Extract()", "Extract(engine=Resiliparse())")
    )
    run(ours_command(recipe, folder), folder)
    run([*loop_command(path, load_recipe(str(path)), loop), "--texts"], loop)
    return json.loads((loop / "counts.json").read_bytes()), folder


def _tool(name: str) -> str:
    return next(tool for tool in WORK if name == tool or name.startswith(f"{tool} "))


def _label(name: str) -> str:
    return name.removeprefix(_tool(name)).strip()


def ratios(runs: Mapping[str, list[Run]]) -> dict[str, float]:
    """How long the others take for each second of ours, by median wall time and by median CPU time."""
    found = {}
    for name, taken in runs.items():
        ours = runs.get(f"atom-data {_label(name)}".strip())
        if _tool(name) != "atom-data" and ours:
            for label, figure in (("", "wall_s"), (" CPU", "cpu_s")):
                theirs, mine = (statistics.median(getattr(item, figure) for item in group) for group in (taken, ours))
                found[name + label] = round(theirs / mine, 3)
    return found


def summary(
    given: Sequence[Input], runs: Mapping[str, list[Run]], same: dict[str, Any], recipe: Recipe
) -> dict[str, Any]:
    """Put the report together."""
    rows, known = [], {one.label: one for one in given}
    counts = {
        one.label: json.loads((runs[one.named("bare loop")][-1].folder / "counts.json").read_bytes()) for one in given
    }
    for name, taken in runs.items():
        one, counted = known[_label(name)], counts[_label(name)]
        warc, text = sum(path.stat().st_size for path in one.files) / 1e6, counted["text_bytes"] / 1e6
        result = results(_tool(name), recipe, taken[-1], counted["pages"])
        wall = statistics.median(item.wall_s for item in taken)
        result |= {"warc_mb_per_s": round(warc / wall, 3), "text_mb_per_s": round(text / wall, 3)}
        result["text_mb_per_s_core"] = round(text / statistics.median(item.cpu_s for item in taken), 3)
        rows.append(
            row(
                name,
                versions(_tool(name)),
                WORK[_tool(name)],
                taken,
                megabytes=warc,
                documents=counted["pages"],
                result=result,
            )
        )
    warc = sum(path.stat().st_size for path in given[0].files)
    return {
        "input": {
            "what": "498 web pages (WCXB)"
            if [path.name for path in given[0].files] == [REAL.name]
            else f"{len(given[0].files)} WARC files",
            "bytes": warc,
            "text_bytes": counts[""]["text_bytes"],
            "documents": counts[""]["pages"],
        },
        "unit": "compressed WARC",
        "rounds": {name: len(taken) for name, taken in runs.items()},
        "rows": rows,
        "ratios": ratios(runs),
        "stages": {
            one.named("atom-data"): stages(recipe, runs[one.named("atom-data")][-1])
            for one in given
            if one.named("atom-data") in runs
        },
        "same_work": same,
    }


if __name__ == "__main__":
    main()
