"""What `gpu.py` runs in processes of its own: `python gpu_parts.py PART DEVICE FILE [ARGUMENT]`, a JSON row a line."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import virtual_gpu_held_out
from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.proofs.whole_files import first_failure
from gradlings.checks import assertions
from gradlings.checks.compare_leaf import Difference, Rules
from gradlings.checks.verdicts import value_difference
from gradlings.execution.devices import exact_float32, present_devices
from gradlings.execution.tensor_tree import map_tensors, tensors_in
from gradlings.execution.virtual_gpu.finding import device_finding
from gradlings.model.observation import CallResult
from gradlings.runners.session import collected_checks
from gradlings.submission.reader import from_source

ROOT = Path(__file__).resolve().parent.parent
LOST = 3
"""The exit code of a process in which the device cannot be used any more."""

Emit = Callable[[dict[str, Any]], None]


def device_of(option: str) -> str:
    """Return the device of an option; the CPU stands for one in a dry run."""
    return "cpu" if option == "cpu" else present_devices(option)[0]


def about(option: str, emit: Emit) -> None:
    """Say which machine this is."""
    device = device_of(option)
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    cuda = f", CUDA {torch.version.cuda}" if device.startswith("cuda") else ""
    dry = " (a dry run, which says nothing of a GPU)" if device == "cpu" else ""
    emit({"text": f"{name}, torch {torch.__version__}{cuda}, Python {platform.python_version()}{dry}"})


# ---- right answers, and how far they are from the oracle's


class Shares:
    """The largest error of all that was compared, as a share of what is allowed."""

    def __init__(self) -> None:
        self.largest: dict[str, float] = {}
        """On the CPU ("cpu"), on the device ("device"), and there by the CPU's tolerance ("narrow")."""

    @contextmanager
    def recorded(self, device: str) -> Iterator[None]:
        """Record each comparison of `agree` with a right answer, while this is open."""
        kind = torch.device(device).type

        def noted(result: CallResult, expected: Any, rules: Rules) -> Difference | None:
            there = kind != "cpu" and any(t.device.type == kind for t in tensors_in(result.args_after))
            if result.raised is None:
                self._note(result.value, expected, rules, there)
            return value_difference(result, expected, rules)

        with patch.object(assertions, "value_difference", noted):
            yield

    def _note(self, got: Any, expected: Any, rules: Rules, there: bool) -> None:
        if isinstance(expected, tuple | list) and isinstance(got, tuple | list):
            for one, other in zip(got, expected, strict=False):
                self._note(one, other, rules, there)
        elif isinstance(expected, dict) and isinstance(got, dict):
            for key in expected.keys() & got.keys():
                self._note(got[key], expected[key], rules, there)
        elif isinstance(expected, torch.Tensor) and expected.is_floating_point():
            both = isinstance(got, torch.Tensor)
            if (both and got.shape == expected.shape) or (isinstance(got, float) and not expected.dim()):
                one = got.detach().cpu().double() if both else torch.tensor(got, dtype=torch.float64)
                kind = expected.device.type if both else "cpu"  # of a number, no device is known
                self._add(one, expected.detach().cpu().double(), rules, expected.dtype, kind, there)
        elif isinstance(expected, float) and isinstance(got, float | torch.Tensor):
            one, other = (torch.as_tensor(each).detach().cpu().double() for each in (got, expected))
            self._add(one, other, rules, rules.numbers, "cpu", there)

    def _add(
        self, got: torch.Tensor, expected: torch.Tensor, rules: Rules, dtype: torch.dtype, kind: str, there: bool
    ) -> None:
        same = (got == expected) | (got.isnan() & expected.isnan())
        apart = torch.where(same, 0.0, (got - expected).abs())
        sides = {"device": kind, "narrow": "cpu"} if there else {"cpu": "cpu"}
        for name, device in sides.items():
            relative, absolute = rules.tolerances.of(dtype, device)
            share = (apart / (absolute + relative * expected.abs())).where(~same, 0.0)
            value = float(share.max()) if share.numel() else 0.0
            self.largest[name] = max(self.largest.get(name, 0.0), value if math.isfinite(value) else 1e9)


