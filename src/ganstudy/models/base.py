"""What a model is: players for the trainer, and how its networks sample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.files import Labels
from ganstudy.networks import NetworkSpec
from ganstudy.params import OptimizerParams, Params, Section
from ganstudy.seeding import derive, philox, torch_generator
from ganstudy.spaces import FlatSpace, Label, Noise, Space
from ganstudy.training.ema import settle_statistics
from ganstudy.training.player import Adam, Player, averaged_among

SETTLE_BATCHES, SETTLE_SIZE = 64, 128
CODES = 1024  # of a block, drawn in one call

Networks = Mapping[str, nn.Module]
Specs = Mapping[str, NetworkSpec]
Given = Mapping[str, Tensor]  # inputs (N, ...) by name
Rng = Callable[[str], torch.Generator]  # by purpose


class Sampler(Protocol):
    """How the networks of a model sample: of its class alone, so that networks which were loaded
    sample as those in training do. Only networks that are `averaged` take part."""

    averaged: ClassVar[frozenset[str]]

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """What `sample` is given, by name."""

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """What it returns, the main one first."""

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """Samples (N, ...) as networks see them, for the inputs `given`: those outputs that need no
        others."""


class GenerativeModel(Sampler, Protocol):
    """A model, as `training.player.Model` says, that samples; `specs` rebuild its networks.

    Its class says what a run depends on: the fields `network` and `train` of those sections of
    params, and the section that `recipe` returns.
    """

    network: ClassVar[frozenset[str]]
    train: ClassVar[frozenset[str]]

    @classmethod
    def recipe(cls, params: Params, loss: str) -> Section:
        """The recipe under the name `loss`. Raises `InputError` where there is none."""

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """Why data of these spaces is not for this model, in words; None where it is."""

    @classmethod
    def make(
        cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> "GenerativeModel":
        """The model of these params for data of these spaces."""

    @property
    def networks(self) -> Networks:
        """All networks by name."""

    @property
    def specs(self) -> Specs:
        """What rebuilds each."""

    @property
    def state(self) -> Networks:
        """What else changes in training."""

    def players(self) -> Sequence[Player]:
        """The players in the order in which they move."""


class FromCodes:
    """Samples `x` of a network called generator, from codes `z` and, where it is told the class,
    labels `y`."""

    averaged: ClassVar[frozenset[str]] = frozenset({"generator"})
    state: Mapping[str, nn.Module] = {}

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns samples `x`."""
        if "labelled" in spaces:
            return "it learns samples of which all have labels, or none"
        if isinstance(spaces.get("x"), FlatSpace):
            return None
        return f"it learns one field of samples, x, and this data has {', '.join(spaces)}"

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Codes, and labels."""
        return specs["generator"].inputs

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Samples."""
        return {"x": specs["generator"].shape}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(z, y)."""
        return {"x": networks["generator"](given["z"], given.get("y"))}


@contextmanager
def initial_weights(seed: int, network: str) -> Iterator[None]:
    """Inside, networks are initialised from (seed, network): equal for every loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, f"weights of {network}"))
        yield


def adam(settings: OptimizerParams) -> Adam:
    """A player's optimiser from params."""
    return Adam(settings.learning_rate, settings.betas)


def balanced_labels(count: int, classes: int) -> Labels | None:
    """Labels (count,) that name every class equally often, in turn; None without classes."""
    return (torch.arange(count) % classes).numpy() if classes else None


def latents(latent: int, count: int, seed: int) -> Tensor:
    """`count` codes z ~ N(0, I) drawn for `seed`, (count, latent) in torch's default dtype, all
    distinct; code i depends on no other."""
    return _codes(latent, count, seed, "code")


def _codes(latent: int, count: int, seed: int, purpose: str) -> Tensor:
    blocks = [
        philox(seed, purpose, start // CODES).standard_normal(
            (min(CODES, count - start), latent), dtype=np.float32
        )
        for start in range(0, count, CODES)
    ]
    return torch.from_numpy(np.concatenate(blocks)).to(torch.get_default_dtype())


