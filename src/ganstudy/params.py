"""The schema of params.yaml: frozen, typed, with units and ranges; unknown keys are errors.

What depends on which section is told by the fingerprints that `numerics` writes. `runtime` is in
none: device, threads and checkpoints never change a result's identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from ganstudy.errors import InputError, nearest
from ganstudy.keys import NAME

DatasetName = Literal[
    "fashion_mnist",
    "digits",
    "mnist",
    "kmnist",
    "cifar10",
    "folder",
    "ring",
    "grid",
    "stacked_digits",
    "stacked_fashion",
    "stacked_mnist",
    "pairs",
    "openmoji",
    "superres_mnist",
    "superres_fashion",
    "superres_icons",
    "domains",
    "mnist_negatives",
    "digits_edges",
    "mnist_edges",
    "digits_photos",
    "mnist_photos",
    "openmoji_twemoji",
    "captions",
    "fashion_captions",
    "openmoji_captions",
    "voxels",
    "chairs_and_tables",
]
Kind = Literal["images", "stacked", "points", "pairs", "domains", "captions", "voxels"]
# Of the data sets that are no plain images.
KIND_OF: Mapping[DatasetName, Kind] = {
    "ring": "points",
    "grid": "points",
    "stacked_digits": "stacked",
    "stacked_fashion": "stacked",
    "stacked_mnist": "stacked",
    "pairs": "pairs",
    "openmoji": "pairs",
    "superres_mnist": "pairs",
    "superres_fashion": "pairs",
    "superres_icons": "pairs",
    "domains": "domains",
    "mnist_negatives": "domains",
    "digits_edges": "domains",
    "mnist_edges": "domains",
    "digits_photos": "domains",
    "mnist_photos": "domains",
    "openmoji_twemoji": "domains",
    "captions": "captions",
    "fashion_captions": "captions",
    "openmoji_captions": "captions",
    "voxels": "voxels",
    "chairs_and_tables": "voxels",
}


@dataclass(frozen=True)
class DataKind:
    """What holds for all data sets of a kind: nobody asks for a kind by its name."""

    pixels: bool = True  # images; else points or volumes
    stacked: bool = False  # each channel is an image of its own; made of fewer images
    fields: bool = False  # named fields, measured by how outputs stand to what was given

    @property
    def judged(self) -> bool:
        """Samples that a judge measures."""
        return self.pixels and not self.fields

    @property
    def points(self) -> bool:
        """Points, which are measured by the mixture that is known."""
        return not self.pixels and not self.fields

    @property
    def plain(self) -> bool:
        """Images that are what they seem."""
        return self.judged and not self.stacked


KINDS: Mapping[Kind, DataKind] = {
    "images": DataKind(),
    "stacked": DataKind(stacked=True),
    "points": DataKind(pixels=False),
    "pairs": DataKind(fields=True),
    "domains": DataKind(fields=True),
    "captions": DataKind(fields=True),
    "voxels": DataKind(pixels=False, fields=True),
}
NetworkName = Literal["dcgan", "resnet", "mlp"]
GeneratorNorm = Literal["batch", "none"]
DiscriminatorNorm = Literal["none", "spectral", "batch"]
FamilyName = Annotated[str, Field(pattern=f"^{NAME}-{NAME}$")]  # <model>-<loss>
ModelName = Annotated[str, Field(pattern=f"^{NAME}(-{NAME})?$")]
FOLDERS: tuple[DatasetName, ...] = ("folder", "pairs", "domains", "captions", "voxels")
BASELINES = ("vae-elbo", "ae-mse")  # those whose recipe is a section of its own
GAN_RUN = "gan"
GAME = "game"  # of a model's recipe: that of its adversaries

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=100_000_000)]
Width = Annotated[int, Field(ge=1, le=4096)]
Rate = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
# Names of losses and penalties are rows of the tables in ganstudy.objectives. Those need torch, so
# `check` and `train` look them up; here a loss must have its recipe.
LossName = Annotated[str, Field(pattern=f"^{NAME}$")]
PenaltyName = LossName


class Section(BaseModel):
    """One section of params.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


AnySection = TypeVar("AnySection", bound=Section)


