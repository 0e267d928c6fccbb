"""The report on a class: figures that can be recomputed, clusters of wrong answers, and words on who needs help."""

from __future__ import annotations

import csv
import json
import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from class_kit import InProcess, hand_in, module
from gradlings.grading.class_run import grade_class
from gradlings.grading.intake.collect import collect
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.scorecard import CheckResult, ExerciseScore, Named, Row, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult, for_student, graded
from gradlings.reports.class_report import class_report
from gradlings.reports.command import with_class_page
from gradlings.reports.examples import Example, example_of
from gradlings.reports.item_figures import FEW, correlation
from gradlings.reports.kit_texts import chapter_part
from gradlings.reports.misconception_figures import pairs
from gradlings.reports.page import class_page
from gradlings.reports.read_results import ClassRun, read_run
from gradlings.reports.tables import tables
from gradlings.runners.public_answers import unnamed_functions, with_public_answers
from gradlings.runners.session import collected_checks
from gradlings.submission.anonymous_code import code_of
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from html_tags import Tags
from student_kit import PROJECT, RIGHT, Kit

RUN = RunRecord("09", "tiny", {"test_tiny.py": "a1"}, "0.1", {"torch": "2.6"}, "Landlock", 7)
NOWHERE = Path("nowhere")
BEGUN = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
POINTS = (10, 15, 5)
Answers = tuple[str, str, str]
"""Of one student, by exercise: "" not attempted, "-" not there, "+" solved, "x" wrong without a name, else a name."""
CLASS: dict[str, Answers] = {
    "ann": ("+", "+", "+"),
    "ben": ("+", "+", "x"),
    "cem": ("+", "columns", ""),
    "dan": ("opposite-sign", "columns", "opposite-sign"),
    "eve": ("opposite-sign", "", ""),
    "fay": ("+", "+", "+"),
    "gil": ("+", "swapped", "+"),
    "hao": ("", "", ""),
    "ida": ("+", "columns", "x"),
    "jan": ("absolute-value", "+", ""),
    "kai": ("+", "x", "+"),
    "lea": ("opposite-sign", "columns", "stands-still"),
}


def score_of(place: int, answer: str) -> ExerciseScore:
    id, points = f"9.{place + 1}", POINTS[place]
    check = CheckResult(id, "test_it", "it", Verdict.WRONG, points, "f", call="f(x=1.0)", rows=(Row("", "2.0", "3.0"),))
    if answer == "+":
        check = CheckResult(id, "test_it", "it", Verdict.PASS, points, "f")
    elif answer == "":
        check = CheckResult(id, "test_it", "it", Verdict.NOT_ATTEMPTED, points, "f")
    elif answer == "-":
        check = CheckResult(id, "test_it", "it", Verdict.MISSING, points, "f")
    elif answer == "x":
        check = replace(check, outcome="0123456789abcdef")
    else:
        check = replace(check, outcome="00", misconception=Named(f"{id}/{answer}", f"It is {answer}."))
    return ExerciseScore(id, ("f",), points, (check,))


def card_of(answers: Answers) -> Scorecard:
    return Scorecard("09", "A tiny kit", tuple(score_of(place, answer) for place, answer in enumerate(answers)))


def result_of(student: str, card: Scorecard) -> StudentResult:
    return graded(student, card, notes=(), protection="", gradlings_version="0.1")


def stored(
    folder: Path, answers: dict[str, Answers], run: RunRecord = RUN, functions: dict[str, str] | None = None
) -> ClassRun:
    """A results folder, as `grade` leaves it, read back."""
    results = ResultsFolder(folder)
    with results.locked():
        results.resume(run, force=True, any_seed=False)
        for student, each in answers.items():
            results.store(
                Record(run.id, "tiny.py", "d", result_of(student, card_of(each)), functions=functions or {}), {}
            )
    return read_run(folder)


# ---- figures, recomputed by hand


