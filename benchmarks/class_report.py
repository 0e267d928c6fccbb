"""The report on a class: how long it takes for a large one, how large its page is, and whether mistakes are kept apart.

    python benchmarks/class_report.py [--students 500]

First a class whose records are made up: every student with all assignments, a tenth of the answers wrong with a
misconception of the catalogue, a twentieth wrong without a name. `gradlings report` of it, in a process of its own:

    seconds, from the command to its end         to be at most 5
    the page                                     to be at most 2 MB

Then 30 mistakes in assignment 03 that no misconception explains, by hand, planted 1 to 12 times each in 200 files. Each
file has the solution's other functions, each planted function has names of its own, and every second one keeps its
result in a variable first. All are judged in this process, and put together by what came back:

    clusters                                     to be 30, each of one mistake, ordered by number
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from gradlings.grading.results_store import Record, RunRecord
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.misconceptions import Misconception, shipped_misconceptions
from gradlings.model.scorecard import CheckResult, ExerciseScore, Named, Row, Scorecard, Verdict
from gradlings.model.student_result import graded

ROOT = Path(__file__).resolve().parent.parent
FILES = 200
MISTAKES: dict[str, tuple[str, ...]] = {
    "chain_derivative(df, g, dg, x)": ("df(g(x)) * dg(x) * 0.25", "df(g(x)) - dg(x)", "df(g(x)) / dg(x)", "dg(x) ** 2"),
    "sigmoid(z)": (
        *("1 / (2 + torch.exp(-z))", "1 / (1 + 2 * torch.exp(-z))", "torch.tanh(z) ** 2", "torch.cos(z)"),
        "1 / (1 + torch.exp(-z)) + 0.125",
    ),
    "bce(a, y)": (
        *("-(y * torch.log(a)).mean() * 3", "(a * y).mean()", "-torch.log(a).amax()", "(a - y).abs().sum() / 7"),
        "-(y * a + (1 - y) * torch.log(1 - a)).mean()",
    ),
    "bce_grad_a(a, y)": (
        *("-y / a + (1 - y)", "y / a ** 2", "(1 - y) / (1 - a) ** 3", "-y / a + (1 - y) / (2 - a)", "a * y + 2"),
    ),
    "sigmoid_grad(z)": ("sigmoid(z) ** 3", "sigmoid(z) * 0.3", "sigmoid(z) * (2 - sigmoid(z))", "torch.sin(z)"),
    "manual_gradients(x, w, b, y)": (
        *("((sigmoid(x * w + b) - y) * 5, y)", "(x * w + b, y + 1)", "(x ** 3 - y, sigmoid(b))"),
        "((sigmoid(w) - y) * x + 2, sigmoid(w) - y)",
    ),
    "batch_gradients(X, w, b, y)": (
        *("(X.T @ y, y.mean())", "(X.sum(0), y.sum() - 3)", "(X.T @ (X @ w - y) / 5, (X @ w).mean())"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=500)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as name:
        large_class(Path(name), students)
    clusters()


# ---- a large class


def large_class(folder: Path, students: int) -> None:
    rng = random.Random(3)
    count = 0
    for source in sorted((ROOT / "assignments").glob("0*")):
        exercises = [e for checks in sorted(source.glob("test_*.py")) for e in read_exercises(checks) if e.points]
        known = shipped_misconceptions(source)
        run = RunRecord(source.name, "", {}, "0.1.0", {}, "", 0, id=source.name)
        records = folder / source.name / "records"
        records.mkdir(parents=True)
        (records.parent / "run.json").write_bytes(msgspec.json.encode(run))
        for number in range(students):
            card = made_up(source.name, exercises, list(known.values()), rng)
            result = graded(f"student {number:04}", card, notes=(), protection="", gradlings_version="0.1.0")
            functions = {
                e.functions[0]: f"def {e.functions[0]}(x):\n    return x + {rng.random()}" for e in exercises[:2]
            }
            record = Record(run.id, "", "", result, functions=functions)
            (records / f"{number:04}.json").write_bytes(msgspec.json.encode(record))
        count += len(exercises)
    page = folder / "class.html"
    command = [
        sys.executable,
        "-m",
        "gradlings.cli",
        "report",
        *map(str, sorted(folder.iterdir())),
        "--html",
        str(page),
    ]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - start
    used = os.times().children_user + os.times().children_system
    print(f"{students} students, {count} exercises: {took:.1f} s ({used:.1f} s of processor)   to be at most 5")
    print(f"page: {page.stat().st_size / 1e6:.2f} MB   to be at most 2")


def made_up(assignment: str, exercises: list[Exercise], known: list[Misconception], rng: random.Random) -> Scorecard:
    scores, stop = [], rng.randrange(len(exercises) // 2, 3 * len(exercises))
    for place, exercise in enumerate(exercises):
        fitting = [m for m in known if m.id.partition("/")[0] == exercise.id]
        luck = rng.random() if place < stop else 1.0
        subject = exercise.functions[0]
        checks = []
        for check in exercise.checks:
            result = CheckResult(exercise.id, check.name, check.title, Verdict.PASS, check.points, subject)
            if luck == 1.0:
                result = replace(result, verdict=Verdict.NOT_ATTEMPTED)
            elif luck < 0.15:
                wrong = Row("", f"[{rng.random():.4f}, {rng.random():.4f}]", "[0.5000, 0.2500]")
                call = f"{subject}(x=tensor([1.0, {rng.random():.4f}]))"
                result = replace(
                    result, verdict=Verdict.WRONG, call=call, rows=(wrong,), outcome=f"{rng.randrange(40):016x}"
                )
            checks.append(result)
        if luck < 0.1 and fitting:
            chosen = fitting[min(int(rng.expovariate(0.5)), len(fitting) - 1)]
            checks[0] = replace(checks[0], misconception=Named(chosen.id, chosen.sentence))
        scores.append(ExerciseScore(exercise.id, exercise.functions, exercise.points, tuple(checks)))
    return Scorecard(assignment, "", tuple(scores))


# ---- 30 mistakes


def clusters() -> None:
    from gradlings.reports.unnamed import unnamed
    from gradlings.runners.public_answers import unnamed_functions, with_public_answers
    from gradlings.runners.session import collected_checks
    from gradlings.submission.anonymous_code import code_of
    from gradlings.submission.cells import module_cells
    from gradlings.submission.reader import from_cells
    from gradlings.submission.reference_functions import stand_ins_for

    checks = ROOT / "assignments/03/test_autodiff.py"
    solution = (ROOT / "solutions/03/autodiff.py").read_text(encoding="utf-8")
    planted = [(function, body) for function, bodies in MISTAKES.items() for body in bodies]
    assert len(planted) == 30, len(planted)
    times = {mistake: 1 + place % 12 for place, mistake in enumerate(planted)}
    rng = random.Random(5)
    deck = [mistake for mistake, number in times.items() for _ in range(number)]
    rng.shuffle(deck)
    files = [[each] for each in deck] + [[] for _ in range(FILES - len(deck))]
    records, of_mistake = [], dict[tuple[str, str], list[Record]]()
    with collected_checks(checks.parent) as grader:
        functions = [name for exercise in read_exercises(checks) for name in exercise.functions]
        grader.follow_with(stand_ins_for(ROOT, "03", "autodiff", functions), 1.0)
        for number, mistakes in enumerate(files):
            text = solution + "".join(f"\n# %%\n{written(*mistake, number)}" for mistake in mistakes)
            submission = from_cells(Path("autodiff.py"), module_cells(text, "autodiff.py"))
            found = grader.grade(submission, checks, seed=0)
            card = with_public_answers(found.scorecard, found, named=True)
            result = graded(f"{number:03}", card, notes=(), protection="", gradlings_version="")
            code = unnamed_functions(card, partial(code_of, submission), (solution,))
            record = Record("", "", "", result, functions=code)
            records.append(record)
            for mistake in mistakes:
                of_mistake.setdefault(mistake, []).append(record)
    named = Counter(id for r in records if r.result.card for s in r.result.card.exercises for id in s.misconceptions)
    sizes = [cluster.students for cluster in unnamed(records).clusters]
    wanted = sorted(times.values(), reverse=True)
    split = [mistake for mistake, found in of_mistake.items() if len(unnamed(found).clusters) != 1]
    print(f"clusters: {len(sizes)} of {len(planted)} mistakes, ordered by number: {sizes == wanted}   to be 30, True")
    print(f"mistakes in more than one cluster: {len(split)}   to be 0")
    if named:
        print(f"the catalogue knows: {dict(named)}")
    if sizes != wanted:
        sys.exit(f"sizes {sizes}\nplanted {wanted}")


def written(function: str, body: str, number: int) -> str:
    """The text of a function with a mistake, in one of the ways in which people write it."""
    lines = [f"def {function}:", f"    # {number}, in my own words"]
    kept = f"result_{number}"
    lines += [f"    {kept} = {body}", f"    return {kept}"] if number % 2 else [f"    return {body}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
