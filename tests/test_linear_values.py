"""What the judge does with a value costs no more than its size, whatever its form and whatever was expected."""

import gc
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from cpu_seconds import CpuSeconds
    from gradlings.checks.changes import changed
    from gradlings.checks.compare import difference
    from gradlings.checks.format_value import show
    from gradlings.sandbox.wire.decode import unpack
    from gradlings.sandbox.wire.encode import pack, sendable
    from gradlings.sandbox.wire.types import REPLY_LIMITS, MalformedMessage, Unsendable
    from wire_judging import MATRIX, MAX_CPU_SECONDS, UNLIMITED, crossed, judged, parts_of

F64 = torch.float64
EMPTY = REPLY_LIMITS.body if sys.platform == "linux" else 0


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in the judge; threads that wait for each other would count as work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def chain(depth: int, value: Any) -> Any:
    """A value inside so many lists."""
    for _ in range(depth):
        value = [value]
    return value


def alike(depth: int) -> Any:
    """A list of two lists of two lists ..."""
    return [alike(depth - 1), alike(depth - 1)] if depth else 0.5


FORMS: dict[str, Callable[[int], Any]] = {
    # Values of about n parts or bytes.
    "numbers": lambda n: [place + 0.5 for place in range(n // 4)],
    "not numbers": lambda n: [math.nan] * (n // 11),
    "lists of one": lambda n: [[place] for place in range(n // 8)],
    "tuples of one": lambda n: tuple((place,) for place in range(n // 14)),
    "empty lists": lambda n: [[] for _ in range(n // 4)],
    "deep lists": lambda n: [chain(28, 1) for _ in range(n // 64)],
    "a tree": lambda n: alike(int(math.log2(n / 8))),
    "tensors": lambda n: [torch.zeros((), dtype=F64) for _ in range(n // 64)],
    "tensors of 64": lambda n: [torch.full((8, 8), 0.5, dtype=F64) for _ in range(n // 64)],
    "tensors of 4096": lambda n: [torch.full((64, 64), 0.5, dtype=F64) for _ in range(n // 2048)],
    "arrays": lambda n: [np.full(5000, 0.5) for _ in range(n // 2048)],
    "dicts": lambda n: [{"a": place} for place in range(n // 16)],
    "keys": lambda n: {str(place): place for place in range(n // 16)},
    "texts": lambda n: ["a" * 100] * (n // 128),
    "integers of many digits": lambda n: [(1 << 8000) + place for place in range(n // 2048)],
    "objects": lambda n: [range(place) for place in range(n // 64)],
    "all kinds": lambda n: [None, True, "x", 1j, b"x", torch.Size([2]), np.int32(1), torch.bool] * (n // 256),
}
SIZE = 1 << 12
LARGE: dict[str, Callable[[int], Any]] = {
    # Values of the largest size, in the dtypes of which a place takes most and least.
    "float64": lambda n: torch.zeros(n // 8, dtype=F64),
    "a matrix": lambda n: torch.zeros(n // 8192, 1024, dtype=F64),
    "16 axes": lambda n: torch.zeros([n >> 18, *([2] * 15)], dtype=F64),
    "bool": lambda n: torch.zeros(n, dtype=torch.bool),
    "bfloat16": lambda n: torch.zeros(n // 2, dtype=torch.bfloat16),
    "nan": lambda n: torch.full((n // 4,), math.nan),
    "an array": lambda n: np.zeros(n // 8),
    "text": lambda n: "\x1b" * n,
    "bytes": lambda n: bytes(n),
    "empty rows": lambda n: torch.empty(n, 0),
}


def changed_in_the_end(value: Any) -> Any:
    """A value of the same form whose last part is another one."""
    if isinstance(value, torch.Tensor | np.ndarray):
        value = value.clone() if isinstance(value, torch.Tensor) else value.copy()
        if math.prod(value.shape):
            value[(-1,) * value.ndim] = 1
        return value
    if isinstance(value, list | tuple):
        return type(value)([*value[:-1], changed_in_the_end(value[-1])]) if value else [1]
    if isinstance(value, dict):
        last = next(reversed(value))
        return {**value, last: changed_in_the_end(value[last])}
    if isinstance(value, str | bytes):
        return value[:-1] + type(value)(1)[:1] if isinstance(value, bytes) else value[:-1] + "z"
    return 1


def everywhere_else(value: Any) -> Any:
    """A value of the same form of which no number is the same."""
    if isinstance(value, list | tuple):
        return type(value)(everywhere_else(item) for item in value)
    if isinstance(value, dict):
        return {key: everywhere_else(item) for key, item in value.items()}
    return value + 1 if isinstance(value, int | float | complex | torch.Tensor | np.ndarray) else value


EXPECTED: dict[str, Callable[[Any], Any]] = {
    "a number": lambda got: 0.5,
    "a matrix": lambda got: MATRIX,
    "a tuple": lambda got: (0.5, MATRIX),
    "nearly the same": changed_in_the_end,
    "the same form": everywhere_else,
}


def cpu_seconds(form: str, expected: str, size: int) -> float:
    """Time that decoding and judging a value takes."""
    header, body = parts_of(FORMS[form](size), UNLIMITED)
    right = EXPECTED[expected](FORMS[form](size))
    gc.disable()  # it looks at everything that pytest holds, too
    with CpuSeconds() as spent:
        judged(unpack(header, bytearray(body), UNLIMITED), right)
    gc.enable()
    return spent.seconds


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("expected", ["a tuple", "nearly the same", "the same form"])
def test_sixteen_times_as_much_does_not_cost_256_times_as_much(form: str, expected: str) -> None:
    small = cpu_seconds(form, expected, SIZE)
    assert cpu_seconds(form, expected, 16 * SIZE) < 48 * small + 0.1


@pytest.mark.parametrize("form", LARGE)
@pytest.mark.parametrize("expected", EXPECTED)
def test_large_values_cost_little_time_and_memory(form: str, expected: str) -> None:
    got = LARGE[form](4 * REPLY_LIMITS.body)  # so that what else a process does is small beside it
    right = EXPECTED[expected](got)
    with CpuSeconds() as spent, memory() as used:
        judged(got, right)
    assert spent.seconds < 4 * MAX_CPU_SECONDS
    assert used.mb < 4 * 4 * (REPLY_LIMITS.body >> 20)


@contextmanager
def memory() -> Iterator[Any]:
    """Measure by how much this process grows inside the block; `mb` once it has ended."""
    used = SimpleNamespace(mb=0.0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = status_mb("VmRSS")
    yield used
    used.mb = status_mb("VmHWM") - before


def status_mb(what: str) -> float:
    """A figure of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def test_a_message_of_the_largest_size_is_decoded_in_little_memory() -> None:
    header, body = parts_of(torch.zeros(REPLY_LIMITS.body // 8, dtype=F64))
    with memory() as used, CpuSeconds() as spent:
        assert unpack(header, body).numel() == REPLY_LIMITS.body // 8
    assert used.mb < 2 * (REPLY_LIMITS.body >> 20)  # besides the message
    assert spent.seconds < MAX_CPU_SECONDS


# Numbers whose hashes collide; shapes of nothing; classes


def test_keys_that_collide_are_refused_before_they_cost_time() -> None:
    colliding = {place * sys.hash_info.modulus: None for place in range(1001)}
    with pytest.raises(Unsendable, match="more than 1000 keys that are no strings"):
        pack(colliding)
    assert len(crossed({str(place): None for place in range(20_000)})) == 20_000
    pairs = ",".join(f'[{{"i":"{place * sys.hash_info.modulus:x}"}},null]' for place in range(12_000))
    with CpuSeconds() as spent, pytest.raises(MalformedMessage, match="too many keys"):
        unpack(f'{{"d":[{pairs}]}}'.encode(), bytearray())
    assert spent.seconds < MAX_CPU_SECONDS


def test_a_tensor_of_empty_rows_is_not_listed_row_by_row() -> None:
    rows = torch.empty(EMPTY, 0)
    with CpuSeconds() as spent:
        assert show(rows) == show(rows.numpy()).replace("NumPy ", "") == f"({EMPTY}, 0) float32"
    assert spent.seconds < MAX_CPU_SECONDS / 10
    assert "larger than" in repr(sendable(torch.empty(10**12, 0)))
    with pytest.raises(MalformedMessage, match="a shape"):
        unpack(b'{"t":["float32",[1000000000000,0],0,0,false,null]}', bytearray())


def test_a_message_makes_few_classes() -> None:
    values = [type(f"Kind{number}", (), {})() for number in range(500)]
    arrived = crossed(values)
    assert len({type(value) for value in arrived}) <= REPLY_LIMITS.type_names
    assert [type(value).__name__ for value in (arrived[0], arrived[-1])] == ["Kind0", "object"]
    header = "[" + ",".join(f'{{"o":["Kind{number}",""]}}' for number in range(500)) + "]"
    with pytest.raises(MalformedMessage, match="too many types"):
        unpack(header.encode(), bytearray())


# What is said of large values stays short


def test_texts_of_large_answers_are_short_and_true() -> None:
    long = list(range(100_000))
    assert show(long) == repr(long)[:48] + " ... " + repr(long)[-7:]
    nested = {"a": [(1.5, [2.5] * 1000), "b" * 1000]}
    assert show(nested) == repr(nested)[:48] + " ... " + repr(nested)[-7:]
    assert show("q" * 1000) == "'" + "q" * 47 + " ... " + "q" * 6 + "'"
    assert show([[1, 2], (3,), {"a": ()}]) == "[[1, 2], (3,), {'a': ()}]"


def test_keys_and_members_are_listed_up_to_a_number() -> None:
    found = difference({f"\x1b{key}": 0 for key in range(5000)}, {"a": 1})
    assert found is not None
    assert found.sentence.startswith("The keys differ (missing: a; not asked for: ?0, ?1, ")
    assert found.sentence.endswith(" and 4980 more).")
    members = [torch.zeros(2) for _ in range(1000)]
    found = difference(members, [t + 1 for t in members])
    assert found is not None
    assert (len(found.rows), found.rows[-1].name) == (40, "[39]")
    assert found.sentence.endswith("Only the first 40 that are wrong are listed.")
    found = difference(members, [*members[:-1], torch.ones(2)])
    assert found is not None
    assert [row.name for row in found.rows] == ["[999]"]


# What is in no student's power to break


def test_an_argument_that_comes_back_on_another_device_is_changed() -> None:
    assert changed(MATRIX, MATRIX.to("meta"))
    assert changed(MATRIX.to("meta"), MATRIX)
    assert not changed(MATRIX.to("meta"), MATRIX.to("meta"))


def test_an_argument_with_nan_is_not_changed_by_that() -> None:
    for value in (np.array([1.0, np.nan]), torch.tensor([1.0, math.nan])):
        assert not changed(value, value.copy() if isinstance(value, np.ndarray) else value.clone())
        assert changed(value, value * 2)


def test_a_size_that_a_student_made_up_crosses() -> None:
    assert crossed(torch.Size([-1, 10**15, 10**15])) == (-1, 10**15, 10**15)


def test_a_tensor_of_too_many_axes_is_named() -> None:
    assert "more than 16 axes" in repr(sendable(torch.zeros([1] * 17)))