def test_the_figures_of_a_class_of_twelve_are_right(tmp_path: Path) -> None:
    """The class above: what is expected is counted from it by eye, and computed by the formula in the books."""
    (found,) = class_report([stored(tmp_path / "r", CLASS)], NOWHERE).assignments
    assert found.distribution is not None
    scores = [30, 25, 10, 0, 0, 30, 15, 0, 10, 15, 15, 0]
    d = found.distribution
    assert (d.students, d.max_points, d.mean, d.median, d.lowest, d.highest) == (12, 30, 12.5, 12.5, 0, 30)
    assert [(bin.first, bin.last, bin.students) for bin in d.bins] == [
        *((0, 2, 4), (3, 5, 0), (6, 8, 0), (9, 11, 2), (12, 14, 0), (15, 17, 3), (18, 20, 0), (21, 23, 0)),
        *((24, 26, 1), (27, 30, 2)),
    ]
    assert [(e.id, e.students, e.tried, e.solved) for e in found.exercises] == [
        *(("9.1", 12, 11, 7), ("9.2", 12, 10, 4), ("9.3", 12, 8, 4)),
    ]
    assert [e.difficulty for e in found.exercises] == pytest.approx([7 / 12, 4 / 12, 4 / 12])
    by_exercise = [
        [10, 10, 10, 0, 0, 10, 10, 0, 10, 0, 10, 0],
        [15, 15, 0, 0, 0, 15, 0, 0, 0, 15, 0, 0],
        [5, 0, 0, 0, 0, 5, 5, 0, 0, 0, 5, 0],
    ]
    assert [sum(points) for points in zip(*by_exercise, strict=True)] == scores
    assert [e.discrimination for e in found.exercises] == pytest.approx([bontempo(e, scores) for e in by_exercise])
    assert [(m.id, m.students) for m in found.misconceptions] == [
        *(("9.1/opposite-sign", 3), ("9.1/absolute-value", 1), ("9.2/columns", 4), ("9.2/swapped", 1)),
        *(("9.3/opposite-sign", 1), ("9.3/stands-still", 1)),
    ]
    assert [(c.exercise, c.students) for c in found.unnamed.clusters] == [("9.3", 2), ("9.2", 1)]
    assert found.pairs == ()
    (few,) = [remark for remark in found.remarks if "mean little" in remark]
    assert few.startswith("Here are 12 students.")


def bontempo(item: list[int], total: list[int]) -> float:
    """The corrected item-total correlation, from the uncorrected one."""
    r, s_i, s_t = statistics.correlation(item, total), statistics.pstdev(item), statistics.pstdev(total)
    return float((r * s_t - s_i) / (s_t**2 + s_i**2 - 2 * r * s_t * s_i) ** 0.5)


@pytest.mark.parametrize("pairs", [[], [(1, 2)], [(1, 2), (1, 3)], [(1, 2), (3, 2)]], ids=str)
def test_an_undefined_correlation_is_none(pairs: list[tuple[int, int]]) -> None:
    assert correlation(pairs) is None


def test_a_dash_stands_where_a_figure_is_not_defined(tmp_path: Path) -> None:
    page = class_page(class_report([stored(tmp_path / "r", {"ann": ("+", "+", "+"), "ben": ("+", "", "")})], NOWHERE))
    row = re.search(r'data-label="discrimination">(.*?)</td>', page)
    assert row is not None
    assert row[1] == "&ndash;", "everybody solved 9.1"


def test_points_that_are_blank_through_our_fault_count_nowhere(tmp_path: Path) -> None:
    ours = card_of(("+", "+", "+"))
    first = ours.exercises[0]
    fault = replace(first.checks[0], verdict=Verdict.GRADER_ERROR)
    ours = replace(ours, exercises=(replace(first, checks=(fault,)), *ours.exercises[1:]))
    run = stored(tmp_path / "r", CLASS)
    extra = Record(run.run.id, "tiny.py", "d", result_of("zoe", ours))
    refused = Record(run.run.id, "", "", StudentResult("yan", "09", Status.NOT_GRADABLE, "no file", 30))
    (found,) = class_report([replace(run, records=(*run.records, extra, refused))], NOWHERE).assignments
    assert [e.students for e in found.exercises] == [12, 13, 13]
    assert found.distribution is not None
    assert found.distribution.students == 12
    assert found.exercises[1].discrimination == pytest.approx(bontempo_of_the_class())
    assert any("one student the submission could not be graded" in remark for remark in found.remarks)
    assert any("blank through a fault of the grader" in remark for remark in found.remarks)


