"""Run keys, and what the result of a run depends on."""

import pytest

from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models import build, identity
from ganstudy.spaces import labelled
from training.tiny import STORED, params


@pytest.mark.parametrize("text", ["gan-wgan-0", "vae-elbo-12", "gan-non_saturating-3"])
def test_keys_are_read_and_written(text: str) -> None:
    assert str(RunKey.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gan", "<model>-<loss>-<seed>"),
        ("gan-wgan", "<model>-<loss>-<seed>"),
        ("gan-wgan-x", "<model>-<loss>-<seed>"),
        ("gan-wgan--1", "<model>-<loss>-<seed>"),
        ("", "<model>-<loss>-<seed>"),
        ("../../etc-x-0", "<model>-<loss>-<seed>"),
        ("gan-wgan-0\n", "<model>-<loss>-<seed>"),
    ],
)
def test_what_is_no_key_says_what_one_is(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        RunKey.parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("model", [identity, build])
def test_a_loss_without_a_recipe_names_the_nearest(model) -> None:
    rest = () if model is identity else (labelled(STORED),)
    with pytest.raises(InputError, match="'wgann' has no recipe; did you mean 'wgan'"):
        model(params(), RunKey("gan", "wgann", 0), *rest)


@pytest.mark.parametrize("model", [identity, build])
def test_a_model_that_is_none_names_the_nearest(model) -> None:
    rest = () if model is identity else (labelled(STORED),)
    with pytest.raises(InputError, match="no model 'gam'; did you mean 'gan'"):
        model(params(), RunKey("gam", "wgan", 0), *rest)


def test_identity_changes_with_what_a_result_depends_on_and_with_nothing_else() -> None:
    key = RunKey.parse("gan-wgan-0")
    first = identity(params(), key)
    same = {
        "runtime": {"threads": 1, "checkpoint_seconds": 1.0, "device": "cpu"},
        "train__loss": "wgan_gp",
        "losses__non_saturating__critic_steps": 4,
        "vae__beta": 3.0,
        "ae__encoder_width": 9,
        "study__baselines": [],
        "train__failure": "keep",
        "sample__count": 7,
        "study__seeds": [3],
    }
    for name, value in same.items():
        assert identity(params(**{name: value}), key) == first, name
    different = {
        "losses__wgan__clip": 0.02,
        "losses__wgan__critic_steps": 1,
        "train__images": 52,
        "train__ema": 0.8,
        "train__precision": "bfloat16",
        "network__latent": 5,
        "network__name": "dcgan",
    }
    for name, value in different.items():
        assert identity(params(**{name: value}), key) != first, name
    assert identity(params(), RunKey.parse("gan-wgan-1")) != first
