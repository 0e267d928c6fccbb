"""Whatever bytes a worker sends: they are a value or malformed, and judging them is cheap. 10,000 inputs."""

import sys
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from cpu_seconds import CpuSeconds
    from gradlings.sandbox.wire.decode import unpack
    from gradlings.sandbox.wire.types import MalformedMessage
    from wire_judging import ANSWERS, MATRIX, MAX_CPU_SECONDS, crossed, judged, parts_of


def fuzzed(inputs: int) -> settings:
    """Many cheap inputs, the same in each run; no database and no shrinking, which cost more than they tell."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    phases = [Phase.explicit, Phase.generate]
    return settings(
        max_examples=inputs, derandomize=True, deadline=None, database=None, phases=phases, suppress_health_check=quiet
    )


def receive(header: bytes, body: bytes, expected: Any = MATRIX) -> None:
    """Decode a message and judge the value, if it is one."""
    with CpuSeconds() as spent:
        try:
            value = unpack(header, bytearray(body))
        except MalformedMessage:
            pass
        else:
            judged(value, expected)
    assert spent.seconds < MAX_CPU_SECONDS, header[:200]


TAGS = st.sampled_from("ifcsbldzyvomtan")
DTYPES = st.sampled_from(["float64", "float32", "bool", "int64", "bfloat16", "complex128", "uint64", "float8", ""])
NUMBERS = st.sampled_from([0, 1, 2, 3, 6, 8, 16, 48, 64, -1, 1 << 20, 1 << 39, 1 << 40, 1 << 62, 1 << 63, 0.5, True])
SCALARS = st.one_of(
    NUMBERS, st.none(), st.text(max_size=3), DTYPES, st.sampled_from(["nan", "ff", "-0", "cpu", "1e999"])
)
SHAPES = st.lists(NUMBERS, max_size=3)
ORDERS = st.one_of(st.none(), st.lists(st.integers(-1, 3), max_size=3))
TENSORS = st.tuples(DTYPES, SHAPES, NUMBERS, NUMBERS, st.booleans(), ORDERS).map(list)
ARRAYS = st.tuples(DTYPES, SHAPES, NUMBERS, NUMBERS, ORDERS).map(list)
FORMS = st.recursive(
    st.one_of(SCALARS, st.builds(lambda t: {"t": t}, TENSORS), st.builds(lambda a: {"a": a}, ARRAYS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda tag, content: {tag: content}, TAGS, st.one_of(inner, st.lists(inner, max_size=2))),
        st.builds(lambda pairs: {"d": pairs}, st.lists(st.lists(inner, min_size=2, max_size=2), max_size=2)),
    ),
    max_leaves=5,
)
MESSAGES = [parts_of(answer) for answer in ANSWERS] if sys.platform == "linux" else []
EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4)


@fuzzed(2500)
@given(st.binary(max_size=40), st.binary(max_size=64))
def test_any_bytes(header: bytes, body: bytes) -> None:
    receive(header, body)


@fuzzed(3500)
@given(FORMS, st.sampled_from([b"", bytes(64), b"\xff" * 64]), st.sampled_from(ANSWERS))
def test_any_form_of_header(form: Any, body: bytes, expected: Any) -> None:
    receive(msgspec.json.encode(form), body, expected)


@fuzzed(3000)
@given(st.integers(0, len(MESSAGES) - 1), EDITS, EDITS)
def test_messages_with_wrong_bytes(which: int, in_header: Any, in_body: Any) -> None:
    header, body = (bytearray(part) for part in MESSAGES[which])
    for data, edits in ((header, in_header), (body, in_body)):
        for place, byte in edits:
            if data:
                data[place % len(data)] = byte
    receive(bytes(header), bytes(body), ANSWERS[which])


DTYPES_SENT = st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex64])
VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=3)),
        st.sampled_from(["long text " * 30, 1 << 300, torch.Size([-1, 2]), torch.float16, np.int32(4), 1j]),
        st.builds(lambda d, s: torch.ones(s).to(d), DTYPES_SENT, st.lists(st.integers(0, 3), max_size=3)),
        st.builds(lambda s: torch.ones(s, dtype=torch.float64).T, st.lists(st.integers(1, 3), min_size=2, max_size=2)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=2), st.integers()), inner, max_size=3),
    ),
    max_leaves=5,
)


@fuzzed(1000)
@given(VALUES)
def test_what_is_sent_arrives(value: Any) -> None:
    arrived = crossed(value)
    assert type(arrived) is type(value)
    assert repr(arrived) == repr(value)
    if isinstance(value, torch.Tensor):
        assert torch.equal(arrived, value)
