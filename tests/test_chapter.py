"""docs/chapter.md: its examples run, its figures are right, and it leads to every exercise."""

import doctest
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gradlings.model.exercise import read_exercises
from student_kit import PROJECT

PAGE = PROJECT / "docs" / "chapter.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXERCISES = {
    exercise.id
    for checks in sorted((PROJECT / "assignments").glob("0*/test_*.py"))
    for exercise in read_exercises(checks)
    if not exercise.id.endswith(".0")
}


def parameters(layers: int, emb: int, *, tied: bool = False, qkv_bias: bool = False) -> int:
    vocab, context = 50_257, 1_024
    with torch.device("meta"):
        attention = [torch.nn.Linear(emb, 3 * emb, bias=qkv_bias), torch.nn.Linear(emb, emb)]
        feedforward = [torch.nn.Linear(emb, 4 * emb), torch.nn.Linear(4 * emb, emb)]
        block = [*attention, *feedforward, torch.nn.LayerNorm(emb), torch.nn.LayerNorm(emb)]
        once = [torch.nn.Embedding(vocab, emb), torch.nn.Embedding(context, emb), torch.nn.LayerNorm(emb)]
    head = 0 if tied else vocab * emb
    return head + sum(
        value.numel() * times
        for modules, times in ((block, layers), (once, 1))
        for m in modules
        for value in m.parameters()
    )


def test_the_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    found = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    assert len(found.examples) >= 15
    told: list[str] = []
    assert doctest.DocTestRunner().run(found, out=told.append).failed == 0, "".join(told)


def test_large_figures_are_computed() -> None:
    computed = {
        50_257,  # GPT-2's published vocabulary
        12_288,  # GPT-3's published width
        parameters(12, 768),
        parameters(12, 768, tied=True),
        parameters(12, 768, tied=True, qkv_bias=True),
    }
    assert {int(figure.replace(",", "")) for figure in re.findall(r"\d{1,3}(?:,\d{3})+", TEXT)} == computed
    assert math.isclose(12 * 12 * 1e9**2, 1.44e20)
    assert "1.44 · 10²⁰" in TEXT
    assert sum(value.numel() for value in torch.nn.Linear(10, 5).parameters()) + 6 == 61


def test_every_part_leads_to_its_exercises_and_every_exercise_has_a_part() -> None:
    parts = re.split(r"\n## ", TEXT)[1:]
    named: set[str] = set()
    for part in parts[:-1]:
        (exercises,) = re.findall(r"\*\*Exercises\.\*\*(.*)", part, re.DOTALL)
        for first, last in re.findall(r"(\d\.\d+) to (\d\.\d+)", exercises):
            topic, start = first.split(".")
            named |= {f"{topic}.{number}" for number in range(int(start), int(last.split(".")[1]) + 1)}
        named |= set(re.findall(r"(?<![\w.])[1-9]\.\d+", exercises))
    assert named == EXERCISES
    assert set(re.findall(r"(?<=[ |])[1-6]\.\d+(?=[, |])", parts[-1].partition("|---")[2])) - EXERCISES <= {"1.44"}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", re.sub(r"\s+", " ", TEXT)))))
def test_links_lead_somewhere(target: str) -> None:
    if target.startswith("#"):
        anchors = {heading.lower().replace(" ", "-") for heading in re.findall(r"\n## (.*)", TEXT)}
        assert target[1:] in anchors
    else:
        assert (PAGE.parent / target).is_file()


def test_the_pictures_are_those_that_the_script_draws(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(PROJECT / "docs" / "draw_chapter.py"), str(tmp_path)], check=True)
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_text() for path in (PROJECT / "docs" / "pictures").iterdir()}
    assert all(f"(pictures/{name})" in TEXT for name in drawn)
