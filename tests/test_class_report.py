"""The report on a class: figures that can be recomputed, clusters of wrong answers, and words on who needs help."""

from pathlib import Path

import pytest

from gradlings.model.errors import InputError
from gradlings.reports.read_results import read_run


def test_a_folder_without_results_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no results .*gradlings grade --to"):
        read_run(tmp_path)
