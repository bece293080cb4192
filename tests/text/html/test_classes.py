"""Values of `class` that stand on a page again and again are read once: they must mean the same each time."""

from hypothesis import given, strategies as st

from atom_data.text.html import page as columns
from atom_data.text.html.page import Page
from atom_data.text.html.scan import scan

VALUES = (
    "",
    "a",
    "nav",
    "main-nav item",
    "postContent entry",
    "postContent entri",
    "x" * 300,
    "side bar " * 30,
    "card card--big",
)
Element = tuple[str, str, str]


def said(page: Page, node: int) -> tuple[int, int, list[int]]:
    """Return the groups, the look and the words of an element."""
    first, last = page.nodes[node, columns.WORDS_FROM], page.nodes[node, columns.WORDS_TO]
    return int(page.classes[node]), int(page.nodes[node, columns.LOOK]), page.class_words[first:last].tolist()


def tag(element: Element) -> str:
    name, value, more = element
    return f'<{name} class="{value}"{more}>a</{name}>'


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("div", "p", "li")), st.sampled_from(VALUES), st.sampled_from(("", " id=side", " class=b"))
        ),
        max_size=40,
    )
)
def test_an_element_means_what_it_means_alone(elements: list[Element]) -> None:
    page = scan("".join(map(tag, elements)).encode())
    for node, element in enumerate(elements, 1):
        assert said(page, node) == said(scan(tag(element).encode()), 1), element


def test_more_values_than_are_remembered() -> None:
    elements = [("div", f"box{chr(97 + number % 26)} part{chr(97 + number // 26 % 26)}", "") for number in range(2000)]
    page = scan("".join(map(tag, elements * 2)).encode())
    for node, element in enumerate(elements * 2, 1):
        assert said(page, node) == said(scan(tag(element).encode()), 1), element
