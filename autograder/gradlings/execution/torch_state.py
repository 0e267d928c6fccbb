"""The settings that torch and NumPy keep for the whole process: how each is read, and how it is put back.

Import it only where torch is loaded. All functions are bound here, before student code may have replaced them, and none
asks for what student code may have broken: `torch.get_default_device()` raises once the default device is one that this
machine does not have, `torch.set_default_device(None)` raises once a function mode was left on the stack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import _tensor_str
from torch.overrides import _get_current_function_mode_stack
from torch.utils import _device

from gradlings.execution.python_state import Setting

_C: Any = torch._C  # much of it has no types
_numpy_random: Any = np.random


def _has_autocast(device: str) -> bool:
    try:
        _C.is_autocast_enabled(device)
        _C.get_autocast_dtype(device)
    except RuntimeError:
        return False
    return True


_AUTOCAST_DEVICES = [device for device in ("cpu", "cuda", "mps") if _has_autocast(device)]
_default_generator = torch.default_generator
_get_bit_generator, _set_bit_generator = _numpy_random.get_bit_generator, _numpy_random.set_bit_generator
_get_printoptions, _set_printoptions = np.get_printoptions, np.set_printoptions
_get_num_threads, _set_num_threads = torch.get_num_threads, torch.set_num_threads
_geterr, _seterr = np.geterr, np.seterr
_students_bit_generator = np.random.MT19937(0)
_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_inference_guards: list[Any] = []


def _write_modes(modes: list[Any]) -> None:
    for _ in range(_C._len_torch_function_stack()):
        _C._pop_torch_function_stack()
    for mode in modes:
        _C._push_on_torch_function_stack(mode)


def _read_device() -> tuple[Any, Any]:
    return _device.CURRENT_DEVICE, getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)


def _write_device(value: tuple[Any, Any]) -> None:
    """Put back what torch remembers of the default device; the mode that applies it is on the stack of modes."""
    _device.CURRENT_DEVICE, torch._GLOBAL_DEVICE_CONTEXT.device_context = value


def _write_dtype(value: tuple[str, torch.dtype]) -> None:
    place, dtype = value
    if _C._get_default_device() != place and place == "cpu":  # set_default_tensor_type(torch.cuda.FloatTensor)
        _C._set_default_tensor_type(torch.FloatTensor)
    _C._set_default_dtype(dtype)


def _read_autocast() -> tuple[Any, ...]:
    _C.autocast_increment_nesting()
    nesting = _C.autocast_decrement_nesting()
    by_device = tuple((_C.is_autocast_enabled(name), _C.get_autocast_dtype(name)) for name in _AUTOCAST_DEVICES)
    return nesting, _C.is_autocast_cache_enabled(), by_device


def _write_autocast(value: tuple[Any, ...]) -> None:
    nesting, cache, by_device = value
    if _read_autocast() == value:
        return
    for name, (enabled, dtype) in zip(_AUTOCAST_DEVICES, by_device, strict=True):
        _C.set_autocast_enabled(name, enabled)
        _C.set_autocast_dtype(name, dtype)
    _C.set_autocast_cache_enabled(cache)
    for _ in range(_read_autocast()[0] - nesting):
        _C.autocast_decrement_nesting()
    _C.clear_autocast_cache()


def _read_precision() -> str:
    try:
        return str(_C._get_float32_matmul_precision())
    except RuntimeError:  # set by the newer attributes `fp32_precision`, which have no one word for all
        return ""


def _write_precision(value: str) -> None:
    if value:
        _C._set_float32_matmul_precision(value)


def _write_inference_mode(value: bool) -> None:
    """Enter the opposite mode for good: it has no setter, only guards.

    Ours is never let go. Whenever the student's guard is, it puts back what was before it, and that is what we want.
    """
    if _C.is_inference_mode_enabled() != value:
        guard = _C._InferenceMode(value)
        guard.__enter__()
        _inference_guards.append(guard)


def _read_numpy_random() -> Any:
    """Have student code draw from, and seed, a generator of its own: copying a state takes 0.1 ms."""
    ours = _get_bit_generator()
    _set_bit_generator(_students_bit_generator)
    return ours


def _write_threads(value: int) -> None:
    if _get_num_threads() != value:
        _set_num_threads(value)


def _write_numpy_errors(value: dict[str, Any]) -> None:
    if _geterr() != value:
        _seterr(**value)


def _write_numpy_printing(value: dict[str, Any]) -> None:
    if _get_printoptions() != value:
        _set_printoptions(**value)


def _constant(value: Any) -> Any:
    return lambda _: value


TORCH_SETTINGS = (
    Setting("", _get_current_function_mode_stack, _write_modes, _constant([])),  # first: they see most calls of torch
    Setting("torch's default device", _read_device, _write_device, _constant((None, None))),
    Setting("inference mode", _C.is_inference_mode_enabled, _write_inference_mode, _constant(False)),
    Setting("grad mode", torch.is_grad_enabled, _C._set_grad_enabled, _constant(True)),
    Setting(
        "torch's default dtype",
        lambda: (_C._get_default_device(), torch.get_default_dtype()),
        _write_dtype,
        _constant(("cpu", torch.float32)),
    ),
    Setting("autocast", _read_autocast, _write_autocast, lambda now: (0, True, tuple((False, d) for _, d in now[2]))),
    Setting(
        "the precision of float32 products",
        _read_precision,
        _write_precision,
        lambda now: now and "highest",
    ),
    Setting(
        "deterministic algorithms",
        lambda: (_C._get_deterministic_algorithms(), _C._get_deterministic_algorithms_warn_only()),
        lambda value: _C._set_deterministic_algorithms(value[0], warn_only=value[1]),
        _constant((False, False)),
    ),
    Setting(
        "anomaly detection",
        lambda: (_C.is_anomaly_enabled(), _C.is_anomaly_check_nan_enabled()),
        lambda value: _C.set_anomaly_enabled(*value),
        _constant((False, True)),
    ),
    Setting(
        "np.seterr",
        _geterr,
        _write_numpy_errors,
        _constant(_NUMPY_ERRORS),
    ),
    Setting("", _get_num_threads, _write_threads),
    Setting("", _default_generator.get_state, _default_generator.set_state),
    Setting("", _read_numpy_random, _set_bit_generator),
    Setting("", lambda: dict(vars(_tensor_str.PRINT_OPTS)), lambda value: vars(_tensor_str.PRINT_OPTS).update(value)),
    Setting("", _get_printoptions, _write_numpy_printing),
)
"""In the order in which they are put back."""
