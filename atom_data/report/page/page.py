"""The page: its head with a policy that lets in nothing, its sections, and the data of its script."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from atom_data.charts.text import shown
from atom_data.report.page.documents import documents, shapes_of
from atom_data.report.page.losses import losses, overview
from atom_data.report.page.rules import rules
from atom_data.report.page.work import copies, notes, unread, work
from atom_data.report.report import Report

SECTIONS = {
    "losses": "Losses",
    "rules": "Rules",
    "documents": "Documents",
    "copies": "Copies",
    "unread": "Unread",
    "work": "Work",
    "samples": "Samples",
    "notes": "Notes",
}

SAMPLES = """<p class="soft">Chosen by a hash of their ids, so the same ones each time, out of a few shards of each stage.</p>
<div id="search" class="controls" hidden>
<label>Stage <select id="stage"></select></label><label>What became of them <select id="reason"></select></label>
<label>Words <input id="words" type="search" autocomplete="off"></label><span id="count" class="soft" role="status"></span></div>
<noscript><p>Samples are shown by the script of this page.</p></noscript>
<div id="list"></div><button id="more" type="button" hidden>Show more</button>"""


def write_page(report: Report) -> str:
    """Return the page. What was crawled stands in it as text: escaped in markup, and as data of a script that makes text of it."""
    return page_of(
        f"{report.name}: report",
        [
            overview(report),
            _navigation(),
            '<main id="main">',
            losses(report),
            rules(report),
            documents(report),
            copies(report),
            unread(report),
            work(report),
            _samples(len(report.samples)),
            notes(report),
            "</main>",
        ],
        {"shapes": shapes_of(report.charts), "samples": [asdict(sample) for sample in report.samples]},
    )


def _samples(count: int) -> str:
    """Return the section that the script fills."""
    none = '<p class="soft">None: none were asked for, or the files that they would be read from are not here.</p>'
    return f'<section id="samples" aria-label="Samples"><h2>Samples</h2>{SAMPLES if count else none}</section>'


def page_of(title: str, sections: Sequence[str], data: dict[str, Any]) -> str:
    """Return a whole page with the style and script of this folder."""
    style, script = asset("page.css"), asset("page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    held = "".join(
        f'<script type="application/json" id="{name}-data">{as_data(value)}</script>' for name, value in data.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{shown(title)}</title><style>{style}</style></head>"
        '<body><a class="skip" href="#main">Skip to the numbers</a>'
        f'<div class="page">{"".join(sections)}</div>{held}<script>{script}</script></body></html>\n'
    )


def as_data(value: object) -> str:
    """Return JSON that may stand between the tags of a script, whatever texts are in it: nothing in it can end the script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def asset(name: str) -> str:
    """Return a file beside this one."""
    return (Path(__file__).parent / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _navigation() -> str:
    links = "".join(f'<li><a href="#{name}">{label}</a></li>' for name, label in SECTIONS.items())
    return f'<nav aria-label="Sections"><ul>{links}</ul></nav>'
