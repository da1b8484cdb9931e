"""The text GAN: what its D is shown, and that captions are obeyed because D reads them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy import models
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.saved import load_model, save_model
from ganstudy.models.text_gan import other_captions
from ganstudy.spaces import labelled
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Settings, Trainer
from models.squares import CAPTIONS, SPACES, obeyed, read_back, squares
from training.tiny import ADAM, CPU, params

RUN = "text_gan-non_saturating"
GAME = {
    "generator": ADAM,
    "discriminator": ADAM,
    "penalties": {"r1": {"weight": 0.1, "interval": 4}},
}
ROUNDS = 120
SMALL = {"name": "dcgan", "latent": 4, "generator_width": 4, "discriminator_width": 4}


def trainer(rounds: int = 2, **recipe) -> Trainer:
    chosen = params(models={RUN: {"game": GAME, **recipe}}, network=SMALL)
    model = models.build(chosen, RunKey.parse(f"{RUN}-0"), SPACES)
    return Trainer(model, Batches(squares(), 6, 0, CPU), Settings(6 * rounds, 0.5, 0.9), CPU)


def test_pictures_are_what_captions_say_and_with_a_d_that_reads_nothing_they_are_not() -> None:
    assert (read_back(squares().fields["x"]) == np.arange(600) % len(CAPTIONS)).mean() == 1
    assert obeyed(RUN, {"game": GAME}, ROUNDS)["x"] >= 0.8
    assert obeyed(RUN, {"game": GAME, "captions": "nothing"}, ROUNDS)["x"] <= 0.5


def test_a_caption_is_told_apart_from_the_next_that_differs() -> None:
    text = torch.tensor([[1, 0], [1, 0], [2, 0], [1, 2]])
    assert other_captions(text).tolist() == [[2, 0], [2, 0], [1, 2], [1, 0]]
    alike = torch.tensor([[3, 0], [3, 0]])
    assert torch.equal(other_captions(alike), alike)


def test_d_is_shown_reeds_three_pairs_each_with_its_weight() -> None:
    """-log s(x, t) - ½ log(1 - s(x, t')) - ½ log(1 - s(G(z), t)): algorithm 1, lines 8 to 11."""
    game = trainer().game
    model, batch = game.model, game.batches.draw(1, 1)  # a round without penalty
    terms = model._discriminator_terms(batch)
    x, text = batch["x"], batch["text"]
    with torch.no_grad():
        fake = model._fakes(batch, "z for D")
        real, wrong, made = (
            torch.sigmoid(model.adversary.score(*pair))
            for pair in ((x, text), (x, other_captions(text)), (fake, text))
        )
    expected = -real.log().mean() - 0.5 * ((1 - wrong).log().mean() + (1 - made).log().mean())
    torch.testing.assert_close(terms["loss"].detach(), expected, rtol=1e-3, atol=1e-4)


def test_words_matter_to_both_sides_and_their_order_and_padding_do_not() -> None:
    game = trainer().game
    generator, score = game.model.generator.eval(), game.model.adversary.score
    z, x = torch.ones(2, 4), torch.ones(2, 3, 8, 8)
    one, other, swapped = (torch.tensor([row] * 2) for row in ([4, 1, 0], [4, 2, 0], [1, 0, 4]))
    with torch.no_grad():
        assert not torch.equal(generator(z, one), generator(z, other))
        assert not torch.equal(score(x, one), score(x, other))
        torch.testing.assert_close(generator(z, one), generator(z, swapped))
        torch.testing.assert_close(score(x, one), score(x, swapped))


def test_saved_and_loaded_it_makes_the_same_pictures_of_given_words(tmp_path: Path) -> None:
    subject = trainer()
    subject.fit(None, Callbacks())
    meta = {"params": {"run": f"{RUN}-0"}}
    save_model(tmp_path, subject.networks(), subject.game.model.specs, meta)
    loaded = load_model(tmp_path)
    assert loaded.specs == subject.game.model.specs
    text = torch.from_numpy(CAPTIONS)
    made = loaded.sample(len(text), 0, {"text": text})["x"]
    assert made.shape == (6, 8, 8, 3)
    with pytest.raises(InputError, match="samples for given text"):
        loaded.sample(3, 0)


def test_data_without_captions_is_not_for_it() -> None:
    chosen = params(models={RUN: {"game": GAME}}, network=SMALL)
    with pytest.raises(InputError, match="it learns images x with captions"):
        models.build(chosen, RunKey.parse(f"{RUN}-0"), labelled((8, 8, 1)))
    assert RUN in models.families_for(chosen, SPACES)
