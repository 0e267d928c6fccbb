"""Grading for marks: a score from a worker is the score from home, and no submission gets more than it earned."""

import os
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradlings.model.errors import InputError
from gradlings.submission.reader import parse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from attack_harness import HONEST
    from gradlings.checks import assertions
    from gradlings.grading.judge_session import JudgeSession, bundle_of
    from gradlings.runners.session import collected_checks
    from gradlings.sandbox import bubblewrap, remote_runner
    from gradlings.sandbox.budget import Budget
    from gradlings.sandbox.inside.seccomp import MACHINES, allow_list
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.private_uids import PrivateUids
    from gradlings.sandbox.processes import WorkerDied
    from gradlings.sandbox.self_check import Unprotected
    from gradlings.sandbox.settings import NOT_ASKED_FOR, SUBMISSION_LIMITS, ProtectionLayers, WorkerLimits
    from gradlings.sandbox.stopwatch import Stopwatch
    from gradlings.sandbox.wire.channel import Frame, ReplyTimeout
    from gradlings.sandbox.wire.decode import unpack
    from gradlings.sandbox.wire.encode import pack
    from gradlings.sandbox.wire.types import MalformedMessage, MessageLimits, Unsendable, UnsendableStandIn

ROOT = Path(__file__).parents[1]


# The wire


def crossed(value: Any) -> Any:
    """A value as it comes out at the other end."""
    data = b"".join(bytes(part) for part in pack(value))
    header, body = struct.unpack("<IQ", data[:12])
    assert len(data) == 12 + header + body
    return unpack(data[12 : 12 + header], bytearray(data[12 + header :]))


VALUES: list[Any] = [
    *(None, True, 0, -(1 << 63), 1 << 200, -(10**300), 0.1, float("inf"), "", "text \u00e9 \x1b", "y" * 5000),
    *(1 + 2j, b"bytes", [1, [2.0, (3, "x")]], (), {"a": 1, 2: [None], (1, 2): "t"}, torch.Size([2, 3])),
    *(torch.float32, torch.bfloat16, torch.device("cpu"), np.float32(1.5), np.int64(-3), np.bool_(True)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_cross_unchanged(value: Any) -> None:
    arrived = crossed(value)
    assert type(arrived) is type(value)
    assert arrived == value


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([[1.0, float("nan")], [-0.0, 3.0]], dtype=torch.float64),
        torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
        torch.tensor(True),
        torch.zeros(0, 3),
        torch.ones(3, dtype=torch.bfloat16),
        torch.tensor([1 + 2j]),
        torch.ones(2, 2).requires_grad_(),
        torch.nn.Parameter(torch.ones(2)),
    ],
    ids=["nan", "permuted", "bool", "empty", "bfloat16", "complex", "requires_grad", "parameter"],
)
def test_tensors_keep_values_dtype_grad_and_order_in_memory(tensor: torch.Tensor) -> None:
    arrived = crossed(tensor)
    assert type(arrived) is torch.Tensor
    assert arrived.is_leaf
    torch.testing.assert_close(arrived.detach(), tensor.detach(), rtol=0, atol=0, equal_nan=True)
    assert (arrived.requires_grad, arrived.stride()) == (tensor.requires_grad, tensor.stride())


def test_arrays_keep_dtype_and_order_in_memory() -> None:
    array = np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3))
    arrived = crossed(array)
    np.testing.assert_array_equal(arrived, array)
    assert (arrived.dtype, arrived.strides) == (array.dtype, array.strides)


def test_anything_else_arrives_as_a_name() -> None:
    arrived = crossed(object())
    assert isinstance(arrived, UnsendableStandIn)
    assert type(arrived).__name__ == "object"
    assert not isinstance(crossed(torch.ones(2).to_sparse()), torch.Tensor)


