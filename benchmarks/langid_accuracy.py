"""How often the language step is right: lingua's test data beside the published reports, and declarations, code, mixtures.

    make bench-langid_accuracy
    python benchmarks/langid_accuracy.py --data FOLDER

FOLDER holds langid.tar.xz (the default is ../shared/data, or BENCH_DATA). Nothing is timed. Writes
benchmarks/results/accuracy/language.json and the tables of docs/language.md.
"""

import csv
import io
import json
import random
import sysconfig
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from inputs import archive
from measure import RESULTS, ROOT, write_report
from table import BEGIN, END

from atom_data.signals import FastTextLanguage
from atom_data.signals.language_model import language_model
from atom_data.text.fasttext.model import read_model

PAGE = ROOT / "docs" / "language.md"
KINDS = ("single-words", "word-pairs", "sentences")
PUBLISHED = ("cld2", "cld3", "langdetect", "langid", "simplemma", "lingua-low-accuracy", "lingua-high-accuracy")
OURS = "lid.176 (ours)"
_NAMES = """
    Afrikaans=af Albanian=sq Arabic=ar Armenian=hy Azerbaijani=az Basque=eu Belarusian=be Bengali=bn Bokmal=nb Bosnian=bs
    Bulgarian=bg Catalan=ca Chinese=zh Croatian=hr Czech=cs Danish=da Dutch=nl English=en Esperanto=eo Estonian=et Finnish=fi
    French=fr Ganda=lg Georgian=ka German=de Greek=el Gujarati=gu Hebrew=he Hindi=hi Hungarian=hu Icelandic=is Indonesian=id
    Irish=ga Italian=it Japanese=ja Kazakh=kk Korean=ko Latin=la Latvian=lv Lithuanian=lt Macedonian=mk Malay=ms Maori=mi
    Marathi=mr Mongolian=mn Nynorsk=nn Persian=fa Polish=pl Portuguese=pt Punjabi=pa Romanian=ro Russian=ru Serbian=sr Shona=sn
    Slovak=sk Slovene=sl Somali=so Sotho=st Spanish=es Swahili=sw Swedish=sv Tagalog=tl Tamil=ta Telugu=te Thai=th Tsonga=ts
    Tswana=tn Turkish=tr Ukrainian=uk Urdu=ur Vietnamese=vi Welsh=cy Xhosa=xh Yoruba=yo Zulu=zu
"""
NAMES = dict(pair.split("=") for pair in _NAMES.split())
"""What lingua calls a language, and its files."""
SAME = {"nb": "no", "cmn": "zh", "hbs": "sh", "fil": "tl", "iw": "he", "pes": "fa", "arb": "ar"}
"""Codes of the data that the model calls something else."""


