"""What the page computes is what `ganstudy sample` makes, and a mistake in it would be seen."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.trained import COUNT, GAN, KINDS, VAE, differences, every, sampled
from ganstudy.models.base import latents
from ganstudy.models.saved import load_companion, load_generator

RUN = re.compile(r'(<script type="application/json" class="a-run">)(.*?)(</script>)', re.S)


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_64_codes_are_those_of_sample_to_a_grey_level(studies, opened, kind) -> None:
    folder = studies(kind)
    conditional = kind == "conditional"
    page = opened(folder / "reports/explorer.html").page
    for slot, key in enumerate((GAN, VAE)):
        label = 3 if conditional else None
        if conditional:
            page.locator(".class select").nth(slot).select_option(index=3)
        assert differences(page, sampled(folder, key, label), slot).max() <= 1


def test_another_class_is_another_image(studies, opened) -> None:
    folder = studies("conditional")
    page = opened(folder / "reports/explorer.html").page  # of class 0
    assert differences(page, sampled(folder, GAN, 3)).max() > 1


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_torch_among_the_first_64(studies, opened, kind: str) -> None:
    folder = studies(kind)
    generator = load_generator(folder / "data/runs" / GAN)
    critic = load_companion(folder / "data/runs" / GAN).network
    labels = torch.zeros(COUNT, dtype=torch.int64) if generator.spec.classes else None
    with torch.no_grad():
        images = generator.network(latents(generator.spec.latent, COUNT, 0), labels)
        wanted = critic(images, labels).numpy()
    page = opened(folder / "reports/explorer.html").page
    _, found = every(page)
    # With classes the batch that D looks at is of every class, here it is of one: another spread.
    near = 0.02 if labels is None else 0.2
    rounded = 2**-9 * np.abs(wanted).max()  # float16 weights; a young D scores all alike
    assert np.abs(found - wanted).max() <= near * (wanted.max() - wanted.min()) + rounded


# Planted faults


def floats(packed: dict[str, str]) -> np.ndarray:
    (kind, text) = next(iter(packed.items()))
    return np.frombuffer(base64.b64decode(text), f"<{kind}")


def packed(kind: str, values: np.ndarray) -> dict[str, str]:
    return {kind: base64.b64encode(values.astype(f"<{kind}").tobytes()).decode()}


def without_mean(step: dict[str, Any]) -> None:
    """Batch norm whose running mean was forgotten in the shift."""
    step["shift"] = packed("f4", np.zeros_like(floats(step["shift"])))


def with_variance(step: dict[str, Any]) -> None:
    """Batch norm divided by the variance, not by its root."""
    scale = floats(step["scale"])
    step["scale"] = packed("f4", scale * np.abs(scale))


def turned(step: dict[str, Any]) -> None:
    """A kernel whose rows and columns are exchanged."""
    rows, columns = step["kernel"]
    values = floats(step["weight"])
    inner = values.size // (step["outputs"] * rows * columns)
    first = (step["outputs"], rows, columns, inner)
    exchanged = values.reshape(first).swapaxes(1, 2)
    if step["op"] == "convolution":  # (outputs, inputs, rows, columns)
        exchanged = values.reshape(step["outputs"], inner, rows, columns).swapaxes(2, 3)
    step["weight"] = packed(next(iter(step["weight"])), exchanged)


def flipped(step: dict[str, Any]) -> None:
    """A transposed convolution by a kernel turned by half a turn, as a convolution has it."""
    rows, columns = step["kernel"]
    values = floats(step["weight"]).reshape(step["outputs"], rows, columns, -1)
    step["weight"] = packed("f2", values[:, ::-1, ::-1])


FAULTS: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("affine", without_mean),
    ("affine", with_variance),
    ("convolution", turned),
    ("transposed", turned),
    ("transposed", flipped),
]


@pytest.mark.parametrize(("op", "fault"), FAULTS, ids=lambda v: getattr(v, "__name__", v))
def test_a_wrong_fold_or_kernel_is_seen(studies, opened, tmp_path: Path, op: str, fault) -> None:
    folder = studies("dcgan")

    def tampered(found: re.Match[str]) -> str:
        run = json.loads(found[2])
        fault(next(step for step in run["generator"]["steps"] if step["op"] == op))
        return found[1] + json.dumps(run) + found[3]

    broken = tmp_path / "broken.html"
    broken.write_text(RUN.sub(tampered, (folder / "reports/explorer.html").read_text()))
    page = opened(broken).page
    assert differences(page, sampled(folder, GAN)).max() > 1
