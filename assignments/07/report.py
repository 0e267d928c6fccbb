"""Shows text cut up by the student's own tokenizer, as a page of colored tokens and a curve, for you to look at."""

import html

ENGLISH = "A large language model cuts text into tokens, and predicts the next one."
CHINESE = "大语言模型把文本切成词元，再预测下一个词元。"
MAX_LEARNED_CHARS = 8_000  # merges are learned in less than a second from so many


def pages_of(folder):
    """Return what merges are learned from, and the pages to show, by title.

    Args:
        folder: the assignment in the student's kit, a pathlib.Path.

    Returns:
        The text of the hints of this assignment and of others beside it; and the beginning of the student's file, a
        sentence in English, and the same in Chinese.
    """
    hints = [folder / "hints.md", *sorted(folder.parent.glob("[0-9]*/hints.md"), reverse=True)]
    learned = "".join(path.read_text(encoding="utf-8") for path in dict.fromkeys(hints) if path.is_file())
    own = folder / "tokens.py"
    beginning = own.read_text(encoding="utf-8").partition("# %%\n")[0] if own.is_file() else learned[:2_000]
    lines = (line.removeprefix("#").strip() for line in beginning.split("\n")[1:])
    paragraphs = "\n".join(lines).split("\n\n")
    name = own.name if own.is_file() else "the hints"
    pages = {
        f"The beginning of {name}": "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs),
        "A sentence in English": ENGLISH,
        "The same sentence in Chinese": CHINESE,
    }
    return learned[:MAX_LEARNED_CHARS], {title: text.strip() for title, text in pages.items()}


def write_report(folder, merges, pages, curves):
    """Write `tokens.html` and `compression.png` into a folder.

    Args:
        folder: a pathlib.Path.
        merges: pairs of ids; the one at place k makes the id 256 + k.
        pages: for each title the text and its ids.
        curves: for each title a list of (number of merges, bytes for each token).

    Returns:
        What was written, in one or two sentences.
    """
    (folder / "tokens.html").write_text(_page(_bytes_of_ids(merges), len(merges), pages), encoding="utf-8")
    drawn = _draw(folder / "compression.png", curves)
    written = "tokens.html (texts in your tokens)" + " and compression.png (what more merges bring)" * drawn
    sentence = f"Have a look at {written} in assignments/{folder.name}."
    return sentence if drawn else f"{sentence} For the curve, install matplotlib and run this again."


def _bytes_of_ids(merges):
    table = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table


_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --soft: #59636e; --line: #d1d9e0;
  --a: #d7e8ff; --b: #ffe3c9; --c: #d9f2d9; --d: #f0dcf7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #9198a1; --line: #3d444d;
  --a: #17406d; --b: #6b3d10; --c: #1d4d2b; --d: #53306b; } }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
.soft { color: var(--soft); margin: .2rem 0 .6rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.9; font-family: ui-monospace, monospace;
  font-size: .82rem; }
.text span { border-radius: 3px; padding: .15em 0; }
.text i { display: inline-block; font-style: normal; font-size: .75em; padding: 0 .15em; }
span.a { background: var(--a); } span.b { background: var(--b); }
span.c { background: var(--c); } span.d { background: var(--d); }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; border-bottom: 1px solid var(--line); }
td { text-align: right; } td:first-child, th:first-child { text-align: left; }
"""


def _page(table, n_merges, pages):
    rows, sections = [], []
    for title, (text, ids) in pages.items():
        n_bytes = len(text.encode("utf-8"))
        each = n_bytes / max(1, len(ids))
        rows.append(
            f"<tr><td>{html.escape(title)}</td><td>{len(text):,}</td><td>{n_bytes:,}</td><td>{len(ids):,}</td>"
            f"<td>{each:.2f}</td></tr>"
        )
        whole = f'<p lang="zh">{html.escape(text)}</p>\n' if text == CHINESE else ""
        sections.append(f'<h2>{html.escape(title)}</h2>\n{whole}<div class="text">{_colored(table, ids)}</div>')
    longest = sorted(table[256:], key=len, reverse=True)[:12]
    names = ", ".join(f"<code>{html.escape(repr(piece.decode('utf-8', 'replace')))}</code>" for piece in longest)
    heads = "".join(f"<th>{head}</th>" for head in ("text", "characters", "bytes", "tokens", "bytes for each token"))
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Texts in your tokens</title>
<style>{_STYLE}</style></head>
<body>
<h1>Texts in your tokens</h1>
<p>Your tokenizer learned {n_merges} merges from the hints of this kit, all of them English. Each colored box is one
token. A byte that is no whole character stands as its two hexadecimal digits.</p>
<table><tr>{heads}</tr>
{chr(10).join(rows)}
</table>
<p class="soft">The longest tokens: {names}.</p>
{chr(10).join(sections)}
</body>
</html>
"""


def _colored(table, ids):
    """One box for each token; bytes of cut characters as digits."""
    boxes = []
    for place, i in enumerate(ids):
        shown = table[i].decode("utf-8", "backslashreplace")
        if "\\x" in shown:
            shown = "".join(
                f"<i>{part[:2].upper()}</i>{html.escape(part[2:])}" if number else html.escape(part)
                for number, part in enumerate(shown.split("\\x"))
            )
        else:
            shown = html.escape(shown).replace("\n", "⏎\n")
        boxes.append(f'<span class="{"abcd"[place % 4]}">{shown}</span>')
    return "".join(boxes)


def _draw(path, curves):
    """True if the picture was drawn; matplotlib may not be installed. Needs no display."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (title, curve), color in zip(curves.items(), ("#08519c", "#a50f15"), strict=False):
        sizes, each = zip(*curve, strict=True)
        axes.plot(sizes, each, "o-", color=color, linewidth=2, markersize=4)
        axes.annotate(title, (sizes[-1], each[-1]), (-4, 7), textcoords="offset points", ha="right", color=color)
    axes.axhline(1, color="gray", linestyle=":", linewidth=1)
    axes.set(xlabel="merges", ylabel="bytes for each token", title="What more merges bring")
    axes.set(ylim=(0, 1.15 * max(each for curve in curves.values() for _, each in curve)))
    figure.savefig(path, dpi=120)
    return True
