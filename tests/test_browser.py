"""A student and an instructor in a real browser: JupyterLab, nbgrader's Validate, the formgrader, the feedback page.

Needs Chromium (`apt-get install chromium`) and playwright. Screenshots for people to look at go to the folder that
GRADLINGS_SCREENSHOTS names. Where GRADLINGS_BROWSER is set (as in CI), a missing browser is a failure.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from course_kit import ASSIGNMENT, NOTEBOOK, Course, answered, as_if_in
from student_kit import RIGHT, Kit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if not (os.environ.get("GRADLINGS_BROWSER") or CHROMIUM):
    pytest.skip("there is no chromium here", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_IDLE = "() => /Python 3 .*\\| Idle/.test(document.querySelector('#jp-main-statusbar')?.innerText || '')"
_LONG = 90_000  # milliseconds; what takes so long is broken
_PAGES = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--expose-app-in-browser"]
_PAGES += ["--IdentityProvider.token=tok", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
_NO_NEWS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@contextlib.contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """A JupyterLab in a folder; its address."""
    with as_if_in(folder):
        settings = Path(os.environ["JUPYTER_CONFIG_DIR"], "labconfig", "page_config.json")
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(_NO_NEWS))
        facts = Path(os.environ["JUPYTER_RUNTIME_DIR"])
        with (folder / "jupyter.log").open("w") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *_PAGES], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
    try:
        end = time.monotonic() + _LONG / 1000
        while not (address := _answers(facts / f"jpserver-{server.pid}.json")):
            assert server.poll() is None, (folder / "jupyter.log").read_text()[-3000:]
            assert time.monotonic() < end
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(_LONG / 1000)
        finally:
            server.kill()


def _answers(facts: Path) -> str:
    """The address of a server that wrote down which free port it took; "" while it does not answer there."""
    with contextlib.suppress(OSError, json.JSONDecodeError):
        address = f"http://127.0.0.1:{json.loads(facts.read_text(encoding='utf-8'))['port']}"
        urllib.request.urlopen(f"{address}/api", timeout=5).read()
        return address
    return ""


class Browser:
    """A page of Chromium that takes pictures."""

    def __init__(self, page: Any, pictures: Path) -> None:
        self.page, self._pictures = page, pictures

    def picture(self, name: str, page: Any = None) -> None:
        (page or self.page).screenshot(path=str(self._pictures / f"{name}.png"))

    def run_all(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(_IDLE, timeout=_LONG)

    def validate(self) -> str:
        """Clicks Validate; what the dialog says."""
        self.page.locator("jp-button.validate-button").first.click()
        dialog = self.page.locator(".nbgrader-ErrorDialog, .nbgrader-SuccessDialog").first
        dialog.wait_for(timeout=_LONG)
        return str(dialog.inner_text())

    def close_dialog(self) -> None:
        self.page.locator(".jp-Dialog-button").first.click()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    pictures = Path(os.environ.get("GRADLINGS_SCREENSHOTS", tmp_path / "pictures")).absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    assert CHROMIUM, "GRADLINGS_BROWSER is set, and there is no chromium"
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            headless=True,
            args=_FLAGS,
            viewport={"width": 1280, "height": 960},
        )
        context.set_default_timeout(_LONG)
        yield Browser(context.new_page(), pictures)
        context.close()


def test_from_the_first_cell_to_the_feedback(built_kit: Kit, tmp_path: Path, browser: Browser) -> None:
    course = Course.made(built_kit, tmp_path / "course")
    folder = course.root / "alice"
    shutil.copytree(course.released.parent, folder)
    wrong = {**RIGHT, "row_totals": "return x.sum(0), x.amax(0)"}
    with jupyter_lab(course.root) as address:
        page = browser.page
        path = folder / f"{NOTEBOOK}.ipynb"
        _student(browser, f"{address}/lab/tree/alice/{path.name}?token=tok&reset", path, course)

        course.hand_in("alice", nbformat.read(str(path), as_version=4))
        course.hand_in("bob", answered(course, **wrong))
        page.goto(f"{address}/formgrader/manage_submissions/{ASSIGNMENT}")
        for student in ("alice", "bob"):
            page.locator("tr", has_text=student).locator(".autograde a").first.click()
            page.locator(".modal.in, .modal.show").first.wait_for(timeout=_LONG)
            page.locator(".modal.in, .modal.show").get_by_text("Success").first.wait_for(timeout=_LONG)
            page.locator(".modal.in .btn, .modal.show .btn").first.click()
            page.locator(".modal").first.wait_for(state="hidden", timeout=_LONG)
        browser.picture("5_formgrader_scores")
        row = page.locator("tr", has_text="alice").first.inner_text()
        assert "30 / 30" in row
        assert "15 / 30" in page.locator("tr", has_text="bob").first.inner_text()

        page.goto(f"{address}/formgrader/gradebook/{ASSIGNMENT}/{NOTEBOOK}")
        page.locator("a", has_text="Submission").first.wait_for(timeout=_LONG)
        browser.picture("6_formgrader_submissions")
        page.locator("tr", has_text="15 / 30").locator("a").first.click()
        verdict = page.locator(".gradlings", has_text="row_totals").first
        verdict.wait_for(timeout=_LONG)
        page.wait_for_function("() => [...document.querySelectorAll('input')].some(box => box.placeholder === '10')")
        verdict.scroll_into_view_if_needed()
        browser.picture("7_formgrader_verdict")
        assert "your answer" in verdict.inner_text()
    course.nbgrader("generate_feedback", ASSIGNMENT)
    page.goto((course.root / "feedback" / "bob" / ASSIGNMENT / f"{NOTEBOOK}.html").as_uri())
    browser.picture("8_feedback")
    verdict = page.locator(".gradlings", has_text="row_totals").first
    verdict.scroll_into_view_if_needed()
    browser.picture("9_feedback_verdict")
    assert verdict.is_visible()
    assert "0 of 15 points" in verdict.inner_text()


def _student(browser: Browser, address: str, notebook: Path, course: Course) -> None:
    """Opens the released notebook, fills a cell in, runs it, validates; then fills in the rest."""
    page = browser.page
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=_LONG)
    page.wait_for_function(_IDLE, timeout=_LONG)
    browser.picture("1_released")
    cell = page.locator(".jp-NotebookPanel .jp-CodeCell", has_text="def difference").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nreturn b - a")  # JupyterLab indents by itself
    text = cell.locator(".cm-content").inner_text().replace("raise NotImplementedError()", "").rstrip()
    cell.locator(".cm-content").fill(text)
    browser.run_all()
    verdict = page.locator(".jp-OutputArea .gradlings", has_text="difference").first
    verdict.wait_for(timeout=_LONG)
    verdict.scroll_into_view_if_needed()
    browser.picture("2_verdict")
    assert "0 of 10 points" in verdict.inner_text()
    assert "wrong" in verdict.inner_text()
    said = browser.validate()
    browser.picture("3_validate_fails")
    assert "Validation" in said
    assert "failed" in said.lower()
    browser.close_dialog()

    right = answered(course, **RIGHT)
    cells = {cell["id"]: cell.source for cell in right.cells}
    for id, source in cells.items():
        if id.startswith("ex-9-") and id.count("-") > 2:
            name = id.rpartition("-")[2]
            page.locator(".jp-NotebookPanel .jp-CodeCell", has_text=f"def {name}(").first.locator(".cm-content").fill(
                source
            )
    browser.run_all()
    page.wait_for_function("() => document.querySelectorAll('.gradlings.solved').length === 3", timeout=_LONG)
    page.locator(".gradlings").last.scroll_into_view_if_needed()
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    said = browser.validate()
    browser.picture("4_validate_succeeds")
    assert "Success" in said
    browser.close_dialog()
    saved = json.loads(notebook.read_text(encoding="utf-8"))
    assert any("return a - b" in "".join(cell["source"]) for cell in saved["cells"])
