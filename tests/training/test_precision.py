"""What `train.precision: auto` becomes."""

from pathlib import Path

import pytest
import torch

from ganstudy.params import parse
from ganstudy.training.precision import has_bfloat16, precision
from training.tiny import CPU, content

CPUINFO = Path("/proc/cpuinfo")


def chosen(wanted: str, data: str = "digits") -> str:
    return precision(parse(content(train__precision=wanted, data={"name": data}), "here"), CPU)


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_what_is_forced_stays(wanted: str) -> None:
    assert chosen(wanted) == wanted


@pytest.mark.skipif(not CPUINFO.exists(), reason="tells a processor's flags on Linux alone")
def test_auto_is_bfloat16_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    flags = CPUINFO.read_text().split()
    able = "avx512_bf16" in flags or "amx_bf16" in flags
    assert chosen("auto") == ("bfloat16" if able else "float32")


@pytest.mark.parametrize("level", ["AVX2", "avx512_core", "SSE41"])
def test_auto_is_float32_where_kernels_may_not_use_it(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level)
    assert chosen("auto") == "float32"


def test_auto_keeps_points_in_float32() -> None:
    assert chosen("auto", "ring") == "float32"


def test_other_devices_have_it_from_ampere_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for capability, able in (((7, 5), False), ((8, 0), True), ((9, 0), True)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _, c=capability: c)
        assert has_bfloat16(torch.device("cuda")) is able
    assert not has_bfloat16(torch.device("mps"))
