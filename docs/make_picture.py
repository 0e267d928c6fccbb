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
SOLVED = ("chain_derivative", "sigmoid", "bce", "bce_grad_a", "sigmoid_grad")
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
        command = [sys.executable, "-m", "pytest", "--color=yes", "-p", "no:cacheprovider", "assignments/03"]
        page = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "88"}
        ).stdout
    console = Console(record=True, width=88, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print("$ pytest assignments/03\n", highlight=False)
    console.print(Text.from_ansi(page.strip("\n")))
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="gradlings"), flags=re.DOTALL)
    (ROOT / "docs" / "page.svg").write_text(svg, encoding="utf-8")


def filled_in(stub: str) -> str:
    """Return the stub with some of the solution's bodies and one wrong body."""
    solution = (ROOT / "solutions" / "03" / "autodiff.py").read_text(encoding="utf-8")
    for name in SOLVED:
        body = re.search(rf"def {name}\(.*?### BEGIN SOLUTION\n(.*?) *### END SOLUTION", solution, re.DOTALL)
        assert body is not None
        stub = stub.replace(f'    raise NotImplementedError("Exercise {exercise_of(stub, name)}: {name}")\n', body[1])
    return re.sub(r' *raise NotImplementedError\("Exercise [\d.]+: manual_gradients"\)\n', WRONG.lstrip("\n"), stub)


def exercise_of(stub: str, name: str) -> str:
    found = re.search(rf'NotImplementedError\("Exercise ([\d.]+): {name}"\)', stub)
    assert found is not None
    return found[1]


if __name__ == "__main__":
    main()
