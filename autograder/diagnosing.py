# PLACEHOLDER by the lead: overwrite
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trial:
    got: Any
    expected: Any
    inputs: Any


def diagnose(trials, names=()):
    return None
