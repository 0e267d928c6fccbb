"""Prose in Markdown with maths, for a terminal: paragraphs that wrap, and formulas in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rich.padding import Padding
from rich.text import Text

_INLINE = re.compile(r"(`+)(.+?)\1|\$(.+?)\$|\*\*(.+?)\*\*|(?<![\w*])\*(?=\S)(.+?)(?<=\S)\*(?![\w*])|\[(.+?)\]\(.+?\)")
_ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s+")


def prose_lines(markdown: str, *, plain: bool = False) -> Iterator[Padding | Text]:
    """Paragraphs, lists, code and formulas as Rich renderables; tables stay as they are written.

    Args:
        plain: leaves formulas as LaTeX, which is ASCII, and dots in the middle of a line become hyphens.
    """
    for block in _blocks(markdown):
        first = block[0].strip()
        if first.startswith("```"):
            for line in block[1:]:
                if not line.startswith("```"):
                    yield Padding(Text(line, style="cyan"), (0, 0, 0, 4))
        elif first.startswith("$$"):
            yield Padding(Text(_formula(" ".join(block).replace("$$", ""), plain), style="magenta"), (0, 0, 0, 4))
        elif first.startswith(("|", ">")):
            for line in block:
                yield _inline(line, plain)
        else:
            yield from _paragraphs(block, plain)
        yield Text("")


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Groups of lines between blank lines; a fenced block is one group."""
    block: list[str] = []
    fenced = False
    for line in [*markdown.split("\n"), ""]:
        if line.startswith("```"):
            fenced = not fenced
        if line.strip() or (fenced and block):
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _paragraphs(lines: list[str], plain: bool) -> Iterator[Padding | Text]:
    """Joins wrapped lines; each item of a list is a paragraph that hangs."""
    parts: list[list[str]] = []
    for line in lines:
        if _ITEM.match(line) or not parts:
            parts.append([line])
        else:
            parts[-1].append(line)
    for part in parts:
        item = _ITEM.match(part[0])
        if item is None:
            yield _inline(" ".join(line.strip() for line in part), plain)
            continue
        text = " ".join([part[0][item.end() :], *(line.strip() for line in part[1:])])
        mark = f"{item[2]} "
        body = _inline(text, plain)
        yield Padding(Text(mark) + body, (0, 0, 0, len(item[1]) + 2))


def _inline(text: str, plain: bool) -> Text:
    made = Text()
    at = 0
    if plain:
        text = text.replace("\xb7", "-")
    for found in _INLINE.finditer(text):
        made.append(text[at : found.start()])
        code, maths, bold, emphasis, link = found.group(2, 3, 4, 5, 6)
        if code:
            made.append(code, style="cyan")
        elif maths:
            made.append(_formula(maths, plain), style="magenta")
        elif bold or emphasis:
            made.append_text(_inline(bold or emphasis, plain)).stylize(
                "bold" if bold else "italic", -len(bold or emphasis)
            )
        else:
            made.append(link)
        at = found.end()
    return made.append(text[at:])


def _formula(latex: str, plain: bool) -> str:
    """A formula as one line of Unicode; as it is written where that cannot be shown, or would lose its meaning."""
    latex = " ".join(latex.split())
    if plain or not re.search(r"[\\^_]", latex):
        return latex
    try:
        made = _converter().latex_to_text(_in_one_line(latex))
    except Exception:  # a formula that only TeX can read
        return latex
    before = ""
    while before != made:  # from the inside out
        before, made = made, re.sub(r"([_^])\{([^{}]*)\}", lambda found: _raised(found[1], found[2]), made)
    made = re.sub(r"([_^])(\w)", lambda found: _raised(found[1], found[2]), made.replace("{", "").replace("}", ""))
    made = re.sub(r"\s*([\u2190\u2192\u2248\u2260\u2264\u2265=])\s*", r" \1 ", made)
    made = re.sub(r"\s*\xb7\s*", "\xb7", re.sub(r"([(\[]) +| +(?=[)\],/])", r"\1", made))
    return " ".join(made.split())


def _in_one_line(latex: str) -> str:
    """Cases become "a if b; c if d"; other spellings become one."""
    if r"\begin{cases}" in latex:
        latex = re.sub(r"\\(begin|end)\{cases\}", "", latex).replace("&", r"\text{ if }")
        latex = re.sub(r"\\\\(\[.*?\])?", "; ", latex)
    latex = re.sub(r"\\[dt]frac", r"\\frac", latex)
    return re.sub(r"\\[!,;]|\\q?quad", " ", latex)


_DIGITS = {
    "^": str.maketrans("0123456789+-T", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u1d40")
}
_DIGITS["_"] = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")


def _raised(sign: str, text: str) -> str:
    """A raised or lowered part: small digits where Unicode has them, else with its sign, bracketed if it is long."""
    if re.fullmatch(r"[0-9]+|T|-[0-9]" if sign == "^" else r"[0-9]+", text):
        return text.translate(_DIGITS[sign])
    return f"{sign}{text}" if re.fullmatch(r"[^\W_]+|\*", text) else f"{sign}({text})"


def _fraction(node: Any, l2tobj: Any) -> str:
    """A fraction on one line needs the brackets that its bar made unnecessary."""
    over, under = (l2tobj.nodelist_to_text([part]).strip() for part in node.nodeargd.argnlist)
    over, under = (part[1:-1] if part.startswith("{") and part.endswith("}") else part for part in (over, under))
    under = f"({under})" if re.fullmatch(r"\d+[a-z]|[A-Z]{2,}", under) else _bracketed(under, " +-*/\xb7")
    return f"{_bracketed(over, ' +-')}/{under} "


def _bracketed(text: str, splitting: str) -> str:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and place and sign in splitting:
            return f"({text})"
    return text


@lru_cache(maxsize=1)
def _converter() -> Any:
    from pylatexenc import latex2text  # deferred: only screens with formulas need it

    known = latex2text.get_default_latex_context_db()
    spec = latex2text.MacroTextSpec
    macros = [spec("frac", simplify_repl=_fraction), spec("ne", "\u2260"), spec("bmod", " mod ")]
    macros += [spec(name, f" {name} ") for name in ("ln", "log", "exp", "sin", "cos", "tanh")]
    macros += [spec(name, discard=False) for name in ("operatorname",)]
    macros += [spec(name, discard=True) for name in ("bigl", "bigr", "Bigl", "Bigr", "left", "right")]
    known.add_context_category("one-line", macros=macros, prepend=True)
    known.set_unknown_macro_spec(spec("", simplify_repl=_unknown))  # by default they vanish
    return latex2text.LatexNodes2Text(known, math_mode="text", keep_braced_groups=True, strict_latex_spaces=True)


def _unknown(node: Any, l2tobj: Any) -> str:
    raise ValueError(node.macroname)
