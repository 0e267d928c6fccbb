"""The virtual GPU against its corpus of labeled functions, and what it leaves behind."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import _python_dispatch

from gradlings.execution.virtual_gpu.finding import device_finding
from virtual_gpu_corpus import CASES, Case

KINDS = {"clean": None, "mixed": "mixed", "left": "left", "unsupported": "unsupported", "unknown": "not_simulated"}


def x() -> torch.Tensor:
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(1))


def replaced_while_running() -> list[Any]:
    names: list[tuple[Any, str]] = [
        (torch.cuda, "is_available"),
        (torch, "Generator"),
        (torch, "from_numpy"),
        (torch._C._nn, "_parse_to"),
    ]
    names += [(torch.autograd, "_engine_run_backward"), (torch.autograd.graph.saved_tensors_hooks, "__init__")]
    return [getattr(owner, name) for owner, name in names]


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Each test ends with the modes off and torch as it was."""
    before = replaced_while_running()
    yield
    after = replaced_while_running()
    assert after == before
    assert not torch.overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]  # torch's own
    assert not _python_dispatch._get_current_dispatch_mode_stack()
    assert torch.zeros(1).device.type == "cpu"


def finding_of(case: Case) -> Any:
    return device_finding(case.function, (x(), *case.more()), student_files=[file_of(case)])


def file_of(case: Case) -> str:
    return case.function.__code__.co_filename


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(case: Case) -> None:
    finding = finding_of(case)
    assert (finding and finding.kind) == KINDS[case.label], finding


@pytest.mark.parametrize(
    "case", [c for c in CASES if KINDS[c.label] not in (None, "not_simulated")], ids=lambda c: c.name
)
def test_findings_point_into_the_students_file(case: Case) -> None:
    finding = finding_of(case)
    assert finding.file == file_of(case)
    assert finding.code == Path(finding.file).read_text().splitlines()[finding.line - 1].strip() != ""
    assert finding.message.endswith(".")
    assert "  " not in finding.message
    assert "{" not in finding.message


@pytest.mark.filterwarnings("ignore:__array_wrap__")
@pytest.mark.parametrize("case", [c for c in CASES if c.name != "raises_as_on_the_cpu"], ids=lambda case: case.name)
def test_corpus_runs_on_the_cpu(case: Case) -> None:
    """Else a finding, or the lack of one, would say nothing."""
    default, random_state = torch.get_default_device(), torch.get_rng_state()
    try:
        result = case.function(x(), *case.more())
        assert not hasattr(result, "__next__") or list(result)
    finally:
        torch.set_default_device(None if default.type == "cpu" else default)
        torch.set_rng_state(random_state)


def test_corpus_is_large_enough() -> None:
    labels = [case.label for case in CASES]
    assert len(labels) == len({case.name for case in CASES}) >= 80
    assert labels.count("clean") >= 50
    assert labels.count("mixed") >= 25
    assert labels.count("left") >= 5


# ---- what a finding says


def line_of(text: str) -> int:
    return 1 + next(i for i, line in enumerate(Path(__file__).read_text().splitlines()) if text in line)


def found(function: Any, *args: Any) -> Any:
    return device_finding(function, args or (x(),), student_files=[__file__])


def test_mixed_names_operation_line_and_remedy() -> None:
    def add_mask(scores: Tensor) -> Tensor:
        mask = torch.tril(torch.ones(4, 3))  # the line to blame
        shifted = mask * 2
        return scores + shifted

    finding = found(add_mask)
    assert finding.kind == "mixed"
    assert (finding.file, finding.line) == (__file__, line_of("# the line to " + "blame"))
    assert finding.code == "mask = torch.tril(torch.ones(4, 3))  # the line to blame"
    assert finding.message == (
        "add() gets a tensor of shape (4, 3) on the GPU together with one of shape (4, 3) on the CPU. "
        "ones() made it there: add device=scores.device, or bring it over with .to(scores.device)."
    )


def test_layers_are_called_by_their_name() -> None:
    def forward(v: Tensor) -> Any:
        layer = torch.nn.Sequential(torch.nn.Linear(3, 2))  # not moved
        return layer(v)

    finding = found(forward)
    assert finding.line == line_of("# not " + "moved")
    assert "linear() gets" in finding.message
    assert "Linear() made it there" in finding.message


def test_constants_of_the_file_are_blamed_where_they_are_used() -> None:
    table = torch.eye(3)

    def use(v: Tensor) -> Tensor:
        return v @ table  # used here

    finding = found(use)
    assert finding.line == line_of("# used " + "here")
    assert "Make it with device=v.device" in finding.message


def test_only_variables_that_are_there_are_named() -> None:
    def first_of(values: list[Tensor]) -> Tensor:
        row = values[0]
        return row + torch.ones(4, 3)

    def ones(n: int) -> Tensor:
        return torch.ones(n, 3)

    def with_helper(v: Tensor) -> Tensor:
        return v + ones(4)

    assert "add device=row.device" in found(first_of, [x()]).message
    told = found(with_helper).message
    assert told.endswith("ones() made it there: add the device of an input, or bring it over with .to(...).")
    assert "x.device" not in told


