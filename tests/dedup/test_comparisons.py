"""Ways of comparing as a recipe writes them: same content, same URL, bands by a threshold, datasketch's signatures, characters."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasketch import MinHash as SketchMinHash, MinHashLSH

from atom_data import MinHash
from atom_data.dedup import BandHashes
from atom_data.errors import ConfigError
from atom_data.text.similarity.minhash import bands
from tests.command import atom_data, recipe
from tests.text.reference import folded, unicode_words

RECIPE = """
    from atom_data import Copies, Jsonl, MinHash, SameContent, SameUrl, Stage, keep

    def stages():
        copies = Copies(of=Jsonl({path!r}, source="test"), by={by})
        return (Stage(name="unique", reads=copies, steps=(keep("{card}"),)),)
"""
LONG = " ".join(f"word{number}" for number in range(60))
DOCUMENTS = [
    {"id": "a", "url": "http://www.example.org/page?utm_source=x", "text": "One, two; THREE."},
    {"id": "b", "url": "https://example.org/page", "text": "something else"},
    {"id": "c", "url": "https://example.org/other", "text": "one two\n\nthree"},
    {"id": "d", "url": None, "text": LONG},
    {"id": "e", "url": None, "text": LONG.replace("word7 ", "word7x ")},
    {"id": "f", "url": "no address", "text": None},
]
TEXTS = ["Straße, STRASSE! a b c d e f g", "a b", "", None, LONG]


@pytest.mark.parametrize(
    ("by", "card", "removed"),
    [
        ("SameContent()", "first_copy", {"c"}),
        ("SameUrl()", "first_copy", {"b"}),
        ("MinHash()", "first_near_copy", {"c", "d"}),
        ('MinHash(unit="characters", ngram=9)', "first_near_copy", {"d"}),
        ('MinHash(compatible="datasketch")', "first_near_copy", {"c", "d"}),
        ("MinHash(threshold=0.5)", "first_near_copy", {"c", "d"}),
        ('MinHash(unit="characters", ngram=9, min_jaccard=0.98)', "first_near_copy", set()),
    ],
)
def test_recipe_removes_what_compares_equal(tmp_path: Path, by: str, card: str, removed: set[str]) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS))
    atom_data("run", recipe(tmp_path, RECIPE.format(path=str(path), by=by, card=card)), "--output", tmp_path / "out")
    kept = {
        identity
        for file in (tmp_path / "out" / "unique").glob("*.parquet")
        for identity in pq.read_table(file)["id"].to_pylist()
    }
    assert {document["id"] for document in DOCUMENTS} - kept == removed


@pytest.mark.parametrize(("compatible", "scheme"), [("datasketch", "affine32"), ("datasketch-legacy", "legacy")])
def test_signatures_of_the_step_are_those_of_datasketch(compatible: Any, scheme: Any) -> None:
    step = BandHashes(ngram=3, bands=4, rows=5, seed=7, compatible=compatible)
    text = pa.array(TEXTS, pa.string())
    found = step.signatures(text)
    for row, document in zip(found, TEXTS, strict=True):
        words = [folded(word) for word in unicode_words(document or "")]
        sketch = SketchMinHash(20, 7, scheme=scheme)
        for start in range(max(len(words) - 2, 1) if words else 0):
            sketch.update(" ".join(words[start : start + 3]).encode())
        assert row.tolist() == sketch.hashvalues.tolist()
    hashes = step(pa.record_batch({"text": text})).column("band_hashes")
    assert hashes.to_pylist() == [
        row if document else None for row, document in zip(bands(found, 4, 5).tolist(), TEXTS, strict=True)
    ]


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
def test_threshold_gives_the_bands_of_datasketch(threshold: float) -> None:
    by, index = MinHash(threshold=threshold), MinHashLSH(threshold=threshold, num_perm=128)
    assert (by.bands, by.rows) == (index.b, index.r)
    assert MinHash(threshold=threshold, bands=index.b, rows=index.r) == by


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"threshold": 0.8, "bands": 20}, "threshold=0.8 asks for 9 bands of 13 rows, and bands is 20"),
        ({"threshold": 1.5}, "threshold: 1.5 is not a Jaccard index"),
        ({"unit": "letters"}, "unit is 'letters'; units: words, characters"),
        ({"compatible": "rensa"}, "compatible is 'rensa'; it takes datasketch, datasketch-legacy"),
        ({"compatible": "datasketch", "unit": "characters"}, "is for unit='words', not 'characters'"),
        ({"bands": -1}, "bands is -1"),
    ],
)
def test_parameters_without_sense_are_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        MinHash(**given)