def test_what_exceeds_a_cap_is_not_sent() -> None:
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    for value in (nested, list(range(200)), torch.zeros(1).expand(10**9), "y" * 5000, 1 << 100_000):
        with pytest.raises(Unsendable):
            pack(value, MessageLimits(nodes=100, body=1000))


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"nonsense", b""),
        (b'{"unknown": 1}', b""),
        (b'{"t": ["float64", [1000, 1000], 0, 8, false, null]}', bytes(8)),
        (b'{"t": ["float64", [1], 0, 8, true, [5]]}', bytes(8)),
        (b'{"t": ["int64", [1], 0, 8, true, null]}', bytes(8)),
        (b'{"t": ["bool", [1], 0, 1, false, null]}', b"\x02"),
        (b'{"t": ["float64", [-1], 0, 8, false, null]}', bytes(8)),
        (b'{"t": ["float64", [99999999999, 99999999999, 0], 0, 0, false, null]}', b""),
        (b'{"t": ["object", [1], 0, 8, false, null]}', bytes(8)),
        (b'{"a": ["O", [1], 0, 8, null]}', bytes(8)),
        (b'[{"s": [0, 4]}, {"s": [2, 2]}]', bytes(4)),
        (b'{"s": [0, 5]}', bytes(4)),
        (b'{"d": [[[1], 2]]}', b""),
        (b'{"i": "' + b"9" * 5000 + b'"}', b""),
        (b"1" * 5000, b""),
        (b"36893488147419103232", b""),
        (b"NaN", b""),
        (b"[" * 50_000, b""),
        (b'{"v": "cuda:0; import os"}', b""),
        (b'{"y": "__class__"}', b""),
        (b'{"i": 5, "f": 5}', b""),
    ],
)
def test_a_forged_frame_is_refused(header: bytes, body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        unpack(header, bytearray(body))


# The filter and the layers


@pytest.mark.parametrize("machine", MACHINES if sys.platform == "linux" else ["any"])
def test_the_filter_fits_and_its_numbers_are_the_kernels(machine: str) -> None:
    program = allow_list(machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096
    jumps = [struct.unpack("<HBBI", program[at : at + 8]) for at in range(0, len(program), 8)]
    for at, (code, then, otherwise, _) in enumerate(jumps):
        if code & 7 == 5:
            assert at + 1 + max(then, otherwise) < len(jumps)
    assert jumps[-1][0] == 6


@pytest.mark.parametrize(
    ("layers", "open_thing"),
    [
        (ProtectionLayers(landlock=0, bubblewrap=False), "read a file of the grader"),
        (ProtectionLayers(seccomp=False), "start a process"),
        (ProtectionLayers(limits=False), "memory without a limit"),
        pytest.param(
            ProtectionLayers(private_uid=False),
            "act as root",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="not root"),
        ),
    ]
    if sys.platform == "linux"
    else [("any", "any")],
    ids=repr,
)
def test_a_weakened_set_up_is_refused_by_what_it_lets_through(layers: ProtectionLayers, open_thing: str) -> None:
    with pytest.raises(Unprotected, match=open_thing), Judge(layers=layers):
        pass


def test_weaker_protection_has_to_be_asked_for() -> None:
    with Judge(layers=ProtectionLayers(landlock=0, bubblewrap=False), allow_weaker=True) as judge:
        assert not judge.protection.holds
        assert judge.protection.landlock == 0


def test_the_self_check_tries_files_of_the_grader_that_exist(tmp_path: Path) -> None:
    layers = ProtectionLayers(landlock=0, bubblewrap=False, private_uid=False)
    answers = tmp_path / "answers.py"
    answers.write_text("")
    with Judge(layers=layers, allow_weaker=True, closed=[answers]) as judge:
        for path in (assertions.__file__, remote_runner.__file__, answers):
            assert f"read {path}" in judge.protection.succeeded
        assert judge.protection.missing["landlock"] == NOT_ASKED_FOR
        assert judge.protection.missing["bubblewrap"] == NOT_ASKED_FOR


def test_a_bubblewrap_that_does_not_work_is_left_out_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bubblewrap, "command_prefix", lambda: ["/bin/false"])
    with Judge(allow_weaker=True) as judge:
        assert not judge.protection.bubblewrap
        assert judge.protection.missing["bubblewrap"] == "it ended without a word"
    assert "bubblewrap is installed but does not work" in caplog.text


def test_a_bubblewrap_without_permission_costs_no_start_of_a_zygote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bwrap"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/runs\necho "bwrap: No permissions" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with Judge(allow_weaker=True) as judge:
        assert judge.protection.missing["bubblewrap"] == "bwrap: No permissions"
    (only,) = (tmp_path / "runs").read_text().splitlines()
    assert sys.executable not in only


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_other_systems_are_refused_in_a_plain_sentence(
    platform: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(InputError, match=f"needs Linux: {name}"), Judge():
        pass


# Processes


def processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}


def test_no_process_is_left_and_a_killed_zygote_is_started_anew(caplog: pytest.LogCaptureFixture) -> None:
    with Judge() as judge:
        remote = judge.load(HONEST, "honest.py")
        zygote = judge.process_id
        assert remote.type_of("double") == "function"
        os.kill(zygote, 9)
        remote = judge.load(HONEST, "honest.py")
        assert remote.type_of("double") == "function"
        assert judge.process_id != zygote
        assert "The zygote died and is started again" in caplog.text
        last = judge.process_id
    assert str(last) not in processes()
    assert str(zygote) not in processes()


