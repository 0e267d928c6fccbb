"""Find out without a GPU whether a function is ready for one.

The function is run once more with its tensors on a simulated `cuda:0`. All data stays in CPU memory and is really
computed, so values, `.item()` and control flow are those of the CPU; only where a tensor *lives* is simulated, and
operations that mix the two places are refused as CUDA refuses them (`guard`); what the code sees of its
devices is simulated, too (`view`, `stand_ins`). All this rests on documented behavior of CUDA
and on torch's own list of operators; nothing here was compared with a run on a real GPU.

What it cannot judge, and what it reports then:

* "not_simulated", because the code fails here although it runs on the CPU: a second GPU (`cuda:1`), streams and
  events, `torch.cuda.FloatTensor`, `torch.load` onto the GPU, packed sequences, lazy layers, sparse and nested tensors,
  `torch.compile`, anything else that reaches into CUDA itself.
* Nothing, although a GPU may complain: operations and dtypes that CUDA lacks (only matrix products of integers are
  known), the numbers themselves (rounding, TF32, autocast), out of memory, devices inside `torch.jit.script`, tensors
  hidden in objects other than tuples, lists, dicts and modules.
* A finding that a GPU may not confirm: a device chosen from `torch.cuda.is_available()` when the file was loaded, a
  tensor cached by an earlier call on the CPU, tensors made in other threads, and tensors that went through pickle or
  `torch.save` (all of them count as CPU tensors).

While a function runs, names of `torch.cuda` and a few others are replaced in this process; other threads see that.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import linecache
import os
import types
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _python_dispatch

from gradlings.execution.tensor_tree import tensors_in
from gradlings.execution.virtual_gpu.guard import StorageGuard
from gradlings.execution.virtual_gpu.places import DeviceProblem, Origin, Place, Session, origin_of, place_of, settle
from gradlings.execution.virtual_gpu.stand_ins import stand_ins_installed
from gradlings.execution.virtual_gpu.view import DeviceView

_MAX_YIELDED_ITEMS = 1000  # of a generator


@dataclass(frozen=True)
class DeviceFinding:
    """Why a function is not ready for a GPU, or that this could not be found out."""

    kind: str
    """"mixed": a GPU would stop here, since tensors of two devices meet or NumPy gets a tensor of the GPU.
    "left": the result came back on the CPU although tensors on the GPU went in.
    "unsupported": CUDA has no such operation (a matrix product of integers, Tensor.apply_).
    "not_simulated": the virtual GPU cannot judge this code."""
    message: str
    """One or two sentences for the student."""
    file: str | None = None
    """Where the CPU tensor was made or moved; if that is not known, where the operation is. None outside of the
    student's files."""
    line: int | None = None
    code: str = ""
    """That line, stripped."""


def device_finding(
    function: Callable[..., Any], args: tuple[Any, ...], *, student_files: Collection[str] = ()
) -> DeviceFinding | None:
    """Run `function(*args)` on the virtual GPU; return None if it is ready for a GPU, or nothing was found.

    Args:
        function: It must run on the CPU with these arguments; an exception that it also raises there gives None.
        args: Tensors in it, also inside tuples, lists, dicts and modules, are copied to the virtual GPU and keep
            `requires_grad`; the originals, and NumPy arrays, stay as they are. Objects of other classes are passed
            without a copy. Without any tensor there is nothing to run.
        student_files: File names as in code objects; findings point at the innermost of their lines.

    Raises:
        BaseException: what the function raises and is not an Exception (SystemExit, KeyboardInterrupt, a timeout).
    """
    arguments = _Copies(Place.GPU)
    try:
        moved = arguments.of(args)
    except Exception as error:
        return _not_simulated(error)
    if not arguments.seen:
        return None
    session = Session(frozenset(student_files) | {os.path.realpath(file) for file in student_files})
    try:
        with _virtual_gpu(session):
            result = _call(function, moved)
        return _left_behind(result)
    except Exception as error:
        if problem := _device_problem(error):
            return _finding(problem)
        return None if _fails_on_cpu(function, args) else _not_simulated(error)


# ---- running


@contextlib.contextmanager
def _virtual_gpu(session: Session) -> Iterator[None]:
    """Turn both modes on; restore every global that they or the student's code may change afterwards."""
    view, no_warnings = DeviceView(session), warnings.catch_warnings(action="ignore")
    with _restored_globals(), no_warnings, StorageGuard(session), stand_ins_installed(view), view:
        yield


