"""Sessions for whoever works on gradlings; `nox --list` shows them, and `nox` alone runs all that CI proves.

They use the environment that nox itself is installed in, so that none is built again:

    python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' -c constraints.txt && .venv/bin/nox -s quick
"""

import sys
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "types", "imports", "build", "verify"]

PARALLEL = ("-n", "3", "--dist", "worksteal")
"""Three workers for two cores: tests of processes and of time limits spend a third of their time waiting."""

QUICK = {
    "model": ["tests/test_scorecard.py"],
    "submission": ["tests/test_submission.py"],
    "forbidden": ["tests/test_forbidden.py"],
    "execution": ["tests/test_probes.py"],
    "checks": ["tests/test_checking.py", "tests/test_comparing.py", "tests/test_misconceptions.py"],
    "rendering": ["tests/test_pages.py::test_page", "tests/test_pages.py::test_page_with_detail"],
    "progress": ["tests/test_hints.py"],
    "runners": [
        "tests/test_notebook.py::test_the_score_and_the_verdict",
        "tests/test_plugin.py::test_exit_code_0_at_full_marks_only",
        "tests/test_plugin.py::test_stubs_do_not_stop_a_run_with_x",
    ],
    "sandbox": [
        "tests/test_worker_bundle.py",
        "tests/test_judging.py::test_plain_values_cross_unchanged",
        "tests/test_judging.py::test_a_forged_frame_is_refused",
        "tests/test_judging.py::test_weaker_protection_has_to_be_asked_for",
    ],
    "grading": ["tests/test_intake.py"],
    "reports": ["tests/test_class_report.py"],
    "learning": ["tests/test_progress_page.py", "tests/test_watching.py::test_bad_wishes_are_refused"],
    "authoring": [
        "tests/test_building.py::test_writes_every_file_and_names_it",
        "tests/test_building.py::test_check_names_each_stale_file_and_writes_nothing",
        "tests/test_building.py::test_a_wrong_source_is_one_clear_sentence",
        "tests/test_verifying.py::test_numbers_of_a_proof",
        "tests/test_verifying.py::test_points_that_do_not_add_up_are_a_breach",
    ],
}
"""The quick tier: for each room tests that a fault in it is likely to fail, chosen so that all of them together take
less than a minute on two cores. Architecture, which is no room, has its own file."""


def _python(session: nox.Session, *arguments: str, path: str | None = None) -> None:
    session.run(sys.executable, "-m", *arguments, env={"PYTHONPATH": path} if path else None)


@nox.session
def quick(session: nox.Session) -> None:
    """Run the tests of the quick tier: every room, under a minute on two cores."""
    _python(session, "pytest", *PARALLEL, "-q", "tests/test_architecture.py", *chain(*QUICK.values()), *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests; arguments after `--` go to pytest."""
    _python(session, "pytest", *PARALLEL, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and style."""
    _python(session, "ruff", "format", "--check", ".")
    _python(session, "ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: the package strictly, tests and benchmarks as far as they are annotated."""
    _python(session, "mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that rooms import only rooms above them, and that nothing imports in a circle."""
    session.run(str(Path(sys.executable).with_name("lint-imports")))


@nox.session
def build(session: nox.Session) -> None:
    """Check that what is built from solutions/ is current."""
    _python(session, "gradlings", "build", "--check")


@nox.session
def verify(session: nox.Session) -> None:
    """Prove that the checks catch every misconception and pass every variant; then some of the mutants."""
    _python(session, "gradlings", "verify", "--seeds", "3", *session.posargs)
    _python(session, "gradlings", "verify", "--mutants", "--sample", "3", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build both distributions, and install and use them as their users will; takes minutes, and CI leaves it out."""
    session.run(sys.executable, ".ci/release.py", *session.posargs)


@nox.session
def pytest_bounds(session: nox.Session) -> None:
    """Prove the lower bound of pytest, whose internals runners/session.py uses; takes minutes, and CI leaves it out."""
    users = ("tests/test_hidden_probes.py", "tests/test_checking.py", "tests/test_submission.py")
    with TemporaryDirectory() as folder:
        _python(session, "pip", "install", "-q", "--target", folder, "--no-deps", "pytest==8.2.0", "pluggy<2")
        _python(session, "pytest", "-n", "2", *users, *session.posargs, path=folder)


@nox.session
def gpu(session: nox.Session) -> None:
    """Compare a real GPU with the checks, the tolerances and the virtual GPU: less than eight minutes on one GPU."""
    session.run(sys.executable, "benchmarks/gpu.py", *session.posargs)
