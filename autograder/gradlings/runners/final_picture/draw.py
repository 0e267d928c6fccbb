"""Draw the picture at the end of an assignment with the functions of a student, or say why there is none."""

from __future__ import annotations

import contextlib
import io
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradlings.execution.kept_settings import kept_settings
from gradlings.execution.runner_protocol import SubmissionRunner
from gradlings.execution.student_api import Student, Unavailable
from gradlings.execution.time_limit import TimeUp, time_limit
from gradlings.model.files import write_atomically
from gradlings.model.scorecard import Verdict
from gradlings.model.text import listed

if TYPE_CHECKING:
    from gradlings.runners.final_picture.picture import FinalPicture

MODULE = "picture.py"
"""Beside the checks of an assignment; its function `picture` takes `OwnFunctions` and returns a `FinalPicture`."""


@dataclass(frozen=True)
class Drawn:
    """A picture, and its bytes as a PNG."""

    picture: FinalPicture
    png: bytes


def drawn_with(runner: SubmissionRunner, folder: Path) -> Drawn:
    """Draw the picture of the assignment in a folder with the functions of a submission.

    Raises:
        Unavailable: there is none yet; its message says why, and names the function that is not right.
    """
    try:
        import matplotlib

        from gradlings.runners.final_picture.own_functions import OwnFunctions
        from gradlings.runners.final_picture.picture import DPI
    except ImportError as error:
        sentence = f"For the picture at the end, install matplotlib and run this again ({error})."
        raise Unavailable(Verdict.ERROR, sentence) from None
    own = OwnFunctions(runner, folder)
    try:
        with matplotlib.rc_context(), kept_settings():
            matplotlib.rcdefaults()  # a style that a student's file sets is for what the student draws
            with time_limit(own.seconds, runner_files=(__file__,)):
                picture = runpy.run_path(str(folder / MODULE))["picture"](own)
            with contextlib.suppress(Exception, TimeUp):
                while picture.fuller is not None:
                    with time_limit(own.seconds, runner_files=(__file__,)):
                        picture = picture.fuller()
            data = io.BytesIO()
            about = {"Title": picture.about, "Description": picture.alt}
            picture.figure.savefig(data, format="png", dpi=DPI, metadata=about)
    except Unavailable:
        raise
    except (Exception, TimeUp) as error:  # a check that passed must not fail by it
        raise Unavailable(Verdict.ERROR, own.blamed_for(error)) from error
    return Drawn(picture, data.getvalue())


def leave_picture(student: Student) -> None:
    """Draw the picture of an assignment into its folder, and add a note that says where it is, or why there is none.

    Called by the last check of an assignment when everything in it is right. Nothing happens where nothing may be
    written, which is everywhere but in a self-check; in a notebook, `picture()` shows it.
    """
    if student.folder is not None:
        student.notes.append(_left_in(student.folder, student.runner))


def _left_in(folder: Path, runner: SubmissionRunner) -> str:
    try:
        drawn = drawn_with(runner, folder)
        picture = drawn.picture
        write_atomically(folder / picture.file, drawn.png)  # watch mode may end this process at any time
        for name, (_, text) in picture.texts.items():
            write_atomically(folder / name, text.encode())
    except Unavailable as why:
        return why.message
    except OSError as error:
        return f"The picture at the end could not be written: {error}."
    files = {picture.file: picture.about, **{name: about for name, (about, _) in picture.texts.items()}}
    written = listed([f"{name} ({about})" for name, about in files.items()])
    return " ".join(filter(None, [f"Have a look at {written} in assignments/{folder.name}.", picture.missing]))