class DataParams(Section):
    """Which images or points are studied and how they are split."""

    name: DatasetName
    folder: str | None = Field(
        None, description="for name: folder, where the images are: a folder, or a .zip of one"
    )
    resolution: int | None = Field(
        None, ge=4, le=1024, description="side in pixels; null keeps the data set's own"
    )
    channels: Literal[1, 3] | None = Field(None, description="null keeps the data set's own")
    fit: Literal["crop", "stretch"] = Field(
        "crop", description="how a non-square image of a folder is brought to resolution"
    )
    broken: Literal["refuse", "skip"] = Field(
        "refuse", description="what an image that cannot be read does to a folder"
    )
    labels: Literal["folders", "dataset.json", "none"] | None = Field(
        None,
        description="where classes of a folder come from: its sub-folders or StyleGAN's "
        "dataset.json; null decides, and asks where either could be meant",
    )
    links: Literal["refuse", "follow"] = Field(
        "refuse", description="what happens to links that lead out of a folder"
    )
    background: Annotated[str, Field(pattern="^(white|black|#[0-9a-fA-F]{6})$")] = Field(
        "white", description="what transparent parts of a folder's images show"
    )
    bits: int = Field(
        16, ge=9, le=16, description="of 16-bit grey images, how many are used: 12 of many sensors"
    )
    pages: Literal["first", "all"] = Field(
        "first", description="of TIFFs of several pages and of animations"
    )
    labels_per_class: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None,
        description="how many training samples of each class a model may know the label of, drawn "
        "for each seed; null: all",
    )
    test: Share = Field(0.2, gt=0, description="share held out where the data has no test split")
    validation: Share = Field(0.1, gt=0, description="share of the training split held out")

    @model_validator(mode="after")
    def _folder_is_complete(self) -> "DataParams":
        if self.name in FOLDERS and (self.folder is None or self.resolution is None):
            raise ValueError(f"data.name: {self.name} needs data.folder and data.resolution")
        if self.name not in FOLDERS and self.folder is not None:
            names = " or ".join(FOLDERS)
            raise ValueError(f"data.folder is only read with data.name: {names}")
        if self.traits.points and self.resolution is not None:
            raise ValueError(
                f"data.resolution is for images; {self.name} is points: set it to null"
            )
        if self.traits.judged and not self.traits.plain and self.channels is not None:
            raise ValueError(f"data.channels: {self.name} has its own: set it to null")
        return self

    @property
    def kind(self) -> Kind:
        """What the samples of the data set are."""
        return KIND_OF.get(self.name, "images")

    @property
    def traits(self) -> DataKind:
        """What holds for data of its kind."""
        return KINDS[self.kind]


class NetworkParams(Section):
    """The pair of networks; sizes follow from the data."""

    name: NetworkName
    latent: Width = Field(description="dimensions of the code z")
    generator_width: Width = Field(
        description="channels of G's finest map (dcgan, resnet), or units of its layers (mlp)"
    )
    discriminator_width: Width = Field(description="likewise of D's")
    generator_norm: GeneratorNorm = Field("batch", description="of G's hidden maps")
    discriminator_norm: DiscriminatorNorm = Field(
        "none", description="spectral: of D's weights; batch: of its maps, without penalties"
    )


class AdaptiveParams(Section):
    """Adaptive augmentation: see `objectives.adaptive`."""

    target: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.6, description="mean sign of D's scores of real images, above which it overfits"
    )
    kimg: Annotated[float, Field(gt=0, le=1e6)] = Field(
        20.0, description="thousands of images in which p can go from 0 to 1"
    )


def _augment(value: Any) -> Any:
    if value == "ada":
        return AdaptiveParams.model_validate({})
    if isinstance(value, list | dict | AdaptiveParams):
        return value
    raise ValueError(
        f"train.augment: {value!r} is not allowed; a list of color, translation, cutout; ada; or "
        "ada's target and kimg"
    )


