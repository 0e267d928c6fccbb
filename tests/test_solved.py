"""What is told of an exercise once it is right: written in the source, shown only then, and not handed out before."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from gradlings.authoring.solved_cells import solved_text
from gradlings.learning.curriculum import read_curriculum
from gradlings.learning.watch.key_actions import toggle_solution
from gradlings.learning.watch.screen import frame
from gradlings.learning.watch.state import View, WatchState
from gradlings.model.errors import InputError
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import graded
from gradlings.rendering.html import exercise_fragment, feedback_page
from gradlings.submission.exercise_text import Prose, answers, solved_texts
from student_kit import RIGHT, Kit, as_if_started_in

TOLD = "Every call of the outer function makes new variables"
ADDRESS = "https://docs.pytorch.org/docs/stable/generated/torch.arange.html"
CELL = """\
**Why it works.** It is so.

**In models.** They do it.

**In PyTorch.** `torch.arange` does it.

**Next.** More."""


@pytest.fixture(scope="module")
def solved_kit(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, str, str]:
    """A kit that is solved, and the pages of its first two checks."""
    kit = Kit.copied(built_kit.root, tmp_path_factory.mktemp("solved"), "assignments", "solutions")
    kit.answer(**RIGHT)
    return kit, kit.check().out, kit.check().out


def score_of(kit: Kit, *, right: bool) -> ExerciseScore:
    (declared,) = (each.declared for each in read_curriculum(kit.root).exercises if each.id == "9.3")
    verdict = Verdict.PASS if right else Verdict.WRONG
    checks = tuple(
        CheckResult(declared.id, check.name, check.title, verdict, check.points) for check in declared.checks
    )
    return ExerciseScore(declared.id, declared.functions, declared.points, checks)


# ---- where it is kept


def test_it_is_built_beside_the_hints_and_is_in_nothing_that_a_student_works_in(built_kit: Kit) -> None:
    told = solved_texts(built_kit.folder)
    assert list(told) == ["9.3"]
    assert TOLD in told["9.3"]
    assert f"at once.\n<{ADDRESS}>" in told["9.3"]
    for path in (built_kit.module, built_kit.notebook, built_kit.folder / "hints.md"):
        assert TOLD not in path.read_text(encoding="utf-8")


def test_a_course_keeps_it_from_its_release(author_kit: Kit, tmp_path: Path) -> None:
    assert author_kit.gradlings("course", str(tmp_path / "course")).code == 0
    released = [path.name for path in (tmp_path / "course" / "source" / "09").iterdir()]
    assert "hints.md" in released
    assert "solved.md" not in released
    assert solved_texts(tmp_path / "course" / "hidden" / "09") == solved_texts(author_kit.folder)


def test_where_nothing_is_written_nothing_is_told(tmp_path: Path) -> None:
    assert solved_texts(tmp_path) == {}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("**Next.** More.", "", "needs four paragraphs, which begin with **Why it works.**"),
        ("**In models.**", "**Models.**", "needs four paragraphs"),
        ("More.", "More.\n\nAnd more.", "needs four paragraphs"),
        ("so", "$x$", "has a formula"),
        ("`torch.arange`", "`range`", "names no function of PyTorch"),
        ("More", "more " * 90, "words; 90 are enough"),
    ],
)
def test_a_text_of_another_form_is_refused(old: str, new: str, sentence: str) -> None:
    assert ADDRESS in solved_text(CELL, Path("tiny.py"), "9.1")
    with pytest.raises(InputError, match=r"tiny\.py: the text for the solved exercise 9\.1") as caught:
        solved_text(CELL.replace(old, new), Path("tiny.py"), "9.1")
    assert sentence in str(caught.value)


# ---- where it is shown


def test_the_page_of_pytest_tells_it_once(solved_kit: tuple[Kit, str, str]) -> None:
    _, first, second = solved_kit
    assert "9.3 is right." in first
    assert TOLD in " ".join(first.split())
    assert ADDRESS in first
    assert TOLD not in " ".join(second.split())


def test_a_part_of_its_checks_is_not_enough(kit: Kit) -> None:
    page = kit.answer(**RIGHT).check("-k", "test_list").said
    assert "Why it works" not in page
    assert "Why it works" in kit.check("-k", "TestCounting").said


def test_of_several_the_page_says_how_to_ask(kit: Kit) -> None:
    text = (kit.folder / "solved.md").read_text(encoding="utf-8")
    section = text.partition("## 9.3")[2]
    (kit.folder / "solved.md").write_text(f"{text}\n## 9.1{section}", encoding="utf-8")
    said = kit.answer(**RIGHT).check().said
    assert "Right for the first time: 9.1, 9.3." in said
    assert "gradlings hint 9.1" in said
    assert TOLD not in said


def test_hint_tells_it_and_keeps_the_hints(solved_kit: tuple[Kit, str, str]) -> None:
    kit = solved_kit[0]
    assert TOLD in kit.gradlings("hint", "9.3").said
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.3", "--level", "1").said
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.1").said, "nothing is written for it"


def test_the_page_of_progress_unfolds_it(solved_kit: tuple[Kit, str, str]) -> None:
    kit = solved_kit[0]
    assert kit.gradlings("progress", "--html", "progress.html").code == 0
    page = (kit.root / "progress.html").read_text(encoding="utf-8")
    assert page.count("<summary>What to take home</summary>") == 1
    assert TOLD in page
    assert f'<a href="{ADDRESS}">' in page


@pytest.mark.parametrize("right", [True, False])
def test_feedback_and_notebook_show_it_only_then(built_kit: Kit, right: bool) -> None:
    score = score_of(built_kit, right=right)
    card = Scorecard("09", "A tiny kit", (score,))
    result = graded("alice", card, notes=(), protection="", gradlings_version="1")
    told = solved_texts(built_kit.folder)
    page = feedback_page(result, told)
    cell = exercise_fragment(score, solved=told["9.3"], answers=[("One solution", "if a < b:\n    pass")])
    for html in (page, cell):
        assert (TOLD in html) is right
        assert (f'<a href="{ADDRESS}">' in html) is right
    assert ("if a &lt; b:" in cell) is right
    assert "What to take home" not in feedback_page(result)


@pytest.fixture
def shell(author_kit: Kit) -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    with as_if_started_in(author_kit.folder):
        yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_cell_of_a_notebook_unfolds_the_solution_and_two_variants(shell: InteractiveShell) -> None:
    shell.run_cell("from gradlings import check\ndef difference(a, b):\n    return a - b", store_history=True)
    html = unescape(shell.run_cell('check("9.1")', store_history=True).result._repr_html_())
    assert re.findall(r'<p class="note">(.*?)</p>', html) == [
        "One solution",
        "Another one: by a function",
        "Another one: on a copy",
    ]
    assert "return torch.sub(a, b)" in html
    shell.run_cell("def difference(a, b):\n    return b - a", store_history=True)
    html = shell.run_cell('check("9.1")', store_history=True).result._repr_html_()
    assert "One solution" not in html


# ---- watch mode


@pytest.fixture
def state(author_kit: Kit) -> WatchState:
    """The last exercise, right."""
    curriculum = read_curriculum(author_kit.root)
    told = solved_texts(author_kit.folder)["9.3"]
    score = score_of(author_kit, right=True)
    return WatchState(curriculum, curriculum.exercises[2], Prose("Counting", "Count."), solved=told, score=score)


def drawn(state: WatchState, *, plain: bool = False) -> str:
    return "\n".join(frame(state, width=80, height=24, color=False, plain=plain))


@pytest.mark.parametrize("plain", [True, False])
def test_watch_mode_shows_it_below_the_verdict(state: WatchState, plain: bool) -> None:
    screen = drawn(state, plain=plain)
    assert screen.index("right: s shows other solutions") < screen.index("Why it works.") < screen.index("Count.")
    assert ADDRESS in screen
    assert not plain or screen.isascii()


def test_s_shows_the_solution_and_variants_of_each_function(author_kit: Kit) -> None:
    names = [answer.name for answer in answers(author_kit.root, "09", "tiny", "9.3")]
    assert names == ["One solution", "Another one: a loop", "Another one: from the library"]
    curriculum = read_curriculum(author_kit.root)
    shown = toggle_solution(WatchState(curriculum, replace(curriculum.exercises[0], solved=True), Prose("", "")))
    assert shown.view is View.SOLUTION
    screen = drawn(shown)
    for line in ("Answers to 9.1", "return leftover_after_subtraction", "return torch.sub(a, b)", "result -= b"):
        assert line in screen
    assert toggle_solution(shown).view is View.EXERCISE
