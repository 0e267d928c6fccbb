"""Signs that look like Python's and are not: full-width punctuation, curly quotation marks, odd blanks."""

from __future__ import annotations

import re
import unicodedata

_REFUSED = re.compile(r"invalid (?:non-printable )?character .*?U\+([0-9A-F]{4,6})")
_CHINESE = {
    "\uff0c": "comma", "\u3001": "comma", "\u3002": "full stop", "\uff1a": "colon", "\uff1b": "semicolon",
    "\uff08": "bracket", "\uff09": "bracket", "\u3010": "bracket", "\u3011": "bracket", "\uff1d": "equals sign",
}  # fmt: skip
_PYTHONS = {
    "\u3001": ",", "\u3002": ".", "\u3010": "[", "\u3011": "]", "\u201c": '"', "\u201d": '"', "\u201e": '"',
    "\u2018": "'", "\u2019": "'", "\u2212": "-", "\u2013": "-", "\u2014": "-", "\xd7": "*", "\u22c5": "*", "\xf7": "/",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=",
}  # fmt: skip
_FULL_WIDTH = range(0xFF01, 0xFF5F)  # in the order of ASCII


def sign_tip(message: str) -> str:
    """Return what to write in place of the sign that Python refuses; "" if its message is about something else."""
    found = _REFUSED.search(message)
    if found is None:
        return ""
    sign = chr(int(found[1], 16))
    if not sign.isprintable() or sign.isspace():
        return f"There is an odd blank in it (U+{found[1]}), perhaps copied from a page: write a common one."
    right = chr(ord(sign) - 0xFEE0) if ord(sign) in _FULL_WIDTH else _PYTHONS.get(sign, "")
    if not right:
        return ""
    name = unicodedata.name(sign, "sign").lower()
    what = f"a Chinese {_CHINESE[sign]}" if sign in _CHINESE else f"the {name}"
    return f"{sign} is {what}. Python knows only {right}"
