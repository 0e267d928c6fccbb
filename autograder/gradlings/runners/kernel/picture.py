"""`picture()` in a notebook: the picture at the end of its assignment, drawn with what the notebook defines."""

from __future__ import annotations

from typing import Any

from gradlings.execution.student_api import Unavailable
from gradlings.model.errors import InputError
from gradlings.runners.final_picture.draw import MODULE, Drawn, drawn_with
from gradlings.runners.kernel.check import kernel_checks
from gradlings.runners.kernel.place import folders, place_of_notebook


def picture_in_notebook(shell: Any) -> Drawn | str:
    """Return the picture, or in a sentence why there is none; `shell` is IPython's."""
    try:
        place = place_of_notebook(folders(shell), shell.user_ns)
        if not (place.folder / MODULE).is_file():
            raise InputError(f"This assignment has no picture: there is no {MODULE} in {place.folder}.")
        with kernel_checks(place, shell) as kernel:
            return drawn_with(kernel.runner, place.folder)
    except (InputError, Unavailable) as why:
        return str(why)
    except Exception as error:
        return f"The picture could not be drawn ({type(error).__name__}: {error}). Please report it."
