"""D alone generates: an energy whose chains of Langevin steps are the samples."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.models.adversary import NAME
from ganstudy.models.base import FromCodes, Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.networks import ARCHITECTURES, NetworkSpec
from ganstudy.networks import energy as networks_of
from ganstudy.networks.norms import upcast
from ganstudy.objectives.langevin import Chain, langevin
from ganstudy.params import (
    Count,
    OptimizerParams,
    Params,
    Section,
    Share,
    Weight,
    Width,
    parse_recipe,
)
from ganstudy.spaces import Image, Noise, SampleSpace, Score, Space, samples_of
from ganstudy.training.alarms import game_terms
from ganstudy.training.player import Batch, Player, Terms

LOSS = "contrastive"
PART = 20_000  # points that are scored in one call
FARTHEST = 4.0  # deviations of points; images have an end of their own

Positive = Annotated[float, Field(gt=0, le=1e6)]


class ChainParams(Section):
    """How chains walk; see `objectives.langevin.Chain`."""

    steps: Annotated[int, Field(ge=1, le=1_000_000)]
    first: Positive = Field(description="size λ of the first step")
    last: Positive = Field(description="and of the last; between them in equal ratios")
    temperature: Weight = Field(1.0, description="of the density exp(-E/T) that is sampled")
    clip: Positive = Field(1e6, description="bound on how far a step's slope moves a value")

    def chain(self) -> Chain:
        """As the sampler reads it."""
        return Chain(self.steps, self.first, self.last, self.temperature, self.clip)


class EnergyParams(Section):
    """The recipe."""

    optimizer: OptimizerParams
    width: Width
    alpha: Weight = Field(description="weight of the squares of the energies")
    buffer: Count = Field(description="chains that are kept, to be walked on later")
    restarts: Share = Field(0.05, description="share of chains that start from noise anew")
    training: ChainParams
    sampling: ChainParams


class Replay(nn.Module):
    """The ends of chains, from which later ones go on."""

    kept: Tensor
    begun: Tensor

    def __init__(self, size: int, values: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, *values))
        self.register_buffer("begun", torch.zeros(size, dtype=torch.bool))

    def drawn(self, count: int, rng: torch.Generator) -> Tensor:
        """Places of `count` chains, all different; for all processes together."""
        places = torch.rand(len(self.begun), generator=rng, device=self.begun.device)
        return places.topk(count).indices

    def keep(self, places: Tensor, ends: Tensor) -> None:
        """Keeps where chains ended, in place."""
        self.kept.index_copy_(0, places, ends.to(self.kept.dtype))
        self.begun.index_fill_(0, places, value=True)


class Energy:
    """One player, D with E = -D (Du & Mordatch 2019, algorithm 1): E of data falls, E of where
    chains end rises, E(x⁺) - E(x⁻) + α (E(x⁺)² + E(x⁻)²), and no gradient passes the chains.

    A sample is the end of a chain that starts from noise, never of one that was kept. Values of
    chains are kept in the data's range; one that is not a number ends the training as diverged.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({NAME})
    network: ClassVar[frozenset[str]] = frozenset({"name"})
    train: ClassVar[frozenset[str]] = TRAIN | {"stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> EnergyParams:
        """The row of the section models."""
        if loss != LOSS:
            raise InputError(f"the energy has one loss, {LOSS}; not {loss!r}")
        return parse_recipe(EnergyParams, params, f"energy-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns samples `x`, and is told of no class."""
        if "y" in spaces:
            return "it knows no classes: set train.conditional to false"
        return FromCodes.unfit(spaces)

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "Energy":
        """D of the section network's family and the recipe."""
        recipe, name = cls.recipe(params, loss), f"{params.network.name}.energy"
        if name not in ARCHITECTURES:
            raise InputError(
                f"network.name: {params.network.name} has no smooth D: set it to dcgan"
            )
        spec = NetworkSpec(name, {"x": samples_of(spaces)}, Score(), recipe.width)
        return cls(recipe, spec, params.train.batch, seed)

    def __init__(self, recipe: EnergyParams, spec: NetworkSpec, batch: int, seed: int) -> None:
        if recipe.buffer < batch:
            raise InputError(
                f"models.energy-{LOSS}.buffer: {recipe.buffer} chains are less than a batch of "
                f"{batch}: raise it"
            )
        self._recipe, self._bound = recipe, farthest(spec.shape)
        self.energy: Any
        with initial_weights(seed, NAME):
            self.energy = spec.build()
        self.energy.chain.copy_(torch.tensor(recipe.sampling.chain()))
        self.replay = Replay(recipe.buffer, spec.shape.size)
        self.specs, self.networks = {NAME: spec}, {NAME: self.energy}
        self.state = {"replay": self.replay}

    def players(self) -> Sequence[Player]:
        """D alone."""
        return [Player(NAME, self.energy, self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        real, fake = batch["x"], self._chains(batch)
        real_scores, fake_scores = self._score(real), self._score(fake)
        squares = real_scores.square().mean() + fake_scores.square().mean()
        loss = fake_scores.mean() - real_scores.mean() + self._recipe.alpha * squares
        told = game_terms(real_scores, fake_scores, real, fake)
        return {
            "loss": loss,
            "real": real_scores.mean(),
            "fake": fake_scores.mean(),
            **{name: told[name] for name in ("diversity", "spread")},
        }

    @torch.no_grad()
    def _chains(self, batch: Batch) -> Tensor:
        """Where kept chains are after some more steps, or some from noise."""
        count, recipe = len(batch), self._recipe
        places = self.replay.drawn(count * distributed.size(), batch.rng("places of chains"))
        mine = distributed.shard(places)
        rng = batch.rng("chains")
        values = batch["x"].shape[1:]
        z = distributed.draw_sharded(partial(_normal, values, rng, batch["x"]), count)
        again = distributed.draw_sharded(
            lambda n: torch.rand(n, generator=rng, device=z.device, dtype=z.dtype), count
        )
        anew = (again < recipe.restarts) | ~self.replay.begun[mine]
        anew = anew.view(-1, *[1] * len(values))
        start = torch.where(anew, noise(z, self.specs[NAME].shape), self.replay.kept[mine])
        ends = langevin(self._score, start, recipe.training.chain(), self._bound, rng)
        self.replay.keep(places, distributed.gathered(ends))
        return ends

    def _score(self, x: Tensor) -> Tensor:
        return upcast(self.energy(x))

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """A standard normal number for each value of a sample."""
        return {"z": Noise(specs[NAME].shape.values)}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Samples."""
        return {"x": specs[NAME].shape}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """Ends of chains that start from the noise that `z` stands for."""
        network = networks[NAME]
        assert isinstance(network, networks_of.Energy)  # noqa: S101 - its spec says so
        steps, *others = network.chain.tolist()
        start = noise(given["z"].view(-1, *network.space.size), network.space)
        walk, bound = Chain(int(steps), *others), farthest(network.space)
        return {"x": langevin(network, start, walk, bound, rng("chains"))}


def log_density(network: nn.Module, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """-E, the log density but for a constant, (N,), at samples as they are stored."""
    assert isinstance(network, networks_of.Energy)  # noqa: S101 - its spec says so
    place = network.chain.device
    with torch.no_grad():
        parts = torch.from_numpy(points).to(network.chain.dtype).split(PART)  # type: ignore[no-untyped-call]
        scores = [network(network.space.encode(part).to(place)).cpu() for part in parts]
    return np.asarray(torch.cat(scores).double().numpy(), np.float64)


def farthest(space: SampleSpace) -> float:
    """What no value of a sample exceeds, as networks see it."""
    return 1.0 if isinstance(space, Image) else FARTHEST


def noise(z: Tensor, space: SampleSpace) -> Tensor:
    """Where chains start, of standard normal numbers: images uniform in [-1, 1], points normal with
    the data's deviation."""
    return torch.erf(z / math.sqrt(2)) if isinstance(space, Image) else z


def _normal(values: Sequence[int], rng: torch.Generator, like: Tensor, count: int) -> Tensor:
    return torch.randn(count, *values, generator=rng, device=like.device, dtype=like.dtype)
