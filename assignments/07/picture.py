"""The picture at the end of assignment 07: what merges bring, and pages of your own kit in your own tokens."""

import html
from pathlib import Path

from gradlings.runners.final_picture.picture import BLUE, RED, SOFT, FinalPicture, new_figure

HERE = Path(__file__).parent
ENGLISH = "A large language model cuts text into tokens, and predicts the next one."
CHINESE = "大语言模型把文本切成词元，再预测下一个词元。"
MAX_LEARNED_CHARS = 8_000  # merges are learned in less than a second from so many
N_MERGES, SIZES = 300, [0, 10, 25, 50, 100, 200, 300]


def picture(own):
    """Learns merges with `train_bpe`, cuts texts with `encode`, and measures them with `compression`."""
    learned, pages = pages_of(HERE)
    merges = [(int(left), int(right)) for left, right in own.train_bpe(learned, N_MERGES)]
    table = bytes_of_ids(merges)
    cut = {title: (text, [int(i) for i in own.encode(text, merges)]) for title, text in pages.items()}
    for text, ids in cut.values():
        own.agreed("encode", b"".join(table[i] for i in ids), text.encode("utf-8"))
    *_, english, chinese = pages
    curves = {title: own.compression(learned, pages[title], list(SIZES)) for title in (english, chinese)}
    for title, each in curves.items():
        text, ids = cut[title]
        with_all = len(text.encode("utf-8")) / len(ids)
        own.agreed("compression", [len(each), each[0], each[-1]], [len(SIZES), 1.0, with_all])

    figure = new_figure("What more merges bring, learned from the English hints of this kit", height=4.8)
    axes = figure.add_subplot()
    for (title, each), color in zip(curves.items(), (BLUE, RED), strict=True):
        axes.plot(SIZES, each, "o-", color=color, linewidth=2, markersize=4)
        axes.annotate(title, (SIZES[-1], each[-1]), (-4, 7), textcoords="offset points", ha="right", color=color)
    axes.axhline(1, color=SOFT, linestyle=":", linewidth=1)
    axes.set(xlabel="merges", ylabel="bytes for each token", ylim=(0, 1.15 * max(map(max, curves.values()))))
    ends = [each[-1] for each in curves.values()]
    return FinalPicture(
        figure,
        "compression.png",
        "what more merges bring",
        f"Two curves of bytes for each token, over the number of merges: both begin at 1, and with {N_MERGES} merges the "
        f"sentence in English has {ends[0]:.2f}, the one in Chinese {ends[1]:.2f}.",
        texts={"tokens.html": ("texts in your tokens", page_of(table, len(merges), cut))},
    )


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


def bytes_of_ids(merges):
    table = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        table.append(table[left] + table[right])
    return table


STYLE = """
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


def page_of(table, n_merges, pages):
    rows, sections = [], []
    for title, (text, ids) in pages.items():
        n_bytes = len(text.encode("utf-8"))
        each = n_bytes / max(1, len(ids))
        rows.append(
            f"<tr><td>{html.escape(title)}</td><td>{len(text):,}</td><td>{n_bytes:,}</td><td>{len(ids):,}</td>"
            f"<td>{each:.2f}</td></tr>"
        )
        whole = f'<p lang="zh">{html.escape(text)}</p>\n' if text == CHINESE else ""
        sections.append(f'<h2>{html.escape(title)}</h2>\n{whole}<div class="text">{colored(table, ids)}</div>')
    longest = sorted(table[256:], key=len, reverse=True)[:12]
    names = ", ".join(f"<code>{html.escape(repr(piece.decode('utf-8', 'replace')))}</code>" for piece in longest)
    heads = "".join(f"<th>{head}</th>" for head in ("text", "characters", "bytes", "tokens", "bytes for each token"))
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Texts in your tokens</title>
<style>{STYLE}</style></head>
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


def colored(table, ids):
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
