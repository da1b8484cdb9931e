"""What models share that learn labels in one domain, the source `a`, for another, `b`."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.networks import NetworkSpec
from ganstudy.networks.features import feature_count
from ganstudy.networks.norms import upcast
from ganstudy.params import GeneratorNorm, OptimizerParams, Section, Width
from ganstudy.spaces import DOMAINS, Image, Label, Points, Space
from ganstudy.training.player import Batch, Player, Terms

SOURCE, TARGET = DOMAINS
CLASSES = "label_a"


class ClassifierParams(Section):
    """The sizes of features and label predictor."""

    width: Width = Field(description="channels of the first map of features")
    units: Width = Field(description="of the label predictor's hidden layers")
    norm: GeneratorNorm = Field(
        "batch", description="of the maps of features, of each domain by its own statistics"
    )


class AcrossDomains:
    """Features and label predictor, which learn from the images of `a` with their labels, and say
    the labels of any image of `a` or `b`."""

    averaged: ClassVar[frozenset[str]] = frozenset({"features", "labels"})
    network: ClassVar[frozenset[str]] = frozenset()
    train: ClassVar[frozenset[str]] = TRAIN
    state: Mapping[str, nn.Module] = {}

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns from labelled images of one domain what holds in another."""
        source, target = spaces.get(SOURCE), spaces.get(TARGET)
        if not isinstance(source, Image) or not isinstance(target, Image):
            return (
                f"it learns two domains of images, a and b, and this data has {', '.join(spaces)}"
            )
        if not isinstance(spaces.get(CLASSES), Label):
            return "it learns the labels of its source: images of the domain a need labels, label_a"
        if source != target:
            return f"one network sees a and b: {source.stored} and {target.stored} are to be equal"
        return None

    def __init__(
        self,
        sizes: ClassifierParams,
        optimizer: OptimizerParams,
        spaces: Mapping[str, Space],
        seed: int,
    ) -> None:
        self._optimizer = optimizer
        images = spaces[SOURCE]
        assert isinstance(images, Image)  # noqa: S101 - `unfit` has looked
        features = Points(feature_count(images, sizes.width), 1.0)
        self.specs: dict[str, NetworkSpec] = {
            "features": NetworkSpec(
                "features.extractor", {"x": images}, features, sizes.width, sizes.norm
            ),
            "labels": NetworkSpec(
                "features.classifier", {"x": features}, spaces[CLASSES], sizes.units
            ),
        }
        self.networks: dict[str, nn.Module] = {}
        for name, spec in self.specs.items():
            with initial_weights(seed, name):
                self.networks[name] = spec.build()

    def classifier(self, objective: Callable[[Batch], Terms]) -> Player:
        """Features and label predictor as one player."""
        both = nn.ModuleDict({name: self.networks[name] for name in ("features", "labels")})
        return Player("classifier", both, objective, adam(self._optimizer))

    def features(self, name: str, batch: Batch) -> Tensor:
        """Of the images of one domain, (N, d)."""
        found: Tensor = self.networks["features"](batch[name], name)
        return found

    def label_terms(self, features: Tensor, batch: Batch) -> Terms:
        """L_y of eq. 1, and the share of right labels, on features (N, d) of the source."""
        logits = upcast(self.networks["labels"](features))
        right = (logits.argmax(1) == batch[CLASSES]).to(logits.dtype)
        return {"loss": cross_entropy(logits, batch[CLASSES]), "accuracy": right.mean()}

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Images of the target, and of the source to compare with."""
        images = specs["features"].inputs["x"]
        return {TARGET: images, SOURCE: images}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Labels and features of the images of each domain, those of the target first."""
        labels, features = specs["labels"].output, specs["features"].output
        domains = (TARGET, SOURCE)
        told = {f"label_{name}": labels for name in domains}
        return told | {f"features_{name}": features for name in domains}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """The likeliest class of each image (N,), and its features (N, d), of whichever domains are
        given."""
        extractor = networks["features"]
        features = {name: extractor(images, name) for name, images in given.items()}
        labels = {f"label_{n}": networks["labels"](f).argmax(1) for n, f in features.items()}
        return labels | {f"features_{name}": found for name, found in features.items()}
