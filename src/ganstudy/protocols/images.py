"""Images: one feature pass under the judge feeds every metric.

The reference is the test split; samples beyond its size are left out, so that both sides have one
N.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from ganstudy import layout, metrics
from ganstudy.data.folder import read_folder
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import InputError
from ganstudy.files import read_images, sha256_arrays
from ganstudy.judging import load_examiner
from ganstudy.metrics import Features
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.seeding import numpy_generator

Values = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Images with their features."""

    split: Split
    features: Features

    def rows(self, rows: Any) -> "Measured":
        """A subset."""
        labels = None if self.split.labels is None else self.split.labels[rows]
        logits = None if self.features.logits is None else self.features.logits[rows]
        return Measured(
            Split(self.split.images[rows], labels), Features(self.features.features[rows], logits)
        )

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.split.images)


class ImageProtocol:
    """Distances, neighbours, scores, classes, memorisation and sharpness."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params = params
        self._examiner = load_examiner(params.evaluate, layout.JUDGE, device)

    def read(self, path: Path) -> Split:
        """Images from an npz (arr_0, arr_1) or from a folder of images of one size.

        A folder's images are brought to the judge's number of channels (many tools save grey
        images as colour ones); its labels count only where its classes are those of the data.
        """
        if path.is_dir():
            info = self._examiner.info
            found = read_folder(path, channels=None if info is None else info.channels)
            knows = self._examiner.knows_classes
            names = load_info(layout.PREPARED).classes if knows else None
            if found.labels is None or names is None or not set(found.classes) <= set(names):
                return Split(found.images, None)
            order = np.array([names.index(name) for name in found.classes])
            return Split(found.images, order[found.labels])
        if path.suffix != ".npz":
            raise InputError(
                f"{path}: samples are an .npz with arr_0 uint8 (N, H, W, C), or a folder of images"
            )
        return Split(*read_images(path))

    def measure(self, samples: Split, reference: Split | None) -> Values:
        """`samples` against `reference`, or the test split and the training data where None."""
        fake = self._measured(samples)
        if reference is not None:
            real = self._measured(reference, cached=True)
            count = min(fake.count, real.count)
            return self._both(fake.rows(slice(count)), real.rows(slice(count)))
        test, floor, train = self._real(fake.count)
        fake = fake.rows(slice(test.count))
        values = self._both(fake, test) | _beside_training(fake, test, train)
        values["fid_floor"] = metrics.frechet_distance(
            floor.features.features, test.features.features
        )
        values["fid_train"] = metrics.frechet_distance(
            fake.features.features, floor.features.features
        )
        return values

    def growth(self, samples: Split) -> Values:
        """Nothing: what is measured of images is too slow for every snapshot."""
        return {}

    def measure_real(self) -> Values:
        """A subset of the training split, of the size that samples have."""
        test, floor, _ = self._real(self._params.sample.count)
        values = self._both(floor, test)
        if not self._params.train.conditional:  # nothing was asked for: nothing to compare with
            values.pop("class_accuracy", None)
        values["fid_floor"] = values["fid"]
        return values

    def _measured(self, split: Split, *, cached: bool = False) -> Measured:
        return Measured(split, self._examiner.features(split.images, cached=cached))

    def _real(self, most: int) -> tuple[Measured, Measured, Measured]:
        """As many rows of the test and the training split, at most `most`, and all of training."""
        test = self._measured(load_split(layout.PREPARED, "test"), cached=True)
        train = self._measured(load_split(layout.PREPARED, "train"), cached=True)
        count = min(test.count, train.count, most)
        rng = numpy_generator(self._params.evaluate.seed, "evaluation rows")
        test = test.rows(np.sort(rng.permutation(test.count)[:count]))
        floor = train.rows(np.sort(rng.permutation(train.count)[:count]))
        return test, floor, train

    def _both(self, fake: Measured, real: Measured) -> Values:
        if fake.split.images.shape[1:] != real.split.images.shape[1:]:
            raise InputError(
                f"images of {fake.split.images.shape[1:]} (H, W, C) cannot be compared with a "
                f"reference of {real.split.images.shape[1:]}: bring them to one size"
            )
        return self._against(fake, real) | self._classes(fake, real)

    def _against(self, fake: Measured, reference: Measured) -> Values:
        """Distances, neighbours, sharpness and scores of `fake` against `reference`."""
        x, y = fake.features.features, reference.features.features
        evaluate, examiner = self._params.evaluate, self._examiner
        smallest = max(evaluate.neighbours + 1, 4)
        if min(len(x), len(y)) < smallest:
            raise InputError(
                f"{len(x)} samples against {len(y)} reference images: at least {smallest} of each "
                "are needed"
            )
        if len(y) < 50 * y.shape[1]:
            say(
                f"evaluate: {len(y)} images for {y.shape[1]} features are fewer than 50 a feature: "
                "fid is biased upwards; read it beside fid_floor and fid_debiased"
            )
        with threadpool_limits(1, "blas"):  # its many small matrices are slower on several
            low, high = metrics.frechet_interval(
                x, y, resamples=evaluate.resamples, seed=evaluate.seed
            )
        neighbours = metrics.precision_recall_density_coverage(y, x, k=evaluate.neighbours)
        standard_y, standard_x = metrics.standardize(y, x)
        values: Values = {
            "fid": metrics.frechet_distance(x, y),
            "fid_debiased": metrics.debiased_frechet_distance(x, y, evaluate.seed),
            "fid_low": low,
            "fid_high": high,
            "kid": metrics.kernel_distance(standard_x, standard_y),
            "precision": neighbours.precision,
            "recall": neighbours.recall,
            "density": neighbours.density,
            "coverage": neighbours.coverage,
            "sharpness_ratio": metrics.sharpness_ratio(fake.split.images, reference.split.images),
            "samples": fake.count,
            "reference": reference.count,
            "reference_sha256": sha256_arrays(reference.split.images),
            "judge": examiner.extractor.name,
            "judge_sha256": examiner.extractor.sha256,
            "seed": evaluate.seed,
        }
        if examiner.info is not None:
            values["judge_accuracy"] = examiner.info.accuracy
        if fake.features.logits is not None and reference.features.logits is not None:
            score = metrics.inception_score(fake.features.logits)
            values |= {
                "inception_score": score.score,
                "entropy_conditional": score.entropy_conditional,
                "entropy_marginal": score.entropy_marginal,
                "inception_score_real": metrics.inception_score(reference.features.logits).score,
            }
        return values

    def _classes(self, fake: Measured, reference: Measured) -> Values:
        """Class coverage, corrected for the judge's confusion on the validation split."""
        if not self._examiner.knows_classes or fake.features.logits is None:
            return {}
        info, held = load_info(layout.PREPARED), load_split(layout.PREPARED, "validation")
        if info.classes is None or held.labels is None or reference.split.labels is None:
            return {}
        classes = len(info.classes)
        held_logits = self._measured(held, cached=True).features.logits
        posteriors = softmax(fake.features.logits.astype(np.float64), axis=1)
        confusion = metrics.soft_confusion(
            softmax(np.asarray(held_logits, np.float64), axis=1), held.labels, classes
        )
        share = np.bincount(reference.split.labels, minlength=classes) / reference.count
        found = metrics.class_coverage(posteriors, confusion, share)
        values: Values = {
            "classes": classes,
            "classes_captured": found.captured,
            "class_tv": found.total_variation,
        }
        values |= {f"class_share_{index:02d}": float(w) for index, w in enumerate(found.shares)}
        if fake.split.labels is not None:  # those of a conditional generator: are they obeyed?
            values["class_accuracy"] = float((posteriors.argmax(1) == fake.split.labels).mean())
        return values


def _beside_training(fake: Measured, reference: Measured, train: Measured) -> Values:
    """Memorisation: distances of `fake` and of the test split to all training images."""
    found = metrics.memorization(
        train.features.features, reference.features.features, fake.features.features
    )
    return {"mem1": found.mem1, "ct_z": found.ct_z}
