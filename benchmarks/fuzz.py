"""Fuzz messages of workers and notebooks: inputs that are mutated toward new paths through our code, as many as asked.

    python benchmarks/fuzz.py [wire] [notebook] [--inputs 100000 | --seconds 60]

For each target it prints every exception that is not the intended one, the slowest input in seconds of processor time
(at most 0.5 are allowed), and this process's memory: once imports and the first tenth are done, in the end, and at its
peak. The fuzzer's own corpus grows, too; so a sample of the inputs is given again, and what that adds is ours. Needs
`atheris`, which is in the extra `dev` where it has a wheel: Linux on x86-64.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_CPU_SECONDS = 0.5
MAX_GROWTH_MB = 20
SAMPLE = 2000
MAX_INPUT_BYTES = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=["wire", "notebook", []], help="both if none is named")
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target (default: 100,000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each target, if that ends it earlier")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the process that fuzzes one target
    options = parser.parse_args()
    if options.inside:
        fuzz(options.targets[0], options.inputs, options.seconds)
    limits = ["--inputs", str(options.inputs), "--seconds", str(options.seconds), "--inside"]
    codes = [
        subprocess.run([sys.executable, __file__, target, *limits]).returncode
        for target in options.targets or ["wire", "notebook"]
    ]
    sys.exit(max(codes))


class Report:
    """What was seen of one target so far; `run` gives it the next input."""

    def __init__(self, name: str, target: Callable[[bytes], None], inputs: int, seconds: float) -> None:
        self._name, self._target, self._inputs = name, target, inputs
        self._start = time.monotonic()
        self._end = self._start + seconds
        self._count = 0
        self._settled_mb = 0.0
        self._slowest, self._slowest_input = 0.0, b""
        self._sample: list[bytes] = []
        self._faults: dict[str, bytes] = {}

    def run(self, data: bytes) -> None:
        start = time.thread_time()
        try:
            self._target(data)
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[-1]
            self._faults.setdefault(
                f"{type(error).__name__} at {Path(line.filename).name}:{line.lineno}: {error}", data
            )
        spent = time.thread_time() - start
        if spent > self._slowest:
            self._slowest, self._slowest_input = spent, data
        self._count += 1
        if self._count % max(self._inputs // SAMPLE, 1) == 0:
            self._sample.append(data)
        if not self._settled_mb and self._count >= self._inputs // 10:
            self._settled_mb = memory_mb("VmRSS")
        if self._count >= self._inputs or time.monotonic() > self._end:
            self._finish()

    def _finish(self) -> None:
        now, peak = memory_mb("VmRSS"), memory_mb("VmHWM")
        added = self._added_by_replay()
        settled = self._settled_mb or now
        print(f"{self._name}: {self._count:,} inputs in {time.monotonic() - self._start:.0f} s")
        print(f"  slowest input       {self._slowest:.3f} s CPU   {self._slowest_input[:60]!r}")
        print(
            f"  memory              {settled:.0f} MB after a tenth, {now:.0f} MB in the end, {peak:.0f} MB at its peak"
        )
        print(f"  given again         {added:+.0f} MB after {5 * len(self._sample):,} inputs")
        print(f"  other exceptions    {len(self._faults)}")
        for what, data in self._faults.items():
            print(f"    {what}\n      {data[:200]!r}")
        good = not self._faults and self._slowest <= MAX_CPU_SECONDS and added <= MAX_GROWTH_MB
        sys.stdout.flush()
        os._exit(0 if good else 1)  # libFuzzer does not let go otherwise

    def _added_by_replay(self) -> float:
        """Give a sample of the inputs ten times; return by how many MB memory grows in the second half."""
        settled = 0.0
        for turn in range(10):
            for data in self._sample:
                with contextlib.suppress(Exception):
                    self._target(data)
            if turn == 4:
                settled = memory_mb("VmRSS")
        return memory_mb("VmRSS") - settled


def memory_mb(what: str) -> float:
    """Return a figure of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def fuzz(name: str, inputs: int, seconds: float) -> None:
    """Fuzz one target in this process, and end it."""
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    with atheris.instrument_imports(include=["gradlings.sandbox.wire", "gradlings.submission", "gradlings.checks"]):
        target, seeds = {"wire": wire, "notebook": notebook}[name]()
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            Path(corpus, str(number)).write_bytes(seed)
        report = Report(name, target, inputs, seconds)
        flags = [f"-max_len={MAX_INPUT_BYTES}", "-rss_limit_mb=0", "-timeout=600", "-verbosity=0", "-seed=1"]
        atheris.Setup([sys.argv[0], *flags, corpus], report.run, enable_python_coverage=True)
        atheris.Fuzz()


def wire() -> tuple[Callable[[bytes], None], list[bytes]]:
    """Messages from a worker: decoded and, where they are a value, judged by the answer that the first byte names."""
    import torch

    sys.path.insert(0, str(ROOT / "tests"))
    from gradlings.sandbox.wire.decode import unpack
    from gradlings.sandbox.wire.types import MalformedMessage
    from wire_judging import ANSWERS, judged, parts_of

    torch.set_num_threads(1)

    def target(data: bytes) -> None:
        expected, size = ANSWERS[data[0] % len(ANSWERS)] if data else None, int.from_bytes(data[1:3], "little")
        try:
            value = unpack(data[3 : 3 + size], bytearray(data[3 + size :]))
        except MalformedMessage:
            return
        judged(value, expected)

    seeds = []
    for number, answer in enumerate(ANSWERS):
        header, body = parts_of(answer)
        seeds.append(bytes([number]) + len(header).to_bytes(2, "little") + header + body)
    return target, seeds


def notebook() -> tuple[Callable[[bytes], None], list[bytes]]:
    """Notebooks of students, as a worker reads them."""
    from gradlings.submission.cells import decode, notebook_cells
    from gradlings.submission.manifest import digest_of_code
    from gradlings.submission.reader import from_cells

    path = Path("tensors.ipynb")

    def target(data: bytes) -> None:
        try:
            text = decode(data)
            from_cells(path, notebook_cells(text, path))
            digest_of_code(path.name, text)
        except (ValueError, RecursionError, MemoryError):
            pass  # what a worker answers with a sentence

    code = ["import torch\n", "%matplotlib inline\n", "def f(x: int) -> int:\n", "    return x @ x\n", "await f(1)\n"]
    cells = [{"cell_type": "code", "source": code}, {"cell_type": "markdown", "source": "# text"}]
    return target, [json.dumps({"cells": cells, "nbformat": 4}).encode(), b'{"cells": []}', b"\xef\xbb\xbf{}"]


if __name__ == "__main__":
    main()
