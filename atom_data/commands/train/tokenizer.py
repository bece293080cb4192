"""`train-tokenizer`: train a tokenizer."""

from pathlib import Path
from typing import Annotated

import typer

from atom_data.commands.screen import DEFAULT_OUT, Output, Set, console, load
from atom_data.errors import ConfigError
from atom_data.graph import Source
from atom_data.readers.open import source_for
from atom_data.runner.plan import require_complete
from atom_data.stage import Stage
from atom_data.storage.made import refuse_file
from atom_data.storage.paths import create, without_secrets
from atom_data.terminal.table import plural
from atom_data.tokens.tokenizer.encode import load_encoder
from atom_data.tokens.tokenizer.train import Sample, Training, draw, train
from atom_data.workspace import Workspace

MEGABYTES = 1024
PIECE = 1_000


def train_tokenizer(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILES", help="Parquet, JSON lines or text with the corpus; or --recipe and --stage."),
    ] = None,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The tokenizer.json to write.")] = Path("tokenizer.json"),
    recipe: Annotated[str | None, typer.Option(help="A recipe, to train on one of its finished stages.")] = None,
    stage: Annotated[str, typer.Option(help="The stage of the recipe.")] = "unique",
    output: Output = DEFAULT_OUT,
    given: Set = None,
    size: Annotated[int, typer.Option(min=258, help="Vocabulary size: special tokens, 256 bytes, merges.")] = 32_768,
    split: Annotated[str, typer.Option(help="How text is cut before merging: gpt2, cl100k or o200k.")] = "cl100k",
    special: Annotated[
        list[str] | None, typer.Option(help="A special token; may be repeated. The first one ends documents.")
    ] = None,
    sample_mb: Annotated[
        int, typer.Option(min=1, help="MB of text to train on; also about the memory it takes.")
    ] = MEGABYTES,
    seed: Annotated[int, typer.Option(min=0, help="Random seed for the sample.")] = 0,
) -> None:
    """Train a byte-level BPE tokenizer on a sample of a corpus, drawn by a hash of each id.

    The same corpus, size, split and seed give the same file. At the end both encoders must give the same ids.

    Example: atom-data train-tokenizer 'pages/*.parquet' --size 65000 --to tokenizer.json
    """
    refuse_file(to, "--to")
    training = Training(size=size, split=split, special=tuple(special or ["<|endoftext|>"]))
    source = _source(files, recipe, stage, output, given)
    screen = console(stderr=True)
    with screen.status("reading") as status:

        def seen(documents: int, text_bytes: int) -> None:
            status.update(f"reading: {plural(documents, 'document')}, {text_bytes / 1e6:,.0f} MB of text")

        sample = draw(source, Workspace(output), sample_mb << 20, seed, seen)
        status.update(f"learning {size:,} ids from {plural(len(sample.texts), 'document')}")
        definition = train(sample.texts, training)
    with create(str(to), "train") as stream:
        stream.write(definition.encode())
    _report(to, sample, training.special[0])


def _source(files: list[str] | None, recipe: str | None, stage: str, output: str, given: list[str] | None) -> Source:
    if bool(files) == bool(recipe):
        raise ConfigError("train-tokenizer: give either files, or --recipe with --stage.")
    if recipe is None:
        return source_for("train-tokenizer", *(files or []))
    job = load(recipe, Workspace(output), given).job(stage)
    if not isinstance(job, Stage) or "text" not in job.schema().names:
        raise ConfigError(f"{recipe}: '{stage}' writes no text. Name a stage that does.")
    require_complete(job, Workspace(output, "train-tokenizer"), accept_code=True)
    return job


def _report(to: Path, sample: Sample, eos: str) -> None:
    encoder = load_encoder(to, eos)
    texts = sample.texts[:PIECE]
    ids = encoder.encode(texts)
    for number, text in enumerate(texts[:20]):
        its = ids.ids[ids.offsets[number] : ids.offsets[number + 1]].tolist()
        encoder.reference.check(without_secrets(str(to)), f"number {number} of the sample", text, its)
    per_token = sum(len(text.encode()) for text in texts) / max(len(ids.ids), 1)
    left_out = f" ({sample.unreadable:,} records were unreadable)" if sample.unreadable else ""
    screen = console()
    screen.prose(
        f"{to}: {encoder.vocabulary.size:,} ids learned from {len(sample.texts):,} of {plural(sample.documents, 'document')}, "
        f"{sample.sampled_bytes / 1e6:,.1f} of {sample.text_bytes / 1e6:,.1f} MB{left_out}; "
        f"{per_token:.2f} bytes per token; '{eos}' ends documents",
    )
    ends = "" if eos == "<|endoftext|>" else f", eos={eos!r}"
    screen.print(f"In a recipe: Tokenize(reads=..., tokenizer=Path({str(to)!r}){ends})", soft_wrap=True)
