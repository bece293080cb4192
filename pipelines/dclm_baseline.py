"""DCLM-baseline (Li et al. 2024, DataComp-LM, section 4): heuristics of RefinedWeb, deduplication, and one classifier.

    atom-data run pipelines/dclm_baseline.py --set warcs='crawl/*.warc.gz' --set lists=banlists --set model=oh_eli5.bin -o dclm

The same as mlfoundations/dclm at 361714b, baselines_configs/dclm_baseline_refinedweb.yaml, step by step: resiliparse's main
content, lists of addresses, addresses cut out (where its code looks for them), two newlines, English, page rules, line rules and
their gate, the classifier and its bound. Not the same, and why:
- Repetition is counted without the first of what repeats, on words between white space (card dclm_page): drops somewhat less.
- BFF, a Bloom filter over 13-grams, depends on the order of reading and random seeds. In its place: paragraphs seen before go
  (Paragraphs), then near copies by MinHash. An n-gram Bloom that gives the same bytes is to come.
- Its list of domains is not published; `lists` is a folder with the three lists of words that are, and `domains.txt` of one's own.
- The model's hash is not published where we could read it: its bytes are in the stage's identity from the first run on.
"""

from pathlib import Path

from atom_data import Copies, Extract, MinHash, Paragraphs, RemoveSpans, Repeats, Stage, Warc, keep
from atom_data.extract import Resiliparse
from atom_data.rewrite import LimitNewlines, RemoveAddresses, RemoveDclmLines
from atom_data.signals import (
    CheckUrlLists,
    FastTextClassifier,
    FastTextLanguage,
    count_characters,
    dclm_url_lists,
    measure_as_dclm,
    measure_repetition,
)

WHERE = ("id", "url", "date", "text", "language_score")


def stages(
    *,
    warcs: str,
    crawl: str = "crawl",
    lists: Path | None = None,
    lid176: Path | None = None,
    model: Path | None = None,
) -> tuple[object, ...]:
    """A shard of DCLM-pool; without `model` all that has passed the heuristics and deduplication."""
    listed = dclm_url_lists(lists) if lists else CheckUrlLists()
    pages = Stage(
        name="pages",
        reads=Warc(warcs, source=crawl),
        steps=(
            listed, keep("url_lists"),  # 1 to 4: domains, strict words, hard words, 2 soft words
            Extract(engine=Resiliparse()), keep("web_page"),  # DCLM-pool: extract_plain_text(main_content=True)
            RemoveAddresses(as_dclm=True), LimitNewlines(most=2),  # 5, 6
            FastTextLanguage(model=lid176, none_for_code=False), keep("english"),  # 7, 8: lid.176, more than 0.65
        ),
        writes=WHERE,
        expects=(0.2, 0.55),  # English is 42 to 46 % of a crawl
    )  # fmt: skip
    heuristics = Stage(
        name="heuristics",
        reads=pages,
        steps=(
            measure_as_dclm, measure_repetition, keep("dclm_page"),  # 9 to 16
            RemoveDclmLines(), keep("dclm_lines"),  # 17 to 25: lines, and a page that loses more than 5 % of its words
        ),
        writes=WHERE,
        expects=(0.08, 0.5),  # Dolma 3: the same rules leave 22 of 98 % over all languages
    )  # fmt: skip
    paragraphs = Repeats(of=heuristics, by=Paragraphs())  # in place of BFF's paragraphs
    cut = (RemoveSpans(spans="repeated_paragraphs"), count_characters, keep("not_empty"))
    unrepeated = Stage(name="unrepeated", reads=paragraphs, steps=cut, writes=WHERE)
    near = Copies(of=unrepeated, by=MinHash())  # in place of BFF's documents
    deduped = Stage(name="deduped", reads=near, steps=(keep("first_near_copy"),), writes=WHERE, expects=(0.3, 0.98))
    if model is None:
        return (deduped,)
    best = (
        FastTextClassifier(model=model, label="hq"),
        keep("dclm_classifier"),
    )  # 0.018112 and more: the best tenth (4.4)
    return (Stage(name="baseline", reads=deduped, steps=best, expects=(0.04, 0.2)),)