def must_be_given(spaces: Mapping[str, Space]) -> list[str]:
    """Names of inputs that nobody can draw: all but codes and classes."""
    return [name for name, space in spaces.items() if not isinstance(space, Noise | Label)]


def encoded(data: Dataset, names: Sequence[str], rows: slice = slice(None)) -> dict[str, Tensor]:
    """Rows of these fields, as far as the data has them, as networks see them."""
    return {
        name: data.spaces[name].encode(torch.from_numpy(data.fields[name][rows].copy()))
        for name in names
        if name in data.fields
    }


def inputs_for(
    spaces: Mapping[str, Space], count: int, seed: int, given: Given | None = None
) -> dict[str, Tensor]:
    """`count` inputs of these spaces: those that are `given`, and else codes drawn for `seed` and
    every class in turn. Raises `InputError` where nothing is given of what must be: images,
    points."""
    found: dict[str, Tensor] = {}
    needed = must_be_given(spaces)
    if needed and not any(name in (given or {}) for name in needed):
        raise InputError(f"this model samples for given {' or '.join(needed)}, which are not there")
    for name, space in spaces.items():
        if given is not None and name in given:
            found[name] = given[name]
        elif isinstance(space, Noise):  # each of several inputs has draws of its own
            purpose = "code" if name == "z" else f"code {name}"
            found[name] = _codes(space.dimensions, count, seed, purpose)
        elif isinstance(space, Label):
            found[name] = torch.arange(count) % space.classes
    return found


def recompute_bn_statistics(
    model: type[Sampler],
    networks: Networks,
    specs: Specs,
    seed: int,
    batches: int = SETTLE_BATCHES,
    given: Given | None = None,
) -> None:
    """Makes averaged networks ready: batch-norm statistics from inputs of their own, of `batches`
    batches; pictures on the way take fewer. Inputs that cannot be drawn are taken in turn from
    those that are `given`."""
    averages = [networks[name] for name in averaged_among(networks, model.averaged)]
    device = next(averages[0].parameters()).device

    def run() -> None:
        for index in range(batches):
            rng = torch_generator(seed, "settle", index)
            rows = torch.arange(index * SETTLE_SIZE, (index + 1) * SETTLE_SIZE)
            taken = {name: whole[rows % len(whole)] for name, whole in (given or {}).items()}
            for name, space in model.inputs(specs).items():
                if isinstance(space, Noise):
                    taken[name] = torch.randn(SETTLE_SIZE, space.dimensions, generator=rng)
            inputs = inputs_for(model.inputs(specs), SETTLE_SIZE, seed, taken)
            draws = _draws(seed, index, device)
            model.sample(networks, {name: v.to(device) for name, v in inputs.items()}, draws)

    settle_statistics(averages, run)


def generated(
    model: type[Sampler],
    networks: Networks,
    specs: Specs,
    given: Given,
    seed: int = 0,
    batch: int = 500,
) -> dict[str, Array]:
    """The outputs of a model for all the inputs that are `given`, as their spaces store them: like
    uint8 (N, H, W, C) or float32 (N, d). Several processes share the work."""
    averages = [networks[name] for name in averaged_among(networks, model.averaged)]
    for network in averages:
        network.eval()
    device = next(averages[0].parameters()).device
    count = len(next(iter(given.values())))

    def made(rows: slice) -> Mapping[str, Tensor]:
        part = {field: whole[rows].to(device) for field, whole in given.items()}
        return model.sample(networks, part, _draws(seed, rows.start, device))

    def decoded(name: str, space: Space, rows: slice) -> Tensor:
        return space.decode(made(rows)[name])

    with torch.no_grad():
        spaces = dict(model.outputs(specs))
        if len(spaces) > 1:  # some may need inputs that are not given
            first = made(slice(0, 1))
            spaces = {name: space for name, space in spaces.items() if name in first}
        return {
            name: distributed.in_turns(count, batch, partial(decoded, name, space)).numpy()
            for name, space in spaces.items()
        }


def _draws(seed: int, step: int, device: torch.device) -> Rng:
    return lambda purpose: torch_generator(seed, f"sampling: {purpose}", step, device)
