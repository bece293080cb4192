"""The main output of every command as a person sees it: in terminals of 80, 100 and 160 columns, and piped.

`make screens` writes build/screens/NAME.80.txt and so on, and names what must not be: lines that are wider than the terminal
(unless they are a command, a path or a word that no terminal could hold), and escape codes where nobody looks.
"""

import argparse
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "screens"
WIDTHS = (80, 100, 160)
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9])")
RECIPE = ROOT / "pipelines" / "sample.py"


class Screen(NamedTuple):
    """A command whose output is looked at."""

    name: str
    words: str
    """With {recipe}, {out}: a finished run; {fresh}: a folder that is not there yet; {work}: other files."""


SCREENS = (
    Screen("help", "--help"),
    Screen("help-run", "run --help"),
    Screen("init", "init warc {fresh}"),
    Screen("check", "check {recipe} -o {fresh}"),
    Screen("check-faults", "check {work}/faults.py"),
    Screen("plan", "plan {work}/first/recipe.py -o {fresh}"),
    Screen("run", "run {recipe} -o {fresh} --workers 2"),
    Screen("run-again", "run {recipe} -o {out}"),
    Screen("run-dry", "run {recipe} -o {out} --dry-run"),
    Screen("run-slurm", "run {recipe} -o {fresh} --on slurm --dry-run"),
    Screen("run-unreadable", "run {work}/failing.py -o {fresh}"),
    Screen("status", "status {out}"),
    Screen("status-jobs", "status {out} --jobs"),
    Screen("status-mistyped", "status {out}t"),
    Screen("peek", "peek {out} --stage clean"),
    Screen("peek-card", "peek {out} --stage clean --reason alphabetic_words"),
    Screen("peek-copy", "peek {out} --stage fuzzy_deduped --reason near_copy"),
    Screen("tune", "tune {out}"),
    Screen("tune-more", "tune {out} --sweep alphabetic_words.min --by language --set alphabetic_words.min=0.7 --sample 1"),
    Screen("verify", "verify {out}"),
    Screen("verify-fault", "verify {work}/broken"),
    Screen("fingerprint", "fingerprint {out}"),
    Screen("report", "report {out} --to {fresh}.html"),
    Screen("publish-init", "publish {out} --init --passport {fresh}.toml"),
    Screen("publish-grade", "publish {out} --grade --passport {work}/passport.toml"),
    Screen("why", "why {out} https://www.debian.org/doc/manuals/aptitude/index.it.html"),
    Screen("diff", "diff {out} {out}"),
    Screen("takedown", "takedown {out} --domain debian-handbook.info --dry-run"),
    Screen("reproduce", "reproduce {out} --into {fresh} --prepare"),
    Screen("list", "list"),
    Screen("show-card", "show fineweb"),
    Screen("show-signal", "show count_words"),
    Screen("show-pass", "show MinHash"),
    Screen("show-mix", "show mix"),
    Screen("doctor", "doctor"),
    Screen("warm", "warm {recipe}"),
    Screen("batches", "batches {out}/tokens --count 2"),
    Screen("trace", "trace {out}/tokens --sample 3"),
    Screen("clean", "clean {out} --dry-run"),
    Screen("export", "export {out}/tokens --format olmo --to {fresh}"),
    Screen("merge", "merge {out}/tokens --to {fresh}"),
    Screen("pack", "pack {out}/tokens --to {fresh} --length 512"),
    Screen("mix", "mix plan {work}/mix.toml"),
    Screen("minhash-explain", "minhash-explain"),
    Screen("dedup-eval", "dedup-eval {work}/first/data/documents.jsonl"),
    Screen("dedup-index", "dedup-index add {fresh} {work}/first/data/documents.jsonl --name first"),
    Screen("logs", "logs {out} --failed"),
    Screen("train-tokenizer", "train-tokenizer {work}/first/data/documents.jsonl --to {fresh}.json --size 300"),
    Screen("mistake", "run nothing.py"),
)  # fmt: skip


def main() -> None:
    """Make all screens, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    names = parser.parse_args().names
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        work = Path(folder)
        prepare(work)
        faults = []
        for screen in SCREENS:
            if not names or screen.name in names:
                for width in (*WIDTHS, 0):
                    faults += look(screen, width, work)
    print("\n".join(faults) or "no line is wider than its terminal, no escape code is piped")


def prepare(work: Path) -> None:
    """Make the runs that commands look at."""
    atom_data(f"init jsonl {work}/first", 0, work)
    atom_data(f"run {RECIPE} -o {work}/out --workers 2", 0, work)
    atom_data(f"publish {work}/out --init --passport {work}/passport.toml", 0, work)
    shutil.copytree(work / "out", work / "broken")
    shard = next((work / "broken" / "clean").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-9])
    (work / "mix.toml").write_text(
        'sequence_length = 512\nsamples = 3000\n[sources.web]\ntokens = "out/tokens"\n', "utf-8"
    )
    (work / "faults.py").write_text(
        "from atom_data import Jsonl, Stage, keep\nfrom atom_data.signals import count_lines\n"
        f"DOCUMENTS = Jsonl({str(work / 'first' / 'data' / '*.jsonl')!r})\n"
        'def stages():\n    return (Stage(name="clean", reads=DOCUMENTS, steps=(keep("gopher_quality"), keep("fineweb"))),)\n'
    )
    (work / "failing.py").write_text(
        f"from atom_data import Jsonl, Stage\nDOCUMENTS = Jsonl({str(work / 'first' / 'data' / '*.jsonl')!r}, text='body')\n"
        'def stages():\n    return (Stage(name="clean", reads=DOCUMENTS),)\n'
    )


def look(screen: Screen, width: int, work: Path) -> list[str]:
    """Write one screen; return what is wrong with it."""
    fresh = f"new-{screen.name}-{width or 'pipe'}"
    words = screen.words.format(recipe=RECIPE, out="out", fresh=fresh, work=".")
    raw = atom_data(words, width, work)
    name = f"{screen.name}.{width or 'pipe'}.txt"
    shown = last_state(raw)
    (FOLDER / name).write_text(f"$ atom-data {words}\n{shown}", "utf-8")
    if not width:
        return [f"{name}: an escape code is piped"] if "\x1b" in raw else []
    return [f"{name}: {line}" for line in shown.splitlines() if cell_len(line) > width and not cannot_wrap(line, width)]


def cannot_wrap(line: str, width: int) -> bool:
    """Tell commands to paste, which must stay in one line, and words that are longer than the terminal."""
    words = line.split()
    return (
        (line.startswith("  ") and "atom-data " in line)
        or line.startswith("exec ")  # of a batch script that is shown as it is
        or len(words) == 1
        or any(cell_len(word) > width - 8 for word in words)
    )


def last_state(raw: str) -> str:
    """Return what is left on the screen: without escape codes, and of lines that were written over the last form."""
    plain = ESCAPES.sub("", raw).replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] if "\r" in line else line for line in plain.split("\n"))


def atom_data(words: str, width: int, folder: Path) -> str:
    """Run a command in a terminal of a width, or with pipes; return all it wrote."""
    program = shutil.which("atom-data", path=str(Path(sys.executable).parent)) or "atom-data"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    environment.pop("COLUMNS", None)
    command = [program, *words.split()]
    if not width:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.stdout.decode("utf-8", "replace")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        parts.append(part)
    process.wait()
    os.close(ours)
    return b"".join(parts).decode("utf-8", "replace")


if __name__ == "__main__":
    main()