@contextlib.contextmanager
def _restored_globals() -> Iterator[None]:
    """Restore the mode stacks, the default device and the random state, whatever the code inside did."""
    overrides: Any = torch.overrides  # private functions of torch, without types
    device = torch.utils._device
    modes = overrides._get_current_function_mode_stack()
    dispatch_modes = torch._C._len_torch_dispatch_stack()
    current = device.CURRENT_DEVICE
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    random_state = torch.get_rng_state()
    try:
        yield
    finally:
        while torch._C._len_torch_dispatch_stack() > dispatch_modes:
            _python_dispatch._pop_mode()
        while overrides._get_current_function_mode_stack():
            overrides._pop_mode()
        for mode in modes:
            overrides._push_mode(mode)
        device.CURRENT_DEVICE = current
        torch._GLOBAL_DEVICE_CONTEXT.device_context = context
        torch.set_rng_state(random_state)


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    result = function(*args)
    if isinstance(result, types.GeneratorType):
        items = list(itertools.islice(result, _MAX_YIELDED_ITEMS))
        result.close()
        return items
    return result


def _fails_on_cpu(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            _call(function, _Copies(Place.CPU).of(args))
    except Exception:
        return True
    return False


class _Copies:
    """Copies of arguments whose tensors live at one place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.seen: dict[int, torch.Tensor] = {}
        """The copies by the `id` of their originals, so that f(x, x) gets one tensor twice."""

    def of(self, value: Any) -> Any:
        """Return a copy of a nested value."""
        if isinstance(value, torch.Tensor):
            if id(value) not in self.seen:
                self.seen[id(value)] = self._tensor(value)
            return self.seen[id(value)]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.of, value))
        if type(value) in (tuple, list):
            return type(value)(map(self.of, value))
        if isinstance(value, dict):
            copied = copy.copy(value)
            copied.update((key, self.of(item)) for key, item in value.items())
            return copied
        if isinstance(value, torch.nn.Module):
            return self._module(value)
        return value.copy() if isinstance(value, np.ndarray) else value

    def _tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        copied = tensor.detach().clone()
        if isinstance(tensor, torch.nn.Parameter):
            copied = torch.nn.Parameter(copied, requires_grad=False)
        copied.requires_grad_(tensor.requires_grad)
        settle(copied, self.place)
        return copied

    def _module(self, module: torch.nn.Module) -> torch.nn.Module:
        copied = copy.deepcopy(module)
        for tensor in [*copied.parameters(), *copied.buffers()]:
            self.seen[id(tensor)] = tensor
            settle(tensor, self.place)
        return copied


# ---- describing what was found


def _left_behind(result: Any) -> DeviceFinding | None:
    """Return the finding about the first tensor of the result that is on the CPU."""
    for tensor in tensors_in(result):
        if place_of(tensor) is Place.CPU:
            origin = origin_of(tensor) or Origin("elsewhere", "")
            what = f"a tensor of shape {tuple(tensor.shape)}" if tensor.dim() else "a 0-dim tensor"
            text = f"The tensors that went in are on the GPU, but {what} that comes back is on the CPU."
            return _finding(DeviceProblem("left", text, origin))
    return None


def _device_problem(error: BaseException | None) -> DeviceProblem | None:
    """Return the device problem that an exception is, or that caused it (`raise ... from error`)."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, DeviceProblem):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _finding(problem: DeviceProblem) -> DeviceFinding:
    origin = problem.origin
    x = origin.companion
    device, to = (f"device={x}.device", f".to({x}.device)") if x else ("the device of an input", ".to(...)")
    code = linecache.getline(origin.file, origin.line or 0).strip() if origin.file else ""
    message = problem.text.replace("{to}", to)
    if problem.kind in ("mixed", "left"):
        by = f"{origin.by}()" if origin.by else "a constructor"
        message += f" {_ADVICE[origin.action].format(by=by, device=device, to=to)}"
    elif problem.kind == "not_simulated":
        message += " So whether it is ready for a GPU could not be found out here."
    return DeviceFinding(problem.kind, message.rstrip(), origin.file, origin.line, code)


_ADVICE = {
    "made": "{by} made it there: add {device}, or bring it over with {to}.",
    "asked": '{by} was told device="cpu": take {device} in its place.',
    "moved": ".{by} brought it there: leave that out, or go back with {to}.",
    "gradient": "It is the gradient of a tensor that was made on the CPU: make that one with {device}.",
    "elsewhere": "Make it with {device}, or bring it over with {to}.",
    "here": "",
}


def _not_simulated(error: Exception) -> DeviceFinding:
    message = (
        "Your code runs on the CPU, but could not be tried on the virtual GPU "
        f"({type(error).__name__} there), so whether it is ready for a GPU is unknown."
    )
    return DeviceFinding("not_simulated", message)
