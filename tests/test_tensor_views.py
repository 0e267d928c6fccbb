"""A tensor has the same value at home and in the judge, however it lies in memory."""

import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradlings.model.exercise import Exercise

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.execution.runner_protocol import Target
    from gradlings.runners.session import collected_checks
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.remote_runner import RemoteRunner
    from gradlings.sandbox.wire.decode import unpack
    from gradlings.sandbox.wire.encode import pack, sendable
    from gradlings.sandbox.wire.types import MessageLimits, TooLarge

SOURCE = """
import torch

VIEWS = {
    "conjugate": lambda t: t.conj(),
    "negative": lambda t: t._neg_view() if t.dtype != torch.bool else t,
    "negative imaginary part": lambda t: t.conj().imag if t.is_complex() else t,
    "pairs": lambda t: torch.view_as_real(t.resolve_conj()) if t.is_complex() else t,
    "transposed": lambda t: t.mT if t.dim() > 1 else t,
    "reversed axes": lambda t: t.permute(list(range(t.dim()))[::-1]),
    "expanded": lambda t: t.expand(2, *t.shape),
    "zero stride": lambda t: t[:1].expand(3, *t.shape[1:]) if t.dim() and len(t) else t,
    "every other": lambda t: t[..., ::2] if t.dim() else t,
    "offset": lambda t: t[1:] if t.dim() else t,
    "empty": lambda t: t[:0] if t.dim() else t,
    "one element": lambda t: t.reshape(-1)[-1] if t.numel() else t,
    "diagonal": lambda t: t.diagonal(dim1=-2, dim2=-1) if t.dim() > 1 else t,
    "windows": lambda t: t.unfold(-1, 2, 1) if t.dim() and t.shape[-1] > 1 else t,
    "channels last": lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t,
    "new axis": lambda t: t.unsqueeze(-1),
    "requires_grad": lambda t: t.requires_grad_() if t.is_leaf and (t.is_floating_point() or t.is_complex()) else t,
    "not a leaf": lambda t: t.clone().requires_grad_()[...] if t.is_floating_point() else t,
}


def view(base, steps):
    for step in steps:
        base = VIEWS[step](base)
    return base
"""
HOME: dict[str, Any] = {}
exec(SOURCE, HOME)
DTYPES = (torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64)
COMPLEX = (torch.complex64, torch.complex128)


def bases() -> st.SearchStrategy[Tensor]:
    """A few elements, or more than are copied at once, of every dtype."""

    def filled(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        numbers = torch.arange(1, 1 + torch.Size(shape).numel()).reshape(list(shape)) % 101
        return (
            torch.complex(numbers.double(), -2 * numbers.double()).to(dtype) if dtype.is_complex else numbers.to(dtype)
        )

    shapes = st.lists(st.integers(1, 4), max_size=4) | st.sampled_from([[5000], [2, 3, 40, 41]])
    return st.builds(filled, shapes, st.sampled_from(COMPLEX) | st.sampled_from(DTYPES))


def steps() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(HOME["VIEWS"])), max_size=3)


def assert_same(arrived: Any, sent: Tensor) -> None:
    assert type(arrived) is Tensor
    assert (arrived.dtype, arrived.shape, arrived.requires_grad) == (sent.dtype, sent.shape, sent.requires_grad)
    assert torch.equal(arrived.detach(), sent.detach().resolve_conj().resolve_neg())
    assert not arrived.is_neg()
    assert not arrived.is_conj()


def crossed(value: Any) -> Any:
    data = b"".join(bytes(part) for part in pack(value))
    header, _ = struct.unpack("<IQ", data[:12])
    return unpack(data[12 : 12 + header], bytearray(data[12 + header :]))