def test_left_names_the_conversion() -> None:
    def leave(values: Tensor) -> dict[str, list[Tensor]]:
        here = values.cpu()  # leaves the GPU
        return {"doubled": [here * 2]}

    finding = found(leave)
    assert finding.kind == "left"
    assert finding.line == line_of("# leaves the " + "GPU")
    assert ".cpu() brought it there" in finding.message
    assert ".to(values.device)" in finding.message


def test_numpy_is_explained() -> None:
    finding = found(lambda values: values.numpy())
    assert finding.kind == "mixed"
    assert "NumPy" in finding.message
    assert ".to(values.device)" in finding.message


def test_integer_products_are_unsupported() -> None:
    finding = found(lambda t: t @ t.T, torch.arange(6).reshape(2, 3))
    assert finding.kind == "unsupported"
    assert "integer tensors do not exist on CUDA" in finding.message


def test_no_line_outside_of_the_students_files() -> None:
    finding: Any = device_finding(lambda v: v + torch.ones(3), (x(),), student_files=["another.py"])
    assert finding.kind == "mixed"
    assert (finding.file, finding.line, finding.code) == (None, None, "")


def test_error_wrapped_by_the_student_is_still_a_device_error() -> None:
    def wrap(v: Tensor) -> Tensor:
        try:
            return v + torch.ones(3)
        except RuntimeError as error:
            raise ValueError("could not add") from error

    assert found(wrap).kind == "mixed"


# ---- what it does not touch


def test_without_tensors_nothing_runs() -> None:
    assert found(pytest.fail, "this must not be called") is None


def test_arguments_stay_as_they_are() -> None:
    v = x().requires_grad_()
    nested = {"a": [v.detach().clone()]}
    model = torch.nn.Linear(3, 1)
    before = [v.detach().clone(), nested["a"][0].clone(), model.weight.detach().clone()]

    def change(w: Tensor, inside: dict[str, list[Any]], layer: torch.nn.Linear) -> None:
        assert w.requires_grad
        assert w.is_leaf
        inside["a"][0].zero_()
        inside["a"].append(1)
        (layer(w).sum()).backward()
        with torch.no_grad():
            layer.weight.zero_()

    assert found(change, v, nested, model) is None
    assert v.grad is None
    assert model.weight.grad is None
    for now, then in zip([v.detach(), nested["a"][0], model.weight.detach()], before, strict=True):
        assert torch.equal(now, then)
    assert len(nested["a"]) == 1


@pytest.mark.parametrize("problem", [SystemExit(3), KeyboardInterrupt(), BaseException("time is up")])
def test_base_exceptions_pass_through(problem: BaseException) -> None:
    def leave(v: Tensor) -> None:
        torch.set_default_device("cuda")
        raise problem

    with pytest.raises(type(problem)) as raised:
        found(leave)
    assert raised.value is problem


def test_default_device_and_contexts_do_not_outlive_the_call() -> None:
    def leave_open(v: Tensor) -> Tensor:
        torch.set_default_device(v.device)
        torch.device("cuda").__enter__()
        torch.overrides.TorchFunctionMode().__enter__()  # type: ignore[no-untyped-call]  # torch's own
        return v

    assert found(leave_open) is None


def test_random_numbers_go_on_as_if_nothing_had_run() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    assert found(lambda v: v + torch.rand(3, device=v.device)) is None
    assert torch.equal(torch.rand(2), expected)


def test_values_are_those_of_the_cpu() -> None:
    seen: list[Any] = []

    def loss(v: Any) -> Any:
        w: Any = torch.linspace(-1, 1, 3, device=v.device).requires_grad_()
        value = ((v @ w).tanh() ** 2).mean()
        value.backward()
        seen.append((value.item(), w.grad.tolist(), v.softmax(-1).tolist()))
        return w.grad

    loss(x())
    assert found(loss) is None
    assert seen[0] == seen[1]


def test_code_that_fails_only_here_is_called_unknown() -> None:
    def only_for_the_cpu(v: Tensor) -> Tensor:
        if v.is_cuda:
            raise ArithmeticError("no idea")
        return v

    finding = found(only_for_the_cpu)
    assert finding.kind == "not_simulated"
    assert "ArithmeticError" in finding.message
    assert "wrong" not in finding.message


@pytest.mark.parametrize(
    ("owner", "name"),
    [(torch._C._functorch, "is_functorch_wrapped_tensor"), (torch.autograd, "_engine_run_backward"),
     (torch._C._nn, "_parse_to"), (torch._C, "_len_torch_dispatch_stack"), (torch.utils._device, "CURRENT_DEVICE")],
)  # fmt: skip
def test_missing_private_parts_of_torch_are_no_crash(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(owner, name)
        finding = found(lambda v: v + 1)
    assert finding.kind == "not_simulated"


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, torch; before = set(sys.modules);"
        "from gradlings.execution.virtual_gpu.finding import device_finding;"
        "f = lambda v: torch.nn.Linear(3, 2).to(v)(v).sum().backward();"
        "assert device_finding(f, (torch.ones(2, 3),)) is None;"
        "assert not {'sympy', 'torch._dynamo', 'torch._inductor'} & (set(sys.modules) - before)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
