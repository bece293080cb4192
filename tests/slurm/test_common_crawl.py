"""`common_crawl.py` over ten WARC files by their list, from a server with bad moments, on two nodes: from `plan` to tokens."""

import json
import time
import zlib
from pathlib import Path

import pytest

from tests.command import ROOT, SAMPLE, atom_data, fingerprint
from tests.readers.common_crawl.server import Web, misbehaving
from tests.slurm.arrays import jobs, receipts
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.slow

RECIPE = ROOT / "pipelines" / "common_crawl.py"
FILES = 10
SEGMENT = "crawl-data/CC-MAIN-2026-22/segments/1.0/warc"


def members(data: bytes) -> list[bytes]:
    """Return the gzip members of a file."""
    found = []
    while data:
        decoder = zlib.decompressobj(31)
        decoder.decompress(data)
        end = len(data) - len(decoder.unused_data)
        found.append(data[:end])
        data = decoder.unused_data
    return found


def write_crawl(folder: Path) -> dict[str, bytes]:
    """Write the sample as ten WARC files below a crawl's folders, with its list, and return the files."""
    records = [member for path in sorted(SAMPLE.glob("*.warc.gz")) for member in members(path.read_bytes())]
    size = -(-len(records) // FILES)
    files = {
        f"{SEGMENT}/CC-MAIN-20260522-{part:05}.warc.gz": b"".join(records[part * size : (part + 1) * size])
        for part in range(FILES)
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "warc.paths").write_text("".join(f"{name}\n" for name in files))
    return files


def test_a_crawl_by_its_list_on_two_nodes(slurm: Cluster, tmp_path: Path) -> None:
    files, out = write_crawl(tmp_path), tmp_path / "out"
    given = [
        "--set",
        f"paths={tmp_path}/warc.paths",
        "--set",
        "url_lists=none",
        "--set",
        f"tokenizer={SAMPLE / 'tokenizer.json'}",
    ]
    with misbehaving(Web(files)) as web:
        far = [*given, "--set", f"base={web.url}"]
        planned = atom_data("plan", RECIPE, *far)
        assert planned.returncode == 0 and "english_tokens" in planned.stdout, planned.stdout + planned.stderr
        for name in files:
            web.faults[name] = ["503", "cut", "403"]
        submitted = atom_data("run", RECIPE, "-o", out, "--on", "slurm", "--tasks", 4, "--workers-per-task", 1, *far)
        assert submitted.returncode == 0, submitted.stderr
        nodes: set[str] = set()
        while slurm.jobs():
            running = slurm.command("squeue", "--noheader", "--partition=cpu", "--states=RUNNING", "--format=%N")
            nodes |= set(running.split())
            slurm.hurry()
            time.sleep(0.3)
        assert nodes == {"n1", "n2"}
    assert {"pages", "english_tokens", "others_tokens"} <= set(jobs(out))
    assert len(receipts(out, "pages")) == FILES
    said = [json.loads(path.read_text()) for path in (out / "pages" / "receipts").glob("*.json")]
    assert [one["measured"]["network"]["again"] for one in said] == [3] * FILES
    verified = atom_data("verify", out)
    assert verified.returncode == 0, verified.stderr
    here = atom_data(
        "run", RECIPE, "-o", tmp_path / "here", "-w", 2, *given, "--set", f"base={tmp_path}", "--no-progress"
    )
    assert here.returncode == 0, here.stderr
    assert fingerprint(out) == fingerprint(tmp_path / "here")
