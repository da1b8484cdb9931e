"""What a compiler makes of a round: both players' passes and steps, and the average, as the two
graphs of torch.compile (with the penalty and without), beside the trainer's rounds.

No study uses it: it says what the trainer leaves to gain. Codes are drawn outside of the graphs,
batch norm keeps no running statistics there, and rounding is not the trainer's.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vjp
from torch.nn.functional import softplus

import training
from ganstudy.models import build
from ganstudy.params import LossParams, Params

Weights = dict[str, Tensor]
B2, EPSILON = 0.99, 1e-8


@dataclass(frozen=True)
class Compiled:
    """Seconds of a round of the trainer's and of the compiled one, and of compiling it."""

    pair: str
    trainer: float
    compiled: float
    compiling: float

    def pays_after(self, batch: int) -> float:
        """Images shown, `batch` a round, until what compiling took is won back."""
        return batch * self.compiling / max(self.trainer - self.compiled, 1e-9)


def compare(params: Params, pair: str) -> Compiled | None:
    """The trainer beside a compiled round on one pair of networks, on the CPU; None where no C++
    compiler is."""
    if shutil.which("c++") is None and shutil.which("g++") is None:
        return None
    networks, chosen = training.PAIRS[pair], training.chosen(params, pair)
    model = build(chosen, training.GAN, networks.world)
    real = training.encoded(networks.world)[: params.train.batch]
    play = _make_round(
        model.networks["generator"],
        model.networks["discriminator"],
        params.losses["non_saturating"],
        real,
        bfloat16=chosen.train.precision == "bfloat16",
    )
    began = time.perf_counter()
    for _ in range(2):  # with the penalty, and without
        play()
    compiling = time.perf_counter() - began
    device = torch.device("cpu")
    trainer = training.make_trainer(chosen, training.GAN, device, networks.world)
    plays = {"trainer": training.make_play(trainer), "compiled": play}
    return Compiled(pair, **training.in_turn(plays, device), compiling=compiling)


class _Player:
    """A network as a function of its weights, with Adam's moments (β1 = 0: the second alone)."""

    def __init__(self, network: nn.Module, rate: float) -> None:
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.track_running_stats = False
                module.running_mean = module.running_var = module.num_batches_tracked = None
        self.network, self.rate = network, rate
        self.weights: Weights = {n: w.detach().clone() for n, w in network.named_parameters()}
        self.squares = {name: torch.zeros_like(weight) for name, weight in self.weights.items()}

    def __call__(self, weights: Weights, x: Tensor) -> Tensor:
        found: Tensor = functional_call(self.network, weights, (x, None))
        return found

    def step(self, gradients: Weights, done: Tensor) -> None:
        for name, weight in self.weights.items():
            slope, square = gradients[name], self.squares[name]
            square.mul_(B2).addcmul_(slope, slope, value=1 - B2)
            scale = (square / (1 - B2**done)).sqrt() + EPSILON
            weight.sub_(self.rate * slope / scale)


def _make_round(
    generator: nn.Module,
    discriminator: nn.Module,
    recipe: LossParams,
    real: Tensor,
    *,
    bfloat16: bool,
) -> Callable[[], None]:
    """A function that plays one round of the non-saturating game with R1 on the one batch `real`,
    compiled when it is first called."""
    g = _Player(generator, recipe.generator.learning_rate)
    d = _Player(discriminator, recipe.discriminator.learning_rate)
    r1 = recipe.penalties["r1"]
    average = {name: weight.clone() for name, weight in g.weights.items()}

    def d_loss(weights: Weights, fake: Tensor, penalised: bool) -> Tensor:
        def scored(x: Tensor) -> tuple[Tensor, Tensor]:
            scores = d(weights, x).float()
            return scores.sum(), scores

        if penalised:
            slope, scores = grad(scored, has_aux=True)(real)
            penalty = r1.weight * r1.interval / 2 * slope.square().flatten(1).sum(1).mean()
        else:
            scores, penalty = scored(real)[1], real.new_zeros(())
        loss: Tensor = softplus(-scores).mean() + softplus(scored(fake)[1]).mean() + penalty
        return loss

    def play(z: Tensor, done: Tensor, penalised: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            fake, pull = vjp(lambda weights: g(weights, z), g.weights)[:2]
            slopes, _ = grad_and_value(d_loss)(d.weights, fake.detach(), penalised)
        d.step(slopes, done)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            slope = grad(lambda x: softplus(-d(d.weights, x).float()).mean())(fake)
            (slopes,) = pull(slope)
        g.step(slopes, done)
        for name, kept in average.items():
            kept.lerp_(g.weights[name], 0.001)

    compiled = torch.compile(play, fullgraph=True, dynamic=False)
    rounds, latent = count(), generator.latent
    assert isinstance(latent, int)  # noqa: S101 - every generator has one

    @torch.no_grad()
    def next_round() -> None:
        index = next(rounds)
        compiled(
            torch.randn(len(real), latent), torch.tensor(index + 1.0), index % r1.interval == 0
        )

    return next_round
