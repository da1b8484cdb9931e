"""The semi-supervised GAN: K logits that are K + 1, what moves whom, how few labels it reads."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from ganstudy import metrics, models
from ganstudy.data.labels import few_labels
from ganstudy.dataset import Dataset, labelled_data
from ganstudy.errors import InputError
from ganstudy.fingerprints.values import in_float64
from ganstudy.keys import RunKey
from ganstudy.models.base import generated, inputs_for
from ganstudy.models.playing import make_trainer
from ganstudy.models.saved import load_model, save_model
from ganstudy.models.semi_gan import SemiGAN, scores
from ganstudy.networks import NetworkSpec
from ganstudy.spaces import Image, Label, labelled, partly_labelled
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Trainer
from training.tiny import ADAM, CPU, STORED, data, dataset, params

RUN = RunKey.parse("semi_gan-features-0")
FAST = {"learning_rate": 0.002, "betas": [0.5, 0.99]}


def chosen(network: str = "mlp", recipe: dict | None = None, **changes):
    own = {"generator": ADAM, "classifier": ADAM} | (recipe or {})
    return params(models={"semi_gan-features": own}, network__name=network, **changes)


def made(network: str = "mlp", classes: int = 2, **recipe) -> SemiGAN:
    spaces = partly_labelled(STORED, 1.0, classes)
    return models.build(chosen(network, recipe), RUN, spaces)


def few(per_class: int = 3) -> Dataset:
    images, classes = data()
    return few_labels(dataset(images, classes), per_class, 0)


def objectives(model: SemiGAN) -> dict:
    return {player.name: player.objective for player in model.players()}


# Known answers


def test_k_logits_are_k_plus_one_whose_last_is_zero() -> None:
    with in_float64():
        model = made()
        batch = Batches(few(), 4, 0, CPU).draw(0, 0)
        terms = objectives(model)["classifier"](batch)

        def log_shares(x: Tensor) -> Tensor:
            logits = model.classifier(x)
            return torch.cat([logits, torch.zeros(len(x), 1)], 1).log_softmax(1)

        real, fake, labelled_ = (
            log_shares(x) for x in (batch["x"], model._fakes(batch), batch["labelled"])
        )
        # log p(class | x, x is real): what is left when the last class is ruled out
        given_real = labelled_[:, :-1] - labelled_[:, :-1].logsumexp(1, keepdim=True)
        expected = -given_real[torch.arange(4), batch["y"]].mean()
        torch.testing.assert_close(terms["labelled"], expected)
        game = -(1 - real[:, -1].exp()).log().mean() - fake[:, -1].mean()
        torch.testing.assert_close(terms["adversarial"], game)
        torch.testing.assert_close(terms["loss"], expected + game)


def test_d_is_z_over_z_plus_one_also_where_z_would_overflow() -> None:
    logits = torch.tensor([[0.0, 1.0, -2.0], [900.0, 2.0, 1.0], [-900.0, -901.0, -902.0]])
    z = logits[0].exp().sum()
    assert scores(logits)[0].sigmoid().item() == pytest.approx((z / (z + 1)).item())
    assert scores(logits).isfinite().all()
    assert scores(logits)[1:].sigmoid().tolist() == pytest.approx([1.0, 0.0])


def test_g_brings_mean_features_together_and_moves_nothing_else() -> None:
    model = made()
    batch = Batches(few(), 4, 0, CPU).draw(0, 0)
    loss = objectives(model)["generator"](batch)["loss"]
    features = [
        model.classifier.trunk(x).flatten(1).mean(0) for x in (batch["x"], model._fakes(batch))
    ]
    torch.testing.assert_close(loss, (features[0] - features[1]).square().sum())
    planted = objectives(model)["classifier"](batch)["adversarial"]
    slopes = [
        torch.autograd.grad(each, list(model.generator.parameters()), allow_unused=True)
        for each in (loss, planted)
    ]
    assert all(slope is not None for slope in slopes[0])
    assert all(slope is None for slope in slopes[1])  # D's game does not move G


def test_the_labels_of_others_are_never_read() -> None:
    """A batch without them is enough: the plant, all labels used, would be a KeyError."""
    batch = Batches(few(), 4, 0, CPU).draw(0, 0)
    assert {name: len(batch[name]) for name in batch.fields} == {"x": 4, "labelled": 4, "y": 4}
    model = made(unlabelled=0.0)
    alone = objectives(model)["classifier"](batch)
    assert torch.equal(alone["loss"], alone["labelled"])


def test_only_labelled_images_are_shifted_and_mirrored_and_points_cannot_be() -> None:
    batch = Batches(few(), 4, 0, CPU).draw(0, 0)
    plain, moved_ = made(), made(shift=1, flip=True)
    torch.testing.assert_close(plain._augmented(batch), batch["labelled"])
    shown = moved_._augmented(batch)
    assert shown.shape == batch["labelled"].shape
    assert not torch.equal(shown, batch["labelled"])
    terms = [objectives(model)["classifier"](batch) for model in (plain, moved_)]
    assert terms[0]["adversarial"] == terms[1]["adversarial"]
    assert terms[0]["labelled"] != terms[1]["labelled"]
    points = partly_labelled((2,), 1.0, 2)
    with pytest.raises(InputError, match="for images, not points"):
        models.build(chosen(recipe={"shift": 1}, data__name="ring", judge=None), RUN, points)


# Digits


def learned(unlabelled: float) -> tuple[float, float]:
    """From four labels a digit: the value of D's game at the end, and the error on digits that were
    held out."""
    digits = load_digits()
    images = (digits.images * 255 / 16).astype(np.uint8)[..., None]
    whole = labelled_data(images[:1200], digits.target[:1200], labelled(STORED, classes=10))
    known = few_labels(whole, 4, 0)
    settings = chosen(
        recipe={"generator": FAST, "classifier": FAST, "unlabelled": unlabelled, "noise": 0.2},
        network__generator_width=64,
        network__discriminator_width=96,
        network__latent=16,
        train__images=40 * 200,
        train__batch=40,
    )
    model = models.build(settings, RUN, known.spaces)
    subject = make_trainer(settings, RUN, model, known, CPU)
    subject.fit(None, Callbacks())
    x = whole.spaces["x"].encode(torch.from_numpy(images[1200:]))
    inputs = inputs_for(model.inputs(model.specs), len(x), 0, {"x": x})
    told = generated(SemiGAN, subject.networks(), model.specs, inputs)["label"]
    last = subject.history[-1]["classifier/adversarial"]
    return last, metrics.error_rate(told, digits.target[1200:])


def test_of_few_labels_it_learns_digits_and_to_tell_made_ones() -> None:
    game, error = learned(1.0)
    assert game < 2 * np.log(2)  # of a D that tells nothing
    assert error < 0.4  # .9 by chance
    assert learned(0.0)[0] > 2 * np.log(2)  # the planted mistake: the unlabelled term off


# The house


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
def test_it_trains_on_every_family_and_every_network_moves(network: str, tmp_path) -> None:
    model, settings = made(network), chosen(network)
    before = {
        n: {k: v.clone() for k, v in net.state_dict().items()} for n, net in model.networks.items()
    }
    subject: Trainer = make_trainer(settings, RUN, model, few(), CPU)
    subject.fit(None, Callbacks())
    for name, network_ in model.networks.items():
        weights = dict(network_.named_parameters())
        assert all(not torch.equal(weights[k], before[name][k]) for k in weights if "bias" not in k)
    save_model(tmp_path, subject.networks(), model.specs, {"params": {"run": str(RUN)}})
    images, _ = data(7)
    x = Image(1, 8, 8).encode(torch.from_numpy(images))
    samples = load_model(tmp_path, sampling=True).sample(7, 0, {"x": x})
    assert {name: made_.shape for name, made_ in samples.items()} == {
        "x": (7, 8, 8, 1),
        "label": (7,),
    }
    assert set(samples["label"].tolist()) <= {0, 1}


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_each_sample_has_logits_of_its_own(norm: str) -> None:
    for family in ("mlp", "dcgan", "resnet"):
        spec = NetworkSpec(f"{family}.logits", {"x": Image(1, 8, 8)}, Label(3), 4, norm)
        network: nn.Module = spec.build().eval()
        x = torch.randn(5, 1, 8, 8, generator=torch.manual_seed(0))
        assert network(x).shape == (5, 3)
        torch.testing.assert_close(network(x)[:2], network(x[:2]))
        torch.testing.assert_close(network.head(network.features(x)), network(x))


def test_data_of_which_all_or_none_is_labelled_is_not_for_it() -> None:
    for spaces in (labelled(STORED), labelled(STORED, classes=2)):
        with pytest.raises(InputError, match=r"set data\.labels_per_class"):
            models.build(chosen(), RUN, spaces)
    with pytest.raises(InputError, match="all have labels, or none"):
        models.build(params(), RunKey.parse("gan-wgan-0"), partly_labelled(STORED, 1.0, 2))
