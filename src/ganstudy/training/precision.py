"""The arithmetic that training runs in, chosen by itself or forced by one setting."""

import os
from typing import Literal

import torch

from ganstudy.params import Params

Precision = Literal["float32", "bfloat16"]
AMPERE = (8, 0)  # the first CUDA generation with bfloat16 in its tensor cores
# What oneDNN may be told to keep to (ONEDNN_MAX_CPU_ISA), of the names that have bfloat16.
_LEVELS_WITH_BFLOAT16 = ("BF16", "FP16", "AMX", "AVX10", "ALL", "DEFAULT")


def precision(params: Params, device: torch.device) -> Precision:
    """What `train.precision` is on `device`: `auto` is bfloat16 where there are instructions for
    it, and float32 elsewhere and for points, whose modes bfloat16 cannot tell."""
    wanted = params.train.precision
    if wanted != "auto":
        return wanted
    able = params.data.traits.pixels and has_bfloat16(device)
    return "bfloat16" if able else "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Whether `device` multiplies bfloat16 by instructions of its own: CUDA from sm80 on, CPUs with
    AVX512-BF16 or AMX. Elsewhere it is emulated, up to ten times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= AMPERE
    if device.type != "cpu":
        return False
    level = os.environ.get("ONEDNN_MAX_CPU_ISA", "DEFAULT").upper()
    if not any(name in level for name in _LEVELS_WITH_BFLOAT16):
        return False
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
