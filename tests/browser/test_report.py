"""Reports opened in headless Chromium: `make test-browser`. Hostile documents, both themes, paper, a telephone, and axe."""

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atom_data.report import compare, report
from atom_data.report.page.compare import write_comparison
from atom_data.report.page.page import write_page
from tests.command import ROOT, atom_data
from tests.report.made import CARD, HOSTILE, REASON, SCRIPT, made

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api")
SHOTS = os.environ.get("SCREENSHOTS", "")
"""A folder for screenshots, to be looked at."""
WCXB = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"
SHARDS = int(os.environ.get("SHARDS", "50"))
"""Of the made run: its page has the same size with 10,000."""
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 800}
HELD = ("report", "many", "compare")
"""Pages of hostile documents, the second with 10,000 samples."""
NAMES = (*HELD, "sample", "wcxb", "large")
CHARTS = {"report": 3, "many": 3, "compare": 6, "sample": 12, "wcxb": 30, "large": 20}
"""Pictures with numbers that a page has at least."""


class Pages:
    """The pages, each made when it is first asked for."""

    def __init__(self, folder: Path, sample: pytest.FixtureRequest) -> None:
        self.folder, self.request = folder, sample
        self.made: dict[str, Path] = {}

    def __getitem__(self, name: str) -> Path:
        if name not in self.made:
            self.made[name] = self.folder / f"{name}.html"
            (self._hostile if name in HELD else self._run)(name)
        return self.made[name]

    def _hostile(self, name: str) -> None:
        built = report.build(made(self.folder / f"{name}-one"), samples=30)
        if name == "report":
            text = write_page(built)
        elif name == "many":
            some = [replace(built.samples[n % len(built.samples)], id=f"{n}") for n in range(10_000)]
            text = write_page(replace(built, samples=some))
        else:
            other = report.build(made(self.folder / f"{name}-two", card=CARD.replace("min = 5", "min = 8")), samples=0)
            text = write_comparison(compare.side_by_side(built, other, []))
        self.made[name].write_text(text, "utf-8")

    def _run(self, name: str) -> None:
        if name == "sample":
            out = self.request.getfixturevalue("sample_run")
        elif name == "wcxb":
            if not WCXB.is_file():
                pytest.skip(f"there is no {WCXB.name} in ../shared/data")
            out = self.folder / "wcxb"
            words = ("--set", f"warcs={WCXB}", "--set", "url_lists=none")
            done = atom_data("run", ROOT / "pipelines" / "fineweb_fast.py", "--output", out, "--workers", 1, *words)
            assert done.returncode == 0, done.stderr
        else:
            out = self.folder / "large"
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(str(ROOT / "benchmarks"))
                importlib.import_module("made_run").make(out, SHARDS)
            sys.modules.pop("made_run")
        done = atom_data("report", out, "--to", self.made[name])
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Pages:
    return Pages(tmp_path_factory.mktemp("pages"), request)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        there = shutil.which("chromium") or shutil.which("chromium-browser")
        found = driver.chromium.launch(executable_path=there, args=["--no-sandbox"])
        yield found
        found.close()


def opened(browser: Any, path: Path, **options: Any) -> tuple[Any, list[str]]:
    """Open a page; return it with what it complains of, also of what its policy blocks."""
    page = browser.new_context(**{"viewport": WIDE, **options}).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    return page, said


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")]
)
def test_no_complaint_and_charts_are_drawn(browser: Any, pages: Pages, name: str, size: str, scheme: str) -> None:
    viewport = WIDE if size == "wide" else NARROW
    page, said = opened(browser, pages[name], viewport=viewport, color_scheme=scheme)
    assert said == []
    assert page.evaluate("window.broken") is None
    drawn = page.evaluate(
        "[...document.querySelectorAll('svg.histogram')].map(svg => [...svg.querySelectorAll('path')]"
        ".map(path => path.getBBox()).reduce((sum, box) => sum + box.width * box.height, 0))"
    )
    assert len(drawn) >= CHARTS[name]
    assert all(area > 0 for area in drawn)
    assert page.evaluate("document.querySelectorAll('svg.histogram .bound').length") >= 2
    assert page.evaluate(OUTSIDE) == [], "names and numbers lie within their pictures"
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (
        "nothing stands out of the screen"
    )
    shot(page, f"{name}-{size}-{scheme}")


OUTSIDE = """[...document.querySelectorAll('svg text')].filter(text => {
    const [inner, outer] = [text, text.ownerSVGElement].map(one => one.getBoundingClientRect());
    return inner.width && (inner.left < outer.left - 1 || inner.right > outer.right + 1);
}).map(text => text.textContent)"""


@pytest.mark.parametrize("name", ["sample", "wcxb", "large"])
def test_time_and_steps_of_a_run(browser: Any, pages: Pages, name: str) -> None:
    page, _ = opened(browser, pages[name])
    steps = page.locator("#work table").first.locator("tbody tr").count()
    assert steps >= 3
    lines = page.locator("svg.spark path")
    assert lines.count() == steps
    assert all(box.bounding_box()["height"] > 5 for box in lines.all())
    assert page.locator("#losses h3").count() >= 2
    assert page.locator("#losses tr.sum").count() == page.locator("#losses h3").count()


def test_hostile_texts_are_text(browser: Any, pages: Pages) -> None:
    page, said = opened(browser, pages["report"])
    while page.locator("#more").is_visible():
        page.locator("#more").click()
    shown = page.locator("#list").inner_text()
    assert "</script><script>window.broken = 1</script>" in shown
    assert REASON in page.locator("#losses").inner_text()
    assert SCRIPT[:40] in page.locator("#documents").inner_text()
    assert page.locator("img, iframe, object, b b, [onerror], [onmouseover]").count() == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 3
    assert page.evaluate("window.broken") is None
    assert "\u202e" not in page.content()
    assert page.locator("#list bdi[dir=auto]").count() > 10
    assert "כ" not in shown and "שלום" in shown
    assert any(text[:10] in shown for text in HOSTILE)
    assert said == []