class TrainParams(Section):
    """What every GAN and the VAE share in training."""

    model: Annotated[str, Field(pattern=f"^{NAME}$")] = Field(
        "gan", description="which model plays with train.loss and study.losses"
    )
    loss: LossName
    images: Count = Field(description="budget: real images shown")
    batch: Annotated[int, Field(ge=2, le=65536)]
    ema: Share = Field(description="decay of G's moving average, per generator step")
    lr_decay: Annotated[float, Field(ge=0, le=1)] = Field(
        description="share of training, at its end, over which learning rates fall to 0"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 where the device has instructions for it, else float32"
    )
    conditional: bool = Field(description="G and D see the class label")
    reuse_fakes: bool = Field(
        False,
        description="G learns from the samples that D has just judged, not from fresh ones: a "
        "pass of G fewer each round",
    )
    snapshots: Annotated[int, Field(ge=1, le=64)] = Field(
        description="pictures of the growth of samples over training"
    )
    augment: Annotated[list[str] | AdaptiveParams, BeforeValidator(_augment)] = Field(
        default_factory=list,
        description="differentiable augmentation of what D sees: color, translation, cutout; or "
        "ada: as strong as D overfits",
    )
    failure: Literal["stop", "keep"] = Field(
        "stop",
        description="a run that diverges stops the pipeline, or is kept as failed in its last "
        "finite state",
    )
    stop_on_alarm: bool = Field(False, description="a collapse or a dead D counts as divergence")


class OptimizerParams(Section):
    """Adam's settings for one player."""

    learning_rate: Rate
    betas: tuple[Share, Share]


class PenaltyParams(Section):
    """One penalty on D: every `interval` rounds its value × weight × interval is added."""

    weight: Weight
    interval: Annotated[int, Field(ge=1, le=1000)] = 1


class LossParams(Section):
    """The recipe that makes one adversarial loss work."""

    critic_steps: Annotated[int, Field(ge=1, le=100)] = 1
    generator: OptimizerParams
    discriminator: OptimizerParams
    penalties: dict[PenaltyName, PenaltyParams] = Field(default_factory=dict)
    clip: Annotated[float, Field(gt=0, le=10)] | None = Field(
        None, description="bound on every weight of D after its step (WGAN's projection)"
    )
    generator_norm: GeneratorNorm | None = Field(None, description="null: the network's")
    discriminator_norm: DiscriminatorNorm | None = Field(None, description="null: the network's")


class VAEParams(Section):
    """The variational auto-encoder whose decoder is the GAN's generator network."""

    optimizer: OptimizerParams
    encoder_width: Width
    latent: Width | None = Field(None, description="dimensions of its code; null: the network's")
    beta: Weight = Field(description="weight of the KL term; 1 is the evidence lower bound")
    variance: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="of the decoder's Gaussian, in squared units of [-1, 1]; null: learned"
    )


class AEParams(Section):
    """The plain auto-encoder with the same decoder."""

    optimizer: OptimizerParams
    encoder_width: Width


class JudgeParams(Section):
    """The classifier that measures: trained on the labelled training split."""

    width: Width
    features: Annotated[int, Field(ge=2, le=4096)]
    images: Count = Field(description="training budget in images shown")
    batch: Annotated[int, Field(ge=2, le=65536)]
    learning_rate: Rate
    weights: Literal["released", "train"] = Field(
        "released",
        description="released: the judge that comes with ganstudy where there is one of this very "
        "data, so that FIDs of all machines are on one scale; else one is trained",
    )
    shift: Annotated[int, Field(ge=0, le=32)] = Field(description="augmentation, in pixels")
    flip: bool = Field(description="augmentation by mirror images")
    seed: Seed


class SampleParams(Section):
    """How many images each run is measured on."""

    count: Count
    seed: Seed


FEWEST = 4  # samples that have a distance: the halves of the debiased one need two each


class EvaluateParams(Section):
    """How samples are measured. Definitions: the docs of ganstudy.metrics."""

    extractor: str = Field("judge", description="judge, or another by name")
    weights: str | None = Field(None, description="path of the extractor's weights")
    neighbours: Annotated[int, Field(ge=1, le=100)] = 5
    classifier_images: Count = Field(
        100_000,
        description="that classifiers see which learn from conditional samples or few labels",
    )
    seed: Seed = 0

    @model_validator(mode="after")
    def _judge_has_its_weights(self) -> "EvaluateParams":
        if self.extractor == "judge" and self.weights is not None:
            raise ValueError("evaluate.weights is for other extractors; the judge has its own")
        return self

    @property
    def enough(self) -> int:
        """Images of each side for every metric over all of them: each needs its neighbours."""
        return max(self.neighbours + 1, FEWEST)


