"""Markdown with formulas for a terminal: paragraphs that wrap, and each formula in one line of Unicode."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich.padding import Padding
from rich.text import Text

_log = logging.getLogger(__name__)

# As in pandoc, a dollar sign before a blank or a digit ends no formula, so that "$5 or $10" are amounts of money.
_FORMULA = (
    r"\$\$(?P<display>(?:(?!\n\s*\n).)+?)\$\$"
    r"|\$(?![\s$])(?P<inline>(?:\\.|(?!\n\s*\n)[^$\\`])+?)(?<!\s)\$(?!\d)"
)
_FORMULA_HERE = re.compile(_FORMULA, re.DOTALL)
_FORMULA_OR_CODE = re.compile(rf"^```.*?^```|(`+).+?\1|{_FORMULA}", re.DOTALL | re.MULTILINE)
_CODE_INDENT = 4
# CommonMark takes a mark of emphasis between a letter and a quote for none. Chinese and Japanese have no blank there,
# so it gets one, which is not shown.
_CJK = "[\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_SPACE = "\u200a"
_OPENING, _CLOSING = "[\u201c\u2018\u300c\u300e\u300a\uff08(]", "[\u201d\u2019\u300d\u300f\u300b\uff09)]"
_STARTS_AFTER_CJK = re.compile(rf"(?<={_CJK})(?=\*+{_OPENING})")
_ENDS_BEFORE_CJK = re.compile(rf"({_CLOSING}\*+)(?={_CJK})")


def markdown_lines(markdown: str, *, plain: bool = False) -> Iterator[Padding | Text]:
    """Read CommonMark with formulas in `$...$` and `$$...$$` as Rich renderables, top to bottom.

    HTML is shown as text, and tables as they are written. `plain` leaves formulas as LaTeX, which is ASCII.
    """
    # A line of a formula that begins with a minus would be read as a list item.
    markdown = _FORMULA_OR_CODE.sub(lambda found: found[0] if "`" in found[0] else " ".join(found[0].split()), markdown)
    markdown = _ENDS_BEFORE_CJK.sub(rf"\1{_SPACE}", _STARTS_AFTER_CJK.sub(_SPACE, markdown))
    source = markdown.split("\n")
    indent, marker = 0, ""
    for token in _parser().parse(markdown):
        if token.type in ("list_item_open", "blockquote_open"):
            indent, marker = indent + 2, f"{token.info}{token.markup} "
        elif token.type in ("list_item_close", "blockquote_close"):
            indent -= 2
        if not token.map or token.nesting:
            continue
        if token.type == "inline":
            children = token.children or []
            break_ = "\n" if token.content.startswith("|") else " "
            text = Text(marker).append_text(_inline(children, break_, plain))
            display = len(children) == 1 and children[0].markup == "$$"
            left = indent + _CODE_INDENT if display else indent
            yield Padding(text, (0, 0, 0, left)) if left else text
            marker = ""
        else:
            for line in token.content.splitlines() or [token.markup]:
                yield Padding(Text(line.replace(_SPACE, ""), style="cyan"), (0, 0, 0, indent + _CODE_INDENT))
        if not "".join(source[token.map[1] : token.map[1] + 1]).strip():
            yield Text("")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.inline.ruler.before("escape", "formula", _formula_rule)
    return parser


def _formula_rule(state: StateInline, silent: bool) -> bool:
    found = _FORMULA_HERE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = found["display"] or found["inline"]
        token.markup = "$$" if found["display"] else "$"
    state.pos = found.end()
    return True


def _inline(tokens: Sequence[Token], line_break: str, plain: bool) -> Text:
    text = Text()
    styles: list[str] = []
    for number, token in enumerate(tokens):
        if token.type in ("strong_open", "em_open"):
            styles.append("bold" if token.type == "strong_open" else "italic")
        elif token.type in ("strong_close", "em_close"):
            styles.pop()
        elif token.type in ("softbreak", "hardbreak"):
            following = next((other.content[0] for other in tokens[number + 1 :] if other.content), "")
            glued = token.type == "softbreak" and line_break == " " and _is_cjk(text.plain[-1:]) and _is_cjk(following)
            text.append("" if glued else line_break if token.type == "softbreak" else "\n")
        elif token.type == "formula":
            text.append(_formula(token.content, plain), style=" ".join([*styles, "magenta"]))
        else:
            style = [*styles, "cyan"] if token.type == "code_inline" else styles
            shown = token.content.replace(_SPACE, "")
            text.append(shown.replace("\xb7", "-") if plain else shown, style=" ".join(style))
    return text


def _is_cjk(character: str) -> bool:
    """Return whether a character is of a script that puts no blank between words: wide, but not Korean."""
    return (
        character != ""
        and unicodedata.east_asian_width(character) in "WF"
        and not unicodedata.name(character, "").startswith("HANGUL")
    )


def _formula(latex: str, plain: bool) -> str:
    """Return a formula as one line of Unicode; as LaTeX where that cannot be shown or would lose its meaning."""
    latex = " ".join(latex.split())
    if plain or not re.search(r"[\\^_]", latex):
        return latex
    try:
        text = _converter().latex_to_text(_in_one_line(latex))
    except Exception:  # the parser raises many types on LaTeX that only TeX can read
        _log.debug("shown as LaTeX: %s", latex, exc_info=True)
        return latex
    before = ""
    while before != text:  # from the inside out
        before, text = text, re.sub(r"([_^])\{([^{}]*)\}", _script, text)
    text = re.sub(r"([_^])(\w)", _script, text.replace("{", "").replace("}", ""))
    text = re.sub(r"\s*([\u2190\u2192\u2248\u2260\u2264\u2265=])\s*", r" \1 ", text)
    text = re.sub(r"\s*\xb7\s*", "\xb7", re.sub(r"([(\[]) +| +(?=[)\],/])", r"\1", text))
    return " ".join(text.split())


def _in_one_line(latex: str) -> str:
    """Write cases as "a if b; c if d", and use one spelling for fractions and spaces."""
    if r"\begin{cases}" in latex:
        latex = re.sub(r"\\(begin|end)\{cases\}", "", latex).replace("&", r"\text{ if }")
        latex = re.sub(r"\\\\(\[.*?\])?", "; ", latex)
    latex = re.sub(r"\\[dt]frac", r"\\frac", latex)
    return re.sub(r"\\[!,;]|\\q?quad", " ", latex)


_SMALL = {
    "^": str.maketrans("0123456789-T", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u1d40"),
    "_": str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089"),
}


def _script(found: re.Match[str]) -> str:
    """Return a superscript or subscript: small digits where Unicode has them, else its sign and brackets if needed."""
    sign, text = found.groups()
    if re.fullmatch(r"[0-9]+|T|-[0-9]" if sign == "^" else r"[0-9]+", text):
        return text.translate(_SMALL[sign])
    return f"{sign}{text}" if re.fullmatch(r"[^\W_]+|\*", text) else f"{sign}({text})"


def _fraction(node: Any, l2tobj: Any) -> str:
    """Write a fraction on one line, with the brackets that its bar made unnecessary."""
    over, under = (l2tobj.nodelist_to_text([part]).strip() for part in node.nodeargd.argnlist)
    over, under = (part[1:-1] if part.startswith("{") and part.endswith("}") else part for part in (over, under))
    under = f"({under})" if re.fullmatch(r"\d+[a-z]|[A-Z]{2,}", under) else _bracketed(under, " +-*/\xb7")
    return f"{_bracketed(over, ' +-')}/{under} "


def _bracketed(text: str, operators: str) -> str:
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and index and sign in operators:
            return f"({text})"
    return text


@lru_cache(maxsize=1)
def _converter() -> Any:
    from pylatexenc import latex2text  # deferred: only screens with formulas need it

    macros_known = latex2text.get_default_latex_context_db()
    spec = latex2text.MacroTextSpec
    macros = [spec("frac", simplify_repl=_fraction), spec("ne", "\u2260"), spec("bmod", " mod ")]
    macros += [spec(name, f" {name} ") for name in ("ln", "log", "exp", "sin", "cos", "tanh")]
    macros.append(spec("operatorname", discard=False))
    macros += [spec(name, discard=True) for name in ("bigl", "bigr", "Bigl", "Bigr", "left", "right")]
    macros_known.add_context_category("one-line", macros=macros, prepend=True)
    macros_known.set_unknown_macro_spec(spec("", simplify_repl=_refuse))  # by default they vanish
    return latex2text.LatexNodes2Text(macros_known, math_mode="text", keep_braced_groups=True, strict_latex_spaces=True)


def _refuse(node: Any, l2tobj: Any) -> str:
    raise ValueError(f"no text for \\{node.macroname}")


def plain_text(markdown: str) -> str:
    """Return markdown as text without its signs; formulas in one line of Unicode, as `markdown_lines` shows them."""
    parts = (part.renderable if isinstance(part, Padding) else part for part in markdown_lines(markdown))
    return "\n".join(part.plain for part in parts if isinstance(part, Text)).strip()
