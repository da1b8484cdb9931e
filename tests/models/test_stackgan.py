"""StackGAN: conditioning by draws, two stages of which the first is frozen, both of which read."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.saved import load_model, save_model
from ganstudy.models.stackgan import StackGAN
from ganstudy.networks.stack import Conditioning
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Tokens
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from models.squares import CAPTIONS, SPACES, obeyed, squares
from training.test_cuda_graphs import Again
from training.tiny import ADAM, CPU, params, weights

RUN = "stackgan-non_saturating"
GAME = {
    "generator": ADAM,
    "discriminator": ADAM,
    "penalties": {"r1": {"weight": 0.1, "interval": 4}},
}
SMALL = {"name": "dcgan", "latent": 4, "generator_width": 4, "discriminator_width": 4}
ROUNDS = 12
DATA = squares(60, times=2)


def trainer(**settings) -> Trainer:
    images = 6 * ROUNDS
    recipe = {"game": GAME, "first": 0.5}
    chosen = params(models={RUN: recipe}, network=SMALL, train__images=images, train__batch=6)
    model = models.build(chosen, RunKey.parse(f"{RUN}-0"), DATA.spaces)
    whole = {"images": images, "lr_decay": 0.5, "ema": 0.9} | settings
    return Trainer(model, Batches(DATA, 6, 0, CPU), Settings(**whole), CPU)


def everything(subject: Trainer) -> list[bytes]:
    return weights(*subject.game.model.networks.values(), *subject.game.averages.values())


def test_conditioning_draws_from_the_mean_and_deviation_that_the_text_has() -> None:
    subject = Conditioning(Tokens(2, ("red", "blue")), 3)
    last = subject.text.body[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias[:3], last.bias[3:] = 3.0, torch.tensor(4.0).log()  # μ = 3, σ² = 4
    text, noise = torch.tensor([[1, 0]]), torch.tensor([[0.0, 1.0, -1.0]])
    torch.testing.assert_close(subject(text, noise), torch.tensor([[3.0, 5.0, 1.0]]))


def test_a_deviation_read_from_the_means_half_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(self: Conditioning, text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, _ = self.text(text).chunk(2, 1)
        return mean, mean

    monkeypatch.setattr(Conditioning, "moments", wrong)
    with pytest.raises(AssertionError):
        test_conditioning_draws_from_the_mean_and_deviation_that_the_text_has()


def moved(subject: Trainer, round_index: int) -> set[str]:
    """The networks whose weights a round changes; only they have terms."""
    parts = subject.game.model.networks

    def now() -> dict[str, list[torch.Tensor]]:
        return {n: [w.detach().clone() for w in part.parameters()] for n, part in parts.items()}

    before = now()
    told = {name.split("/")[0] for name, _ in subject.game.run_round(round_index, 1.0)}
    changed = {name for name, ws in now().items() if not all(map(torch.equal, ws, before[name]))}
    assert told == changed
    return changed


def test_each_stage_moves_in_its_part_of_training_alone() -> None:
    subject = trainer()
    rounds = [moved(subject, round_index) for round_index in range(ROUNDS)]
    assert rounds == [{"first", "discriminator_first"}] * 6 + [{"second", "discriminator"}] * 6


def test_stopped_in_either_stage_and_resumed_it_is_the_uninterrupted_run(tmp_path: Path) -> None:
    straight = trainer()
    straight.fit(None, Callbacks())
    for stop_at in (4, 9):
        store = CheckpointStore(tmp_path / str(stop_at))

        class StoppedError(Exception):
            """What ends a run early."""

        def stop(rows: list[Row], stop_at: int = stop_at, error: type = StoppedError) -> None:
            if rows[-1]["round"] == stop_at:
                raise error

        with pytest.raises(StoppedError):
            trainer(checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
        resumed = trainer()
        resumed.fit(store, Callbacks())
        assert everything(resumed) == everything(straight)
        assert resumed.history == straight.history


def test_its_rounds_can_be_recorded() -> None:
    eager, replayed = trainer(), trainer()
    again = Again(replayed.game)
    replayed._play = recorded(replayed.game, again)
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert again.recordings == 4  # of either stage with and without its penalty


def test_pictures_of_both_stages_are_what_captions_say() -> None:
    made = obeyed(RUN, {"game": GAME, "kl": 0.01}, 240, times=2)
    assert made["first"] >= 0.8
    assert made["x"] >= 0.8


def test_saved_and_loaded_both_stages_make_the_same_pictures(tmp_path: Path) -> None:
    subject = trainer()
    subject.fit(None, Callbacks())
    meta = {"params": {"run": f"{RUN}-0"}}
    save_model(tmp_path, subject.networks(), subject.game.model.specs, meta)
    loaded = load_model(tmp_path)
    assert loaded.specs == subject.game.model.specs
    made = loaded.sample(6, 0, {"text": torch.from_numpy(CAPTIONS)})
    assert {name: images.shape for name, images in made.items()} == {
        "x": (6, 16, 16, 3),
        "first": (6, 16, 16, 3),
    }


def large(width: int = 2) -> Trainer:
    """Images of 64×64 through 16 and 32, at hardly any width."""
    rng = numpy_generator(0, "pictures")
    images = rng.integers(0, 256, (12, 64, 64, 3), np.uint8)
    text = np.tile(CAPTIONS[:6], (2, 1))
    data = Dataset({"x": images, "text": text}, SPACES | {"x": Image(3, 64, 64)}, DATA.groups)
    recipe = {"game": GAME, "first": 0.5}
    network = SMALL | {"generator_width": width, "discriminator_width": width}
    chosen = params(models={RUN: recipe}, network=network, train__images=24, train__batch=3)
    model = models.build(chosen, RunKey.parse(f"{RUN}-0"), data.spaces)
    settings = Settings(images=24, lr_decay=0.5, ema=0.9)
    return Trainer(model, Batches(data, 3, 0, CPU), settings, CPU)


def test_large_images_have_a_third_stage_and_each_has_its_part_of_training(tmp_path: Path) -> None:
    subject = large()
    rounds = [moved(subject, round_index) for round_index in range(8)]
    assert rounds == [
        *[{"first", "discriminator_first"}] * 4,
        *[{"second", "discriminator_second"}] * 2,
        *[{"third", "discriminator"}] * 2,
    ]
    specs = subject.game.model.specs
    assert [specs[name].output.size[1] for name in ("first", "second", "third")] == [16, 32, 64]
    save_model(tmp_path, subject.networks(), specs, {"params": {"run": f"{RUN}-0"}})
    loaded = load_model(tmp_path)
    assert loaded.specs == specs
    made = loaded.sample(6, 0, {"text": torch.from_numpy(CAPTIONS[:6])})
    assert set(made) == {"x", "first", "second"}
    assert {images.shape for images in made.values()} == {(6, 64, 64, 3)}


def test_every_stage_hands_its_picture_on() -> None:
    model = large(8).game.model
    rng = torch.Generator().manual_seed(0)
    given = {
        name: torch.from_numpy(CAPTIONS[:2])
        if name == "text"
        else torch.randn(2, space.dimensions, generator=rng)
        for name, space in StackGAN.inputs(model.specs).items()
    }
    with torch.no_grad():
        made = StackGAN.sample(model.networks, given, rng)
        other = StackGAN.sample(model.networks, given | {"z": -given["z"]}, rng)
    assert all(not torch.equal(made[name], other[name]) for name in made)


def test_sides_that_cannot_be_halved_are_refused() -> None:
    chosen = params(models={RUN: {"game": GAME}}, network=SMALL)
    with pytest.raises(InputError, match="it makes half of each side first"):
        models.build(chosen, RunKey.parse(f"{RUN}-0"), SPACES | {"x": Image(3, 15, 15)})
