"""Reports opened in headless Chromium: `make test-browser`. Hostile documents, both themes, paper, a telephone, and axe."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atom_data.report import compare, report
from atom_data.report.page.compare import write_comparison
from atom_data.report.page.page import write_page
from tests.report.made import CARD, HOSTILE, REASON, SCRIPT, made

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api")
SHOTS = os.environ.get("SCREENSHOTS", "")
"""A folder for screenshots, to be looked at."""
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the pages: of a hostile run, of the same without sketches' data, of two runs."""
    folder = tmp_path_factory.mktemp("pages")
    built = report.build(made(folder / "one"), samples=30)
    other = report.build(made(folder / "two", card=CARD.replace("min = 5", "min = 8")), samples=0)
    many = replace(built, samples=[replace(built.samples[n % len(built.samples)], id=f"{n}") for n in range(10_000)])
    texts = {
        "report": write_page(built),
        "many": write_page(many),
        "compare": write_comparison(compare.side_by_side(built, other, [])),
    }
    given = os.environ.get("REPORTS", "")
    found = {Path(path).stem: Path(path) for path in given.split(":") if path}
    for name, text in texts.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(text, "utf-8")
    return found


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


NAMES = ("report", "many", "compare")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")]
)
def test_no_complaint_and_charts_are_drawn(
    browser: Any, pages: dict[str, Path], name: str, size: str, scheme: str
) -> None:
    viewport = WIDE if size == "wide" else NARROW
    page, said = opened(browser, pages[name], viewport=viewport, color_scheme=scheme)
    assert said == []
    assert page.evaluate("window.broken") is None
    drawn = page.evaluate(
        "[...document.querySelectorAll('svg.histogram')].map(svg => [...svg.querySelectorAll('path')]"
        ".map(path => path.getBBox()).reduce((sum, box) => sum + box.width * box.height, 0))"
    )
    assert len(drawn) >= 3
    assert all(area > 0 for area in drawn)
    assert page.evaluate("document.querySelectorAll('svg.histogram .bound').length") >= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (
        "nothing stands out of the screen"
    )
    shot(page, f"{name}-{size}-{scheme}")


def test_hostile_texts_are_text(browser: Any, pages: dict[str, Path]) -> None:
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


def test_filter_and_search(browser: Any, pages: dict[str, Path]) -> None:
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


def test_pictures_of_one_language(browser: Any, pages: dict[str, Path]) -> None:
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


def test_themes_by_keyboard_and_contrast_of_both(browser: Any, pages: dict[str, Path]) -> None:
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
def test_axe_finds_no_serious_fault(browser: Any, pages: dict[str, Path], name: str, scheme: str, size: str) -> None:
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


def test_on_paper(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page, said = opened(browser, pages["report"], color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    data = page.pdf(path=str(Path(SHOTS or tmp_path) / "report.pdf"), format="A4", print_background=True)
    assert data.startswith(b"%PDF")
    assert said == []


def test_ten_thousand_samples_open_in_bounded_work(browser: Any, pages: dict[str, Path]) -> None:
    page, _ = opened(browser, pages["many"])
    assert page.locator("#count").inner_text() == "20 of 10,000 samples"
    assert page.locator("#list article").count() == 20
    page.locator("#more").click()
    assert page.locator("#list article").count() == 40


def test_without_scripts_the_numbers_are_there(browser: Any, pages: dict[str, Path]) -> None:
    page, _ = opened(browser, pages["report"], java_script_enabled=False)
    assert page.locator("svg.histogram path.kept").first.get_attribute("d")
    assert page.locator("#losses tbody tr").count() > 4
    assert page.locator(".controls").first.is_hidden()
