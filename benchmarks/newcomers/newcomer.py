"""The newcomer: from pip to a corpus of one's own, with the mistakes that everybody makes."""

import json
import os
import re
from pathlib import Path

from newcomers.person import Person

ROOT = Path(__file__).parents[2]
RECIPE = """from pathlib import Path

from atom_data import Jsonl, MinHash, Copies, Stage, keep
from atom_data.signals import CheckUrl, FastTextLanguage, count_lines, count_words


def stages():
    return {stages}
"""


def first_hour(person: Person) -> None:
    """`init`, run, look, change a card, run again."""
    assert person.types("atom-data --version").startswith("atom-data 0.")
    helped = person.types("atom-data -h")
    assert "Start with: atom-data init jsonl my_corpus" in helped and "pipelines/" not in helped
    assert person.types("python -m atom_data --help").count("Build") == 1
    assert "atom-data" in person.types("atom-data --show-completion bash || true")
    person.types("atom-data doctor")
    said = person.types("atom-data init jsonl first")
    for command in re.findall(r"^  (atom-data .*)$", said, re.M):
        person.types(command)  # what is suggested can be pasted
    run = next(one for one in person.commands if str(one["command"]).startswith("atom-data run"))
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert float(str(run["first_word_s"])) < 2.0 * busy, run
    assert "40 documents, 55" in person.types("atom-data tune first/out")
    person.types("atom-data status first/out")
    assert not person.types("atom-data verify first/out")
    made = person.types(
        "atom-data tune first/out --card gopher_multilingual --set alphabetic_words.min=0.6 --write first/mine.toml"
    )
    assert 'as keep("first/mine.toml")' in made
    recipe = person.home / "first" / "recipe.py"
    recipe.write_text(recipe.read_text().replace('keep("gopher_multilingual")', 'keep("mine.toml")'))
    again = person.types("atom-data run first/recipe.py -o first/out --replace")
    assert "recipe or card changed" in again and "documents in, 40 kept" in again


def readme(person: Person) -> None:
    """What README shows runs with the core install alone."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    table, recipe = blocks
    person.runs(f"{table}\nassert copies.column('near_copy_rank').to_pylist() == [0, 1]\n", "table.py")
    documents = (person.home / "first" / "data" / "documents.jsonl").read_text("utf-8")
    person.writes("my_pages/a.jsonl", documents)
    person.types("gzip my_pages/a.jsonl")
    person.writes("my_recipe.py", recipe)
    person.types("atom-data run my_recipe.py --output mine")
    person.runs(
        "import atom_data.bridge.datatrove\nfrom atom_data.bridge import AtomFilter, DatatroveFilter\n", "bridge.py"
    )


def mistakes(person: Person) -> None:
    """Each of the mistakes that were tried, with the sentence that is printed now."""
    person.writes("in/a.jsonl", "".join(json.dumps({"id": str(n), "text": f"text {n}"}) + "\n" for n in range(9)))
    person.writes("in/content/a.jsonl", '{"content": "no text here"}\n' * 9)

    def check(fault: str, stages: str, *sentences: str, do: str = "check", code: int = 2) -> None:
        person.writes("wrong.py", RECIPE.format(stages=stages))
        person.hears(fault, f"atom-data {do} wrong.py -o wrong", *sentences, code=code)

    stage = 'Stage(name="clean", reads=Jsonl("in/*.jsonl"){})'.format
    check("a typo in a card", stage(', steps=(keep("gopher_qualty"),)'), "Did you mean 'gopher_quality'?")
    check(
        "a signal forgotten", stage(', steps=(keep("gopher_quality"),)'),
        "no columns 'word_count',*The signal count_words adds word_count,*the signal count_lines adds bullet_line_share",
    )  # fmt: skip
    both = f"""({stage(', steps=(keep("c4"),)')}, {stage(', writes=("id", "txet")').replace("clean", "other")})"""
    check("two faults, two rounds", both, "stage 'clean', step 1*stage 'other' writes 'txet'*Did you mean 'text'?")
    check(
        "CheckUrl for CheckUrl()", stage(", steps=(CheckUrl,)"), "CheckUrl is a class and not a step. Write CheckUrl()."
    )
    check(
        "no comma in steps",
        stage(', steps=(keep("gopher_quality"))'),
        "steps is keep(*tuple. Write steps=(*,) with a comma.",
    )
    check(
        "a path in place of a source",
        'Stage(name="clean", reads=Path("in"))',
        "which is*source. Name files by Jsonl(...), Parquet(...)",
    )
    check(
        "a wrong parameter",
        stage("").replace("Stage(", "Stage(steps=(MinHash(bands_=3),), "),
        "unexpected keyword argument 'bands_'",
    )
    check(
        "the wrong ending",
        'Stage(name="clean", reads=Jsonl("in/*.jsonl.gz"))',
        "in/*.jsonl.gz: no such file or folder, and no file matches it",
    )
    check(
        "JSON lines without text",
        'Stage(name="clean", reads=Jsonl("in/content/*.jsonl"))',
        "no field 'text'; fields here: content",
        code=0,
    )
    check(
        "JSON lines without text, run", 'Stage(name="clean", reads=Jsonl("in/content/*.jsonl"))',
        "9 of 9 records were unreadable (jsonl.no_text: no field 'text'; fields here: content)", do="run", code=1,
    )  # fmt: skip
    check("a list of paths, and a Path", 'Stage(name="clean", reads=Jsonl([Path("in/a.jsonl")]))', "1 stage", code=0)
    check("~ in a path", 'Stage(name="clean", reads=Jsonl("~/in/*.jsonl"))', "1 stage", code=0)
    person.writes("wrong.py", "from atom_data.signals import count_wrds\n")
    person.hears("a typo in a name", "atom-data check wrong.py", "Did you mean 'count_words'?")
    person.hears("a typo in an option", "atom-data run wrong.py --worker 2", "no such option: --worker*--workers")
    person.hears("a typo in a command", "atom-data chekc wrong.py", "Did you mean 'check'?")
    person.hears(
        "a mistyped folder",
        "atom-data status first/outt",
        "first/outt: there is no such folder. Give the --output of a run.",
    )
    person.hears("a stage that is not there", "atom-data peek first/out --stage claen", "Did you mean 'clean'?")
    person.hears(
        "a short reason",
        "atom-data peek first/out --stage fuzzy_deduped --reason near_copy",
        "nothing was dropped for 'near_copy'; reasons there: none",
    )
    person.types("mkdir -p elsewhere")
    said = person.types("cd elsewhere && atom-data check ../first/recipe.py -o ../first/out")
    assert "5 stages" in said, "its cards and data are found from its folder"