def main() -> None:
    """Measure, write the report and the page."""
    files = unpacked(archive(__doc__, "langid.tar.xz", "texts with their languages"))
    labels = set(read_model(language_model()).labels)
    declared = declarations(files)
    report = {
        "model": "lid.176.ftz",
        "lingua": lingua(files, labels),
        "declarations": declarations_right(declared, labels),
        "snippets": snippets(files, declared, labels),
        "no_language": no_language(declared),
        "mixtures": mixtures(declared, labels),
    }
    (RESULTS / "accuracy").mkdir(parents=True, exist_ok=True)
    path = write_report("accuracy/language", report)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(report)}\n{END}{rest.partition(END)[2]}", "utf-8")
    print(tables(report))
    print(f"written: {path.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


def unpacked(archive: Path) -> dict[str, bytes]:
    """Return the files of the archive that are used, by the end of their names."""
    with tarfile.open(archive) as opened:
        members = [
            one for one in opened if one.isfile() and one.name.endswith((".txt", ".csv", ".xml", ".json", ".jsonl"))
        ]
        return {one.name.partition("langid/")[2]: opened.extractfile(one).read() for one in members}


def predicted(texts: Sequence[str], step: FastTextLanguage | None = None) -> list[tuple[str | None, float | None]]:
    """Return language and score of each text."""
    after = (step or FastTextLanguage())(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return list(zip(after["language"].to_pylist(), after["language_score"].to_pylist(), strict=True))


def share(right: Iterable[bool]) -> float:
    """Return the share that is true."""
    values = list(right)
    return round(sum(values) / len(values), 4) if values else 0.0


def lingua(files: dict[str, bytes], labels: set[str]) -> dict[str, Any]:
    """Return the accuracy by language and kind of text, ours measured and the others as lingua published them."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        table = csv.DictReader(io.StringIO(files[f"lingua/accuracy-reports/{kind}-accuracy-values.csv"].decode()))
        for line in table:
            code = NAMES[line["language"]]
            texts = files[f"lingua/language-testdata/{kind}/{code}.txt"].decode().splitlines()
            answers = [label for label, _ in predicted(texts)]
            label = SAME.get(code, code)
            entry = found.setdefault(line["language"], {"code": code, "in_model": label in labels})
            entry[kind] = {name: number(line.get(name)) for name in PUBLISHED}
            entry[kind][OURS] = share(answer == label for answer in answers)
            wrong = Counter(answer or "null" for answer in answers if answer != label)
            entry[kind]["mistaken_for"] = dict(wrong.most_common(3))
            entry[kind]["none"] = share(answer == "none" for answer in answers)
    return found


def number(cell: str | None) -> float | None:
    """Return a published percentage as a share; None where the detector does not know the language."""
    return None if cell in (None, "", "NaN") else round(float(cell) / 100, 4)


def declarations(files: dict[str, bytes]) -> list[tuple[str, str, list[str]]]:
    """Return code, ISO 639-3 code and paragraphs of each Universal Declaration of Human Rights."""
    found = []
    for name, data in sorted(files.items()):
        if not name.startswith("udhr/data/udhr/udhr_"):
            continue
        root = ElementTree.fromstring(data)
        code = root.get("{http://www.w3.org/XML/1998/namespace}lang", "").partition("-")[0]
        paragraphs = [part.strip() for part in root.itertext() if len(part.strip()) > 40]
        if len(paragraphs) >= 10:
            found.append((code, root.get("iso639-3", ""), paragraphs))
    return found


def declarations_right(declared: list[tuple[str, str, list[str]]], labels: set[str]) -> dict[str, Any]:
    """Return how often declarations, and paragraphs, have their language, and what becomes of unknown languages."""
    wrong: list[str] = []
    right, paragraphs, by_score, unknown = [], [], [], []
    for code, long, parts in declared:
        label = SAME.get(code, code)
        ((whole, score),) = predicted(["\n".join(parts)])
        if label not in labels:
            unknown.append(score if score is not None else 0.0)
            continue
        right.append(whole == label)
        answers = predicted(parts)
        paragraphs += [answer == label for answer, _ in answers]
        by_score += [(answer == label, score or 0.0) for answer, score in answers]
        if whole != label:
            wrong.append(f"{long} as {whole}")
    calibration = {}
    for low in (0.0, 0.3, 0.5, 0.65, 0.8, 0.9):
        high = {0.0: 0.3, 0.3: 0.5, 0.5: 0.65, 0.65: 0.8, 0.8: 0.9, 0.9: 2.0}[low]
        part = [fits for fits, score in by_score if low <= score < high]
        calibration[f"{low:g}-{min(high, 1):g}"] = {"paragraphs": len(part), "right": share(part)}
    return {
        "documents": len(right),
        "right": share(right),
        "paragraphs": len(paragraphs),
        "paragraphs_right": share(paragraphs),
        "mistaken": wrong,
        "by_score": calibration,
        "unknown_documents": len(unknown),
        "unknown_above": {
            str(bound): share(score >= bound for score in unknown) for bound in (0.3, 0.5, 0.65, 0.8, 0.9)
        },
    }


def snippets(files: dict[str, bytes], declared: list[tuple[str, str, list[str]]], labels: set[str]) -> dict[str, Any]:
    """Return the accuracy on the test snippets of CLD2, CLD3 and franc, of languages that the model knows."""
    short = {long: code for code, long, _ in declared}
    pairs: dict[str, list[tuple[str, str]]] = {"cld2": [], "cld3": [], "franc": []}
    for line in files["cld/cld2-cld3-snippets.jsonl"].decode().splitlines():
        row = json.loads(line)
        pairs[row["src"]].append((row["lang"].lower().partition("_")[0].partition("-")[0], row["text"]))
    for row in json.loads(files["franc/fixtures.json"]).values():
        pairs["franc"].append((short.get(row["iso6393"], row["iso6393"]), row["fixture"]))
    found = {}
    for name, rows in pairs.items():
        known = [(SAME.get(code, code), text) for code, text in rows if SAME.get(code, code) in labels]
        answers = predicted([text for _, text in known])
        right = [answer == code for (code, _), (answer, _) in zip(known, answers, strict=True)]
        found[name] = {"snippets": len(rows), "of_known_languages": len(known), "right": share(right)}
    return found


def no_language(declared: list[tuple[str, str, list[str]]]) -> dict[str, Any]:
    """Return how much is called `none`: of code, of tables of numbers, and wrongly of prose."""
    draw = random.Random(1)
    places = {"Python": (sysconfig.get_path("stdlib"), "*.py"), "C headers": (sysconfig.get_path("include"), "*.h")}
    texts = {
        f"code, {name}": [
            path.read_text("utf-8", "replace")[:20_000] for path in sorted(Path(place).rglob(pattern))[:2_000]
        ]
        for name, (place, pattern) in places.items()
    }
    texts["tables of numbers"] = [
        "\n".join(" ".join(f"{draw.random() * 10 ** draw.randint(1, 6):.2f}" for _ in range(6)) for _ in range(30))
        for _ in range(200)
    ]
    texts["prose, declarations"] = ["\n".join(parts) for _, _, parts in declared]
    texts["prose, paragraphs of declarations"] = [part for _, _, parts in declared for part in parts]
    found = {}
    for name, documents in texts.items():
        answers = predicted([text for text in documents if text.strip()])
        found[name] = {"texts": len(answers), "none": share(label == "none" for label, _ in answers)}
    return found


def mixtures(declared: list[tuple[str, str, list[str]]], labels: set[str]) -> dict[str, Any]:
    """Return how many texts are called `mixed`: of two languages by turns, and wrongly of one."""
    draw = random.Random(2)
    known = [(code, parts) for code, _, parts in declared if SAME.get(code, code) in labels]
    step = FastTextLanguage(segment_bytes=500)
    found = {"one language": share_of(step, ["\n".join(parts) for _, parts in known], "mixed")}
    for name, portion in (("half and half", 0.5), ("two thirds and a third", 2 / 3), ("nine tenths and a tenth", 0.9)):
        texts = []
        for _ in range(300):
            (first, one), (second, other) = draw.sample(known, 2)
            if first != second:
                size = sum(len(part.encode()) for part in one)
                texts.append("\n".join([*one, *up_to(other, size * (1 - portion) / portion)]))
        found[name] = share_of(step, texts, "mixed")
    return found


def up_to(parts: Sequence[str], size: float) -> list[str]:
    """Return the first parts, as long as they are not more than `size` bytes."""
    taken: list[str] = []
    for part in parts:
        size -= len(part.encode())
        if size < 0:
            break
        taken.append(part)
    return taken


def share_of(step: FastTextLanguage, texts: Sequence[str], answer: str) -> dict[str, Any]:
    """Return how many texts, and the share with one answer."""
    return {"texts": len(texts), answer: share(label == answer for label, _ in predicted(texts, step))}


def tables(report: dict[str, Any]) -> str:
    """Return the tables of the page."""
    return "\n".join([*averages(report["lingua"]), "", *weakest(report["lingua"]), "", *others(report), ""])


def averages(found: dict[str, Any]) -> list[str]:
    """Return the mean accuracy of each detector, over the languages that it and our model know."""
    lines = ["| detector | languages | single words | word pairs | sentences |", "| --- | --: | --: | --: | --: |"]
    for name in (OURS, *PUBLISHED):
        cells = []
        for kind in KINDS:
            both = [one[kind] for one in found.values() if one["in_model"] and one[kind].get(name) is not None]
            ours = sum(one[OURS] for one in both) / len(both)
            cells.append(f"{sum(one[name] for one in both) / len(both):.1%} ({ours:.1%})")
        lines.append(f"| {name} | {len(both)} | {' | '.join(cells)} |")
    return ["### Beside the published reports", "", *lines]


def weakest(found: dict[str, Any]) -> list[str]:
    """Return every language in which fewer than 90 % of sentences are right, and those that the model does not have."""
    lines = [
        "| language | sentences | word pairs | single words | sentences taken for |",
        "| --- | --: | --: | --: | --- |",
    ]
    known = {name: one for name, one in found.items() if one["in_model"]}
    for name, one in sorted(known.items(), key=lambda pair: (pair[1]["sentences"][OURS], pair[0])):
        if one["sentences"][OURS] < 0.9:
            cells = [f"{one[kind][OURS]:.1%}" for kind in reversed(KINDS)]
            taken = ", ".join(
                f"{label} {count / 10:.1f} %" for label, count in one["sentences"]["mistaken_for"].items()
            )
            lines.append(f"| {name} (`{SAME.get(one['code'], one['code'])}`) | {' | '.join(cells)} | {taken} |")
    missing = ", ".join(sorted(set(found) - set(known)))
    strong = len(known) - (len(lines) - 2)
    return [
        "### Where it is weak",
        "",
        f"In {strong} of {len(known)} languages at least 90 % of sentences are right. The others:",
        "",
        *lines,
        "",
        f"Not in the model at all: {missing}.",
    ]


def others(report: dict[str, Any]) -> list[str]:
    """Return what is measured on whole documents, code and mixtures."""
    given, mixed = report["declarations"], report["mixtures"]
    wrong = ", ".join(sorted(given["mistaken"]))
    return [
        "### Whole documents",
        "",
        f"{given['right']:.1%} of {given['documents']} declarations of human rights are right, "
        f"and {given['paragraphs_right']:.1%} of their {given['paragraphs']:,} paragraphs. Wrong: {wrong}.",
        "",
        "| score of a paragraph | paragraphs | right |",
        "| --- | --: | --: |",
        *(f"| {bounds} | {one['paragraphs']:,} | {one['right']:.1%} |" for bounds, one in given["by_score"].items()),
        "",
        f"{given['unknown_documents']} declarations are in languages that the model does not have. It gives them a label all the "
        "same, with a score of at least "
        + ", ".join(f"{bound} in {part:.0%}" for bound, part in given["unknown_above"].items())
        + ".",
        "",
        "| snippets of | snippets | in languages of the model | right |",
        "| --- | --: | --: | --: |",
        *(
            f"| {name} | {one['snippets']} | {one['of_known_languages']} | {one['right']:.1%} |"
            for name, one in report["snippets"].items()
        ),
        "",
        "### None and mixed",
        "",
        "| text | texts | `none` |",
        "| --- | --: | --: |",
        *(f"| {name} | {one['texts']:,} | {one['none']:.1%} |" for name, one in report["no_language"].items()),
        "",
        "| declarations in | texts | `mixed`, with `segment_bytes=500` |",
        "| --- | --: | --: |",
        *(f"| {name} | {one['texts']:,} | {one['mixed']:.1%} |" for name, one in mixed.items()),
    ]


if __name__ == "__main__":
    main()
