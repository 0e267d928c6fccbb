"""Make the pictures of docs/screens: real runs, as a terminal of 80 columns and Debian's Chromium show them.

python docs/make_screens.py

Linux; needs what `.[dev]` installs, and Chromium. The student is the one of docs/page.svg; the class is made up.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from make_picture import ROOT, drawn, filled_in, said
from PIL import Image

sys.path.insert(0, str(ROOT / "tests"))  # a class, and a JupyterLab

from playwright.sync_api import sync_playwright

from honest_class import hand_in_class, honest_class, pool
from test_browser import CHROMIUM, jupyter_lab

SCREENS = ROOT / "docs" / "screens"
STUDENTS = 30
IDLE = "() => /Python 3 .*\\| Idle/.test(document.querySelector('#jp-main-statusbar')?.innerText || '')"
COLORS = 128
"""Of a picture: enough for text, and a third of the bytes."""


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        kit = student(folder)
        for command in ("hint 3.5", "try 3.5"):
            page = said(["gradlings", *command.split()], kit, columns=80)
            picture = SCREENS / f"{command.split()[0]}.svg"
            picture.write_text(drawn(f"gradlings {command}", page, columns=80), encoding="utf-8")
        gradlings(kit, "progress", "--html", "progress.html")
        shot(browser, kit / "progress.html", "progress", "What builds on what", height=560)
        results = graded(folder, "03", hand_in(folder / "alone", kit / "assignments" / "03" / "autodiff.py"))
        shot(browser, results / "feedback" / "doejane.html", "feedback", "3.5", height=360)
        students = honest_class("01", STUDENTS, 1)
        results = graded(folder, "01", hand_in_class(folder / "class", students, pool("01")))
        shot(browser, results / "class.html", "class", "Misconceptions", height=755)
        notebook(browser, folder)
        browser.close()


def student(folder: Path) -> Path:
    """Return a kit of somebody who has solved a part of 03 and made one mistake, and has run pytest."""
    gradlings(folder, "init", "my-kit")
    topic = folder / "my-kit" / "assignments" / "03" / "autodiff.py"
    topic.write_text(filled_in(topic.read_text(encoding="utf-8")), encoding="utf-8")
    said(["pytest", "assignments/03"], folder / "my-kit", columns=80)
    return folder / "my-kit"


def hand_in(folder: Path, module: Path) -> Path:
    (folder / "doejane").mkdir(parents=True)
    shutil.copy(module, folder / "doejane")
    return folder


def graded(folder: Path, assignment: str, submissions: Path) -> Path:
    """Grade submissions; return the folder of results."""
    results = folder / f"results{assignment}"
    gradlings(ROOT, "grade", assignment, str(submissions), "--to", str(results), "--seed", "1")
    return results


def notebook(browser: Any, folder: Path) -> None:
    """Take a picture of the wrong answer in JupyterLab, run from the first cell to its check."""
    path = folder / "my-kit" / "assignments" / "03" / "autodiff.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell["source"] = filled_in("".join(cell["source"])).splitlines(keepends=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    shutil.copy(ROOT / "assignments" / "03" / "autodiff.py", path.parent)  # the notebook is the one that was edited
    with jupyter_lab(folder / "my-kit") as address:
        page = browser.new_page(viewport={"width": 1300, "height": 760})
        page.set_default_timeout(90_000)
        page.goto(f"{address}/lab/tree/assignments/03/{path.name}?token=tok&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_function(IDLE)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_timeout(2000)
        page.wait_for_function(IDLE)
        cell = page.locator(".jp-CodeCell", has_text="def manual_gradients").first
        cell.evaluate("cell => cell.scrollIntoView()")
        verdict = page.locator(".jp-OutputArea .gradlings", has_text="manual_gradients").first
        verdict.wait_for()
        verdict.evaluate("verdict => verdict.scrollIntoView({block: 'end'})")
        page.wait_for_timeout(1000)
        save(page.locator(".jp-NotebookPanel").screenshot(), "notebook")


def shot(browser: Any, file: Path, name: str, heading: str, height: int) -> None:
    """Take a picture of a part of a page, from the first heading that begins with a text."""
    page = browser.new_page(viewport={"width": 900, "height": height})
    page.goto(file.as_uri())
    page.evaluate(
        """text => {
            [...document.querySelectorAll('h2, h3')].find(h => h.innerText.trim().startsWith(text)).scrollIntoView()
            window.scrollBy(0, -18)
        }""",
        heading,
    )
    save(page.screenshot(), name)


def save(png: bytes, name: str) -> None:
    """Write a picture with few colors."""
    with tempfile.NamedTemporaryFile(suffix=".png") as whole:
        whole.write(png)
        whole.flush()
        Image.open(whole.name).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(
            SCREENS / f"{name}.png", optimize=True
        )


def gradlings(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "gradlings", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    main()