LATE_CHECKS = """from gradlings import agree, exercise, floats


@exercise("8.1", "f", points=1, minutes=1, difficulty=1)
class TestF:
    def test_gradient(self, student, probes):
        '''A gradient'''
        agree(student.f, probes([(floats([3.0]),)]), lambda x: 2 * x)


@exercise("8.2", "g", points=2, minutes=1, difficulty=1)
class TestG:
    def test_step(self, student, probes):
        '''A step'''
        agree(student.g, probes([(floats([3.0]),)]), lambda x: 0 * x)
"""
NEEDS_NOTHING = "def f(x):\n    return 2 * x\n"
FEIGNS_THE_NEED = NEEDS_NOTHING.replace("return", "__import__('os')._exit(71)\n    return")
NEEDS_LATE_IMPORTS = """import torch


def f(x):
    return torch.func.grad(lambda y: (y * y).sum())(x)


def g(x):
    w = torch.nn.Parameter(x.clone())
    optimizer = torch.optim.SGD([w], lr=0.5)
    (w * w).sum().backward()
    optimizer.step()
    return w.detach()
"""


def test_what_torch_imports_late_is_imported_once_a_submission_needs_it(tmp_path: Path) -> None:
    folder = tmp_path / "08"
    folder.mkdir()
    (folder / "test_late.py").write_text(LATE_CHECKS)
    with JudgeSession(bundle_of(folder, "late")) as session:
        for source, points in (
            (NEEDS_NOTHING, 1),
            (NEEDS_LATE_IMPORTS, 3),
            (NEEDS_LATE_IMPORTS, 3),
            (FEIGNS_THE_NEED, 0),
        ):
            reply = session.judge(source.encode(), "late.py", seed=5)
            assert reply.fault == ""
            assert reply.card is not None
            assert reply.card.points == points
            assert reply.card.problems == ()


# The same score as at home: see also test_same_score.py


def test_a_notebook_scores_as_its_module_does(tmp_path: Path) -> None:
    folder = ROOT / "assignments" / "03"
    checks, notebook = folder / "test_autodiff.py", folder / "autodiff.ipynb"
    drivers = (folder / "drivers.py").read_text(encoding="utf-8")

    with collected_checks(folder) as grader, Judge(grader.exercises(checks)) as judge:
        here = grader.grade(parse(notebook), checks, seed=1).scorecard
        there = grader.check(judge.load(notebook.read_bytes(), str(notebook), drivers), checks, seed=1).scorecard
        assert here == there


def test_how_a_worker_ended_is_said_in_words() -> None:
    with Judge(limits=WorkerLimits(memory_mb=256)) as judge:
        remote = judge.load(b"import os\n\n# %%\ndef f():\n    return 1\n\n# %%\nos._exit(3)\n", "left.py")
        assert remote.type_of("f") == "function"
        assert remote.problems() == ["left.py:7: Crash while this cell was run: its process ended with status 3"]
    assert issubclass(WorkerDied, Exception)


# Timeouts and user ids


class Slow:
    """A worker that answers at the n-th time it is asked, after the kernel let it wait each time."""

    def __init__(self, answers_at: int, waited: float) -> None:
        self.channel = self
        self._left, self._waited = answers_at, waited
        self.signals = 0

    def frame(self, deadline: float) -> Frame:
        self._left -= 1
        if self._left > 0:
            raise ReplyTimeout
        return Frame(b"1", bytearray())

    def new_queue_wait(self) -> float:
        return self._waited

    def signal_time_up(self) -> None:
        self.signals += 1


@pytest.mark.parametrize(
    ("answers_at", "waited", "in_time", "signals"),
    [
        (1, 0.0, True, 0),
        (2, 0.0, True, 1),
        (3, 0.0, False, 1),
        (4, 1.0, True, 0),
        (5, 1.0, True, 1),
        (9, 1.0, False, 1),
    ],
)
def test_waiting_for_a_busy_processor_does_not_count_up_to_three_times_the_limit(
    answers_at: int, waited: float, in_time: bool, signals: int
) -> None:
    worker: Any = Slow(answers_at, waited)
    watch = Stopwatch(worker, 1.0, Budget(SUBMISSION_LIMITS))
    if in_time:
        assert watch.frame().value() == 1
    else:
        with pytest.raises(ReplyTimeout):
            watch.frame()
    assert worker.signals == signals


def test_no_two_judges_on_a_machine_share_user_ids() -> None:
    first, second = PrivateUids(), PrivateUids()
    mine, its = {first.next() for _ in range(200)}, {second.next() for _ in range(200)}
    assert not mine & its
    assert not {uid for uid in mine | its if not 61184 <= uid < 65520}
    first.close()
    second.close()
