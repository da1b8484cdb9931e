"""Images for captions: whether they show what is said, also of words that were never together.

Classes are told by a classifier trained on the training split by the recipe of the section judge,
from shapes alone: it would learn which colours a class never has there, and deny that class where
they are held out. Its features make the distance to real images. Colours are told by their light;
captions by a reader fitted to the training split. Values that end in
`_held` are of combinations held out of training alone.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import torch

from ganstudy import metrics
from ganstudy.data.captioned_fashion import COLOURS
from ganstudy.data.fields import load_dataset
from ganstudy.data.styles import HELD
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.judging import kept_classifier
from ganstudy.evaluation.shared import Floats, Metric, Values, measured
from ganstudy.files import Images, sha256_arrays
from ganstudy.metrics import Features, words
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Label, Tokens
from ganstudy.study import layout
from ganstudy.training.precision import precision

CAPTIONS = 10  # among which the right one is to be found
CLOTHING, COLOUR = "clothing", "colour"  # labels that data may have, beside HELD
EARLIER = ("first", "second", "third")  # images of stages before the last, where there are any
READ = 20_000  # pictures of the training split that the reader is fitted to
SHOWN = 64
Compute = Callable[[Images, Mapping[str, Array]], float]  # of pictures and the fields of their rows


class CaptionProtocol:
    """Colour, class, the right caption among ten, and the distance to real images."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params, self._device = params, device
        self._known: dict[str, Features] = {}

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> Values:
        """`x` for the captions of the first rows of the test split."""
        images = np.asarray(outputs["x"])
        count = len(images)
        rows = {name: field[:count] for name, field in test.fields.items()}
        found = [*self._told(images, rows), self._fid("fid", images, rows["x"])]
        for stage in _earlier(outputs):
            found.append(self._fid(f"fid_{stage}", np.asarray(outputs[stage]), rows["x"]))
        return {"count": count, **measured(found)}

    def measure_real(self) -> Values:
        """What real test images score under their own captions, the most that can be; and, as
        `shuffled_…`, under those of others, as images of one blind to them would."""
        test = load_dataset(layout.PREPARED, "test")
        images = test.fields["x"]
        order = numpy_generator(self._params.evaluate.seed, "captions shuffled")
        others = images[order.permutation(len(images))]
        own = measured(self._told(images, test.fields))
        blind = measured(self._told(others, test.fields))
        return {**own, **{f"shuffled_{name}": value for name, value in blind.items()}}

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        """What earlier stages made, what came out, and a real image of the caption."""
        count = min(SHOWN, len(outputs["x"]))
        earlier = {f"{stage} stage": outputs[stage][:count] for stage in _earlier(outputs)}
        return {**earlier, "output": outputs["x"][:count], "real": test.fields["x"][:count]}

    def _told(self, images: Images, rows: Mapping[str, Array]) -> list[Metric]:
        """What pictures say of the fields of these rows."""
        colour = "" if COLOUR in rows else "there are no labels of colour"
        return [
            Metric(
                "caption_of_10, caption_of_10_held",
                lambda: self._apart("caption_of_10", self._captions, images, rows),
                "" if self._texts >= CAPTIONS else f"{CAPTIONS} different captions are needed",
            ),
            Metric(
                "colour, colour_held",
                lambda: self._apart("colour", self._colours, images, rows),
                colour,
            ),
            Metric(
                "clothing, clothing_held",
                lambda: self._apart("clothing", self._classes, images, rows),
                self._lacks_classifier,
            ),
        ]

    def _apart(
        self, name: str, compute: Compute, images: Images, rows: Mapping[str, Array]
    ) -> Values:
        """Over all rows and over those of combinations that are held out."""
        values = {name: compute(images, rows)}
        held = rows.get(HELD)
        if held is not None and held.any():
            out = held == 1
            part = {field: array[out] for field, array in rows.items()}
            values[f"{name}_held"] = compute(images[out], part)
        return values

    @staticmethod
    def _colours(images: Images, rows: Mapping[str, Array]) -> float:
        return words.share_right(words.colours_shown(images, list(COLOURS.values())), rows[COLOUR])

    def _classes(self, images: Images, rows: Mapping[str, Array]) -> float:
        logits = self._extracted(images).logits
        assert logits is not None  # noqa: S101 - a classifier gives logits
        return words.share_right(logits.argmax(1), rows[CLOTHING])

    def _captions(self, images: Images, rows: Mapping[str, Array]) -> float:
        """The right caption among ten: nine others are drawn from those of the test split."""
        rng = numpy_generator(self._params.evaluate.seed, "captions to choose from")
        offered = np.empty((len(images), CAPTIONS, self._tokens.length), np.int64)
        known = self._different
        own = _row_numbers(rows["text"], known)
        for row, number in enumerate(own):
            # Of the others: those at and after its own number lie one further.
            others = rng.permutation(len(known) - 1)[: CAPTIONS - 1]
            offered[row] = known[[number, *(others + (others >= number))]]
        flat = offered.reshape(-1, self._tokens.length)
        candidates = words.bags(flat, len(self._tokens.vocabulary))
        return words.caption_of(
            self._reader, self._looks(images), candidates.reshape(len(images), CAPTIONS, -1)
        )

    def _fid(self, name: str, images: Images, real: Images) -> Metric:
        """The Fréchet distance of the classifier's features, of `images` to the real ones."""

        def compute() -> Values:
            x, y = self._extracted(images).features, self._extracted(real).features
            return {name: metrics.frechet_distance(x, y)}

        return Metric(name, compute, self._lacks_classifier)

    @cached_property
    def _train(self) -> Dataset:
        return load_dataset(layout.PREPARED, "train")

    @cached_property
    def _tokens(self) -> Tokens:
        found = self._train.spaces["text"]
        assert isinstance(found, Tokens)  # noqa: S101 - the model was trained on it
        return found

    @cached_property
    def _different(self) -> Array:
        """The captions of the test split, each once."""
        return np.unique(load_dataset(layout.PREPARED, "test").fields["text"], axis=0)

    @property
    def _texts(self) -> int:
        return len(self._different)

    @cached_property
    def _reader(self) -> words.Reader:
        images, text = self._train.fields["x"], self._train.fields["text"]
        rng = numpy_generator(self._params.evaluate.seed, "pictures to learn to read from")
        chosen = np.sort(rng.permutation(len(images))[:READ])
        bags = words.bags(text[chosen], len(self._tokens.vocabulary))
        return words.reader(self._looks(images[chosen]), bags)

    def _looks(self, images: Images) -> Floats:
        """What the reader reads: how pictures look from afar and, where one is there, what the
        classifier sees in them."""
        coarse = words.coarse_looks(images)
        if self._lacks_classifier:
            return coarse
        seen = np.asarray(self._extracted(images).features, np.float64)
        norms = np.linalg.norm(seen, axis=1, keepdims=True)
        return np.hstack([coarse, seen / np.maximum(norms, 1e-12)])

    @property
    def _lacks_classifier(self) -> str:
        if not isinstance(self._train.spaces.get(CLOTHING), Label):
            return "there are no labels of classes"
        return "" if self._params.judge is not None else "the section judge, which tells classes"

    def _extracted(self, images: Images) -> Features:
        """Features and logits of pictures, which several metrics read."""
        key = sha256_arrays(images)
        if key not in self._known:
            self._known[key] = self._classifier.extract(words.without_colour(images))
        return self._known[key]

    @cached_property
    def _classifier(self) -> metrics.JudgeExtractor:
        recipe, space = self._params.judge, self._train.spaces[CLOTHING]
        assert recipe is not None and isinstance(space, Label)  # noqa: S101, PT018 - not lacking
        shapes = words.without_colour(self._train.fields["x"])
        split = (shapes, self._train.fields[CLOTHING])
        trained_in = precision(self._params, self._device)
        return kept_classifier(recipe, split, space.classes, trained_in, self._device)


def _row_numbers(rows: Array, known: Array) -> list[int]:
    """Where each of `rows` stands in `known`."""
    places = {row.tobytes(): number for number, row in enumerate(known)}
    return [places[np.ascontiguousarray(row).tobytes()] for row in rows]


def _earlier(outputs: Mapping[str, Array]) -> list[str]:
    return [stage for stage in EARLIER if stage in outputs]
