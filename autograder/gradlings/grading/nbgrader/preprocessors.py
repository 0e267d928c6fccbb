"""nbgrader's autograde with our judge: a preprocessor that stands where nbgrader starts a kernel.

The submission runs in locked-down workers; the checks run here. Each test cell then gets one output, from which
nbgrader reads the score and people the verdict. What the submission says about itself decides nothing: a test cell is
known by its grade id, its source is not looked at, and its metadata is set to what the checks declare.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from nbformat import NotebookNode, writes
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from traitlets import Bool, Float, Integer, Unicode

from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.nbgrader.prefetch import Prefetcher, prefetcher_for
from gradlings.grading.nbgrader.sound_notebook import defuse, rebuilt, refuse_links
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, grade_id
from gradlings.model.scorecard import ExerciseScore
from gradlings.model.student_result import exercise_points, for_student, graded, writable
from gradlings.model.text import without_control_characters
from gradlings.submission.cells import notebook_cell_file

_NOT_GRADED = (
    "Not graded yet: something went wrong on the side of the grader. It costs nothing; a person will look at it."
)
_TEST_CELL = {"cell_type": "code", "grade": True, "locked": True, "solution": False, "task": False}


_notebooks_of_runs: WeakKeyDictionary[Any, dict[str, tuple[Any, dict[str, NotebookNode]]]] = WeakKeyDictionary()
"""By nbgrader's Autograde, which grades one assignment, and by notebook: see `SoundMetadata`."""


