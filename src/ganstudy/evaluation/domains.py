"""Two domains of images: what a model makes of one in the other, of a code in both, or tells of
either."""

from collections.abc import Mapping
from functools import cached_property

import torch

from ganstudy.data.fields import load_dataset
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation import adapted, coupled
from ganstudy.evaluation.extractor import Extractor, load_extractor
from ganstudy.evaluation.shared import Values, judged_by, measured
from ganstudy.evaluation.translated import Features, columns, translations, untouched
from ganstudy.files import Images
from ganstudy.params import Params
from ganstudy.study import layout

# Data whose test rows of both domains belong to each other.
PARTNERED = {"mnist_negatives", "openmoji_twemoji"}


class DomainProtocol:
    """Translations beside inputs that are left as they are, images of one code beside unrelated
    ones, and labels. What a model puts out says which."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params, self._device = params, device

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> Values:
        """Of each way whether it is right, as far as that can be known, and what comes back."""
        rows = [
            *translations(
                outputs, test, self._train, partnered=self._partnered, features=self._features
            ),
            *coupled.coupled(outputs, test, self._name, self._features),
            *adapted.adapted(outputs, test, self._params.evaluate.seed),
        ]
        told = {} if self._features is None else judged_by(self._extractor, self._params.evaluate)
        return measured(rows) | told | {"samples": min(map(len, outputs.values()))}

    def measure_real(self) -> Values:
        """Inputs as they are, in the place of translations."""
        test = load_dataset(layout.PREPARED, "test")
        rows = [
            *untouched(test, self._train, partnered=self._partnered),
            *coupled.unrelated(test, self._name),
        ]
        return measured(rows) | {"samples": len(test.fields["a"])}

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        """Each side, as the other, and again; both images of a code; or what a label means."""
        return {
            **columns(outputs, test),
            **coupled.columns(outputs, self._name),
            **adapted.columns(outputs, test),
        }

    @cached_property
    def _train(self) -> Dataset:
        return load_dataset(layout.PREPARED, "train")

    @cached_property
    def _partnered(self) -> bool:
        return self._name in PARTNERED

    @cached_property
    def _name(self) -> str:
        return self._params.data.name

    @cached_property
    def _features(self) -> Features | None:
        if self._params.evaluate.extractor == "judge":
            return None
        return lambda images: self._extractor.features(images).features

    @cached_property
    def _extractor(self) -> Extractor:
        return load_extractor(self._params.evaluate, layout.JUDGE, self._device)
