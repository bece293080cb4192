"""The operator of a cluster, and the researcher who trains on what came of it."""

import json
import re
import shutil

from newcomers.person import Person

FAILING = """from atom_data import Jsonl, Stage
from atom_data.signals import count_words


def fails(batch):
    if batch.num_rows:
        raise ValueError("a step of one's own")
    return batch


def fails_at_once(batch):
    raise ValueError("a step of one's own")


def stages():
    return (Stage(name="clean", reads=Jsonl("in/*.jsonl"), steps=(count_words, {step})),)
"""
MIX = 'sequence_length = 256\nsamples = {samples}\n[sources.web]\ntokens = "first/out/tokens"\n'


def operator(person: Person) -> None:
    """Slurm's scripts without Slurm, a shard that fails, a step that fails, cleaning up."""
    person.types("atom-data init jsonl first")
    said = person.types("atom-data run first/recipe.py -o first/out --on slurm --dry-run --tasks 4 --time 2:00:00")
    assert "#SBATCH" in said and "Nothing was submitted" in said
    names = re.findall(r"--job-name=(\S+)", said)
    assert names and all("recipe" in name for name in names), said
    person.faults.append(
        {"fault": "job names say nothing", "command": "run --on slurm --dry-run", "said": f"--job-name={names[0]}"}
    )
    person.hears(
        "--dry-run ran",
        "atom-data run first/recipe.py -o dry --dry-run",
        "This was a dry run: nothing was made, removed or written.",
        code=0,
    )
    assert not (person.home / "dry" / "clean").exists()
    person.hears("options of a cluster are ignored", "atom-data run first/recipe.py --tasks 4", "--tasks*--on slurm")
    person.writes("p.toml", 'partitn = "x"\n')
    person.hears(
        "a typo in a profile", "atom-data run first/recipe.py --on slurm --profile p.toml", "unknown key 'partitn'"
    )
    if not shutil.which("scontrol"):
        person.hears(
            "not on a login node", "atom-data run first/recipe.py -o slurm --on slurm",
            "Run this on a login node of the cluster, or with --dry-run.",
        )  # fmt: skip
    for number in range(4):
        person.writes(f"in/{number}.jsonl", json.dumps({"id": str(number), "text": "some words"}))
    person.writes("fails.py", FAILING.format(step="fails"))
    said = person.types("atom-data run fails.py -o failed 2>&1 | sed 's/Traceback/trace/'")
    assert said.count("trace (most recent call last)") == 1 and len(said.splitlines()) < 60, said
    person.faults.append(
        {
            "fault": "64 lines for 3 shards",
            "command": "run fails.py",
            "said": f"{len(said.splitlines())} lines for 4 shards",
        }
    )
    person.writes("fails.py", FAILING.format(step="fails_at_once"))
    person.hears(
        "a step that fails",
        "atom-data check fails.py",
        "step 2 (fails_at_once): with zero rows it raises ValueError: a step of",
    )
    person.types("head -c 40 first/data/documents.jsonl | gzip | head -c 30 > in/4.jsonl.gz")
    person.writes("works.py", FAILING.format(step="count_words").replace("*.jsonl", "*"))
    person.types("atom-data run works.py -o works", code=1)
    person.hears("why a shard failed", "atom-data logs works --failed", "clean/4.jsonl", code=0)
    person.types("atom-data run works.py -o works --allow-failed 1", code=3)
    assert "1 shard that failed" in person.types("atom-data status works")
    person.types("atom-data run first/recipe.py -o first/out --log json")
    person.hears("intermediates stay", "atom-data clean first/out --dry-run", "MB", code=0)
    person.types("atom-data status first/out --watch --seconds 1")
    person.types("atom-data status first/out --metrics m.txt")
    person.hears("another recipe in the folder", "atom-data run works.py -o first/out", "or --replace to go on", code=2)
    person.types("atom-data warm first/recipe.py")


def researcher(person: Person) -> None:
    """A tokenizer of one's own, tokens, a mix, batches, and where they came from."""
    person.types("atom-data init jsonl first")
    hint = person.types(
        "atom-data train-tokenizer first/data/documents.jsonl --to first/tok.json --size 600 --special '<|eos|>'"
    )
    assert "Tokenize(reads=..., tokenizer=" in hint
    told = re.findall(r"Tokenize\(reads=\.\.\., (.*)\)", hint)
    recipe = person.home / "first" / "recipe.py"
    text = recipe.read_text().replace("return (fuzzy_deduped,)", f"return (Tokenize(reads=fuzzy_deduped, {told[0]}),)")
    recipe.write_text(text.replace("SameText, Stage", "SameText, Stage, Tokenize"))
    person.types("atom-data run first/recipe.py -o first/out")
    person.faults.append(
        {"fault": "the printed hint fails", "command": "Tokenize", "said": f"Tokenize(reads=..., {told[0]})"}
    )
    person.types("atom-data show mix")
    person.writes("mix.toml", MIX.format(samples=400))
    person.types("atom-data mix plan mix.toml")
    person.types("atom-data batches first/out/tokens --count 1")
    person.hears(
        "a mix file in place of tokens",
        "atom-data batches mix.toml",
        "is a mix file, and batches are drawn from one folder.",
    )
    person.types("atom-data trace mix.toml --sample 3")
    person.types("atom-data export first/out/tokens --format olmo --to olmo")
    person.types("atom-data pack first/out/tokens --to packed --length 256")
    person.writes("mix.toml", MIX.format(samples=90_000))
    person.hears("epochs without a word", "atom-data mix plan mix.toml", "note:*epochs", code=0)
    planned = json.loads(person.types("atom-data plan first/recipe.py -o first/out --json 2> plan.err"))
    assert planned["cost"]
    assert "figures are within their intervals" in person.types("atom-data plan first/recipe.py -o first/out --compare")
    person.types("atom-data minhash-explain --bands 14 --rows 8")
    person.types("atom-data dedup-eval first/data/documents.jsonl")
