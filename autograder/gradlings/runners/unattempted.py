"""A file of checks in which nothing is attempted: its checks are listed from the source, without importing torch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradlings.runners.run_state import RUN_STATE


class UnattemptedModule(pytest.File):
    """A file of checks that is not imported, because no exercise of it is attempted."""

    def collect(self) -> Iterator[UnattemptedClass]:
        """Yield a collector for each exercise."""
        for exercise in self.config.stash[RUN_STATE].exercises(self.path):
            yield UnattemptedClass.from_parent(self, name=exercise.class_name, path=self.path)


class UnattemptedClass(pytest.Collector):
    """The checks of one exercise, from the source."""

    def collect(self) -> Iterator[UnattemptedItem]:
        """Yield an item for each check."""
        exercises = {exercise.class_name: exercise for exercise in self.config.stash[RUN_STATE].exercises(self.path)}
        for check in exercises[self.name].checks:
            yield UnattemptedItem.from_parent(self, name=check.name)


class UnattemptedItem(pytest.Item):
    """A check of an exercise that is still a stub."""

    def runtest(self) -> None:
        """Skip: there is nothing to check."""
        pytest.skip("not attempted yet")