def right(option: str, emit: Emit, assignment_id: str) -> None:
    """Check every solution and variant of an assignment on the device, too."""
    device = device_of(option)
    exact_float32()
    (assignment,) = find_assignments(ROOT, (assignment_id,))
    variants = assignment.catalogue("variants")
    with collected_checks(assignment.folder) as grader:
        grader.follow_with({}, None)  # nothing of another exercise is wrong here
        grader.on_devices((device,))
        for source in assignment.sources:
            for exercise in source.exercises:
                entries = [entry for entry in variants if entry.exercise == exercise.id]
                texts = {"the solution": source.text}
                texts |= {f"variant {entry.name!r}": entry.submission(source.text) for entry in entries}
                for what, text in texts.items():
                    shares = Shares()
                    row: dict[str, Any] = {"assignment": assignment_id, "exercise": exercise.id, "what": what}
                    row |= {"is_solution": what == "the solution", "right": False}
                    try:
                        runner = grader.run_cells(from_source(text, source.path), source.checks_file)
                        runner.tried_on_virtual_gpu = False
                        with shares.recorded(device):
                            graded = grader.check(runner, source.checks_file, seed=0, only=(exercise.id,))
                        (score,) = graded.scorecard.exercises
                        row |= {"right": score.solved, "said": first_failure(score), "shares": shares.largest}
                        row["notes"] = [note for check in score.checks for note in check.notes]
                    except Exception as error:
                        row["said"] = f"{type(error).__name__}: {error}"
                    emit(row)


def seconds(option: str, emit: Emit, assignment_id: str) -> None:
    """Time the checks of each exercise of a solution: on the CPU alone, with the virtual GPU, with the device."""
    device = device_of(option)
    exact_float32()
    (assignment,) = find_assignments(ROOT, (assignment_id,))
    modes = {"cpu": ((), False), "virtual": ((), True), "device": ((device,), False)}
    with collected_checks(assignment.folder) as grader:
        grader.follow_with({}, None)
        for source in assignment.sources:
            for exercise in source.exercises:
                row: dict[str, Any] = {"assignment": assignment_id, "exercise": exercise.id}
                for mode, (devices, virtual) in modes.items():
                    grader.on_devices(devices)
                    runner = grader.run_cells(from_source(source.text, source.path), source.checks_file)
                    runner.tried_on_virtual_gpu = virtual
                    took = []
                    for seed in range(4):  # more than a grader remembers; the first one warms up
                        start = time.perf_counter()
                        grader.check(runner, source.checks_file, seed=seed, only=(exercise.id,))
                        took.append(time.perf_counter() - start)
                    row[mode] = min(took[1:])
                emit(row)


# ---- the labeled functions


def probe() -> torch.Tensor:
    """Return what the labeled functions get: float32, of shape (4, 3)."""
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(1))


def moved(value: Any, device: str) -> Any:
    """Return an argument of a labeled function with all that it holds on the device."""
    if isinstance(value, torch.nn.Module):
        return value.to(device)
    return map_tensors(value, lambda t: t.to(device))


def outcome(case: Any, device: str) -> tuple[str, str]:
    """Return what a labeled function does with tensors on a device: "clean", "left" or "raises", and the error."""
    try:
        result = case.function(probe().to(device), *(moved(each, device) for each in case.more()))
        if isinstance(result, types.GeneratorType):
            result = list(result)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        return "raises", f"{type(error).__name__}: {said[:200]}"
    finally:
        torch.set_default_device(None)
    kind = torch.device(device).type
    return ("left" if any(t.device.type != kind for t in tensors_in(result)) else "clean"), ""


def device(option: str, emit: Emit, start: str) -> None:
    """Run the labeled functions on the device, from one on."""
    place = device_of(option)
    for case in virtual_gpu_held_out.CASES[int(start) :]:
        found, error = outcome(case, place)
        if found == "raises" and outcome(case, "cpu")[0] == "raises":
            found = "clean"  # that has nothing to do with the device
        row = {"case": case.name, "label": case.label, "outcome": found, "error": error}
        try:
            torch.ones(2, device=place).sum().item()
        except Exception as lost:
            emit(row | {"lost": str(lost)[:200]})
            sys.stdout.flush()
            os._exit(LOST)
        emit(row)


def virtual(_: str, emit: Emit) -> None:
    """Run the labeled functions on the virtual GPU."""
    for case in virtual_gpu_held_out.CASES:
        try:
            arguments = (probe(), *case.more())
            found = device_finding(case.function, arguments, student_files=[case.function.__code__.co_filename])
            row = {"kind": found.kind if found else "clean", "message": found.message if found else ""}
        except Exception as error:
            row = {"kind": "fails", "message": f"{type(error).__name__}: {error}"}
        finally:
            torch.set_default_device(None)
        emit({"case": case.name, "label": case.label, **row})


PARTS: dict[str, Callable[..., None]] = {
    "about": about,
    "right": right,
    "seconds": seconds,
    "device": device,
    "virtual": virtual,
}


def main() -> None:
    """Run one part, and append what it finds to a file, row by row."""
    part, option, path, *arguments = sys.argv[1:]
    with Path(path).open("a", encoding="utf-8", buffering=1) as file:
        PARTS[part](option, lambda row: print(json.dumps(row), file=file, flush=True), *arguments)


if __name__ == "__main__":
    main()
