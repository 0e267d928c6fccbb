"""The end of a pytest run: its exit code, the scorecard page, the record of progress."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.time_limit import UNSTOPPABLE
from gradlings.model.kit_paths import PROGRESS_FILE, kit_of
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Scorecard
from gradlings.runners.results import scorecards
from gradlings.runners.run_state import RunState
from gradlings.submission.manifest import assignment_title


class RunReport:
    """A pytest plugin: collects the results of a run (in xdist's controller, too), sets the exit code, shows the page.

    Args:
        state: of the run.
        detail: whether the page shows every check, and the lines of code behind an error.
        plain: whether the page is made of sentences, one a line.
    """

    def __init__(self, state: RunState, *, detail: bool, plain: bool) -> None:
        self._state = state
        self._detail = detail
        self._plain = plain
        self._unrecorded = ""
        self._solved_now: dict[Path, list[str]] = {}
        """Ids of the exercises that are solved in this run for the first time on record."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the result of a check."""
        if hasattr(report, "check_result"):
            self._state.collected.add(report.nodeid, report.checks_file, report.check_result, report.problems)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Note which checks are to run: xdist's controller collects nothing itself."""
        root = node.config.rootpath
        self._state.collected.expected = [id for id in ids if self._state.of_node(id, root / id.split("::")[0])]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Set exit code 1 if a check that ran did not pass, and record the attempts."""
        collected = self._state.collected
        if exitstatus == pytest.ExitCode.OK and collected.results and not collected.all_passed():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._state.mode is RunMode.SELF_CHECK and not hasattr(session.config, "workerinput"):
            self._record()

    def _record(self) -> None:
        """Record the attempts, where the checks lie in a student's kit."""
        for folder, card in self._cards().items():
            root = kit_of(folder)
            if root is None:
                continue
            if any(exercise.attempted for exercise in card.exercises) or (root / PROGRESS_FILE).exists():
                from gradlings.progress.record import code_digests, record, solved_ever  # deferred: msgspec takes time

                earlier = solved_ever(root)
                digests: dict[str, str] = {}
                for path in {path for path, _ in self._state.collected.results.values() if path.parent == folder}:
                    digests |= code_digests(self._state.own_submission(path), self._state.exercises(path))
                self._unrecorded = record(root, card, "pytest", digests) or self._unrecorded
                new = solved_ever(root) - earlier
                self._solved_now[folder] = [exercise.id for exercise in card.exercises if exercise.id in new]

    def _cards(self) -> dict[Path, Scorecard]:
        return scorecards(self._state.collected, self._state.exercises, self._state.seed)

    def _is_whole(self, folder: Path, card: Scorecard) -> bool:
        """Return whether every check of an assignment that has points was run."""
        declared = [each for path in folder.glob("test_*.py") for each in self._state.exercises(path) if each.points]
        ran = {score.id: len(score.checks) for score in card.exercises}
        return all(ran.get(each.id) == len(each.checks) for each in declared)

    def show_at_once(self, config: pytest.Config) -> None:
        """Show the page of what is known, past pytest's capture: the run is about to be ended."""
        capture = config.pluginmanager.getplugin("capturemanager")
        reporter = config.pluginmanager.getplugin("terminalreporter")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        if reporter is None:
            print(UNSTOPPABLE, file=sys.stderr, flush=True)
            return
        self.pytest_terminal_summary(reporter)
        running = (os.environ.get("PYTEST_CURRENT_TEST") or "").partition(" ")[0]
        reporter._tw.line(f"{running.rpartition('::')[0]}: {UNSTOPPABLE}")
        reporter._tw.flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the page."""
        if not self._state.collected.results:
            return
        cards, writer = self._cards(), terminalreporter._tw
        lines: list[str] = []
        for folder, card in cards.items():
            if len(cards) == 1 or self._detail or card.problems or card.begun:
                lines += [*self._page(folder, card, writer), *self._after_solving(folder, writer), ""]
        if len(cards) > 1:
            # there is no room for the path
            lines += self._summary([replace(c, title=assignment_title(f)) for f, c in cards.items()], writer)
        from gradlings.rendering.terminal import shown_in  # deferred: not every run needs rich

        for line in lines:
            writer.line(shown_in(line, self._encoding()))
        if self._unrecorded:
            writer.line(f"  {self._unrecorded}")

    def _page(self, folder: Path, card: Scorecard, writer: Any) -> list[str]:
        if self._plain:
            from gradlings.rendering.plain_page import plain_page

            return plain_page(card, detail=self._detail).splitlines()
        from gradlings.rendering.terminal import page_text

        return page_text(
            card,
            detail=self._detail,
            width=writer.fullwidth,
            color=writer.hasmarkup,
            plain=self._ascii(),
            pictures=os.environ.get("TERM") != "dumb",
            whole=self._is_whole(folder, card),
        ).splitlines()

    def _summary(self, cards: list[Scorecard], writer: Any) -> list[str]:
        if self._plain:
            from gradlings.rendering.plain_page import plain_summary

            return list(plain_summary(cards))
        from gradlings.rendering.several_pages import summary_text

        return summary_text(cards, width=writer.fullwidth, color=writer.hasmarkup, plain=self._ascii()).splitlines()

    def _after_solving(self, folder: Path, writer: Any) -> list[str]:
        """Return what is told of an exercise that has just been solved; of several, how to ask for it."""
        from gradlings.rendering.terminal import just_solved_lines
        from gradlings.submission.exercise_text import solved_texts

        texts = solved_texts(folder) if self._solved_now.get(folder) else {}
        told = {id: texts[id] for id in self._solved_now.get(folder, ()) if id in texts}
        if not told:
            return []
        if self._plain:
            from gradlings.rendering.plain_page import just_solved

            return list(just_solved(told))
        return just_solved_lines(told, width=writer.fullwidth, color=writer.hasmarkup, plain=self._ascii())

    def _ascii(self) -> bool:
        from gradlings.rendering.terminal import can_show

        return not can_show(self._encoding())

    @staticmethod
    def _encoding() -> str:
        return getattr(sys.__stdout__, "encoding", None) or "utf-8"
