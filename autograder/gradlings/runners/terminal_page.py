"""Writes the page of results to pytest's terminal."""

from __future__ import annotations

import os
import sys
from typing import Any

from gradlings.model.scorecard import Scorecard
from gradlings.rendering.terminal import can_show, page_text


def write_page(reporter: Any, card: Scorecard, *, detail: bool) -> None:
    """Write the page to pytest's terminal reporter, in color only where pytest would use color."""
    writer = reporter._tw
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    text = page_text(
        card,
        detail=detail,
        width=writer.fullwidth,
        color=writer.hasmarkup,
        plain=not can_show(encoding),
        pictures=os.environ.get("TERM") != "dumb",
    )
    for line in text.splitlines():
        writer.line(line)
