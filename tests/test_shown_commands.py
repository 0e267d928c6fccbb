"""Every command that README.md and the pages show is run by a test, or a line here says why it is not.

A command is known by its words and options, without their values: `gradlings grade 03 submissions/ --to results/` is
`gradlings grade --to`. Here stands which test runs it; that test, with what it calls, has to hold all of those words.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from class_kit import hand_in, module
from gradlings import cli
from student_kit import PROJECT, RIGHT, Kit

PAGES = [PROJECT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")]
PAGES += [*PROJECT.glob("deploy/*.md"), *PROJECT.glob("docs/*.md")]
PROGRAMS = {
    *("gradlings", "pytest", "python", "python3", "pip", "nox", "pre-commit", "jupyter", "nbgrader"),
    *("git", "docker", "podman", "npm", "install", "chmod"),
}
WORDS = {"gradlings": 1, "gradlings new": 2, "nbgrader": 1, "nbgrader db": 3, "python": 1, "pip": 1, "jupyter": 1}
WORDS |= {"git": 1, "docker": 1, "podman": 1, "npm": 1}
"""How many words after a program say what it is to do; the others are values."""

HERE = "test_shown_commands.py::test_what_follows_grading_runs_as_shown"
RUN = {
    "gradlings": "test_starting.py::test_gradlings_alone_says_where_you_are",
    "gradlings build": "test_building.py::test_writes_every_file_and_names_it",
    "gradlings build --check": "test_building.py::test_check_names_each_stale_file_and_writes_nothing",
    "gradlings course": "test_nbgrader.py::test_by_way_of_the_exchange",
    "gradlings course --root": "test_nbgrader.py::test_by_way_of_the_exchange",
    "gradlings course --path": "test_paths.py::test_a_course_locks_what_is_given",
    "gradlings export": "test_export.py::test_the_command_writes_one_file_and_says_what_matters",
    "gradlings export --column": "test_export.py::test_the_command_writes_one_file_and_says_what_matters",
    "gradlings export --feedback": "test_export.py::test_the_command_writes_one_file_and_says_what_matters",
    "gradlings export --roster": "test_export.py::test_the_command_writes_one_file_and_says_what_matters",
    "gradlings github": "test_github.py::test_the_steps_run",
    "gradlings github --root": "test_github.py::test_the_steps_run",
    "gradlings grade": "test_engines.py::test_a_class_is_graded_side_by_side",
    "gradlings grade --course": (
        "test_stand_ins.py::test_a_class_gets_the_same_points_and_a_private_course_says_what_is_true"
    ),
    "gradlings grade --due": HERE,
    "gradlings grade --engine": (
        "test_engines.py::test_a_cluster_gives_the_same_scores_and_loses_nothing_with_a_worker"
    ),
    "gradlings grade --gradebook": (
        "test_stand_ins.py::test_a_class_gets_the_same_points_and_a_private_course_says_what_is_true"
    ),
    "gradlings grade --hidden": "test_engines.py::test_hidden_probes_catch_what_public_ones_do_not",
    "gradlings grade --no-stand-ins": (
        "test_stand_ins.py::test_a_class_gets_the_same_points_and_a_private_course_says_what_is_true"
    ),
    "gradlings grade --path": "test_paths.py::test_a_class_on_a_path",
    "gradlings grade --policy": HERE,
    "gradlings grade --roster": HERE,
    "gradlings grade --scheduler": (
        "test_engines.py::test_a_cluster_gives_the_same_scores_and_loses_nothing_with_a_worker"
    ),
    "gradlings grade --student": HERE,
    "gradlings grade --to": HERE,
    "gradlings gradescope": "test_gradescope.py::test_what_is_in_the_zip",
    "gradlings gradescope --to": "test_gradescope.py::test_what_is_in_the_zip",
    "gradlings hint": "test_hints.py::test_a_level_can_be_asked_for",
    "gradlings init": "test_starting.py::test_an_empty_folder_becomes_a_kit",
    "gradlings init --path": "test_paths.py::test_an_unknown_path_is_told_by_name",
    "gradlings init --solutions": "test_starting.py::test_answers_come_when_they_are_asked_for",
    "gradlings list": "test_learner_commands.py::test_the_list_shows_points_and_attempts",
    "gradlings marks": HERE,
    "gradlings marks --due": HERE,
    "gradlings new": "test_new.py::test_what_a_course_holds",
    "gradlings new assignment": "test_new.py::test_an_assignment_is_added",
    "gradlings new course": "test_new.py::test_what_a_course_holds",
    "gradlings new exercise": "test_new.py::test_the_course_and_a_new_exercise_verify",
    "gradlings outline": "test_outline.py::test_the_command_prints_json_of_a_course_without_objectives_and_chapter",
    "gradlings progress": (
        "test_progress_page.py::test_the_table_shows_points_attempts_and_misconceptions_met_and_overcome"
    ),
    "gradlings progress --html": (
        "test_progress_page.py::test_the_page_is_one_file_that_loads_nothing_and_fits_a_phone"
    ),
    "gradlings progress --path": "test_paths.py::test_progress_of_a_path_in_a_whole_kit",
    "gradlings report": HERE,
    "gradlings report --anonymous": HERE,
    "gradlings report --csv": "test_class_report.py::test_json_and_tables_say_the_same_as_the_page",
    "gradlings report --html": HERE,
    "gradlings report --json": "test_class_report.py::test_json_and_tables_say_the_same_as_the_page",
    "gradlings report --unnamed": "test_class_report.py::test_a_skeleton_is_ready_to_be_named",
    "gradlings reset": "test_learner_commands.py::test_reset_puts_the_stub_back_and_keeps_the_file_as_it_was",
    "gradlings similarity": "test_similarity.py::test_the_command",
    "gradlings similarity --for": "test_similarity.py::test_the_command",
    "gradlings similarity --results": HERE,
    "gradlings similarity --to": "test_similarity.py::test_the_command",
    "gradlings solution": "test_learner_commands.py::test_the_solution_is_offered_when_the_exercise_is_solved",
    "gradlings try": "test_trying.py::test_pdb_debugs_the_script",
    "gradlings try --pdb": "test_trying.py::test_pdb_debugs_the_script",
    "gradlings update": "test_updating.py::test_an_untouched_kit_becomes_the_newer_one",
    "gradlings verify": "test_verifying.py::test_a_good_kit_holds",
    "gradlings verify --mutants": "test_mutants.py::test_survivors_are_reported_where_nothing_is_declared",
    "gradlings verify --seeds": "test_verifying.py::test_a_good_kit_holds",
    "gradlings watch": "test_watching.py::test_the_first_unsolved_exercise_is_checked_on_every_save",
    "gradlings watch --plain": "test_watching.py::test_checks_that_cannot_be_collected_are_named",
    "nbgrader autograde": "test_nbgrader.py::test_by_way_of_the_exchange",
    "nbgrader autograde --force": "test_new.py::test_a_course_is_graded_by_stock_nbgrader",
    "nbgrader collect": "test_nbgrader.py::test_by_way_of_the_exchange",
    "nbgrader db assignment remove": "test_new.py::test_a_course_is_graded_by_stock_nbgrader",
    "nbgrader db assignment remove --force": "test_new.py::test_a_course_is_graded_by_stock_nbgrader",
    "nbgrader export": "test_nbgrader.py::test_a_class_in_which_not_everybody_is_honest",
    "nbgrader generate_assignment": "test_nbgrader.py::test_by_way_of_the_exchange",
    "nbgrader generate_assignment --force": "test_new.py::test_a_course_is_graded_by_stock_nbgrader",
    "nbgrader generate_feedback": "test_nbgrader.py::test_a_class_in_which_not_everybody_is_honest",
    "pytest": "test_plugin.py::test_exit_code_0_at_full_marks_only",
    "pytest --gradlings-device": "test_plugin.py::test_a_device_that_is_not_there_is_a_usage_error",
    "pytest --gradlings-plain": "test_plain_page.py::test_a_wrong_answer_in_sentences",
}
"""Which test runs it."""

NOT_RUN = {
    "chmod": "prepares a server; deploy/jupyterhub.md says that it has not been run as a whole",
    "docker": "no Docker here; deploy/README.md says what has been run instead",
    "git clone": "the repository has no public address yet",
    "gradlings --install-completion": "writes into the files that a shell starts with; what it calls, a test asks",
    "gradlings verify --sample": "`nox -s verify` runs it in CI",
    "install": "prepares a server; deploy/jupyterhub.md says that it has not been run as a whole",
    "jupyter lab": "starts a server; test_browser.py starts it as a module",
    "jupyter labextension": "deploy/jupyterhub.md says that it has not been run as a whole",
    "jupyter nbconvert": "test_notebook.py executes notebooks with the client that it calls",
    "nox": "CI is nox; that its sessions are those that the pages name, a test of their names proves",
    "npm": "prepares a server; deploy/jupyterhub.md says that it has not been run as a whole",
    "pip": "needs the network; .ci/run begins with one such line, test_wheel.py looks into what is installed",
    "podman": "deploy/README.md says when it was run, and with what",
    "pre-commit": "writes into .git; its sessions are those of nox",
    "python benchmarks/": "a measurement, minutes long, that a person starts; that the file is there, a test proves",
    "python docs/": "makes pictures, which a person looks at; that the file is there, a test proves",
    "python3 -m": ".ci/run begins with it",
    "python3": "the name of the program",
}
"""Why none does; the first words of what is not run."""


def pieces(command: str) -> Iterator[str]:
    """A command without values: `gradlings grade`, `gradlings grade --to`, one for each of its options."""
    words = command.split()
    count = WORDS.get(" ".join(words[:2]), WORDS.get(words[0], 0))
    does = " ".join([words[0], *(word for word in words[1 : 1 + count] if re.fullmatch(r"[a-z_]+(/[\w.]+)?", word))])
    options = re.findall(r"(?<![^\s\[])--?[a-zA-Z][\w-]*", command)
    yield from [does, *(f"{does} {option}" for option in options)]


def shown(page: str) -> Iterator[str]:
    """Every command in the blocks without a language, or of a shell, and in code within a line."""
    fence = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
    lines = [
        part for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", fence.sub("", page)) for part in [" ".join(code.split())]
    ]
    for language, block in fence.findall(page):
        if language in ("", "bash", "console", "sh"):
            lines += block.replace("\\\n", " ").splitlines()
    for line in lines:
        without_comment = re.split(r"\s{2,}(?=[^-\s])|\s+#", line.strip().removeprefix("$ "))[0]
        for command in re.split(r" && |; ", without_comment.partition(" -- ")[0]):
            bare = re.sub(r"^(\.venv/bin/|/opt/hub/bin/|[A-Z_]+=\S+ )*", "", command)
            if bare.split(" ")[0] in PROGRAMS:
                yield from pieces(bare)


# ---- what a test holds


@lru_cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((PROJECT / "tests" / f"{module}.py").read_text(encoding="utf-8"))


@lru_cache
def definitions(module: str) -> dict[str, ast.AST]:
    """What a module of tests defines and imports from others, and the fixtures and methods that any of them may use."""
    found: dict[str, ast.AST] = {}
    tree = tree_of(module)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (PROJECT / "tests" / f"{node.module}.py").is_file():
            there = definitions(str(node.module))
            found |= {alias.asname or alias.name: there[alias.name] for alias in node.names if alias.name in there}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {
                name.id: node.value
                for target in node.targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            }
    return found


def words_of(test: str) -> set[str]:
    """Every word in a text of a test, of the decorators on it, and of what it calls."""
    path, _, name = test.partition("::")
    assert name in definitions(path.removesuffix(".py")), f"there is no {test}"
    known = definitions("conftest") | definitions(path.removesuffix(".py"))
    words: set[str] = set()
    waiting, seen = [name], set()
    while waiting:
        if (name := waiting.pop()) in seen or name not in known:
            continue
        seen.add(name)
        for node in ast.walk(known[name]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update(re.split(r"[\s=]+", node.value))
            elif isinstance(node, ast.Name):
                waiting.append(node.id)
                words.add(node.id)
            elif isinstance(node, ast.arg):
                waiting.append(node.arg)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
    return words


# ---- the tests


def listed(piece: str) -> str:
    """Why a command is not run; "" for one that is to be."""
    return next((why for first, why in NOT_RUN.items() if piece.startswith(first)), "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_shown_command_is_run_by_a_test_or_listed(page: Path) -> None:
    unknown = {piece for piece in shown(page.read_text(encoding="utf-8")) if not listed(piece)} - RUN.keys()
    assert not unknown, f"{sorted(unknown)}: name the test that runs it in RUN, or say in NOT_RUN why none does"


def test_nothing_is_listed_that_is_not_shown() -> None:
    every = {piece for page in PAGES for piece in shown(page.read_text(encoding="utf-8"))}
    assert RUN.keys() <= every, sorted(RUN.keys() - every)
    assert [first for first in NOT_RUN if not any(piece.startswith(first) for piece in every)] == []


@pytest.mark.parametrize(("piece", "test"), RUN.items())
def test_the_named_test_holds_the_words_of_the_command(piece: str, test: str) -> None:
    assert set(piece.split()[1:]) <= words_of(test)


def test_every_shown_option_is_one_of_its_command() -> None:
    app: Any = typer.main.get_command(cli._app())
    for piece in RUN:
        program, *words = piece.split()
        command, options = app, [word for word in words if word.startswith("-")]
        if program == "gradlings":
            for word in words[: len(words) - len(options)]:
                command = command.get_command(None, word)  # each is built when it is asked for
            assert set(options) <= {
                text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)
            }, piece


def test_every_shown_session_and_benchmark_is_there() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    sessions = {name for names in re.findall(r"nox -s ([a-z_ ]+)", text) for name in names.split()}
    assert sessions <= set(
        re.findall(r"^def (\w+)\(session", (PROJECT / "noxfile.py").read_text("utf-8"), re.MULTILINE)
    )
    assert all((PROJECT / path).is_file() for path in re.findall(r"python ((?:benchmarks|docs)/\w+\.py)", text))


@pytest.mark.skipif(sys.platform != "linux", reason="grading needs Linux")
def test_what_follows_grading_runs_as_shown(author_kit: Kit) -> None:
    root = author_kit.root
    files = {"ann/09/tiny.py": module(author_kit, **RIGHT)}
    files |= {"bob/09/tiny.py": module(author_kit, difference="return a - b")}
    files |= {"bob/09/timestamp.txt": b"2026-03-03 03:00:00 UTC"}
    hand_in(root / "submissions", files)
    (root / "late.toml").write_text('percent_of_maximum = 10\nunit = "day"\n', encoding="utf-8")
    (root / "class.csv").write_text("login,name\nann,Ann\nbob,Bob\n", encoding="utf-8")
    graded = "grade 09 submissions/ --to results/ --student ann --student bob --roster class.csv --seed 1 --judges 1"
    for command in (
        f"{graded} --due 2026-03-01T23:59Z --policy late.toml",
        "marks results/ --due 2026-03-02T12:00Z",
        "report results/ --anonymous --html class.html",
        "similarity 09 submissions/ --to alike/ --results results/",
    ):
        done = author_kit.gradlings(*command.split())
        assert done.code == 0, done.said
    with open(root / "results" / "scores.csv", newline="", encoding="utf-8-sig") as file:
        marks = {row["student"]: row["final"] for row in csv.DictReader(file)}
    assert marks == {"ann": "30", "bob": "7"}
    assert "bob" not in (root / "class.html").read_text(encoding="utf-8")
    assert (root / "alike" / "similarity.html").is_file()
