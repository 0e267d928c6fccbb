"""Packs the modules a worker needs into an anonymous (memfd) zip, so that the package folder stays unreadable there."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

_NEEDED = """
    __init__
    model/__init__ model/given model/rules model/rule_table model/text
    submission/__init__ submission/anonymous_code submission/answer_shapes submission/cells submission/cell_runner
    submission/manifest submission/reader submission/size_limits submission/stand_ins submission/wrong_signs
    submission/helpers/__init__ submission/helpers/files submission/helpers/functions submission/helpers/imports
    submission/helpers/inert_modules submission/helpers/written
    forbidden/__init__ forbidden/static_check forbidden/runtime_recorder forbidden/python_calls forbidden/torch_symbols
    forbidden/blame
    execution/__init__ execution/float64_steps execution/stand_in_names execution/tensor_tree execution/time_limit
    execution/kept_settings execution/python_state execution/torch_state
    runners/__init__ runners/notebook
    sandbox/__init__ sandbox/settings
    sandbox/wire/__init__ sandbox/wire/channel sandbox/wire/decode sandbox/wire/encode sandbox/wire/facts
    sandbox/wire/types
    sandbox/inside/__init__ sandbox/inside/exit_status sandbox/inside/zygote sandbox/inside/worker
    sandbox/inside/lockdown
    sandbox/inside/readable_paths sandbox/inside/reply_rows sandbox/inside/seccomp sandbox/inside/student_environment
"""
MODULES = tuple(_NEEDED.split())
"""Every module that enters the sandbox: `sandbox/inside`, `sandbox/wire` and what these import."""

_MAIN = "from gradlings.sandbox.inside.zygote import main\n\nmain()\n"


def write_worker_bundle() -> int:
    """Return the descriptor of a zip that Python runs as `/proc/self/fd/N`: the zygote and the modules it may need."""
    package = Path(__file__).parents[1]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("__main__.py", _MAIN)
        for module in MODULES:
            archive.writestr(f"gradlings/{module}.py", (package / f"{module}.py").read_bytes())
    descriptor = os.memfd_create("worker-bundle")
    os.write(descriptor, data.getbuffer())
    return descriptor
