"""What a late submission costs in nbgrader's gradebook, by the plugin that the course is configured with.

nbgrader takes the configuration from Jupyter's folders, from where it is started and from the course's root; so it is
here, where the root is the folder that holds the gradebook.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError

_CONFIG = "nbgrader_config"


class LatePenalties:
    """The penalties of a course.

    Args:
        url: of the gradebook.

    Raises:
        InputError: the configuration or the plugin cannot be loaded.
    """

    def __init__(self, url: str) -> None:
        root = _root_of(url)
        with _importable(Path.cwd(), root):
            config = _configuration(root)
            try:
                self._preprocessor = _preprocessor(config)
            except Exception as error:  # of a class that somebody else wrote
                raise InputError(
                    f"nbgrader's plugin for late submissions cannot be loaded ({type(error).__name__}: {error}). "
                    f"See AssignLatePenalties in {_CONFIG}.py."
                ) from None

    def assign(self, session: Any, submission: Any, notebook: Any) -> bool:
        """Write the penalty of a notebook whose scores are written; return whether there is one.

        Raises:
            InputError: the plugin failed.
        """
        notebook.late_submission_penalty = None
        seconds = submission.total_seconds_late  # after an extension, if nbgrader knows of one
        if self._preprocessor is None or seconds <= 0:
            return False
        session.flush()
        session.expire(notebook, ["score"])  # the database adds it up
        score = notebook.score
        try:
            penalty = self._preprocessor.plugin_inst.late_submission_penalty(submission.student.id, score, seconds)
            penalty = None if penalty is None else min(max(0.0, float(penalty)), score)
        except Exception as error:  # of a class that somebody else wrote
            raise InputError(
                f"nbgrader's plugin for late submissions failed for {submission.student.id} "
                f"({type(error).__name__}: {error}). No score was written to the gradebook."
            ) from None
        notebook.late_submission_penalty = penalty
        return bool(penalty)


def _preprocessor(config: Any) -> Any:
    """Return nbgrader's preprocessor with its plugin; None where the course has none, or has it switched off."""
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.utils.importstring import import_item

    listed = config.Autograde.get("autograde_preprocessors")
    kind = AssignLatePenalties
    if isinstance(listed, list):
        kinds = [import_item(each) if isinstance(each, str) else each for each in listed]
        kind = next((each for each in kinds if isinstance(each, type) and issubclass(each, AssignLatePenalties)), None)
    found = kind(config=config) if kind else None
    if found is None or not found.enabled:
        return None
    found.init_plugin()
    return found


def _configuration(root: Path) -> Any:
    """Return the settings of all files that nbgrader reads, the course's own last.

    Raises:
        InputError: one of them fails.
    """
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import Config, ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

    config = Config()
    for folder in dict.fromkeys([*reversed(jupyter_config_path()), str(Path.cwd()), str(root)]):
        for loader, ending in ((PyFileConfigLoader, "py"), (JSONFileConfigLoader, "json")):
            path = Path(folder, f"{_CONFIG}.{ending}")
            try:
                config.merge(loader(path.name, path=folder).load_config())
            except ConfigFileNotFound:
                continue
            except Exception as error:  # it is Python of somebody else
                raise InputError(f"{path} fails: {type(error).__name__}: {error}") from None
    return config


def _root_of(url: str) -> Path:
    from sqlalchemy.engine import make_url

    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:")
    return Path(str(address.database)).resolve().parent if is_file else Path.cwd()


@contextmanager
def _importable(*folders: Path) -> Iterator[None]:
    """Let plugins be imported that lie beside the configuration."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before