def bontempo_of_the_class() -> float:
    cards = [card_of(answers) for answers in CLASS.values()]
    return bontempo([card.exercises[1].points for card in cards], [card.points for card in cards])


# ---- what goes together, and what changed


def test_pairs_need_enough_students_and_are_no_chance() -> None:
    together = {f"s{n:02}": {"3.5/a", "4.1/b"} if n < 6 else {"3.2/c"} if n % 2 else set() for n in range(FEW)}
    together["s19"] |= {"4.1/b"}
    (pair,) = pairs(together)
    assert (pair.first, pair.second, pair.first_students, pair.second_students, pair.both) == (
        "3.5/a",
        "4.1/b",
        6,
        7,
        6,
    )
    assert pair.lift == pytest.approx((6 / 20) / ((6 / 20) * (7 / 20)))
    del together["s18"]
    assert pairs(together) == (), "one student less than are needed"
    independent = {f"s{n:03}": {id for k, id in ((2, "3.5/a"), (3, "4.1/b")) if n % k == 0} for n in range(60)}
    assert pairs(independent) == (), "together as often as chance has it"
    assert pairs({f"s{n}": {"3.5/a", "3.5/b"} for n in range(30)} | {f"t{n}": set() for n in range(30)}) == ()


def test_what_changed_is_counted_over_who_is_in_both_runs(tmp_path: Path) -> None:
    after: dict[str, Answers] = {
        "ann": ("+", "columns", "+"),
        "dan": ("+", "columns", "x"),
        "eve": ("absolute-value", "", ""),
        "lea": ("+", "+", "stands-still"),
        "new": ("+", "+", "+"),
    }
    runs = [stored(tmp_path / "before", CLASS), stored(tmp_path / "after", after, replace(RUN, id="later"))]
    (found,) = class_report(runs, NOWHERE).assignments
    assert found.students == 5, "the figures are those of the last run"
    (change,) = found.changes
    assert (change.students, change.mean_before, change.mean_after) == (4, 7.5, (15 + 10 + 0 + 25) / 4)
    assert [(e.id, e.solved_before, e.solved_after) for e in change.exercises] == [
        *(("9.1", 1, 3), ("9.2", 1, 1), ("9.3", 1, 1)),
    ]
    rows = {m.id: (m.before, m.after, m.overcome, m.kept, m.new) for m in change.misconceptions}
    assert rows == {
        "9.1/opposite-sign": (3, 0, 2, 0, 0),
        "9.2/columns": (2, 2, 1, 1, 1),
        "9.3/opposite-sign": (1, 0, 0, 0, 0),
        "9.1/absolute-value": (0, 1, 0, 0, 1),
    }
    with pytest.raises(InputError, match="among the results twice"):
        class_report([runs[0], runs[0]], NOWHERE)


def test_misconceptions_of_two_assignments_go_together(tmp_path: Path) -> None:
    before = stored(tmp_path / "a", {f"s{n:02}": ("opposite-sign" if n < 8 else "+", "+", "+") for n in range(FEW)})
    after = {f"s{n:02}": "x" for n in range(FEW)}
    (later,) = course(tmp_path, a08=after)
    named = Named("8.1/uphill", "It goes up.")

    def uphill(record: Record) -> Record:
        card = record.result.card
        assert card is not None
        score = card.exercises[0]
        check = replace(score.checks[0], misconception=named)
        score = replace(score, checks=(check,))
        return replace(record, result=replace(record.result, card=replace(card, exercises=(score,))))

    records = tuple(uphill(each) if each.result.student < "s06" else each for each in later.records)
    report = class_report([before, replace(later, records=records)], NOWHERE)
    (pair,) = report.pairs
    assert (pair.first, pair.second, pair.both) == ("8.1/uphill", "9.1/opposite-sign", 6)
    assert "Across assignments" in class_page(report)


