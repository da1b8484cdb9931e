"""Images: one feature pass under the judge feeds every metric.

The reference is the test split; samples beyond its size are left out, so that both sides have one
N.
"""

import sys
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganstudy import layout, metrics, ranks
from ganstudy.data.folder import read_sample_folder
from ganstudy.data.images import INFO, Split, load_info, load_split
from ganstudy.data.sources import folder_rules
from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples, read_images, sha256_arrays
from ganstudy.judging import SOURCES, accuracy, classifier_training, load_examiner
from ganstudy.kept import code_version, kept_values
from ganstudy.metrics import Features, Neighbours
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.protocols.classes import coverage_by_class, obedience
from ganstudy.protocols.shared import Values, frechet, judged_by
from ganstudy.seeding import numpy_generator
from ganstudy.training.trainer import Watch


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
        self._params, self._device = params, device
        self._examiner = load_examiner(params.evaluate, layout.JUDGE, device)

    def read(self, path: Path) -> Split:
        """Images from an npz (arr_0, arr_1), or from a folder (or a .zip) of images of one size.

        A folder's images are brought to the judge's number of channels (many tools save grey
        images as colour ones); its labels count only where its classes are those of the data.
        """
        if path.is_dir() or path.suffix == ".zip":
            info, rules = self._examiner.info, folder_rules(self._params.data)
            found = read_sample_folder(path, None if info is None else info.channels, rules)
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
            return self._both(self._some(fake, count), self._some(real, count))
        test, floor, train = self._real(fake.count)
        fake = self._some(fake, test.count)
        values = self._both(fake, test) | _beside_training(fake, test, train)
        values["fid_floor"] = metrics.frechet_distance(
            floor.features.features, test.features.features
        )
        values["fid_train"] = metrics.frechet_distance(
            fake.features.features, floor.features.features
        )
        return values

    def growth(self, samples: Split) -> Values:
        """FID, precision, recall and coverage against images of the validation split, as many of it
        as of `samples`: what training is followed by is never what it is judged by. Values are
        kept: training measures the snapshots that the report shows."""
        if self._examiner.info is None:  # other extractors are too slow to follow training with
            return {}
        held = load_split(layout.PREPARED, "validation")
        evaluate = self._params.evaluate
        made_by = [
            self._examiner.extractor.sha256,
            sha256_arrays(samples.images, held.images),
            [evaluate.neighbours, evaluate.seed],
            code_version(metrics, *SOURCES, sys.modules[__name__]),
        ]
        return kept_values("growth", made_by, partial(self._growth, samples))

    def _growth(self, samples: Split) -> Values:
        count = min(len(samples.images), self._held.count)
        if count < self._least:
            return {}
        fake, real = self._some(self._measured(samples), count), self._some(self._held, count)
        x, y = fake.features.features, real.features.features
        near = metrics.precision_recall_density_coverage(y, x, k=self._params.evaluate.neighbours)
        return {
            "fid": metrics.frechet_distance(x, y),
            "precision": near.precision,
            "recall": near.recall,
            "coverage": near.coverage,
            "samples": count,
        }

    def nearest(self, samples: Samples, k: int) -> Neighbours | None:
        """The training images nearest to each of `samples` under the judge."""
        found, train = self._examiner.features(samples), self._prepared("train")
        return metrics.nearest_neighbours(found.features, train.features.features, k)

    def measure_real(self) -> Values:
        """A subset of the training split, of the size that samples have."""
        test, floor, _ = self._real(self._params.sample.count)
        if not self._params.train.conditional:  # no generator was asked for classes either
            floor = replace(floor, split=Split(floor.split.images, None))
        values = self._both(floor, test)
        values["fid_floor"] = values["fid"]
        return values

    def _measured(self, split: Split, *, cached: bool = False) -> Measured:
        return Measured(split, self._examiner.features(split.images, cached=cached))

    def _real(self, most: int) -> tuple[Measured, Measured, Measured]:
        """As many rows of the test and the training split, at most `most`, and all of training."""
        test, train = self._prepared("test"), self._prepared("train")
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
        if min(len(x), len(y)) < self._least:
            raise InputError(
                f"{len(x)} samples against {len(y)} reference images: at least {self._least} of "
                "each are needed"
            )
        if len(y) < 50 * y.shape[1]:
            say(
                f"evaluate: {len(y)} images for {y.shape[1]} features are fewer than 50 a feature: "
                "fid is biased upwards; read it beside fid_floor and fid_debiased"
            )
        neighbours = metrics.precision_recall_density_coverage(y, x, k=evaluate.neighbours)
        standard_y, standard_x = metrics.standardize(y, x)
        values = frechet(x, y, evaluate) | judged_by(examiner, evaluate)
        values |= {
            "kid": metrics.kernel_distance(standard_x, standard_y),
            "precision": neighbours.precision,
            "recall": neighbours.recall,
            "density": neighbours.density,
            "coverage": neighbours.coverage,
            "sharpness_ratio": metrics.sharpness_ratio(fake.split.images, reference.split.images),
            "samples": fake.count,
            "reference": reference.count,
            "reference_sha256": sha256_arrays(reference.split.images),
        }
        if fake.features.logits is not None and reference.features.logits is not None:
            score = metrics.inception_score(fake.features.logits)
            values |= {
                "inception_score": score.score,
                "entropy_conditional": score.entropy_conditional,
                "entropy_marginal": score.entropy_marginal,
                "inception_score_real": metrics.inception_score(reference.features.logits).score,
            }
        return values

    def _classes(self, fake: Measured, real: Measured) -> Values:
        """What is measured by class, where the judge and the reference know classes."""
        labels, asked = real.split.labels, fake.split.labels
        there = (layout.PREPARED / INFO).is_file()  # the held-out images that show its confusion
        if not (self._examiner.knows_classes and there) or labels is None:
            return {}
        held, info = self._held, self._examiner.info
        if held.split.labels is None or info is None:
            return {}
        for found, whose in ((labels, "the reference"), (asked, "the samples")):
            _must_be_classes(found, info.classes, whose)
        k = self._params.evaluate.neighbours
        values = coverage_by_class(
            fake.features, real.features, labels, held.features, held.split.labels, k
        )
        if asked is not None:
            values |= obedience(fake.features, asked, real.features, labels)
            with ranks.apart():  # its draws are of one process
                values["gan_train"] = self._gan_train(fake.split, real.split)
        return values

    def _gan_train(self, fake: Split, real: Split) -> float:
        """Accuracy on `real` images of a classifier trained on `fake` ones alone.

        The classification accuracy score of Ravuri & Vinyals 2019 (arXiv:1905.10887), or GAN-train
        of Shmelkov et al. 2018: low where samples are unlike real images of their class, or too
        much alike. The classifier has the judge's recipe and `evaluate.classifier_images` of
        training; real images in the place of samples tell what it can reach.
        """
        recipe, info = self._params.judge, self._examiner.info
        assert recipe is not None and info is not None  # noqa: S101, PT018 - there are classes
        recipe = recipe.model_copy(update={"images": self._params.evaluate.classifier_images})
        training = classifier_training(
            recipe, fake, info.classes, self._params.train.precision, self._device
        )
        training.fit(None, Watch("train a classifier on the samples"))
        return accuracy(training.average.module, real, self._device)

    @cached_property
    def _held(self) -> Measured:
        return self._prepared("validation")

    def _some(self, found: Measured, count: int) -> Measured:
        """`count` of them, drawn: files are often sorted by class. All of them where they are so
        many."""
        if found.count == count:
            return found
        rng = numpy_generator(self._params.evaluate.seed, "some of the images")
        return found.rows(np.sort(rng.permutation(found.count)[:count]))

    def _prepared(self, split: str) -> Measured:
        if self._examiner.info is not None:
            self._examiner.info.must_belong(load_info(layout.PREPARED).sha256_train)
        return self._measured(load_split(layout.PREPARED, split), cached=True)

    @property
    def _least(self) -> int:
        """Images of each side without which nothing can be measured."""
        return max(self._params.evaluate.neighbours + 1, 4)


def _must_be_classes(labels: Labels | None, classes: int, whose: str) -> None:
    if labels is not None and not (labels.min() >= 0 and labels.max() < classes):
        raise InputError(
            f"labels of {whose} must be classes of the data, 0 … {classes - 1}; "
            f"found {labels.min()} … {labels.max()}"
        )


def _beside_training(fake: Measured, reference: Measured, train: Measured) -> Values:
    """Memorisation: distances of `fake` and of the test split to all training images."""
    found = metrics.memorization(
        train.features.features, reference.features.features, fake.features.features
    )
    return {"mem1": found.mem1, "ct_z": found.ct_z}
