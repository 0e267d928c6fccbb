"""What a package index shows of README.md: addresses in place of paths, which lead somewhere in a clone only."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Makes the description of the distribution; the repository's address comes from `[project.urls]`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the text."""
        repository = metadata["urls"]["Repository"].rstrip("/")

        def with_address(link: re.Match[str]) -> str:
            picture, text, path = link.groups()
            return f"{picture}[{text}]({repository}/{'raw' if picture else 'blob'}/main/{path})"

        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _LINK.sub(with_address, text)}
