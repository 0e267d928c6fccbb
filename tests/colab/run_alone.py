"""Run a notebook of 03 in a kernel of this environment, where gradlings is not installed, in a folder with its wheel.

As somebody does in Colab: the first cell installs gradlings, then an exercise is answered, wrong and right.

    python run_alone.py REPOSITORY FOLDER
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import IPython
import nbformat
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

ANSWER = "def manual_gradients(x, w, b, y):\n    dz = torch.sigmoid(x * w + b) - y\n    return dz * {}, dz"


def main(repository: Path, folder: Path) -> None:
    """Run it, and fail unless the verdicts are right."""
    assert find_spec("gradlings") is None, "gradlings is installed here: then there is nothing to try"
    print(f"Python {sys.version.split()[0]}, torch {torch.__version__}", end=", ")
    print(f"IPython {IPython.__version__}, ipykernel {version('ipykernel')}")
    notebook = nbformat.read(repository / "assignments" / "03" / "autodiff.ipynb", as_version=4)
    (installing,) = [cell for cell in notebook.cells if cell["id"] == "check"]
    imports = [cell for cell in notebook.cells if cell.cell_type == "code" and "import torch" in cell.source][:1]
    wrong, right = (new_code_cell(ANSWER.format(factor)) for factor in "wx")
    calls = [new_code_cell(call) for call in ('check("3.5")', 'hint("3.5")', 'try_call("3.5")', 'check("3.5")')]
    notebook.cells = [installing, *imports, wrong, *calls[:3], right, calls[3]]
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(folder)}}).execute()
    shown = [said(cell) for cell in notebook.cells]
    for text in shown:
        print("   ", " ".join(text.split())[:100])
    *_, first, hint, trial, _, last = shown
    assert first.startswith("0 "), first
    assert "dL/dw is dL/db times w" in first, first
    assert "what your last attempt at 3.5 shows" in hint, hint
    assert "The cell below makes the call" in trial, trial
    assert last.startswith(f"{points_of_3_5(repository)} "), last


def points_of_3_5(repository: Path) -> int:
    """Read how many points the exercise has, without gradlings, which is not installed in this process."""
    checks = (repository / "assignments" / "03" / "test_autodiff.py").read_text(encoding="utf-8")
    declared = re.search(r'@exercise\(\s*"3\.5",.*?points=(\d+)', checks, re.DOTALL)
    assert declared
    return int(declared[1])


def said(cell: nbformat.NotebookNode) -> str:
    """What nbgrader reads of a cell's outputs, and what people read."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return " ".join(filter(None, texts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