class StudyParams(Section):
    """The grid: {train.loss, study.losses} and study.baselines, each × study.seeds."""

    losses: list[LossName] = Field(
        min_length=1, description="always in the report, beside train.loss"
    )
    baselines: list[FamilyName] = Field(
        default_factory=list, description="models beside the GANs: vae-elbo, ae-mse, or of models"
    )
    seeds: list[Seed] = Field(min_length=1)

    @model_validator(mode="after")
    def _entries_differ(self) -> "StudyParams":
        for name, entries in (("seeds", self.seeds), ("baselines", self.baselines)):
            for index, entry in enumerate(entries):
                if entry in entries[:index]:
                    raise ValueError(f"study.{name}: {entry} is there twice; each is one run")
        return self


class RuntimeParams(Section):
    """Where and how loudly it runs; changes no result's identity."""

    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="null: all cores"
    )
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 60.0
    graphs: bool = Field(True, description="on CUDA, rounds of training are recorded and replayed")


class Params(Section):
    """All of params.yaml."""

    data: DataParams
    network: NetworkParams
    train: TrainParams
    losses: dict[LossName, LossParams]
    vae: VAEParams | None = None
    ae: AEParams | None = None
    models: dict[ModelName, dict[str, Any]] = Field(
        default_factory=dict,
        description="recipes of other models, each as its class reads it: under <model>-<loss>, or "
        "under <model> for all losses, whose rows of the section losses then are the game's",
    )
    judge: JudgeParams | None = Field(None, description="points need none")
    sample: SampleParams
    evaluate: EvaluateParams
    study: StudyParams
    runtime: RuntimeParams = Field(default_factory=lambda: RuntimeParams.model_validate({}))

    @model_validator(mode="after")
    def _losses_have_recipes(self) -> "Params":
        for key, names in (("train.loss", [self.train.loss]), ("study.losses", self.study.losses)):
            for name in names:
                if name not in self.losses and f"{self.train.model}-{name}" not in self.models:
                    raise ValueError(
                        f"{key}: {name!r} has no recipe under losses; {nearest(name, self.losses)}"
                    )
        if self.train.model not in self._models():
            known = nearest(self.train.model, self._models())
            raise ValueError(
                f"train.model: {self.train.model!r} has no recipe under models; {known}"
            )
        for name in self.study.baselines:
            if name in BASELINES and name not in self.families():
                raise ValueError(f"study.baselines: {name} needs the section {name.split('-')[0]}")
            if name not in self.families():
                known = nearest(name, [*BASELINES, *self.models])
                raise ValueError(f"study.baselines: {name!r} is not allowed; {known}")
        return self

    @model_validator(mode="after")
    def _sections_fit_the_data(self) -> "Params":
        name, traits = self.data.name, self.data.traits
        if traits.points:
            if (self.evaluate.extractor, self.evaluate.weights) != ("judge", None):
                raise ValueError(
                    f"evaluate.extractor: {name} is measured by the mixture it comes from: "
                    "set it to judge"
                )
            if self.train.precision == "bfloat16":
                raise ValueError(
                    f"train.precision: bfloat16 rounds the points of {name} by as much as its "
                    "modes are wide: set it to float32"
                )
        elif traits.judged and self.judge is None:
            raise ValueError(f"{name} is measured by a judge: the section judge is missing")
        if traits.stacked and self.evaluate.extractor != "judge":
            raise ValueError(
                "evaluate.extractor: the modes of stacked images are told by the judge: set it to "
                "judge"
            )
        if traits.stacked and self.train.conditional:
            raise ValueError("train.conditional: stacked images have no classes but 1,000 modes")
        return self

    def gan_losses(self) -> list[LossName]:
        """The losses of the grid, train.loss first, each once."""
        return list(dict.fromkeys([self.train.loss, *self.study.losses]))

    def families(self) -> list[str]:
        """`<model>-<loss>` of everything that has a recipe, in the grid or not; of recipes for all
        losses those of the grid."""
        baselines = [name for name in BASELINES if getattr(self, name.split("-")[0])]
        others = [
            family
            for name in self.models
            for family in ([name] if "-" in name else [f"{name}-{m}" for m in self.gan_losses()])
        ]
        return [*(f"{GAN_RUN}-{loss}" for loss in self.losses), *baselines, *dict.fromkeys(others)]

    def run_keys(self) -> list[str]:
        """Keys of all runs of the grid, `<model>-<loss>-<seed>`: train.model by loss, then
        baselines."""
        model = self.train.model
        runs = [*(f"{model}-{loss}" for loss in self.gan_losses()), *self.study.baselines]
        return [f"{run}-{seed}" for run in runs for seed in self.study.seeds]

    def _models(self) -> set[str]:
        return {GAN_RUN, *(name.partition("-")[0] for name in self.models)}


