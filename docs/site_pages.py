"""What MkDocs has to be told of this repository; a hook of mkdocs.yml.

The site is made of docs/, and of the files beside it that its pages link to: README.md is the start page, and an
exercise's module becomes a page that shows it. So a link works on the site and in the repository alike.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
BESIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "deploy/README.md": "containers.md",
    "deploy/jupyterhub.md": "jupyterhub.md",
}
"""Pages of the site that do not lie in docs/."""

FENCE = re.compile(r"(^ *(`{3,}).*?^ *\2`*$)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    for source, page in BESIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for source in sorted(set(_linked_modules())):
        text = (ROOT / source).read_text(encoding="utf-8")
        shown = f"---\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n# `{source}`\n\n````python\n{text}````\n"
        files.append(File.generated(config, _page_of(source), content=shown))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links between pages, and read Markdown in `<details>`."""
    here = page.file.src_uri
    source = next((source for source, page in BESIDE.items() if page == here), f"docs/{here}")

    def on_site(link: re.Match[str]) -> str:
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        if not (ROOT / wanted).is_file():
            raise PluginError(f"{source} links to {link[1]}, which is no file of the repository.")
        return posixpath.relpath(_page_of(wanted), posixpath.dirname(here) or ".") + (link[2] or "")

    return _outside_of_code(markdown, lambda text: LINK.sub(on_site, text).replace("<details>", "<details markdown>"))


def _linked_modules() -> Iterator[str]:
    """Yield the Python files of the repository that pages link to."""
    for path in [*(ROOT / source for source in BESIDE), *sorted((ROOT / "docs").rglob("*.md"))]:
        for part in FENCE.split(path.read_text(encoding="utf-8"))[::3]:
            for link in LINK.finditer(part):
                wanted = (path.parent / link[1]).resolve()
                if wanted.suffix == ".py" and wanted.is_file():
                    yield wanted.relative_to(ROOT).as_posix()


def _page_of(source: str) -> str:
    if source in BESIDE:
        return BESIDE[source]
    return source.removeprefix("docs/") if source.startswith("docs/") else f"files/{source.removesuffix('.py')}.md"


def _outside_of_code(markdown: str, change: Callable[[str], str]) -> str:
    parts = FENCE.split(markdown)  # text, a block, its fence, text, ...
    return "".join(change(part) if i % 3 == 0 else part for i, part in enumerate(parts) if i % 3 != 2)