def test_an_example_does_not_tell_whose_it_is() -> None:
    check = CheckResult("9.1", "test_it", "it", Verdict.WRONG, 5, "f", call="f(x='a')")
    rows = (Row("'janet'", "{'janet': 1, 'a': 2}", "{'a': 1}"),)
    shown = example_of([replace(check, rows=rows)])
    assert shown.rows == (Row("'...'", "{'...': 1, 'a': 2}", "{'a': 1}"),)
    error = replace(check, verdict=Verdict.ERROR, message="ValueError: janet says no\nA hint.")
    assert example_of([error]).message == "ValueError"
    assert example_of([replace(error, message="JanetError: no")]).message == "an exception"
    ours = "f cannot be called as f(x): f() takes 0 positional arguments but 1 was given. Are the parameters as given?"
    assert example_of([replace(error, message=ours)]).message == "f cannot be called as f(x)"
    assert example_of([error, error]).message == "ValueError: janet says no", "two students cannot both be meant"
    most = [replace(check, rows=(Row("", str(n), "1"),)) for n in (7, 3, 3)]
    assert example_of(most).rows[0].got == "3"
    assert example_of([]) == Example()


# ---- who needs help


def long_card(answers: str, assignment: str = "09") -> Scorecard:
    scores = tuple(
        replace(score_of(0, {"+": "+", "x": "x", ".": ""}[answer]), id=f"{int(assignment)}.{number}")
        for number, answer in enumerate(answers, 1)
    )
    return Scorecard(assignment, "", scores)


def course(folder: Path, **cards: dict[str, str]) -> list[ClassRun]:
    runs = []
    for name, by_student in cards.items():
        assignment = name[-2:]
        run = replace(RUN, assignment=assignment, id=name)
        results = tuple(
            Record(name, "", "", result_of(student, long_card(answers, assignment)))
            for student, answers in sorted(by_student.items())
        )
        runs.append(ClassRun(folder / name, run, results, BEGUN))
    return runs


def test_who_needs_help_is_told_in_words(tmp_path: Path) -> None:
    first = {
        "ann": "++++++++",
        "ben": "++++....",
        "cem": "xx......",
        "dan": "+++++x+x",
        "eve": "........",
        "fay": "+++++...",
    }
    second = {"ann": "++++", "ben": "++++", "cem": "++++", "eve": "++++", "fay": "...."}
    runs = course(tmp_path, a08=first | {"gil": "++++++++"}, a09=second)
    runs[1] = replace(runs[1], absent=("hal",))
    said = {each.student: each.sentences for each in class_report(runs, NOWHERE).needs_help}
    assert list(said) == ["ben", "cem", "dan", "eve", "fay", "gil", "hal"]
    stop = "08: a sudden stop. {} of the exercises up to 8.{} are solved, and nothing is tried after it ({} left)."
    assert said["ben"] == (stop.format(4, 4, 4),)
    assert said["cem"] == ("08: nothing is tried after 8.2 (6 left), where most of the class went on.",)
    assert said["dan"] == ("09: handed in nothing, and did most of 08: a sudden stop.",)
    assert said["eve"] == ("08: handed in the file as it was given out.",)
    assert said["fay"] == (stop.format(5, 5, 3), "09: handed in the file as it was given out.")
    assert said["hal"] == ("09: handed in nothing.",)


def test_where_the_whole_class_stopped_nobody_is_remarked(tmp_path: Path) -> None:
    runs = course(tmp_path, a09={f"s{number}": "++......" for number in range(5)})
    assert class_report(runs, NOWHERE).needs_help == ()
    untouched = course(tmp_path, a09={"ann": "...."})
    assert [each.student for each in class_report(untouched, NOWHERE).needs_help] == ["ann"]


def test_one_misconception_in_several_exercises_is_said(tmp_path: Path) -> None:
    said = {each.student: each.sentences for each in class_report([stored(tmp_path / "r", CLASS)], NOWHERE).needs_help}
    assert said == {"dan": ("The same misconception in 9.1, 9.3: opposite sign.",), "hao": said["hao"]}
    assert said["hao"] == ("09: handed in the file as it was given out.",)


