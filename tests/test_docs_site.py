"""The site of the docs: built strictly, read as GitHub reads its pages, and loading nothing from another host."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import gradlings
from gradlings import authoring
from student_kit import PROJECT

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
LOADED = {"src", "srcset", "poster", "data"}
COUNTED = {"table", "tr", "td", "li", "ol", "ul", "pre", "h1", "h2", "h3", "h4", "img", "a", "strong", "em"}
COUNTED |= {"blockquote", "details"}
POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class Read(HTMLParser):
    """A page: its tags, those of them that are content, and the content's text without blanks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.counted: Counter[str] = Counter()
        self.text = ""
        self._content = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        self._content |= tag == "article"
        of_the_theme = tag == "a" and (
            attributes.get("class") == "headerlink" or attributes.get("href", "#__code").startswith("#__code")
        )
        if self._content and tag in COUNTED and not of_the_theme:
            self.counted[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self._content &= tag != "article"

    def handle_data(self, data: str) -> None:
        if self._content:
            self.text += "".join(data.split()).replace("¶", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "true"}
    built = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def sources() -> dict[str, Path]:
    """The file of the repository that each page is made from, by the page's address."""
    hook = PROJECT / "docs" / "site_pages.py"
    spec = importlib.util.spec_from_file_location("site_pages", hook)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages = {page: PROJECT / source for source, page in module.BESIDE.items()}
    pages |= {path.name: path for path in (PROJECT / "docs").glob("*.md")}
    return {"index.html" if page == "index.md" else f"{page[:-3]}/index.html": path for page, path in pages.items()}


def test_every_page_says_what_its_source_says(site: Path) -> None:
    """As many tables, lists, links and blocks, and the same words, as GitHub shows: readers of Markdown differ."""
    markdown = MarkdownIt("commonmark").enable("table")
    pages = sources()
    assert len(pages) > 20
    for address, source in pages.items():
        if source.name == "api.md":  # made of docstrings
            continue
        wanted = Read(f"<article>{markdown.render(source.read_text(encoding='utf-8'))}</article>")
        got = Read((site / address).read_text(encoding="utf-8"))
        assert got.counted == wanted.counted, f"{source}: nested lists and blocks need four spaces"
        assert got.text == wanted.text, source


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 30
    for page in pages:
        found = Read(page.read_text(encoding="utf-8")).tags
        loaded = [value for _, attributes in found for name, value in attributes.items() if name in LOADED]
        loaded += [attributes["href"] for tag, attributes in found if tag == "link"]
        assert [address for address in loaded if re.match(r"(?!data:)[a-z]+:|//", address)] == [], page
        # what a script would load later, the browser refuses
        (policy,) = [a["content"] for _, a in found if a.get("http-equiv") == "Content-Security-Policy"]
        assert policy == POLICY
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert len(styles) >= 3
    for style in [*styles, *(path.read_text(encoding="utf-8") for path in site.rglob("*.svg"))]:
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)]*", style) == []


def test_the_search_finds_every_page_and_works_without_the_network(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {address.removesuffix("index.html") for address in sources()} <= found
    assert list((site / "assets" / "javascripts" / "workers").glob("search.*.js"))


def test_every_public_name_is_on_the_page_of_names(site: Path) -> None:
    page = (site / "api" / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<h3 id="(gradlings[\w.]+)"', page))
    names = {f"gradlings.{name}" for name in gradlings.__all__}
    names |= {f"gradlings.authoring.{name}" for name in authoring.__all__}
    assert shown == names


def test_pictures_are_small_and_every_one_is_shown() -> None:
    pictures = [path for path in (PROJECT / "docs").rglob("*") if path.suffix in (".png", ".svg")]
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
    text = "".join(path.read_text(encoding="utf-8") for path in sources().values())
    assert [path.name for path in pictures if f"{path.relative_to(PROJECT / 'docs').as_posix()})" not in text] == []
