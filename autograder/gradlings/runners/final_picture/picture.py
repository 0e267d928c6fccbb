"""What `picture.py` of an assignment gives, and the colors and the size that all pictures share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
"""Colors that people who see fewer of them tell apart, too (Okabe and Ito); white text is for BLUE and GREEN only."""
INK, SOFT = "#222222", "#595959"
"""Of text, and of what is less important than it; both are read on white."""
DPI = 120
SMALL, MEDIUM = 9, 10.5
"""Sizes of text, in points; none is smaller."""


@dataclass(frozen=True)
class FinalPicture:
    """A picture that is to be looked at, and what goes with it."""

    figure: Figure
    file: str
    """The name of its file, beside that of the student."""
    about: str
    """What it shows, in a few words."""
    alt: str
    """What it shows, for who cannot see it: a sentence or two."""
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Further files by name: what they hold, in a few words, and their text."""
    missing: str = ""
    """A sentence on what is not there yet."""
    fuller: Callable[[], FinalPicture] | None = None
    """Makes the picture that stands in its place if functions that it can do without are right and done in time."""


def new_figure(title: str, width: float = 9.0, height: float = 5.5) -> Figure:
    """Return a white figure with a title that says what to see; `width` and `height` are in inches."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)  # inches
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    figure.suptitle(title, fontsize=12.5, fontweight="bold", color=INK)
    return figure