def test_filter_and_search(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["report"])
    whole = page.locator("#count").inner_text()
    page.locator("#stage").select_option("clean")
    page.locator("#reason").select_option(f"=own.{REASON}")
    assert page.locator("#list article").count() > 0
    assert page.locator("#list article.good").count() == 0
    assert page.locator("#count").inner_text() != whole
    page.locator("#reason").select_option("*")
    page.locator("#words").fill("plain- TITLE")
    playwright.expect(page.locator("#list article", has_not_text="plain-")).to_have_count(0)
    assert page.locator("#list article").count() > 0
    page.locator("#words").fill("no such words anywhere")
    playwright.expect(page.locator("#list article")).to_have_count(0)
    assert page.locator("#count").inner_text() == "0 of 0 samples"


RUNS = {
    "sample": ("clean", "gopher_multilingual.characters", "text_chars is", "debian"),
    "wcxb": (
        "filtered",
        "datatrove_gopher_quality.gopher_below_alpha_threshold",
        "datatrove_alphabetic_share is",
        "the",
    ),
}
"""A stage, a reason, what stands beside its documents, and a word that some have."""


@pytest.mark.parametrize("name", RUNS)
def test_filter_and_search_in_a_run(browser: Any, pages: Pages, name: str) -> None:
    stage, reason, said, word = RUNS[name]
    page, _ = opened(browser, pages[name])
    page.locator("#stage").select_option(stage)
    page.locator("#reason").select_option(f"={reason}")
    cards = page.locator("#list article")
    count = cards.count()
    assert count > 3
    playwright.expect(cards.filter(has_text=said)).to_have_count(count)
    page.locator("#reason").select_option("*")
    page.locator("#stage").select_option("*")
    page.locator("#words").fill(word)
    whole = int(page.locator("#count").inner_text().split(" of ")[1].split()[0])
    playwright.expect(page.locator("#count")).not_to_have_text(f"20 of {whole} samples")
    assert cards.count() > 0
    if name == "sample":
        page.locator("#words").fill("")
        page.locator("#stage").select_option("fuzzy_deduped")
        page.locator("#reason").select_option("=first_near_copy.near_copy")
        assert page.locator("#list ins, #list del").count() > 0, "what differs from the kept one is marked"
        assert page.locator("#list article", has_text="kept instead").count() == cards.count() > 0


def test_pictures_of_one_language(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["report"])
    picture = page.locator("[data-charts=clean] figure").first
    before = picture.locator("path.kept").get_attribute("d"), picture.locator(".counts").inner_text()
    select = page.locator("select[data-stage=clean]")
    (label,) = [text for text in select.locator("option").all_inner_texts() if text == "language: de"]
    select.select_option(label=label)
    after = picture.locator("path.kept").get_attribute("d"), picture.locator(".counts").inner_text()
    assert before[0] != after[0]
    assert after[1].startswith("20 documents")
    select.select_option("")
    assert picture.locator("path.kept").get_attribute("d") == before[0]


def test_pictures_of_one_source_of_many_shards(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["large"])
    picture = page.locator("[data-charts=filtered] figure").first
    whole, shape = picture.locator(".counts").inner_text(), picture.locator("path.kept").get_attribute("d")
    select = page.locator("select[data-stage=filtered]")
    some = [text for text in select.locator("option").all_inner_texts() if text.startswith("source: crawl-")]
    assert len(some) > 3
    select.select_option(label=some[0])
    assert picture.locator(".counts").inner_text() != whole
    assert picture.locator("path.kept").get_attribute("d") != shape


def test_themes_by_keyboard_and_contrast_of_both(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["report"])
    colors = []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    for _ in range(3):
        colors.append(
            (page.locator("#theme").inner_text(), page.evaluate("getComputedStyle(document.body).backgroundColor"))
        )
        page.keyboard.press("Enter")
    assert [name for name, _ in colors] == ["Theme: auto", "Theme: light", "Theme: dark"]
    assert colors[0][1] == colors[1][1] != colors[2][1]
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "words":
            break
    assert page.evaluate("document.activeElement.id") == "words", "the search is reached by keyboard"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_axe_finds_no_serious_fault(browser: Any, pages: Pages, name: str, scheme: str, size: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page, _ = opened(
        browser, pages[name], color_scheme=scheme, viewport=WIDE if size == "wide" else NARROW, bypass_csp=True
    )
    found = axe.run(page).response["violations"]
    serious = [
        (one["id"], one["help"], [node["html"][:150] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", ["report", "sample", "wcxb", "large"])
def test_on_paper(browser: Any, pages: Pages, name: str, tmp_path: Path) -> None:
    page, said = opened(browser, pages[name], color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    data = page.pdf(path=str(Path(SHOTS or tmp_path) / f"{name}.pdf"), format="A4", print_background=True)
    assert data.startswith(b"%PDF")
    assert said == []


def test_ten_thousand_samples_open_in_bounded_work(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["many"])
    assert page.locator("#count").inner_text() == "20 of 10,000 samples"
    assert page.locator("#list article").count() == 20
    page.locator("#more").click()
    assert page.locator("#list article").count() == 40


def test_without_scripts_the_numbers_are_there(browser: Any, pages: Pages) -> None:
    page, _ = opened(browser, pages["report"], java_script_enabled=False)
    assert page.locator("svg.histogram path.kept").first.get_attribute("d")
    assert page.locator("#losses tbody tr").count() > 4
    assert page.locator(".controls").first.is_hidden()
