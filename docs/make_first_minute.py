"""Make docs/first-minute.svg, the README's first picture: `gradlings watch` in a fresh kit, from real runs.

python docs/make_first_minute.py

The command runs in a terminal of 80 by 24, a made-up student saves three answers, and each screen that follows is one
step. The steps take turns by CSS, without a script; where nothing moves, the named mistake is shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import pexpect
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, LINES = 80, 24
SECONDS = 5  # that each step is shown
STILL = 2  # the step that is shown where nothing moves
CHARACTER, LINE, MARGIN, CAPTION = 8.4, 17, 14, 34
GROUND, INK, FAINT = "#14181d", "#d7dde4", "#8a94a0"
COLORS = {1: "#ff8e6b", 2: "#7fd18b", 3: "#e6c06a", 6: "#6cc3d5"}  # by ANSI number: red, green, yellow, cyan
WRONG = "    return (len(x),) if isinstance(x, list) else ()\n"
Step = tuple[str, list[Text]]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "gradlings", "init", "my-kit"], cwd=folder, check=True)
        steps = run(Path(folder, "my-kit"))
    (ROOT / "docs" / "first-minute.svg").write_text(drawn(steps), encoding="utf-8")


def run(kit: Path) -> list[Step]:
    """Return what is seen: a caption and a screen for each step."""
    module = kit / "assignments" / "01" / "tensors.py"
    screen = Screen(kit)
    steps = [("1  gradlings init my-kit && cd my-kit && gradlings watch", screen.when("write make_ranks in"))]
    save(module, "1.1: make_ranks", solution("make_ranks"))
    steps.append(("2  saved in any editor: a first answer", screen.when("right: n goes on")))
    screen.press("n")
    screen.when("write nested_shape in")
    save(module, "1.2: nested_shape", WRONG)
    steps.append((f"3  n goes on; saved: {WRONG.strip()}", screen.when("0/")))
    before = '    raise NotImplementedError("Exercise 1.2: nested_shape")\n'
    text = module.read_text(encoding="utf-8").replace(WRONG, before)
    module.write_text(text, encoding="utf-8")
    save(module, "1.2: nested_shape", solution("nested_shape"))
    steps.append(("4  mended and saved", screen.when("right: n goes on")))
    screen.press("q")
    return steps


def save(module: Path, exercise: str, body: str) -> None:
    """Put a body in the place of a stub, as a student would."""
    text = module.read_text(encoding="utf-8")
    stub = f'    raise NotImplementedError("Exercise {exercise}")\n'
    assert stub in text, stub
    module.write_text(text.replace(stub, body), encoding="utf-8")


def solution(name: str) -> str:
    text = (ROOT / "solutions" / "01" / "tensors.py").read_text(encoding="utf-8")
    body = re.search(rf"def {name}\(.*?### BEGIN SOLUTION\n(.*?) *### END SOLUTION", text, re.DOTALL)
    assert body is not None
    return body[1]


class Screen:
    """`gradlings watch` on a terminal; it writes whole lines, each with its number."""

    def __init__(self, kit: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        self._lines = [""] * LINES
        self._process: Any = pexpect.spawn(
            sys.executable,
            ["-m", "gradlings", "watch"],
            cwd=str(kit),
            env=kept | {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
            dimensions=(LINES, COLUMNS),
            encoding="utf-8",
            timeout=120,
        )
        self._unread = ""

    def press(self, key: str) -> None:
        self._process.send(key)

    def when(self, text: str) -> list[Text]:
        """Read until a text is on the screen and nothing is being checked; return the screen."""
        while not self._settled(text):
            self._unread += self._process.read_nonblocking(4096, timeout=120)
            *whole, self._unread = re.split(r"(?<=\x1b\[K)", self._unread)
            for written in whole:
                if found := re.search(r"\x1b\[(\d+);1H(.*)\x1b\[0m\x1b\[K$", written, re.DOTALL):
                    self._lines[int(found[1]) - 1] = found[2]
        return [Text.from_ansi(line) for line in self._lines]

    def _settled(self, text: str) -> bool:
        plain = [Text.from_ansi(line).plain for line in self._lines]
        return any(text in line for line in plain) and "..." not in plain[0]


def drawn(steps: list[Step]) -> str:
    """Return the steps as one SVG."""
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, LINES * LINE + 2 * MARGIN + CAPTION
    whole = SECONDS * len(steps)
    share = 100 / len(steps)
    frames = "".join(
        f".s{i}{{animation:s{i} {whole}s step-end infinite}}"
        f"@keyframes s{i}{{0%{{opacity:{int(i == 0)}}}{i * share:g}%{{opacity:1}}{(i + 1) * share:g}%{{opacity:0}}}}"
        for i in range(len(steps))
    )
    style = (
        f"text{{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:{INK};white-space:pre}}"
        ".step{opacity:0}" + f".s{STILL}{{opacity:1}}"
        f"@media (prefers-reduced-motion:no-preference){{{frames}}}"
    )
    groups = "".join(f'<g class="step s{i}">{step(*each)}</g>' for i, each in enumerate(steps))
    told = "; ".join(caption for caption, _ in steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
        f'aria-label="{escape(f"gradlings watch, step by step: {told}")}"><style>{style}</style>'
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{GROUND}"/>{groups}</svg>\n'
    )


def step(caption: str, lines: list[Text]) -> str:
    heading = f'<text x="{MARGIN}" y="{MARGIN + 12}" style="font-weight:bold;fill:#ffffff">{escape(caption)}</text>'
    rule = f'<path d="M0 {CAPTION + 2}H{COLUMNS * CHARACTER + 2 * MARGIN:g}" stroke="{FAINT}" stroke-width=".6"/>'
    return heading + rule + "".join(line(text, MARGIN + CAPTION + 12 + i * LINE) for i, text in enumerate(lines))


def line(text: Text, y: float) -> str:
    """Return a line: each run of one style at its own column, so that any monospaced font fits."""
    runs, column = [], 0
    for segment in text.render(Console(color_system="standard", force_terminal=True)):
        content = segment.text.rstrip("\n")
        if content.strip():
            x, length = MARGIN + column * CHARACTER, cell_len(content) * CHARACTER
            place = f'x="{x:g}" y="{y}" textLength="{length:g}"'
            runs.append(f'<text {place} style="{look(segment.style)}">{escape(content)}</text>')
        column += cell_len(content)
    return "".join(runs)


def look(style: Style | None) -> str:
    if style is None:
        return ""
    number = style.color.number if style.color else None
    fill = COLORS.get(number % 8, "") if number is not None else FAINT if style.dim else ""
    return ";".join(filter(None, [f"fill:{fill}" if fill else "", "font-weight:bold" if style.bold else ""]))


if __name__ == "__main__":
    main()
