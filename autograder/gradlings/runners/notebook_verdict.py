"""What a cell with `check(...)` shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class NotebookVerdict:
    """The verdict under a cell with `check(...)`: nbgrader reads the points, people see the verdict."""

    points: int | None
    html: str

    def __repr__(self) -> str:
        return "not checked" if self.points is None else repr(self.points)

    def _repr_html_(self) -> str:
        return self.html
