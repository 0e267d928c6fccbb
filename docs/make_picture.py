"""Make docs/page.svg, the README's picture: a real run of assignment 03 with some exercises solved and one wrong.

python docs/make_picture.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
SOLVED = ("chain_derivative", "sigmoid", "bce", "logsumexp", "softmax", "bce_grad_a", "sigmoid_grad")
WRONG = """
    a = torch.sigmoid(x * w + b)
    return (y - a) * x, y - a
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        kit = Path(folder, "assignments", "03")
        shutil.copytree(ROOT / "assignments" / "03", kit)
        topic = kit / "autodiff.py"
        topic.write_text(filled_in(topic.read_text(encoding="utf-8")), encoding="utf-8")
        page = said(["pytest", "--color=yes", "-p", "no:cacheprovider", "assignments/03"], Path(folder), columns=88)
    (ROOT / "docs" / "page.svg").write_text(drawn("pytest assignments/03", page, columns=88), encoding="utf-8")


def said(module: list[str], folder: Path, columns: int) -> str:
    """Return what `python -m MODULE ...` prints in a folder, in color."""
    env = {**os.environ, "COLUMNS": str(columns), "FORCE_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", *module], cwd=folder, capture_output=True, text=True, env=env).stdout


def drawn(command: str, page: str, columns: int) -> str:
    """Return a command and what it printed as an SVG."""
    console = Console(record=True, width=columns, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print(f"$ {command}\n", highlight=False)
    console.print(Text.from_ansi(page.strip("\n")))
    console.print()  # in a last line of text, `_` would be cut off
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="gradlings"), flags=re.DOTALL)


def filled_in(stub: str) -> str:
    """Return a stub, or a part of one, with some of the solution's bodies and one wrong body."""
    solution = (ROOT / "solutions" / "03" / "autodiff.py").read_text(encoding="utf-8")
    bodies = {"manual_gradients": WRONG.strip("\n")}
    for name in SOLVED:
        body = re.search(rf"def {name}\(.*?### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", solution, re.DOTALL)
        assert body is not None
        bodies[name] = body[1]
    return re.sub(
        r' *raise NotImplementedError\("Exercise [\d.]+: (\w+)"\)', lambda found: bodies.get(found[1], found[0]), stub
    )


if __name__ == "__main__":
    main()
