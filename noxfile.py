"""Sessions for whoever works on gradlings; `nox --list` shows them, and `nox` alone runs all that CI proves.

They use the environment that nox itself is installed in, so that none is built again:

    python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' -c constraints.txt && .venv/bin/nox -s quick
"""

import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "types", "imports", "build", "verify"]

QUICK = ("tests/test_architecture.py",)
"""Test files that cover every room in less than a minute on two cores."""


def _python(session: nox.Session, *arguments: str) -> None:
    session.run(sys.executable, "-m", *arguments)


@nox.session
def quick(session: nox.Session) -> None:
    """Run the tests of the quick tier: every room, under a minute on two cores."""
    _python(session, "pytest", "-n", "2", "-q", *QUICK, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests; arguments after `--` go to pytest."""
    _python(session, "pytest", "-n", "2", *session.posargs)


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
    """Prove that the checks catch every misconception and pass every variant."""
    _python(session, "gradlings", "verify", "--seeds", "3", *session.posargs)
