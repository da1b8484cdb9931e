"""Pairs: what was made of each source, beside its target."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import torch
from PIL import Image

from ganstudy import metrics
from ganstudy.data.fields import load_dataset
from ganstudy.data.pixels import box_averaged
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.extractor import Extractor, load_extractor
from ganstudy.evaluation.shared import Metric, Values, judged_by, measured, prefixed
from ganstudy.files import Images
from ganstudy.metrics.fidelity import SMALLEST as SSIM_SMALLEST
from ganstudy.params import Params
from ganstudy.study import layout

NO_JUDGE = "no judge of these images: evaluate.extractor may name a released one, or inception"


class PairProtocol:
    """L1, PSNR and SSIM to the target, saturation beside its own, FID where there is a judge.

    Baselines are what anybody has without learning: the source itself, enlarged by bicubic
    interpolation where it is smaller, and the mean of all training targets.
    """

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params, self._device = params, device

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> Values:
        """The output `target`."""
        made = outputs["target"]
        source, target = (test.fields[name][: len(made)] for name in ("source", "target"))
        rows = [
            *fidelity(made, target),
            Metric(
                "saturation, saturation_real",
                lambda: {
                    "saturation": metrics.saturation(made),
                    "saturation_real": metrics.saturation(target),
                },
                _lacks_colour(target),
            ),
            Metric(
                "input_psnr",
                lambda: {"input_psnr": _fit_to_input(made, source)},
                "" if _factor(source, made) > 1 else "smaller inputs",
            ),
            self._distance(made, target),
        ]
        told = {} if self._lacks_judge else judged_by(self._extractor, self._params.evaluate)
        return measured(rows) | told | {"samples": len(made), "reference": len(target)}

    def measure_real(self) -> Values:
        """The baselines on the test split: `copy/<metric>` or `bicubic/<metric>`, and
        `mean/<metric>`; and what perfect outputs score, real targets of training."""
        test = load_dataset(layout.PREPARED, "test")
        train = load_dataset(layout.PREPARED, "train").fields["target"]
        source, target = test.fields["source"], test.fields["target"]
        rows: list[Metric] = []
        for name, made in baselines(source, target, train).items():
            rows += [prefixed(row, name) for row in fidelity(made, target)]
            rows.append(prefixed(self._distance(made, target), name))
        rows += [
            Metric(
                "saturation_real",
                lambda: {"saturation_real": metrics.saturation(target)},
                _lacks_colour(target),
            ),
            self._distance(train[: len(target)], target),
        ]
        return measured(rows) | {"samples": len(target), "reference": len(target)}

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        """Input, bicubic where it is smaller, output, truth."""
        made = outputs["target"]
        source, target = (test.fields[name][: len(made)] for name in ("source", "target"))
        enlarged = {"bicubic": bicubic(source, target)} if _factor(source, target) > 1 else {}
        return {"input": source, **enlarged, "output": made, "truth": target}

    @property
    def _lacks_judge(self) -> str:
        return NO_JUDGE if self._params.evaluate.extractor == "judge" else ""

    @cached_property
    def _extractor(self) -> Extractor:
        return load_extractor(self._params.evaluate, layout.JUDGE, self._device)

    def _distance(self, made: Images, target: Images) -> Metric:
        def compute() -> Values:
            x, y = (self._extractor.features(images).features for images in (made, target))
            return {"fid": metrics.frechet_distance(x, y)}

        return Metric("fid", compute, self._lacks_judge)


def fidelity(made: Images, truth: Images) -> list[Metric]:
    """L1, PSNR and SSIM of what was made, row by row."""
    small = f"{SSIM_SMALLEST} pixels a side"
    return [
        Metric("l1", lambda: {"l1": metrics.mean_absolute_error(made, truth)}),
        Metric("psnr", lambda: {"psnr": metrics.peak_signal_to_noise(made, truth)}),
        Metric(
            "ssim",
            lambda: {"ssim": metrics.structural_similarity(made, truth)},
            "" if min(truth.shape[1:3]) >= SSIM_SMALLEST else small,
        ),
    ]


def baselines(source: Images, target: Images, train: Images) -> dict[str, Images]:
    """What stands in the place of outputs, by name: the source copied or enlarged, and the mean of
    the training targets."""
    mean = np.asarray(train.mean(0, dtype=np.float64).round(), np.uint8)
    name = "bicubic" if _factor(source, target) > 1 else "copy"
    return {
        name: bicubic(source, target),
        "mean": np.broadcast_to(mean, target.shape),
    }


def bicubic(source: Images, target: Images) -> Images:
    """Sources at the size of targets by Pillow's bicubic filter, and with as many channels."""
    height, width, channels = target.shape[1:]
    made = source
    if source.shape[1:3] != (height, width):
        rows = [
            Image.fromarray(image.squeeze()).resize((width, height), Image.Resampling.BICUBIC)
            for image in source
        ]
        made = np.stack([np.asarray(row) for row in rows]).reshape(len(source), height, width, -1)
    if made.shape[3] == channels:
        return made
    return made.repeat(channels, 3) if channels == 3 else made[..., :1]


def _factor(source: Images, target: Images) -> int:
    """How many times larger the target is."""
    return int(target.shape[1] // source.shape[1])


def _fit_to_input(made: Images, source: Images) -> float:
    """PSNR of the outputs, averaged in boxes, to the inputs: a large image must have been able to
    give the small one."""
    return metrics.peak_signal_to_noise(box_averaged(made, _factor(source, made)), source)


def _lacks_colour(images: Images) -> str:
    return "" if images.shape[3] == 3 else "colour"