@given(bases(), steps())
@example(torch.tensor(1 + 2j), ["negative imaginary part"])
@example(torch.ones(1, dtype=torch.float16), ["every other"])
@settings(deadline=None)
def test_every_dense_view_crosses_the_wire(base: Tensor, names: list[str]) -> None:
    sent = HOME["view"](base, names)
    assert_same(crossed([sent])[0], sent)


@pytest.fixture(scope="module")
def remote() -> Iterator["RemoteRunner"]:
    with Judge() as judge:
        yield judge.load(SOURCE.encode(), "views.py")


@given(bases(), steps())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_a_view_made_in_a_worker_is_the_view_made_at_home(
    remote: "RemoteRunner", base: Tensor, names: list[str]
) -> None:
    sent = HOME["view"](base.clone(), names)
    result = remote.result(Target("view"), (base, names), Exercise("0", ("view",), 0, seconds=20.0))
    assert result.raised is None, result.raised
    assert_same(result.value, sent)


@pytest.mark.parametrize("dtype", [np.bool_, np.float16, np.float64, np.complex64])
@pytest.mark.parametrize("index", [(), np.s_[::2, :], np.s_[:, ::-1], np.s_[:1, ::2], np.s_[1:2, 1:2], np.s_[:0]])
def test_views_of_arrays_cross_the_wire(dtype: type, index: Any) -> None:
    for base in (np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2).T, np.broadcast_to(np.arange(3), (2, 3))):
        sent = base.astype(dtype, order="K", copy=False)[index]
        arrived = crossed(sent)
        assert arrived.dtype == sent.dtype
        np.testing.assert_array_equal(arrived, sent)


@pytest.mark.parametrize(
    "tensor", [torch._efficientzerotensor(3), torch.ones(3, dtype=torch.complex64)._neg_view().conj().imag]
)
def test_lazy_tensors_are_materialized(tensor: Tensor) -> None:
    assert_same(crossed(tensor), tensor + 0)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_only_what_is_too_large_is_called_so() -> None:
    escaped: list[Tensor] = []

    def keep(t: Tensor) -> Tensor:
        escaped.append(t)
        return t

    torch.vmap(keep)(torch.ones(2))
    nested = torch.nested.nested_tensor([torch.ones(2)])
    huge = torch.zeros(1).expand(1 << 30)
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    for value, name, reason in (
        (huge, "tensor_too_large", "larger than 2 MB"),
        (crossed(escaped[0]), "tensor_without_values", "escaped"),
        (crossed(nested), "tensor_of_another_kind", "float32"),
        (deep, "list", "nested too deep"),
    ):
        stand_in = sendable(value)
        assert type(stand_in).__name__ == name
        assert reason in repr(stand_in)
        assert ("too large" in repr(stand_in) or "larger" in repr(stand_in)) == (value is huge)
    with pytest.raises(TooLarge):
        pack(huge, MessageLimits())


class Hostile(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        raise KeyError("no")


def test_a_list_that_cannot_be_read_gets_a_stand_in() -> None:
    assert repr(sendable(Hostile())) == "a Hostile: it cannot be sent (KeyError)"


def test_a_right_answer_that_is_a_negative_view_gets_full_marks(tmp_path: Path) -> None:
    (tmp_path / "test_signs.py").write_text(
        "import torch\n"
        "from gradlings import agree, exercise, floats\n\n\n"
        '@exercise("9.1", "opposite", points=10)\n'
        "class TestOpposite:\n"
        "    def test_opposite(self, student, probes):\n"
        '        """every sign changed"""\n'
        "        agree(student.opposite, probes([(floats([1.0, -2.0]),), (floats(3.0),)]), lambda x: -x)\n"
    )
    submission = b"import torch\n\n\ndef opposite(x):\n    return torch.complex(x, x).conj().imag\n"
    checks = tmp_path / "test_signs.py"
    with collected_checks(tmp_path) as grader, Judge(grader.exercises(checks)) as judge:
        assert grader.check(judge.load(submission, "signs.py"), checks, seed=1).scorecard.points == 10
