"""A game: its players move in turn, each while the others hold still.

It owns the optimisers, the precision and the moving averages. How long the game lasts, and what is
told of it, is the trainer's.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.training.batches import Batches
from ganstudy.training.ema import averaged
from ganstudy.training.player import Batch, Model, Player, Terms, averaged_among

StepLogs = list[tuple[str, Tensor]]  # `<player>/<term>` and its value, in the order of play


class Game:
    """The game of a `model`: players, each a network that moves on its objective; the model's
    state; and averages, with decay `ema`, of the networks that it names. `bfloat16` says whether
    objectives run under autocast.

    Raises `ValueError` where a player moves weights of no network of the model: no checkpoint would
    hold them.
    """

    def __init__(
        self,
        model: Model,
        batches: Batches,
        device: torch.device,
        *,
        ema: float,
        bfloat16: bool,
    ) -> None:
        self.model, self.batches, self.device = model, batches, device
        self.players = players = model.players()
        self.averages = {
            name: averaged(model.networks[name], ema)
            for name in averaged_among(model.networks, model.averaged)
        }
        self.draws = max(player.steps for player in players)  # of batches, each round
        self._bfloat16 = bfloat16
        _must_all_be_known(model, players)
        self._weights = {player.name: list(player.network.parameters()) for player in players}
        self.optimizers = {player.name: _adam(player, device) for player in players}

    def graph_key(self, round_index: int) -> Hashable:
        """What tells rounds apart that do not compute the same operations."""
        return tuple((p.plays(round_index), p.graph_key(round_index)) for p in self.players)

    def run_round(self, round_index: int, factor: float) -> StepLogs:
        """One round at learning rates × `factor`: every player makes its steps. Returns the terms,
        those of a step after those of the step before, without gradient."""
        self.set_rates(factor)
        first = round_index * self.draws
        moves = self.move_all(
            [self.batches.draw(first + step, round_index) for step in range(self.draws)]
        )
        self.follow()
        return moves

    def set_rates(self, factor: float) -> None:
        """Sets every learning rate to `factor` × what it is at the start."""
        for player in self.players:
            for group in self.optimizers[player.name].param_groups:
                rate = player.optimizer.learning_rate * factor
                if isinstance(group["lr"], Tensor):  # in place, where a recorded round reads it
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate

    def move_all(self, batches: Sequence[Batch]) -> StepLogs:
        """Every player's steps on the batches of a round; one that makes fewer takes the last."""
        moves: StepLogs = []
        playing = [player for player in self.players if player.plays(batches[0].round)]
        for player in playing:
            for batch in batches[self.draws - player.steps :]:
                terms = self.move(player, batch)
                moves += [(f"{player.name}/{name}", v.detach()) for name, v in terms.items()]
        return moves

    def move(self, player: Player, batch: Batch) -> Terms:
        """One step of one player."""
        optimizer = self.optimizers[player.name]
        with self._precision():
            terms = player.objective(batch)
        optimizer.zero_grad()
        weights = self._weights[player.name]
        terms["loss"].backward(inputs=weights)  # type: ignore[no-untyped-call]
        distributed.average_gradients(weights)
        optimizer.step()
        if player.projection is not None:
            player.projection(player.network)
        return terms

    def follow(self) -> None:
        """The averages follow their networks."""
        for name, average in self.averages.items():
            average.update_parameters(self.model.networks[name])

    def is_finite(self, player: Player) -> bool:
        """Whether all weights and buffers of a player's network are."""
        return all(bool(value.isfinite().all()) for value in player.network.state_dict().values())

    def state(self) -> dict[str, Tensor]:
        """A copy of everything that the next round depends on."""
        tensors: dict[str, Tensor] = {
            f"{place}/{name}": tensor
            for place, module in self._modules().items()
            for name, tensor in module.state_dict().items()
        }
        for player in self.players:
            state = self.optimizers[player.name].state_dict()["state"]
            for index, values in state.items():
                for name, tensor in values.items():
                    tensors[f"optimizer/{player.name}/{index}/{name}"] = tensor
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Puts everything back to what it was at `state`, in place where there is a place: recorded
        rounds read and write these very tensors."""
        for place, module in self._modules().items():
            module.load_state_dict(below(tensors, f"{place}/"))
        for player in self.players:
            optimizer = self.optimizers[player.name]
            saved: dict[int, dict[str, Tensor]] = {}
            for name, tensor in below(tensors, f"optimizer/{player.name}/").items():
                index, entry = name.split("/")
                saved.setdefault(int(index), {})[entry] = tensor
            if not optimizer.state:
                optimizer.load_state_dict(optimizer.state_dict() | {"state": saved})
                continue
            for number, weight in enumerate(self._weights[player.name]):
                for entry, place in optimizer.state[weight].items():
                    # Of an optimiser that has made no step yet nothing is saved: all is zero.
                    value = saved.get(number, {}).get(entry)
                    place.zero_() if value is None else place.copy_(value)

    def _modules(self) -> dict[str, nn.Module]:
        """All that has a state but the optimisers, by its place in a checkpoint."""
        parts: dict[str, Mapping[str, nn.Module]] = {
            "network": self.model.networks,
            "average": self.averages,
            "state": self.model.state,
        }
        return {
            f"{part}/{n}": module for part, named in parts.items() for n, module in named.items()
        }

    def _precision(self) -> AbstractContextManager[object]:
        if not self._bfloat16:
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def _must_all_be_known(model: Model, players: Sequence[Player]) -> None:
    known = {id(weight) for network in model.networks.values() for weight in network.parameters()}
    for player in players:
        if not known.issuperset(map(id, player.network.parameters())):
            raise ValueError(f"player {player.name} moves weights of no network of the model")


RoundFn = Callable[[int, float], StepLogs]  # `Game.run_round`, or another way to the same


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose names start with `prefix`, named without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _adam(player: Player, device: torch.device) -> torch.optim.Optimizer:
    settings, cuda = player.optimizer, device.type == "cuda"
    rate = settings.learning_rate
    return torch.optim.AdamW(
        player.network.parameters(),
        # On CUDA a tensor: recorded rounds then see it change.
        lr=torch.tensor(rate, device=device) if cuda else rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=device.type in ("cpu", "cuda"),
        capturable=cuda,
    )
