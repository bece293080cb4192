"""`minhash-explain` and `dedup-eval`: what a configuration of MinHash promises, and what it keeps on your documents."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.markup import escape

from atom_data.commands.screen import DEFAULT_OUT, Output, Set, console, load, printable
from atom_data.dedup import MinHash
from atom_data.dedup.near.curve import Curve, best_curve
from atom_data.errors import ConfigError
from atom_data.evaluate.evaluate import Evaluation, Link
from atom_data.evaluate.explain import BAND_BYTES, BINS, SIGNATURE_BYTES, curve_svg, neighbors, picture
from atom_data.evaluate.trial import Trial, try_configuration
from atom_data.storage.made import refuse_file
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import Column, plural, print_table
from atom_data.workspace import Workspace

Bands = Annotated[int | None, typer.Option(min=1, help="Bands of a signature; two texts with one equal are compared.")]
Rows = Annotated[int | None, typer.Option(min=1, help="Rows per band, which must all be equal.")]
Threshold = Annotated[
    float | None,
    typer.Option(help="Instead of bands and rows: the Jaccard index for which datasketch would choose them."),
]
Permutations = Annotated[
    int, typer.Option(min=2, help="With --threshold: the maximum number of hashes in a signature.")
]
Documents = Annotated[
    list[str] | None,
    typer.Argument(metavar="DOCUMENTS", help="Parquet or JSONL files with id and text, or folders and globs of them."),
]
Pass = Annotated[
    str | None, typer.Option("--pass", help="Which pass, when the recipe has several: the name of its folder.")
]
Labels = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Labeled pairs: two ids and optionally a label (JSONL, CSV, TSV, Parquet)."),
]
Complete = Annotated[
    bool | None,
    typer.Option("--complete/--partial", help="Whether pairs that FILE does not name are not duplicates."),
]
Show = Annotated[int, typer.Option(min=0, help="Number of missed pairs and wrong removals to list, with their texts.")]


def minhash_explain(
    bands: Bands = None,
    rows: Rows = None,
    threshold: Threshold = None,
    permutations: Permutations = 128,
    min_jaccard: Annotated[
        float, typer.Option(help="Minimum Jaccard index of a confirmed copy.")
    ] = MinHash().min_jaccard or 0.75,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the curve to an SVG file.")] = None,
) -> None:
    """Print what bands and rows do: the S-curve, what is found and what is missed, what stricter means, and what it costs.

    Two texts are compared when they share a band, and a copy is removed only when its words confirm it. So a curve that is
    too wide costs time, and one that is too strict misses copies; neither removes a document wrongly.
    """
    curve = _curve(bands, rows, threshold, permutations)
    if not 0 < min_jaccard <= 1:
        raise ConfigError(f"--min-jaccard: {min_jaccard} is not a Jaccard index. Give a number above 0, up to 1.")
    screen = console()
    screen.prose(
        f"[bold]{curve.bands} bands of {curve.rows} rows[/bold] = {curve.permutations} hashes per document. Two texts of "
        f"Jaccard index s are compared with probability 1 - (1 - s^{curve.rows})^{curve.bands}.\n",
    )
    for line in picture(curve, min_jaccard):
        screen.prose(line)
    screen.print(f"\nHalf of the pairs with Jaccard index {curve.midpoint:.3f} are compared.\n")
    _chances(curve, screen)
    _stricter(curve, min_jaccard, screen)
    screen.print()
    for line in _costs(curve, min_jaccard):
        screen.prose(line)
    if svg is not None:
        if svg.suffix.lower() != ".svg":
            raise ConfigError(f"--svg: {svg} does not end in .svg. Give a name that does.")
        refuse_file(svg, "--svg")
        svg.write_text(curve_svg([curve], min_jaccard), "utf-8")
        screen.print(f"drawn: {svg}")


def _curve(bands: int | None, rows: int | None, threshold: float | None, permutations: int) -> Curve:
    if threshold is not None:
        if bands is not None or rows is not None:
            raise ConfigError("--threshold: it chooses bands and rows. Give either it or --bands and --rows.")
        return best_curve(threshold, permutations)
    default = MinHash()
    return Curve(default.bands if bands is None else bands, default.rows if rows is None else rows)


def _chances(curve: Curve, screen: Screen) -> None:
    titles = ("Jaccard", "compared", "missed", "bin", "expected recall")
    rows = []
    for number, place in enumerate((0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)):
        chance = float(curve.proposed(place))
        low, high = BINS[number] if number < len(BINS) else (1.0, 1.0)
        name = f"{low:.2f}-{high:.2f}" if low < high else "equal texts"
        rows.append([f"{place:.2f}", f"{chance:.2%}", f"{1 - chance:.2%}", name, f"{curve.mean(low, high):.1%}"])
    print_table(screen, [Column(title) for title in titles], rows)


def _stricter(curve: Curve, min_jaccard: float, screen: Screen) -> None:
    titles = ("bands x rows", "hashes", "half at", f"recall {min_jaccard:g}-1", "compared at 0.5", "at 0.3")
    rows = []
    for other in neighbors(curve):
        where = (
            "stricter" if other.midpoint > curve.midpoint else "wider" if other.midpoint < curve.midpoint else "this"
        )
        half, third = (float(other.proposed(place)) for place in (0.5, 0.3))
        rows.append([
            f"{other.bands} x {other.rows}", str(other.permutations), f"{other.midpoint:.3f}",
            f"{other.mean(min_jaccard, 1.0):.2%}", f"{half:.2%}", f"{third:.3%}", where,
        ])  # fmt: skip
    screen.print("\n[bold]stricter (above) and wider (below)[/bold]")
    print_table(screen, [*(Column(title) for title in titles), Column("", left=True)], rows)


def _costs(curve: Curve, min_jaccard: float) -> Iterator[str]:
    yield "More rows make it stricter: fewer pairs compared, more copies missed. More bands make it wider: the other way round."
    yield (
        f"Compared for nothing: {curve.waste(min_jaccard):.1%} of pairs below {min_jaccard:g}, were all Jaccard indices below it "
        "equally likely; most pairs are near 0, so it is far less. Their texts refuse them; without confirmation they would go."
    )
    yield (
        f"Cost: {curve.bands * BAND_BYTES:,} bytes of band hashes per document on disk ({BAND_BYTES} per band), "
        f"{curve.permutations * SIGNATURE_BYTES:,} bytes of memory per document of a batch while it is signed."
    )


def dedup_eval(
    documents: Documents = None,
    recipe: Annotated[str | None, typer.Option(help="Take the MinHash of this recipe.")] = None,
    pass_: Pass = None,
    output: Output = DEFAULT_OUT,
    settings: Set = None,
    bands: Bands = None,
    rows: Rows = None,
    ngram: Annotated[int | None, typer.Option(min=1, help="Words in a shingle, or what --unit says.")] = None,
    unit: Annotated[str | None, typer.Option(help="What --ngram counts: words, or characters.")] = None,
    min_jaccard: Annotated[float | None, typer.Option(help="Minimum Jaccard index of a confirmed copy.")] = None,
    threshold: Threshold = None,
    permutations: Permutations = 128,
    pairs: Labels = None,
    complete: Complete = None,
    sample: Annotated[int, typer.Option(min=2, help="Maximum number of documents; sampled by id.")] = 20_000,
    floor: Annotated[
        float, typer.Option(help="Without labels: the minimum Jaccard index of a pair in the table.")
    ] = 0.5,
    show: Show = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, pairs included.")] = False,
) -> None:
    """Measure precision and recall of a MinHash configuration on your documents, by Jaccard bin.

    The pass itself runs on the documents, or a sample of them. It is held against the true Jaccard index of every pair, or
    against pairs you have labeled. A pair is *caught* when at most one of its documents is left. Without DOCUMENTS, those that
    the recipe's pass reads in --output are taken. A small sample of a large corpus has few pairs: raise --sample then.
    """
    asked = {"ngram": ngram, "unit": unit, "bands": bands, "rows": rows, "min_jaccard": min_jaccard}
    given = {name: value for name, value in asked.items() if value is not None}
    if recipe is not None and (given or threshold is not None):
        raise ConfigError(f"--recipe: it says all of {', '.join(asked)}. Give either it or the numbers.")
    if threshold is not None:
        curve = _curve(bands, rows, threshold, permutations)
        given |= {"bands": curve.bands, "rows": curve.rows}
    workspace = Workspace(output)
    trial = try_configuration(
        documents or (), given, recipe=load(recipe, workspace, settings) if recipe else None, name=pass_, workspace=workspace,
        labels=pairs, complete=complete, most=sample, floor=floor,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(_plain(trial), ensure_ascii=False, indent=1))
        return
    _print(trial, show, console())


def _print(trial: Trial, show: int, screen: Screen) -> None:
    found = trial.evaluation
    drawn = f" drawn from {trial.seen:,}" if trial.seen > found.documents else ""
    screen.prose(f"[bold]{escape(trial.configuration)}[/bold]  {plural(found.documents, 'document')}{drawn}")
    rows = []
    for one in found.bins:
        name = f"{one.low:.2f}-{one.high:.2f}" if one.low < 1 else "1.00"
        shares = (f"{value / one.pairs:.1%}" for value in (one.proposed, one.expected))
        rows.append([name, f"{one.pairs:,}", *shares, f"{one.caught:,}", f"{one.caught / one.pairs:.1%}"])
    titles = ("Jaccard", "pairs", "compared", "expected", "caught", "recall")
    print_table(screen, [Column(title) for title in titles], rows)
    recall = f"{found.recall:.2%}" if found.recall is not None else "-"
    precision = f"{found.precision:.2%}" if found.precision is not None else "-"
    missed = f"{found.duplicates - len(found.missed):,} of {found.duplicates:,} pairs that {trial.wanted}"
    screen.prose(f"\nrecall [bold]{recall}[/bold]: {missed} are caught")
    unjudged = f"; of {found.unjudged:,} more the labels say nothing" if found.unjudged else ""
    judged = found.removed - found.unjudged
    screen.prose(
        f"precision [bold]{precision}[/bold]: {judged - len(found.wrong):,} of {judged:,} removals are right{unjudged}",
    )
    for title, links in (("missed", found.missed), ("wrongly removed", found.wrong)):
        for link in links[:show]:
            _print_link(title, link, trial.documents, screen)
    if show == 0 and (found.missed or found.wrong):
        screen.print("--show 10 lists what was missed and what was wrongly removed.")


def _print_link(title: str, link: Link, documents: pa.Table, screen: Screen) -> None:
    screen.print(f"\n[red]{title}[/red]  Jaccard {link.jaccard:.3f}")
    for number in (link.one, link.other):
        identity, text = (documents.column(name)[number].as_py() for name in ("id", "text"))
        start = printable(" ".join((text or "")[:400].split())[:200])
        screen.prose(f"  [bold]{escape(printable(identity))}[/bold]  {escape(start)}")


def _plain(trial: Trial) -> dict[str, object]:
    """Return all of a trial as JSON values."""
    found: Evaluation = trial.evaluation
    ids = trial.documents.column("id").to_pylist()
    listed = {
        name: [{"one": ids[link.one], "other": ids[link.other], "jaccard": link.jaccard} for link in links]
        for name, links in (("missed", found.missed), ("wrong", found.wrong))
    }
    return {
        "configuration": trial.configuration,
        "documents": found.documents,
        "drawn_from": trial.seen,
        "removed": found.removed,
        "duplicates": found.duplicates,
        "recall": found.recall,
        "precision": found.precision,
        "unjudged": found.unjudged,
        "bins": [asdict(one) for one in found.bins],
        **listed,
    }