class _Loader(yaml.SafeLoader):
    """Plain YAML, in which a key twice is a mistake: by itself YAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        for key in keys:
            if (key.tag, str(key.value)) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)


def load(path: Path = Path("params.yaml"), changes: Mapping[str, Any] | None = None) -> Params:
    """Reads and validates params.yaml, with `changes` by dotted key; anything wrong is one
    `InputError` with a line a mistake."""
    content = _read(path)
    for key, value in (changes or {}).items():
        *sections, name = key.split(".")
        section = content
        for part in sections:
            section = section.get(part) if isinstance(section, dict) else None
        if not isinstance(section, dict):
            raise InputError(f"{key}: {path} has no section {'.'.join(sections)!r} to change")
        section[name] = value
    return parse(content, str(path))


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: run from the project's root") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error


def parse(content: Any, source: str) -> Params:
    """Validates the content of params.yaml, already read; `source` names it in errors."""
    if not isinstance(content, Mapping):
        raise InputError(f"{source} must hold sections; it holds {type(content).__name__}")
    try:
        return Params.model_validate_json(_as_json(content, source))
    except ValidationError as error:
        raise InputError(*(f"{source}: {_explain(detail)}" for detail in error.errors())) from error


def load_as(kind: type[AnySection], path: Path) -> AnySection:
    """Reads and validates a YAML file of another schema, likewise."""
    content = _read(path)
    if not isinstance(content, Mapping):
        raise InputError(f"{path} must hold sections; it holds {type(content).__name__}")
    try:
        return kind.model_validate_json(_as_json(content, str(path)))
    except ValidationError as error:
        raise InputError(*(f"{path}: {_explain(d, kind)}" for d in error.errors())) from error


def parse_recipe(kind: type[AnySection], params: Params, family: str) -> AnySection:
    """The recipe of a family in the section models, as `kind` reads it: its own, or its model's for
    all losses. A `game` that it does not tell is the loss's row of the section losses."""
    model, _, loss = family.partition("-")
    name = family if family in params.models else model
    if name not in params.models:
        raise InputError(f"{family} has no recipe under models; {nearest(family, params.models)}")
    source, content = f"models.{name}", dict(params.models[name])
    if GAME in kind.model_fields and loss in params.losses:
        content.setdefault(GAME, params.losses[loss].model_dump(mode="json"))
    try:
        return kind.model_validate_json(_as_json(content, source))
    except ValidationError as error:
        told = (_explain(detail, kind) for detail in error.errors())
        raise InputError(*(f"{source}.{line}" for line in told)) from error


def _as_json(content: Mapping[Any, Any], source: str) -> str:
    # JSON mode lets lists stand for tuples while the schema stays strict about types.
    import json

    try:
        return json.dumps(content, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{source}: only numbers, texts, lists and sections: {error}") from error


def _explain(detail: ErrorDetails, root: type[Section] = Params) -> str:
    location = [part for part in detail["loc"] if part != "[key]"]
    key = ".".join(str(part) for part in location)
    value = detail["input"]
    match detail["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is unknown; {nearest(str(location[-1]), _keys_at(root, location[:-1]))}"
        case "literal_error":
            allowed = _allowed(detail)
            return f"{key}: {value!r} is not allowed; {nearest(str(value), allowed)}"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case _:
            return f"{key}: {detail['msg'][0].lower()}{detail['msg'][1:]}; it is {value!r}"


def _allowed(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]


def _without_none(annotation: Any) -> Any:
    """The section of `Section | None`."""
    if type(None) in get_args(annotation):
        return next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation


def _keys_at(root: type[Section], location: list[int | str]) -> list[str]:
    """The field names that the schema has at `location` below `root`."""
    model: Any = root
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = _without_none(model.model_fields[str(part)].annotation)
        else:  # a table of sections: dict[name, Section]
            model = get_args(model)[-1]
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
