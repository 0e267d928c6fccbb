"""The build record of an assignment, and digests of code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from gradlings.submission.cells import decode, notebook_sources

MANIFEST = "built.json"


def code_digest(name: str, data: bytes) -> str:
    """Return `digest_of_code` of a file's bytes; the SHA-256 of the bytes if it is a notebook that cannot be read."""
    try:
        return digest_of_code(name, decode(data))
    except ValueError:
        return hashlib.sha256(data).hexdigest()


def digest_of_code(name: str, text: str) -> str:
    """Return the SHA-256, in hex, of a file's code (of a notebook: its cells); raises as `notebook_sources`."""
    if name.endswith(".ipynb"):
        text = "\n# %%\n".join(source.rstrip() for _, source in notebook_sources(text) if source.strip())
    return digest(text)


def digest(text: str) -> str:
    """Return the SHA-256, in hex, of a text without the white space at its end."""
    return hashlib.sha256(text.rstrip().encode("utf-8", "surrogatepass")).hexdigest()


def read_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Return what the build recorded of an assignment's files; empty if there is no readable record."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def assignment_title(folder: Path) -> str:
    """Return the assignment's title as the build recorded it, or ""."""
    return str(read_manifest(folder).get("title", ""))
