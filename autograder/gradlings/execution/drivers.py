"""The drivers of an assignment: functions beside its checks that use those of a submission."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Drivers = dict[str, Callable[..., Any]]


def load_drivers(folder: Path) -> Drivers:
    """Run `drivers.py` beside the checks and return what it defines; empty where there is none."""
    path = folder / "drivers.py"
    if not path.is_file():
        return {}
    namespace: dict[str, Any] = {"__name__": f"drivers_{folder.name}", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return namespace