class JudgeExecute(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader ships no types
    """Runs and scores a submission with the judge of gradlings. See `gradlings course` for the configuration."""

    seed = Integer(
        None, allow_none=True, help="Seed of the random probes; drawn anew in every nbgrader process if None."
    ).tag(config=True)
    hidden = Unicode("hidden", help="Folder with NN/hidden.py, your own probes; below the course's root.").tag(
        config=True
    )
    follow_through = Float(1.0, help="Share of its points that right code gets which calls wrong code, 0 to 1.").tag(
        config=True
    )
    stand_ins = Bool(True, help="Judge such code with right functions of the solution.").tag(config=True)
    allow_weaker = Bool(False, help="Go on where submissions cannot be locked down completely.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Judge one notebook and show the verdicts in it.

        Raises:
            InputError: nothing can be graded for marks; nbgrader reports it and writes no score.
        """
        info = resources["nbgrader"]
        student = info["student"]
        prefetcher = _prefetcher(self, info)
        _take_over(nb, prefetcher.exercises)
        protection = prefetcher.protection()
        self.log.info("Judging %s; the seed of its probes is %s. %s", student, prefetcher.seed, protection)
        reply = prefetcher.reply(student, writes(nb).encode())
        if reply.fault or reply.problem:
            self.log.error("%s of %s: %s", info["notebook"], student, reply.fault or reply.problem)
        for entry in reply.log:
            self.log.error("%s of %s: %s", info["notebook"], student, without_control_characters(entry))
        _show(nb, prefetcher, reply, info)
        defuse(nb)
        return nb, resources


def _prefetcher(settings: JudgeExecute, info: Any) -> Prefetcher:
    return prefetcher_for(_converter(settings).coursedir, info["assignment"], info["notebook"], settings)


def _converter(preprocessor: NbGraderPreprocessor) -> Any:
    """Return nbgrader's Autograde, which knows the course and all submissions of this run."""
    owner = preprocessor.parent
    while not hasattr(owner, "coursedir"):
        owner = owner.parent
    return owner


class SoundMetadata(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader ships no types
    """Makes the notebook anew from the text of its cells, with the nbgrader metadata that the course has for them.

    Doubled and unknown cells lose theirs. What a student's notebook says beside its text could otherwise end nbgrader's
    run, for all students that come after, or run in the pages that are made of it.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Rebuild the notebook; hand this submission and the next ones to the judge.

        Raises:
            InputError: the student's folder holds links, which nbgrader would follow.
        """
        info, converter = resources["nbgrader"], _converter(self)
        folder = converter.coursedir.format_path(
            converter.coursedir.submitted_directory, info["student"], info["assignment"]
        )
        refuse_links(Path(folder))
        prefetcher = _prefetcher(JudgeExecute(parent=self.parent), info)
        prefetcher.look_ahead(info["student"], sorted(converter.assignments))
        kernelspec, metadata = self._course_notebook(info)
        nb = rebuilt(nb, kernelspec)
        for cell in reversed(nb.cells):  # of doubled cells the last one counts, as nbgrader has it
            if "nbgrader" in cell.metadata:
                id = cell.metadata.pop("nbgrader").get("grade_id")
                if isinstance(id, str) and id in metadata:
                    cell.metadata["nbgrader"] = metadata.pop(id)
                else:
                    self.log.warning("A cell that is doubled or not of this course is an ordinary one now: %r", id)
        return nb, resources

    def _course_notebook(self, info: Any) -> tuple[Any, dict[str, NotebookNode]]:
        """Return the kernel and the cells' metadata by grade id; the same in a whole run, and asking takes long."""
        known = _notebooks_of_runs.setdefault(_converter(self), {})
        if info["notebook"] not in known:
            with Gradebook(info["db_url"]) as gradebook:
                notebook = gradebook.find_notebook(info["notebook"], info["assignment"])
                known[info["notebook"]] = json.loads(notebook.kernelspec or "null"), _metadata_by_id(notebook)
        kernelspec, metadata = known[info["notebook"]]
        return kernelspec, {id: NotebookNode(fields) for id, fields in metadata.items()}


def _metadata_by_id(notebook: Any) -> dict[str, NotebookNode]:
    """Return the metadata of every cell that nbgrader knows; `notebook` is the gradebook's."""
    points = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
    kinds = {"grade": notebook.grade_cells, "solution": notebook.solution_cells, "task": notebook.task_cells}
    names = {kind: {cell.name for cell in cells} for kind, cells in kinds.items()}
    found = {}
    for cell in notebook.source_cells:
        fields = {kind: cell.name in names[kind] for kind in kinds}
        fields |= {"checksum": cell.checksum, "cell_type": cell.cell_type, "locked": bool(cell.locked)}
        found[cell.name] = _metadata(cell.name, points.get(cell.name), **fields)
    return found


def _metadata(id: str, points: float | None, **others: Any) -> NotebookNode:
    fields = {"grade_id": id, "schema_version": 3, "points": points, **others}
    return NotebookNode({key: value for key, value in fields.items() if value is not None})


class SaveJudgedGrades(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader ships no types
    """Writes scores as nbgrader's SaveAutoGrades does, but leaves a test cell without a score to a person.

    nbgrader gives such a cell full points. All is written in one go: waiting for the disk after every cell takes long.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write the scores of one notebook into the gradebook."""
        info = resources["nbgrader"]
        with Gradebook(info["db_url"]) as gradebook:
            submission = gradebook.find_submission_notebook(info["notebook"], info["assignment"], info["student"])
            grades = {grade.name: grade for grade in submission.grades}
            comments = {comment.name: comment for comment in submission.comments}
            for cell in nb.cells:
                if is_grade(cell):
                    grade = grades[cell.metadata["nbgrader"]["grade_id"]]
                    grade.auto_score = None if _is_blank(cell) else determine_grade(cell, self.log)[0]
                    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
                if is_solution(cell) or is_task(cell):
                    metadata = cell.metadata["nbgrader"]
                    untouched = not is_task(cell) and metadata.get("checksum") == compute_checksum(cell)
                    comments[metadata["grade_id"]].auto_comment = "No response." if untouched else None
            gradebook.db.commit()
        return nb, resources


def _is_blank(cell: NotebookNode) -> bool:
    if is_solution(cell) or cell.cell_type != "code":
        return False
    return all(output.output_type != "execute_result" for output in cell.outputs)


def _take_over(nb: NotebookNode, exercises: tuple[Exercise, ...]) -> None:
    """Give every exercise exactly one test cell, whatever the submission did to its own; drop all other claims."""
    missing: dict[str | None, Exercise] = {grade_id(exercise.id): exercise for exercise in exercises}
    for cell in nb.cells:
        exercise = missing.pop((cell.metadata.get("nbgrader") or {}).get("grade_id"), None)
        if exercise is not None:
            _make_test_cell(cell, exercise)
    for exercise in missing.values():
        cell = new_code_cell(f'check("{exercise.id}")', id=grade_id(exercise.id))
        _make_test_cell(cell, exercise)
        nb.cells.append(cell)


def _make_test_cell(cell: NotebookNode, exercise: Exercise) -> None:
    metadata = cell.metadata.get("nbgrader", {})
    points = metadata.get("points", exercise.points)
    if metadata.get("grade") and float(points) != exercise.points:
        raise InputError(
            f"{grade_id(exercise.id)} is worth {points} points in the gradebook and {exercise.points} in the checks. "
            "Change the points in the checks, run `gradlings course` and `nbgrader generate_assignment --force` again."
        )
    cell.cell_type = "code"
    cell.outputs, cell.execution_count = [], None
    fields = {"checksum": metadata.get("checksum"), **_TEST_CELL}
    cell.metadata["nbgrader"] = _metadata(grade_id(exercise.id), exercise.points, **fields)


def _show(nb: NotebookNode, prefetcher: Prefetcher, reply: JudgeReply, info: Any) -> None:
    """Put scores and verdicts under the test cells, and errors under the cells that failed."""
    from gradlings.rendering.html import exercise_fragment

    card = reply.card
    if card is not None:
        card = for_student(graded(info["student"], card, notes=(), protection="", gradlings_version="")).card
    scores = {grade_id(score.id): score for score in card.exercises} if card else {}
    ours = {grade_id(exercise.id) for exercise in prefetcher.exercises}
    for cell in nb.cells:
        metadata = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        if metadata.get("grade_id") in ours:
            score = scores.get(metadata["grade_id"])
            points = exercise_points(score) if score else None
            if score is None or points is None:
                _leave_blank(cell, reply.problem or _NOT_GRADED)
            else:
                problems = _concerning(score, card.problems if card else ())
                html = exercise_fragment(score, problems, prefetcher.solved.get(score.id, ""))
                data = {"text/plain": repr(min(points, score.max_points)), "text/html": html}
                cell.outputs = [new_output("execute_result", data=data, execution_count=None)]
        elif metadata.get("grade") and not metadata.get("solution"):
            _leave_blank(cell, "There are no checks for this cell: it is for a person to grade.")
    path = Path(f"{info['notebook']}.ipynb")
    cells = {notebook_cell_file(path, number): cell for number, cell in enumerate(nb.cells, 1)}
    for file, problem in writable(reply.cell_problems):
        cell = cells.get(file)
        if cell is not None and cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            cell.outputs = [new_output("error", ename="Error", evalue=problem, traceback=[problem])]


def _leave_blank(cell: NotebookNode, why: str) -> None:
    """Give the cell an output without a score; see `SaveJudgedGrades`."""
    html = f"<p><strong>No score.</strong> {escape(why)}</p>"
    cell.outputs = [new_output("display_data", data={"text/plain": why, "text/html": html})]


def _concerning(score: ExerciseScore, problems: tuple[str, ...]) -> list[str]:
    """Return problems of the whole submission that may be why an exercise is not solved and are not shown there."""
    shown = {check.message for check in score.checks}
    return [problem for problem in problems if problem not in shown and not score.solved]
