"""The device that runs, chosen by itself or forced by one setting."""

import os
import platform
from collections.abc import Callable

import torch

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.params import RuntimeParams
from ganstudy.training.precision import has_bfloat16

_AVAILABLE: dict[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
    "cpu": lambda: True,
}

# Bytes for everything on a device: a CPU's own; of a GPU, which others may use, what is free.
_MEMORY: dict[str, Callable[[torch.device], int]] = {
    "cuda": lambda device: torch.cuda.mem_get_info(device)[0],
    "mps": lambda device: torch.mps.recommended_max_memory(),
    "cpu": lambda device: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
}


def choose(runtime: RuntimeParams) -> torch.device:
    """The device that `runtime.device` names; auto takes cuda, then mps, then cpu.

    Also sets the thread count. Raises `InputError` when the forced device is not there.
    """
    if runtime.threads is not None:
        torch.set_num_threads(runtime.threads)
    present = [name for name, available in _AVAILABLE.items() if available()]
    if distributed.started() and runtime.device == "auto":
        present = [name for name in present if name != "mps"]  # which no process group knows
    if runtime.device != "auto" and runtime.device not in present:
        raise InputError(
            f"runtime.device: {runtime.device} is not available here; there is: "
            + ", ".join(present)
        )
    device = torch.device(present[0] if runtime.device == "auto" else runtime.device)
    if device.type == "cuda":
        number, count = distributed.local_rank(), torch.cuda.device_count()
        if number >= count:
            raise InputError(
                f"{number + 1} or more processes need as many GPUs; here are {count}: start "
                f"{count}, or set runtime.device to cpu"
            )
        device = torch.device("cuda", number)
        torch.cuda.set_device(device)
        # Equal inputs give equal outputs there too.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    return device


def memory(device: torch.device) -> int:
    """Bytes of memory that `device` has for a training."""
    return _MEMORY[device.type](device)


def describe(device: torch.device) -> dict[str, str | int]:
    """What computed: device, its name (of a CPU with the vector instructions that torch uses, and
    whether it multiplies bfloat16), threads, torch version. Recorded with every run."""
    name = torch.cuda.get_device_name if device.type == "cuda" else _processor
    return {
        "device": device.type,
        "hardware": name(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _processor(device: torch.device) -> str:
    words = [_model_name(), torch.backends.cpu.get_cpu_capability()]
    if has_bfloat16(device):
        words.append("bfloat16")
    return " ".join(words)


def _model_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
