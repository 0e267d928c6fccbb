"""Sessions for whoever works on gradlings; `nox --list` shows them, and `nox` alone runs all that CI proves.

They use the environment that nox itself is installed in, so that none is built again:

    python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' -c constraints.txt && .venv/bin/nox -s quick
"""

import json
import re
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "types", "imports", "build", "verify", "lowest"]

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
def platforms(session: nox.Session) -> None:
    """Check types as on Windows and macOS, except those of the sandbox; takes a minute, and CI leaves it out."""
    for platform in ("win32", "darwin"):
        alone = ("--follow-imports", "silent", "--exclude", "/sandbox/")
        _python(session, "mypy", "--platform", platform, *alone, "autograder/gradlings")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that rooms import only rooms above them, and that nothing imports in a circle."""
    session.run(str(Path(sys.executable).with_name("lint-imports")))


@nox.session
def build(session: nox.Session) -> None:
    """Check that what is built from solutions/ is current."""
    _python(session, "gradlings", "build", "--check")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into build/site, strictly; `nox -s docs -- serve` shows it while it is written."""
    session.run(sys.executable, "-m", "mkdocs", *(session.posargs or ["build"]), env={"NO_MKDOCS_2_WARNING": "true"})


@nox.session
def verify(session: nox.Session) -> None:
    """Prove that the checks catch every misconception and pass every variant (1 seed); then some mutants."""
    _python(session, "gradlings", "verify", "--seeds", "1", *session.posargs)
    _python(session, "gradlings", "verify", "--mutants", "--sample", "2", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Check stubs and solutions with the lowest version of everything that students need, but of torch."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    floors = [
        re.sub(r">=([\w.]+).*", r"==\1", each) for each in project["dependencies"] if not each.startswith("torch")
    ]
    with TemporaryDirectory() as folder:
        _python(session, "pip", "install", "-q", "--no-warn-conflicts", "--target", folder, *floors)
        session.run(
            sys.executable,
            "benchmarks/bounds.py",
            *(session.posargs or ("stubs", "solutions")),
            env={"PYTHONPATH": folder},
        )


@nox.session(venv_backend="virtualenv")
@nox.parametrize(
    ("python", "versions"),
    [
        nox.param("3.11", "lowest", id="lowest"),
        nox.param("3.11", "newest", id="newest"),
        nox.param("3.12", "newest", id="newest on 3.12"),
        nox.param("3.13", "newest", id="newest on 3.13"),
    ],
)
def bounds(session: nox.Session, versions: str) -> None:
    """Run what must work with the versions that pyproject.toml allows, torch included, in new environments.

    Each is several GB on Linux, unless UV_TORCH_BACKEND=cpu is set; `nox -s 'bounds(lowest)'` runs one of them.
    """
    resolution = {"lowest": "lowest-direct", "newest": "highest"}[versions]
    wanted = ("pyproject.toml", "--extra", "class", "--extra", "cluster", "--resolution", resolution)
    session.install("uv")
    with TemporaryDirectory() as folder:
        pinned = str(Path(folder, "pinned.txt"))
        session.run("python", "-m", "uv", "pip", "compile", "-q", *wanted, "-o", pinned)
        session.run("python", "-m", "uv", "pip", "install", "-q", "-r", pinned)
    session.run("python", "-m", "uv", "pip", "install", "-q", "--no-deps", "-e", ".")
    session.run("python", "benchmarks/bounds.py", *session.posargs)


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


@nox.session(venv_backend="venv")
def colab(session: nox.Session) -> None:
    """Prove that gradlings works among the packages of Colab, and changes none of them; takes minutes, not in CI."""
    session.install("--no-deps", "-r", "tests/colab/frozen.txt")
    session.install(f"torch=={version('torch').partition('+')[0]}")  # newer than Colab's, and what it asks for with it
    before = _installed(session)
    with TemporaryDirectory() as folder:
        session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ".")
        session.run("python", "tests/colab/run_alone.py", ".", folder)
    after = _installed(session)
    changed = {name: (old, after.get(name)) for name, old in before.items() if after.get(name) != old}
    session.log(f"added: {', '.join(f'{name} {after[name]}' for name in sorted(after.keys() - before.keys()))}")
    if changed:
        session.error(f"installing gradlings changed what was installed: {changed}")
    session.log(f"none of the {len(before)} packages that were installed is changed")


def _installed(session: nox.Session) -> dict[str, str]:
    """Return the versions of what a session's environment has installed."""
    listed = session.run("python", "-m", "pip", "list", "--format=json", silent=True)
    return {row["name"].lower().replace("_", "-"): row["version"] for row in json.loads(str(listed))}


@nox.session
def gpu(session: nox.Session) -> None:
    """Compare a real GPU with the checks, the tolerances and the virtual GPU: less than eight minutes on one GPU."""
    session.run(sys.executable, "benchmarks/gpu.py", *session.posargs)
