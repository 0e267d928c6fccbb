"""How long an author waits: `gradlings verify` with its default seeds, against importing torch.

    python benchmarks/verification.py [01 02 03]

01 to 03 are to take under 3 minutes on two cores, all assignments under 8.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    ids = sys.argv[1:] or ["01", "02", "03"]
    floor = min(seconds([sys.executable, "-c", "import torch"])[0] for _ in range(3))
    wall, code = seconds([sys.executable, "-m", "gradlings.cli", "verify", *ids], show=True)
    limit = 60 * (3 if len(ids) <= 3 else 8)
    print(f"verify {' '.join(ids)}: {wall:.0f} s, {wall / floor:.0f} times `import torch`; to be under {limit} s")
    sys.exit(code or int(wall > limit))


def seconds(command: list[str], *, show: bool = False) -> tuple[float, int]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=not show)
    return time.perf_counter() - start, done.returncode


if __name__ == "__main__":
    main()
