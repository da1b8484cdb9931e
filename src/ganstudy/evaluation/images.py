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

from ganstudy import metrics
from ganstudy.data.folder import FolderImages, read_sample_folder
from ganstudy.data.images import INFO, Split, load_info, load_split
from ganstudy.data.pixels import shape_images
from ganstudy.data.sources import folder_rules
from ganstudy.errors import InputError
from ganstudy.evaluation.cache import code_version, kept_values
from ganstudy.evaluation.classes import conditional_metrics, coverage_by_class
from ganstudy.evaluation.extractor import load_extractor
from ganstudy.evaluation.judging import SOURCES, accuracy_learnt
from ganstudy.evaluation.shared import (
    Floats,
    Metric,
    Values,
    floor,
    frechet,
    judged_by,
    measured,
    tell_of_copies,
)
from ganstudy.files import Labels, Samples, read_images, sha256_arrays
from ganstudy.metrics import Features, Neighbours
from ganstudy.params import FEWEST, Params
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator
from ganstudy.study import layout
from ganstudy.training.precision import precision

BROUGHT_TO = {1: "grey (ITU-R 601 luma)", 3: "colour (the grey repeated)"}  # by channels brought to


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
        self._extractor = load_extractor(params.evaluate, layout.JUDGE, device)
        self._told = False  # that training cannot be followed

    def read(self, path: Path) -> Split:
        """Images from an npz (arr_0, arr_1), or from a folder (or a .zip) of images of one size,
        whose sub-folders are classes by name; labels that are no classes of the data are left
        out."""
        if path.is_dir() or path.suffix.lower() == ".zip":
            found = read_sample_folder(path, None, folder_rules(self._params.data))
            return Split(found.images, self._labels_by_name(path, found))
        if path.suffix != ".npz":
            raise InputError(
                f"{path}: samples are an .npz with arr_0 uint8 (N, H, W, C), or a folder or .zip "
                "of images"
            )
        return Split(*read_images(path))

    def measure(self, samples: Split, reference: Split | None) -> Values:
        """`samples` against `reference`, or the test split and the training data where None.

        Both are brought to the judge's number of channels (many tools save grey images as colour
        ones), or, where the extractor takes any, samples to the reference's.
        """
        if reference is not None:
            reference = self._usable(reference, reference, "the reference")
            samples = self._usable(samples, reference, "the samples")
            tell_of_copies(samples.images, reference.images)
            fake, real = self._measured(samples), self._measured(reference, cached=True)
            count = min(fake.count, real.count)
            return self._both(self._some(fake, count), self._some(real, count))
        test, other, train = self._real(len(samples.images))
        samples = self._usable(samples, test.split, "the samples")
        tell_of_copies(samples.images, load_split(layout.PREPARED, "test").images)
        fake = self._some(self._measured(samples), test.count)
        x, z = fake.features.features, other.features.features
        return self._both(fake, test) | measured(
            [
                Metric("mem1, ct_z", lambda: _beside_training(fake, test, train)),
                self._floor(test.count),
                Metric("fid_train", lambda: {"fid_train": metrics.frechet_distance(x, z)}),
            ]
        )

    def snapshot_metrics(self, samples: Split) -> Values:
        """FID, precision, recall and coverage against images of the validation split, as many of it
        as of `samples`: what training is followed by is never what it is judged by. Values are
        kept: training measures the snapshots that the report shows."""
        if self._extractor.info is None:  # other extractors are too slow to follow training with
            return {}
        held = load_split(layout.PREPARED, "validation")
        evaluate = self._params.evaluate
        if not self._can_follow(len(held.images)):
            return {}
        made_by = [
            self._extractor.inner.sha256,
            sha256_arrays(samples.images, held.images),
            [evaluate.neighbours, evaluate.seed],
            code_version(metrics, *SOURCES, sys.modules[__name__]),
        ]
        return kept_values("growth", made_by, partial(self._growth, samples))

    def _growth(self, samples: Split) -> Values:
        count = min(len(samples.images), self._held.count)
        if count < self._params.evaluate.enough:
            return {}
        fake, real = self._some(self._measured(samples), count), self._some(self._held, count)
        x, y = fake.features.features, real.features.features
        near = _overlap(x, y, self._params.evaluate.neighbours)
        del near["density"]
        return {"fid": metrics.frechet_distance(x, y), **near, "samples": count}

    def _can_follow(self, held: int) -> bool:
        """Whether so many validation images are enough; says once where they are not."""
        enough = self._params.evaluate.enough
        if held >= enough:
            return True
        if not self._told:
            self._told = True
            log(f"{held} validation images are too few to follow training by: {enough} needed")
        return False

    def nearest(self, samples: Samples, k: int) -> Neighbours | None:
        """The training images nearest to each of `samples` under the judge."""
        found, train = self._extractor.features(samples), self._prepared("train")
        return metrics.nearest_neighbours(found.features, train.features.features, k)

    def measure_real(self) -> Values:
        """A subset of the training split, of the size that samples have."""
        test, other, _ = self._real(self._params.sample.count)
        if not self._params.train.conditional:  # no generator was asked for classes either
            other = replace(other, split=Split(other.split.images, None))
        return self._both(other, test) | measured([self._floor(test.count)])

    def _floor(self, count: int) -> Metric:
        def pool() -> list[Floats]:
            return [self._prepared(name).features.features for name in ("train", "test")]

        info = load_info(layout.PREPARED)
        data = [info.sha256_train, info.sha256_test]
        return floor(self._extractor, data, pool, count, self._params.evaluate)

    def _labels_by_name(self, path: Path, found: FolderImages) -> Labels | None:
        """The labels of a folder's images as classes of the data, by the names of its folders."""
        names = self._classes
        if found.labels is None or not names:
            return None
        if unknown := [name for name in found.classes if name not in names]:
            shown = ", ".join(map(repr, unknown[:3])) + ", …" * (len(unknown) > 3)
            log(f"{path}: labels are left out: folders that are no classes of the data ({shown})")
            return None
        order = np.array([names.index(name) for name in found.classes])
        return np.asarray(order[found.labels], np.int64)

    def _usable(self, split: Split, reference: Split, whose: str) -> Split:
        """`split` in the judge's number of channels, or the `reference`'s where the extractor takes
        any, and without labels that are no classes of the data; says what it changes."""
        images, labels, info = split.images, split.labels, self._extractor.info
        if images.ndim != 4:
            raise InputError(f"images are (N, H, W, C); {whose} are {images.shape}")
        wanted = reference.images.shape[3] if info is None else info.channels
        if (depth := images.shape[3]) != wanted:
            log(f"evaluate: {whose} are brought from {depth} channels to {BROUGHT_TO[wanted]}")
            images = shape_images(images.astype(np.uint8, copy=False), None, wanted, "crop")
        classes = info.classes if info is not None and self._extractor.knows_classes else None
        if labels is not None and classes and not (labels.min() >= 0 and labels.max() < classes):
            log(
                f"evaluate: labels of {whose} are left out: {labels.min()} … {labels.max()} are no "
                f"classes of the data, 0 … {classes - 1}"
            )
            labels = None
        return Split(images, labels)

    @cached_property
    def _classes(self) -> tuple[str, ...]:
        """Names of the classes, where the judge knows them and the data that show its errors are
        there."""
        there = (layout.PREPARED / INFO).is_file()
        if not (self._extractor.knows_classes and there):
            return ()
        return load_info(layout.PREPARED).classes or ()

    def _measured(self, split: Split, *, cached: bool = False) -> Measured:
        return Measured(split, self._extractor.features(split.images, cached=cached))

    def _real(self, most: int) -> tuple[Measured, Measured, Measured]:
        """As many rows of the test and the training split, at most `most`, and all of training."""
        test, train = self._prepared("test"), self._prepared("train")
        count = min(test.count, train.count, most)
        rng = numpy_generator(self._params.evaluate.seed, "evaluation rows")
        test = test.rows(np.sort(rng.permutation(test.count)[:count]))
        other = train.rows(np.sort(rng.permutation(train.count)[:count]))
        return test, other, train

    def _both(self, fake: Measured, real: Measured) -> Values:
        if fake.split.images.shape[1:] != real.split.images.shape[1:]:
            raise InputError(
                f"images of {fake.split.images.shape[1:]} (H, W, C) cannot be compared with a "
                f"reference of {real.split.images.shape[1:]}: bring them to one size"
            )
        if min(fake.count, real.count) < FEWEST:
            raise InputError(
                f"{fake.count} samples against {real.count} reference images: at least {FEWEST} of "
                "each are needed"
            )
        return {
            **measured([*self._against(fake, real), *self._by_class(fake, real)]),
            **judged_by(self._extractor, self._params.evaluate),
            "samples": fake.count,
            "reference": real.count,
            "reference_sha256": sha256_arrays(real.split.images),
        }

    def _against(self, fake: Measured, reference: Measured) -> list[Metric]:
        """Distances, neighbours, sharpness and scores of `fake` against `reference`."""
        x, y = fake.features.features, reference.features.features
        evaluate = self._params.evaluate
        if len(y) < 50 * y.shape[1]:
            log(
                f"evaluate: {len(y)} images for {y.shape[1]} features are fewer than 50 a feature: "
                "fid is biased upwards; read it beside fid_floor and fid_debiased"
            )

        def kernel() -> Values:
            standard_y, standard_x = metrics.standardize(y, x)
            return {"kid": metrics.kernel_distance(standard_x, standard_y)}

        def sharpness() -> Values:
            ratio = metrics.sharpness_ratio(fake.split.images, reference.split.images)
            return {"sharpness_ratio": ratio}

        rows = [
            *frechet(x, y, evaluate),
            Metric("kid", kernel),
            Metric(
                "precision, recall, density, coverage",
                lambda: _overlap(x, y, evaluate.neighbours),
                _too_few(min(len(x), len(y)), evaluate.neighbours),
            ),
            Metric("sharpness_ratio", sharpness),
        ]
        if fake.features.logits is not None and reference.features.logits is not None:
            names = "inception_score, entropy_conditional, entropy_marginal"
            rows.append(Metric(names, lambda: _scores(fake, reference)))
        return rows

    def _by_class(self, fake: Measured, real: Measured) -> list[Metric]:
        """What is measured by class, where the judge and the reference know classes."""
        labels, asked, names = real.split.labels, fake.split.labels, self._classes
        if labels is None or not names:
            return []
        held, k = self._held, self._params.evaluate.neighbours
        if held.split.labels is None:
            return []
        rows = coverage_by_class(
            fake.features, real.features, labels, held.features, held.split.labels, names, k
        )
        if asked is not None:
            rows += conditional_metrics(fake.features, asked, real.features, labels, names)
            rows.append(Metric("gan_train", lambda: self._gan_train(fake.split, real.split)))
        return rows

    def _gan_train(self, fake: Split, real: Split) -> Values:
        """Accuracy on `real` images of a classifier trained on `fake` ones alone.

        The classification accuracy score of Ravuri & Vinyals 2019 (arXiv:1905.10887), or GAN-train
        of Shmelkov et al. 2018: low where samples are unlike real images of their class, or too
        much alike. The classifier has the judge's recipe and `evaluate.classifier_images` of
        training; real images in the place of samples tell what it can reach.
        """
        recipe, info = self._params.judge, self._extractor.info
        assert recipe is not None and info is not None  # noqa: S101, PT018 - there are classes
        recipe = recipe.model_copy(update={"images": self._params.evaluate.classifier_images})
        arithmetic = precision(self._params, self._device)
        told = accuracy_learnt(
            recipe, fake, real, info.classes, arithmetic, self._device, "the samples"
        )
        return {"gan_train": told}

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
        if self._extractor.info is not None:
            self._extractor.info.must_belong(load_info(layout.PREPARED).sha256_train)
        return self._measured(load_split(layout.PREPARED, split), cached=True)


def _too_few(count: int, neighbours: int) -> str:
    if count > neighbours:
        return ""
    return (
        f"{neighbours} neighbours (evaluate.neighbours) need {neighbours + 1} images, not {count}"
    )


def _overlap(x: Floats, y: Floats, k: int) -> Values:
    """How samples of features `x` and the reference's `y` overlap."""
    near = metrics.precision_recall_density_coverage(y, x, k=k)
    return {
        "precision": near.precision,
        "recall": near.recall,
        "density": near.density,
        "coverage": near.coverage,
    }


def _scores(fake: Measured, reference: Measured) -> Values:
    score = metrics.inception_score(fake.features.logits)
    return {
        "inception_score": score.score,
        "entropy_conditional": score.entropy_conditional,
        "entropy_marginal": score.entropy_marginal,
        "inception_score_real": metrics.inception_score(reference.features.logits).score,
    }


def _beside_training(fake: Measured, reference: Measured, train: Measured) -> Values:
    """Memorisation: distances of `fake` and of the test split to all training images."""
    found = metrics.memorization(
        train.features.features, reference.features.features, fake.features.features
    )
    return {"mem1": found.mem1, "ct_z": found.ct_z}
