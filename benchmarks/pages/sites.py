"""Static sites in the language of their texts: Sphinx, MkDocs, Nikola and Pelican, with their own themes or some from PyPI."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pages import markup
from pages.documents import Made, Text
from pages.wikis import made

SPHINX = (
    "alabaster",
    "furo",
    "sphinx_rtd_theme",
    "pydata_sphinx_theme",
    "classic",
    "sphinx_book_theme",
    "sphinxdoc",
    "bizstyle",
    "haiku",
    "agogo",
)
NIKOLA = ("bootblog4", "bootstrap4", "base")
MKDOCS = ("material", "readthedocs", "mkdocs")
LOCALES = {
    "sphinx": {"zh": "zh_CN", "nb": "nb_NO", "uk": "uk_UA", "no": "nb_NO"},
    "nikola": {"zh": "zh_cn"},
    "material": {},
    "pelican": {},
}
"""What a tool calls a language."""


def sphinx_pages(texts: Sequence[Text], cache: Path, theme: str) -> Iterator[Made]:
    """Yield texts of one language as pages of a Sphinx project."""
    folder = _fresh(cache / "sphinx")
    language = texts[0].language
    settings = f"project = 'Guides'\nlanguage = {LOCALES['sphinx'].get(language, language)!r}\nhtml_theme = {theme!r}\n"
    (folder / "conf.py").write_text(settings + "copyright = '2024, the authors'\nversion = release = '4.2'\n")
    names = [f"page{number}" for number in range(len(texts))]
    toctree = "".join(f"   {name}\n" for name in names)
    (folder / "index.rst").write_text(f"Guides\n======\n\n.. toctree::\n\n{toctree}")
    for name, text in zip(names, texts, strict=True):
        (folder / f"{name}.rst").write_text(markup.restructured(text), "utf-8")
    _run([sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out"], folder)
    for name, text in zip(names, texts, strict=True):
        yield made(text, f"sphinx-{theme}", (folder / "out" / f"{name}.html").read_bytes())


def mkdocs_pages(texts: Sequence[Text], cache: Path, theme: str) -> Iterator[Made]:
    """Yield texts of one language as pages of an MkDocs site."""
    folder = _fresh(cache / "mkdocs")
    language = texts[0].language
    look = {
        "name": theme,
        **({"language": language, "features": ["navigation.footer"]} if theme == "material" else {"locale": language}),
    }
    if theme != "material" and language not in (
        "de",
        "es",
        "fa",
        "fr",
        "id",
        "it",
        "ja",
        "nb",
        "nl",
        "pl",
        "ru",
        "tr",
        "uk",
        "zh",
    ):
        look["locale"] = "en"
    docs = folder / "docs"
    docs.mkdir()
    settings = {
        "site_name": "Guides",
        "theme": look,
        "site_url": "https://guides.example/",
        "repo_url": "https://code.example/guides",
        "copyright": "© 2024 the authors",
    }
    (folder / "mkdocs.yml").write_text(json.dumps(settings))
    for number, text in enumerate(texts):
        (docs / ("index.md" if number == 0 else f"page{number}.md")).write_text(markup.markdown(text), "utf-8")
    _run([sys.executable, "-m", "mkdocs", "build", "-q", "-d", "out"], folder)
    for number, text in enumerate(texts):
        path = folder / "out" / ("index.html" if number == 0 else f"page{number}/index.html")
        yield made(text, f"mkdocs-{theme}", path.read_bytes())


def nikola_pages(texts: Sequence[Text], cache: Path, theme: str) -> Iterator[Made]:
    """Yield texts of one language as posts of a Nikola weblog."""
    folder = _fresh(cache / "nikola")
    language = LOCALES["nikola"].get(texts[0].language, texts[0].language)
    settings = {
        "BLOG_AUTHOR": "The authors",
        "BLOG_TITLE": "Guides",
        "SITE_URL": "https://guides.example/",
        "BLOG_EMAIL": "guides@guides.example",
        "BLOG_DESCRIPTION": "Guides and notes",
        "DEFAULT_LANG": language,
        "THEME": theme,
        "POSTS": [["posts/*.html", "posts", "post.tmpl"]],
        "PAGES": [["pages/*.html", "", "page.tmpl"]],
        "COMPILERS": {"html": [".html"]},
        "TIMEZONE": "UTC",
        "LICENSE": "",
        "SHOW_SOURCELINK": True,
        "CONTENT_FOOTER": "Contents © 2024 The authors - Powered by Nikola",
        "NAVIGATION_LINKS": {language: [["/archive.html", "Archive"], ["/categories/", "Tags"], ["/rss.xml", "RSS"]]},
    }
    _settings(folder / "conf.py", settings)
    (folder / "posts").mkdir()
    for number, text in enumerate(texts):
        about = {
            "title": text.title,
            "slug": f"post{number}",
            "date": f"2024-03-{number % 28 + 1:02} 10:00:00 UTC",
            "tags": f"{text.project}, guides",
        }
        lines = "".join(f".. {key}: {value}\n" for key, value in about.items())
        (folder / "posts" / f"post{number}.html").write_text(f"<!--\n{lines}-->\n\n{markup.hypertext(text)}\n", "utf-8")
    _run([str(Path(sys.executable).with_name("nikola")), "build"], folder)
    for number, text in enumerate(texts):
        yield made(text, f"nikola-{theme}", (folder / "output/posts" / f"post{number}" / "index.html").read_bytes())


def pelican_pages(texts: Sequence[Text], cache: Path) -> Iterator[Made]:
    """Yield texts as posts of a Pelican weblog with its standard theme, which speaks English around them."""
    folder = _fresh(cache / "pelican")
    settings = {
        "AUTHOR": "The authors",
        "SITENAME": "Guides",
        "PATH": "content",
        "DEFAULT_LANG": "en",
        "TIMEZONE": "UTC",
        "THEME": "notmyidea",
        "SITEURL": "https://guides.example",
        "LINKS": [["Pelican", "https://getpelican.com/"], ["Python", "https://python.org/"]],
        "SOCIAL": [["Mastodon", "#"], ["Code", "#"]],
        "OUTPUT_PATH": "output",
    }
    _settings(folder / "pelicanconf.py", settings)
    (folder / "content").mkdir()
    for number, text in enumerate(texts):
        about = {
            "Title": text.title,
            "Date": f"2024-03-{number % 28 + 1:02} 10:00",
            "Category": text.project,
            "Tags": "guides",
            "Slug": f"post{number}",
        }
        head = "".join(f"{key}: {value}\n" for key, value in about.items()) + "\n"
        (folder / "content" / f"post{number}.md").write_text(head + markup.markdown(text, title=False), "utf-8")
    _run([str(Path(sys.executable).with_name("pelican")), "-s", "pelicanconf.py", "-q"], folder)
    for number, text in enumerate(texts):
        yield made(text, "pelican-notmyidea", (folder / "output" / f"post{number}.html").read_bytes())


def _settings(file: Path, settings: Mapping[str, object]) -> None:
    """Write settings as a Python file."""
    file.write_text("".join(f"{key} = {value!r}\n" for key, value in settings.items()))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


def _run(command: Sequence[str], folder: Path) -> None:
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"{' '.join(command[-4:])}: {(made.stdout + made.stderr)[-800:]}")
