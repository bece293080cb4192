"""Sketches name domains, languages and sources: those of a shard that a takedown writes again must not stay as they were."""

import gzip
import json
from pathlib import Path

from tests.command import atom_data
from tests.takedown.corpus import build, listed, records, rows, write_pages

KEPT, DROPPED = "kept-only-here.test", "dropped-only-here.test"


def sketches(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): gzip.decompress(path.read_bytes()).decode()
        for path in sorted(out.glob("*/sketches/*.json.gz"))
    }


def with_names(folder: Path) -> tuple[Path, list[str]]:
    """Build a corpus in which a kept document and a dropped copy have a domain each; return it with their ids."""
    files = records(seed=4)
    kept = next(one for one in files[1] if one["id"].endswith("5"))
    text = kept["text"]
    copy = {"id": "doc-4-copy", "url": f"https://{DROPPED}/1", "text": text}
    kept["url"] = f"https://{KEPT}/1"
    files[3].append(copy)
    pages = write_pages(folder / "pages", files)
    build(pages, folder / "out")
    return folder / "out", [kept["id"], copy["id"]]


def test_a_sketch_of_what_was_removed_goes_and_the_others_stay(tmp_path: Path) -> None:
    out, ids = with_names(tmp_path)
    before = sketches(out)
    assert {name.partition("/")[0] for name in before} == {"read", "exact_deduped", "near_deduped", "tokens"}
    naming = {name for name, text in before.items() if KEPT in text or DROPPED in text}
    assert {name.partition("/")[0] for name in naming} >= {"read", "exact_deduped"}
    assert any(DROPPED in before[name] for name in naming if name.startswith("exact_deduped/"))
    done = atom_data("takedown", out, "--ids", listed(tmp_path, ids))
    assert done.returncode == 0, done.stderr
    assert not {*ids} & {row["id"] for row in rows(out, "read")}
    after = sketches(out)
    assert not naming & after.keys()
    assert not any(KEPT in text or DROPPED in text for text in after.values())
    assert after and all(before[name] == text for name, text in after.items()), "those of other shards are as they were"
    written = atom_data("report", out, "--format", "json").stdout
    assert KEPT not in written and DROPPED not in written
    page = json.loads(written)
    assert any("a takedown" in note for note in page["notes"])
    assert {stage["name"]: stage["sketched"] for stage in page["stages"] if stage["kind"] == "stage"} == {
        stage: sum(name.startswith(f"{stage}/") for name in after)
        for stage in ("read", "exact_deduped", "near_deduped")
    }
