"""Near-copy removal with an engine that has no pipeline of its own: read Parquet, sign, band, link, write Parquet.

Run by dedup.py in the engine's environment. `--signatures` times only the step from texts to signatures, in this process,
and where shingling is Python's work also the engine's own part of it.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BANDS, ROWS, NGRAM = 14, 8, 5
PERMUTATIONS = BANDS * ROWS


def main() -> None:
    """Do the job, or time the signatures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("rensa", "datasketch", "daft", "dupekit"), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--signatures", action="store_true")
    given = parser.parse_args()
    files = sorted(given.data.glob("*.parquet"))
    table = pa.concat_tables([pq.read_table(file) for file in files])
    if given.signatures:
        clocks = {"rensa": in_python, "datasketch": in_python, "daft": in_daft, "dupekit": in_dupekit}[given.engine]
        (given.out / "clock.json").write_text(json.dumps(clocks(given.engine, table)), "utf-8")
        return
    pq.write_table(table.filter(pa.array(kept(given.engine, table))), given.out / "kept.parquet")


def shingles(text: str) -> list[str]:
    """Word 5-grams in lower case, of words between white space."""
    words = text.lower().split()
    return [" ".join(words[start : start + NGRAM]) for start in range(max(len(words) - NGRAM + 1, 1))]


def kept(engine: str, table: pa.Table) -> list[bool]:
    """Return which documents stay: the first of all that hang together by equal bands."""
    texts = table.column("text").to_pylist()
    if engine == "rensa":
        import rensa

        sketches = rensa.RMinHash.from_token_sets([shingles(text) for text in texts], num_perm=PERMUTATIONS, seed=42)
        index = rensa.RMinHashLSH(threshold=0.8, num_perm=PERMUTATIONS, num_bands=BANDS)
        index.insert_pairs(list(enumerate(sketches)))
        return first_of_each([index.query(sketch) for sketch in sketches], len(texts))
    if engine == "datasketch":
        from datasketch import MinHash, MinHashLSH

        values = [[shingle.encode() for shingle in shingles(text)] for text in texts]
        lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
        made = MinHash.bulk(values, num_perm=PERMUTATIONS)
        for number, sketch in enumerate(made):
            lsh.insert(number, sketch)
        return first_of_each([lsh.query(sketch) for sketch in made], len(texts))
    return first_of_each(bands_of_daft(table), len(texts))


def bands_of_daft(table: pa.Table) -> list[list[int]]:
    """Return for each document those that share a band with it; Daft signs, a dictionary groups."""
    signatures = daft_signatures(table).to_arrow().column("signature").to_pylist()
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, row in enumerate(signatures):
        for band in range(BANDS):
            groups.setdefault((band, *row[band * ROWS : (band + 1) * ROWS]), []).append(number)
    return [members for members in groups.values() if len(members) > 1]


def first_of_each(groups: Sequence[Sequence[int]], count: int) -> list[bool]:
    """Return whether each document is the first of all that are linked with it, however far."""
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        while parent.setdefault(number, number) != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for members in groups:
        for other in members[1:]:
            one, two = sorted((root(members[0]), root(other)))
            parent[two] = one
    return [root(number) == number for number in range(count)]


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return a result and what it took, of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def in_python(engine: str, table: pa.Table) -> dict[str, float]:
    """Time shingling in Python and the engine's signatures."""
    texts = table.column("text").to_pylist()
    made, first = timed(lambda: [shingles(text) for text in texts])
    if engine == "rensa":
        import rensa

        _, second = timed(lambda: rensa.RMinHash.from_token_sets(made, num_perm=PERMUTATIONS, seed=42))
    else:
        from datasketch import MinHash

        values = [[shingle.encode() for shingle in one] for one in made]
        _, second = timed(lambda: MinHash.bulk(values, num_perm=PERMUTATIONS))
    both = {name: first[name] + second[name] for name in first}
    return both | {"kernel_cpu_s": second["cpu_s"]}


def daft_signatures(table: pa.Table) -> Any:  # noqa: ANN401
    """Return Daft's signatures, collected."""
    import daft

    # Daft cuts words at single blanks, so its documentation normalizes the text before.
    plain = daft.col("text").normalize(remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True)
    column = plain.minhash(num_hashes=PERMUTATIONS, ngram_size=NGRAM, seed=42, hash_function="xxhash")
    return daft.from_arrow(table).select(column.alias("signature")).collect()


def in_daft(_: str, table: pa.Table) -> dict[str, float]:
    """Time Daft's minhash expression on normalized text."""
    daft_signatures(table.slice(0, 10))
    return timed(lambda: daft_signatures(table))[1]


def in_dupekit(_: str, table: pa.Table) -> dict[str, float]:
    """Time Marin's kernel: character shingles, for it knows no others."""
    import dupekit

    kind = dupekit.Transformation
    steps = [kind.CleanText("text", "clean"), kind.MinHash("clean", "signature", PERMUTATIONS, NGRAM, 42)]
    batches = table.combine_chunks().to_batches()
    dupekit.transform(batches[0].slice(0, 10), steps)
    return timed(lambda: [dupekit.transform(batch, steps) for batch in batches])[1]


if __name__ == "__main__":
    main()
