# PLACEHOLDER by the lead so that the core can be tried: the owner of this file overwrites it
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Breach:
    rule: str
    what: str
    line: int
    file: str
    code: str


@dataclass(frozen=True)
class Rule:
    name: str
    says: str


RULES = defaultdict(lambda: Rule("x", "x"))