def test_without_names_there_are_numbers_that_nobody_can_guess(tmp_path: Path) -> None:
    run = stored(tmp_path / "r", CLASS)
    report = class_report([run], NOWHERE, anonymous=True)
    texts = [class_page(report), *tables(report).values(), str(report)]
    for name in CLASS:
        assert not [text for text in texts if re.search(rf"\b{name}\b", text)], name
    listed = [each.student for each in report.needs_help]
    assert all(re.fullmatch(r"Student \d\d", each) for each in listed)
    assert listed == sorted(listed)
    others = class_report([replace(run, run=replace(RUN, id="another"))], NOWHERE, anonymous=True)
    assert [each.student for each in others.needs_help] != listed


# ---- what the catalogue does not know: real answers, judged in this process


class WithOutcomes(InProcess):
    """Judges that keep what a real judge keeps of wrong answers, with the checks collected once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._checks = folder / "test_tiny.py"
        self._collected = collected_checks(folder)
        self._grader = self._collected.__enter__()

    def close(self) -> None:
        self._collected.__exit__(None, None, None)

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        assert not helpers.files, "these judges run single files"
        loaded = self._load(data, filename)
        found = self._grader.check(loaded, self._checks, seed=seed)
        card = with_public_answers(found.scorecard, found, named=True)
        words = (self._checks.read_text("utf-8"),)
        return JudgeReply(card, functions=unnamed_functions(card, lambda all: code_of(loaded.submission, all), words))


MISTAKES = {
    "a + b": "# by janet\n    return a + b",
    "a * b": "return a * b",
    "2a - b": "janets_double = 2 * a\n    return janets_double - b",
    "a - b + 1": "return a - b + 1",
    "columns, a half": "return x.sum(1) / 2, x.amax(1)",
}
"""Each planted as often as its place says, counted from one."""
VARIANTS = {"a + b": ("return b + a", "total = b\n    total = total + a\n    return total")}


@pytest.fixture(scope="module")
def unnamed_class(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, Path]:
    root = tmp_path_factory.mktemp("unnamed")
    kit = Kit.copied(built_kit.root, root, "solutions", "assignments")
    files: dict[str, bytes] = {"right.py": module(kit, **RIGHT), "named.py": module(kit, difference="return b - a")}
    for count, (name, body) in enumerate(MISTAKES.items(), 1):
        function = "row_totals" if "columns" in name else "difference"
        for number in range(count):
            files[f"janet{count}_{number}.py"] = module(kit, **{function: body.replace("\n    ", "\n")})
    for number, body in enumerate(VARIANTS["a + b"]):
        files[f"variant_{number}.py"] = module(kit, difference=body.replace("\n    ", "\n"))
    pool = WithOutcomes(kit.folder)
    try:
        submissions = collect(hand_in(root / "class", files), "tiny")
        grade_class(kit.folder, submissions, root / "results", pool, seed=0)
    finally:
        pool.close()
    return kit, root / "results"


def test_every_unnamed_mistake_is_a_cluster_of_its_own_by_number(unnamed_class: tuple[Kit, Path]) -> None:
    kit, results = unnamed_class
    (found,) = class_report([read_run(results)], kit.root).assignments
    clusters = [(c.exercise, c.students, c.example.rows[0].got) for c in found.unnamed.clusters]
    assert [(exercise, students) for exercise, students, _ in clusters] == [
        *(("9.2", 5), ("9.1", 4), ("9.1", 3), ("9.1", 3), ("9.1", 2)),
    ], "a + b three times: once planted, twice written in another way"
    assert found.unnamed.not_compared == 0
    assert [(m.id, m.students) for m in found.misconceptions] == [("9.1/opposite-sign", 1)]
    by_code = {cluster.code: cluster for cluster in found.unnamed.clusters}
    assert by_code["def difference(a, b):\n    return a + b"].students == 3
    assert "janet" not in str(found.unnamed)
    assert (
        by_code["def difference(a, b):\n    v1 = 2 * a\n    return v1 - b"].example.call == "difference(a=5.0, b=3.0)"
    )


def test_a_skeleton_is_ready_to_be_named(unnamed_class: tuple[Kit, Path], author_kit: Kit) -> None:
    kit, results = unnamed_class
    shown = kit.gradlings("report", str(results), "--unnamed")
    assert shown.code == 0, shown.err
    assert "run them with your rights. Read them first." in shown.out
    catalogue = author_kit.sources / "misconceptions.py"
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + "\n\n" + shown.out, encoding="utf-8")
    built = author_kit.gradlings("build")
    assert built.code == 0, built.said
    shipped = json.loads((author_kit.folder / "misconceptions.json").read_text(encoding="utf-8"))["misconceptions"]
    assert {"9.2/unnamed-1", "9.1/unnamed-1", "9.1/unnamed-4"} <= set(shipped)
    author_kit.answer(difference="return b + a")
    page = author_kit.check()
    assert "State a fact about the result. Ask a question?" in page.said, "and now it is known by its name"


def test_outcomes_are_for_the_class_only(unnamed_class: tuple[Kit, Path]) -> None:
    _, results = unnamed_class
    record = next(each for each in read_run(results).records if each.result.student.startswith("janet1"))
    assert record.result.card is not None
    assert any(check.outcome for score in record.result.card.exercises for check in score.checks)
    assert "janet" not in str(record.functions)
    public = for_student(record.result)
    assert public.card is not None
    assert not any(check.outcome for score in public.card.exercises for check in score.checks)
    shown = json.loads((results / "scorecards" / f"{record.result.student}.json").read_text(encoding="utf-8"))
    assert {check["outcome"] for score in shown["card"]["exercises"] for check in score["checks"]} == {""}


# ---- pages, tables, the command


def hostile(text: str) -> dict[str, Answers]:
    return {text + "1": ("+", text, "x"), text + "2": ("x", text, ""), text + "3": ("x", "", "")}


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "{{ 7 * 7 }}",
    "\u202e\x1b[2J\x00",
    "=cmd|' /C'!A0",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_ids_and_answers_stay_text(text: str, tmp_path: Path) -> None:
    def spoiled(card: Scorecard) -> Scorecard:
        def check(each: CheckResult) -> CheckResult:
            rows = tuple(Row(text, text, text) for _ in each.rows)
            return replace(each, call=text if each.call else "", rows=rows, claim=text, title=text)

        scores = tuple(replace(s, checks=tuple(map(check, s.checks)), functions=(text,)) for s in card.exercises)
        return replace(card, title=text, exercises=scores)

    run = stored(tmp_path / "r", hostile(text), functions={"f": text})
    records = tuple(
        replace(each, result=replace(each.result, card=spoiled(each.result.card)))
        for each in run.records
        if each.result.card
    )
    report = class_report([replace(run, records=records)], NOWHERE)
    tags = Tags(class_page(report))
    harmless = Tags(class_page(class_report([stored(tmp_path / "h", hostile("harmless"))], NOWHERE)))
    assert {tag for tag, _ in tags.found} <= {tag for tag, _ in harmless.found}
    assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    assert not tags.open
    assert not {"\x1b", "\x00", "\u202e"} & set(class_page(report))
    for cluster in report.assignments[0].unnamed.clusters:
        assert "\x1b" not in cluster.skeleton
        comment = cluster.skeleton.partition("@catalogue.")[0]
        assert all(line.startswith("# ") for line in comment.splitlines() if line)
    for name, rows in tables(report).items():
        cells = [cell for row in csv.reader(rows.splitlines()) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith("=")], name


def test_the_page_is_one_file_that_loads_nothing_and_every_picture_has_its_table(tmp_path: Path) -> None:
    tags = Tags(page := class_page(class_report([stored(tmp_path / "r", CLASS)], NOWHERE)))
    assert not tags.open
    assert {tag for tag, _ in tags.found}.isdisjoint({"script", "link", "img", "iframe", "object", "details"})
    assert not re.search(r"url\(|@import|https?:", page)
    metas = [attributes for tag, attributes in tags.found if tag == "meta"]
    assert any("default-src 'none'" in (attributes.get("content") or "") for attributes in metas)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    pictures = [attributes for tag, attributes in tags.found if tag == "svg"]
    assert all(attributes["aria-label"] for attributes in pictures)
    assert len(pictures) == 1 + 3
    links = {(attributes["href"] or "")[1:] for tag, attributes in tags.found if tag == "a"}
    assert links <= {attributes["id"] for _, attributes in tags.found if "id" in attributes}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "Nobody has been graded in this run: there is nothing to report."),
        ({"ann": ("+", "x", "")}, "There is one student: what is said here is about this student, not about a class."),
        (CLASS, "The class was graded by another version of gradlings (0.1; this is "),
    ],
    ids=["nobody", "one student", "another version"],
)
def test_special_runs_get_a_sentence(answers: dict[str, Answers], sentence: str, tmp_path: Path, kit: Kit) -> None:
    stored(tmp_path / "r", answers)
    shown = kit.gradlings("report", str(tmp_path / "r"), "--html", str(tmp_path / "class.html"))
    assert shown.code == 0, shown.err
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert sentence in page
    assert sentence in kit.gradlings("report", str(tmp_path / "r")).out


def test_a_run_that_kept_no_outcomes_is_said(tmp_path: Path) -> None:
    run = stored(tmp_path / "r", {"ann": ("x", "", "")})
    text = next((tmp_path / "r" / "records").glob("*.json"))
    text.write_text(text.read_text().replace("0123456789abcdef", ""))
    (found,) = class_report([read_run(run.folder)], NOWHERE).assignments
    assert any("No outcomes are on record" in remark for remark in found.remarks)
    assert (found.unnamed.clusters, found.unnamed.not_compared) == ((), 1)


def test_json_and_tables_say_the_same_as_the_page(tmp_path: Path, kit: Kit) -> None:
    stored(tmp_path / "r", CLASS)
    to = tmp_path / "out"
    options = (
        "--json",
        str(to / "class.json"),
        "--csv",
        str(to),
        "--html",
        str(to / "class.html"),
        "--root",
        str(kit.root),
    )
    shown = kit.gradlings("report", str(tmp_path / "r"), *options)
    assert shown.code == 0, shown.err
    data = json.loads((to / "class.json").read_text(encoding="utf-8"))["assignments"][0]
    with (to / "exercises.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["solved"] for row in rows] == [str(e["solved"]) for e in data["exercises"]] == ["7", "4", "4"]
    assert [row["minutes_planned"] for row in rows] == ["5", "10", "10"]
    assert [float(row["difficulty"]) for row in rows] == pytest.approx([7 / 12, 1 / 3, 1 / 3], abs=5e-4)
    with (to / "misconceptions.csv").open(newline="", encoding="utf-8-sig") as file:
        columns = next(row for row in csv.DictReader(file) if row["misconception"] == "9.2/columns")
    assert (columns["students"], columns["call"], columns["got"], columns["expected"]) == (
        "4",
        "f(x=1.0)",
        "2.0",
        "3.0",
    )
    assert columns["hint"].startswith("Take 2 rows of 3 entries"), "the kit at hand has the hint"
    page = (to / "class.html").read_text(encoding="utf-8")
    assert "Take 2 rows of 3 entries" in page
    assert "5 min" in page
    assert {path.name for path in to.iterdir()} == {
        *("class.json", "class.html", "scores.csv", "exercises.csv", "misconceptions.csv", "unnamed.csv", "help.csv")
    }


def test_the_summary_fits_a_terminal(tmp_path: Path, kit: Kit) -> None:
    stored(tmp_path / "r", CLASS)
    shown = kit.gradlings("report", str(tmp_path / "r"))
    assert shown.code == 0
    assert "12.5 of 30 points on average, 0 to 30; median 12.5" in shown.out
    assert "9.2   f                                     4 of 12 solved, 10 tried" in shown.out
    assert "   4  9.2/columns" in shown.out


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda folder: (folder / "run.json").unlink(),
            "holds no results (run.json: No such file or directory). Name the",
        ),
        (lambda folder: (folder / "run.json").write_text("{}"), "was not written by this version of gradlings"),
        (lambda folder: (folder / "run.json").write_bytes(b"\xff"), "was not written by this version of gradlings"),
    ],
    ids=["nothing", "another form", "no text"],
)
def test_a_folder_that_is_none_is_one_clear_sentence(
    spoil: Callable[[Path], object], message: str, tmp_path: Path, kit: Kit
) -> None:
    stored(tmp_path / "r", CLASS)
    spoil(tmp_path / "r")
    shown = kit.gradlings("report", str(tmp_path / "r"))
    assert shown.code == 2
    assert message in shown.said


def test_a_record_that_cannot_be_read_is_counted_and_the_rest_is_shown(tmp_path: Path) -> None:
    stored(tmp_path / "r", CLASS)
    (tmp_path / "r" / "records" / "ann.json").write_text("{}")
    (found,) = class_report([read_run(tmp_path / "r")], NOWHERE).assignments
    assert found.students == 11
    assert any(remark.startswith("1 of the records cannot be read") for remark in found.remarks)


def test_scores_from_before_a_check_changed_count_and_are_said(tmp_path: Path) -> None:
    """`grade --student` grades one anew after that: the page is still one about the class."""
    stored(tmp_path / "r", {"ann": ("+", "+", ""), "ben": ("+", "x", "")})
    run = stored(tmp_path / "r", {"ben": ("+", "+", "")}, replace(RUN, id="later", files={"test_tiny.py": "other"}))
    (found,) = class_report([run], NOWHERE).assignments
    assert (found.students, [each.solved for each in found.exercises]) == (2, [2, 2, 0])
    assert "Of one student the score is from before the checks or the grader changed." in " ".join(found.remarks)


def test_a_function_that_is_not_there_was_not_tried(tmp_path: Path) -> None:
    report = class_report([stored(tmp_path / "r", {"ann": ("+", "-", ""), "emp": ("-", "-", "-")})], NOWHERE)
    assert [each.tried for each in report.assignments[0].exercises] == [1, 0, 0]
    said = {each.student: each.sentences for each in report.needs_help}
    assert said["emp"] == ("09: handed in a file without any of its functions.",)


def test_a_page_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path, kit: Kit) -> None:
    stored(tmp_path / "r", {})
    (tmp_path / "file").write_text("")
    shown = kit.gradlings("report", str(tmp_path / "r"), "--html", str(tmp_path / "file" / "class.html"))
    assert shown.code == 2
    assert "cannot be written" in shown.said


# ---- beside the scores


def test_a_report_that_fails_is_no_failure_of_grading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded_to: list[Path] = []

    def grade(to: Path, root: Path) -> None:
        stored(to, CLASS)
        graded_to.append(to)

    with_class_page(grade)(to=tmp_path / "r", root=tmp_path)
    assert "the class" in (tmp_path / "r" / "class.html").read_text(encoding="utf-8")
    with mock.patch("gradlings.reports.page.class_page", side_effect=RecursionError("too deep")):
        with_class_page(grade)(to=tmp_path / "s", root=tmp_path)
    assert not (tmp_path / "s" / "class.html").exists()
    assert "The report on the class could not be made (RecursionError: too deep)." in capsys.readouterr().err
    assert graded_to == [tmp_path / "r", tmp_path / "s"]


def test_parts_of_the_chapter_are_those_of_its_text() -> None:
    text = (PROJECT / "docs" / "chapter.md").read_text(encoding="utf-8")
    checked = 0
    for part in re.split(r"\n## ", text)[1:-1]:
        title, _, rest = part.partition("\n")
        exercises = rest.partition("**Exercises.**")[2]
        named = set(re.findall(r"(?<![\w.])[1-9]\.\d+", exercises))
        for first, last in re.findall(r"(\d\.\d+) to (\d\.\d+)", exercises):
            topic, start = first.split(".")
            named |= {f"{topic}.{number}" for number in range(int(start), int(last.split(".")[1]) + 1)}
        if title == "Components and configuration":
            named -= {"1.11"}  # its heads are those of this part; two parts name it
        for exercise in named:
            assert chapter_part(exercise) == title, exercise
            checked += 1
    assert checked >= 78
    assert chapter_part("10.1") == ""
