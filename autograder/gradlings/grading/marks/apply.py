"""Brings a folder of results up to date with what was set by hand: no judge, no submissions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradlings.grading.marks.class_marks import pages_of, without_record
from gradlings.grading.marks.lateness import Deadline
from gradlings.grading.marks.marking import LateOptions, prepare_marks, read_marking, write_marking
from gradlings.grading.marks.score_table import OUTDATED, ScoreTable
from gradlings.grading.results_store import ResultsFolder
from gradlings.model.mark import Mark


@dataclass(frozen=True)
class Applied:
    """A class that was marked again."""

    marks: tuple[Mark, ...]
    """By student in alphabetical order."""
    pages: tuple[str, ...]
    """Students whose pages changed."""
    deadline: Deadline | None


def apply_marks(folder: Path, late: LateOptions) -> Applied:
    """Write the table of scores and the pages anew, by the records and what is set by hand now.

    Raises:
        InputError: the folder holds no results, or what is set makes no sense. Then nothing has changed.
    """
    results = ResultsFolder(folder)
    results.run()  # before a folder is made
    with results.locked():
        run = results.run()
        recorded = sorted(record.result.student for record in results.records())
        students = {*recorded, *read_marking(folder).students}
        marked = prepare_marks(folder, run.points, students, late=late)
        write_marking(results, marked)
        table, marks, pages = ScoreTable(results, run.exercises), [], []
        for record in (*map(results.record, recorded), *without_record(run, marked.marking, recorded)):
            student = record.result.student
            mark = marked.marker.mark(record.result, record.handed_in)
            table.add(record.result, mark, () if record.run == run.id else (OUTDATED,))
            if student in recorded and results.refresh_pages(student, pages_of(record.result, mark, marked.marking)):
                pages.append(student)
            marks.append(mark)
        table.write()
    return Applied(tuple(sorted(marks, key=lambda mark: mark.student)), tuple(pages), marked.marking.deadline)
