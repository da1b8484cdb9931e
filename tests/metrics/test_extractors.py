"""Extractors on tiny random networks, and torch-fidelity's Inception with random weights."""

import subprocess
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch
import torch_fidelity
from torch import nn
from torch_fidelity import feature_extractor_inceptionv3 as inception
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

import ganstudy
from ganstudy.errors import InputError
from ganstudy.metrics import (
    FeatureExtractor,
    JudgeExtractor,
    TorchFidelityExtractor,
    extractors,
    frechet_distance,
    inception_score,
    kernel_distance,
    register_judge,
)


class TinyJudge(nn.Module):
    def __init__(self, seed: int = 0, channels: int = 1) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.convolution = nn.Conv2d(channels, 8, 3, stride=2)
            self.norm = nn.BatchNorm2d(8)
            self.head = nn.Linear(8, 5)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.norm(self.convolution(images)).relu().mean(dim=(2, 3))
        return features, self.head(features)


def pictures(n: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 10, 10, channels), dtype=np.uint8)


@pytest.fixture
def registered():
    register_judge(TinyJudge)
    yield "ganstudy-judge"
    FEATURE_EXTRACTORS_REGISTRY.pop("ganstudy-judge", None)


def test_the_judge_gives_features_and_logits_of_scaled_images():
    network = TinyJudge()
    extractor: FeatureExtractor = JudgeExtractor(network, "judge", "00ff")
    images = pictures(7)
    found = extractor.extract(images)
    scaled = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    features, logits = network(scaled)
    assert found.features.dtype == found.logits.dtype == np.float32
    np.testing.assert_allclose(found.features, features.detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.logits, logits.detach(), rtol=1e-5, atol=1e-6)
    assert (extractor.name, extractor.sha256) == ("judge", "00ff")
    assert not network.training


def test_the_batch_size_and_the_order_change_nothing():
    extractor = JudgeExtractor(TinyJudge(), "judge", "")
    images = pictures(23)
    whole = extractor.extract(images, batch=23)
    for batch in (1, 5, 1000):
        found = extractor.extract(images, batch)
        np.testing.assert_allclose(found.features, whole.features, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.logits, whole.logits, rtol=1e-5, atol=1e-6)
    turned = extractor.extract(images[::-1], 5)
    np.testing.assert_allclose(turned.features[::-1], whole.features, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (pictures(3).astype(np.float32), "uint8 images"),
        (pictures(3)[..., 0], "uint8 images"),
        (pictures(0), "at least 1 image"),
    ],
)
def test_wrong_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        JudgeExtractor(TinyJudge(), "judge", "").extract(images)


def test_a_wrong_batch_size_and_a_wrong_network_are_refused():
    with pytest.raises(ValueError, match="batch must be an integer >= 1"):
        JudgeExtractor(TinyJudge(), "judge", "").extract(pictures(3), batch=0)
    flat = nn.Conv2d(1, 2, 3)
    with pytest.raises(ValueError, match=r"features must be \(N, d\)"):
        extractors.extract_in_batches(lambda x: (flat(x.float()), None), pictures(3))


class Tensors(torch.utils.data.Dataset):
    def __init__(self, images: np.ndarray) -> None:
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def test_torch_fidelity_measures_with_the_registered_judge_what_we_measure(registered):
    a, b = pictures(60, seed=1), pictures(60, seed=2) // 4  # darker: far from 0 by every distance
    theirs = torch_fidelity.calculate_metrics(
        input1=Tensors(a),
        input2=Tensors(b),
        fid=True,
        isc=True,
        kid=True,
        feature_extractor=registered,
        feature_layer_fid="features",
        feature_layer_kid="features",
        feature_layer_isc="logits",
        isc_splits=1,
        kid_subsets=1,
        kid_subset_size=60,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    extractor = TorchFidelityExtractor(registered)
    first, second = extractor.extract(a, batch=7), extractor.extract(b)
    assert frechet_distance(first.features, second.features) == pytest.approx(
        theirs["frechet_inception_distance"], rel=1e-5
    )
    assert inception_score(first.logits).score == pytest.approx(
        theirs["inception_score_mean"], rel=1e-6
    )
    # Theirs is a mean of float32 kernels, each near 1: it is off by some 1e-7, by CPU. The biased
    # estimator would differ by 2e-4, another kernel by more.
    assert kernel_distance(first.features, second.features) == pytest.approx(
        theirs["kernel_inception_distance_mean"], abs=1e-5
    )
    direct = JudgeExtractor(TinyJudge(), "judge", "").extract(a)
    np.testing.assert_allclose(direct.features, first.features, rtol=1e-5, atol=1e-6)


def test_a_judge_can_be_replaced_and_other_extractors_cannot(registered):
    before = TorchFidelityExtractor(registered)
    register_judge(lambda: TinyJudge(seed=1))
    after = TorchFidelityExtractor(registered)
    assert before.sha256 != after.sha256
    with pytest.raises(ValueError, match="name of another extractor"):
        register_judge(TinyJudge, name="vgg16")
    with pytest.raises(ValueError, match="wants uint8 images"):
        FEATURE_EXTRACTORS_REGISTRY[registered](registered, ["features"])(torch.zeros(1, 1, 9, 9))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'inception' is not registered; .*inception-v3-compat"):
        TorchFidelityExtractor("inception")


@pytest.fixture(scope="module")
def inception_weights(tmp_path_factory) -> Path:
    """Random weights of the right names and shapes, written as a plain state dict."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(nn.Module, "load_state_dict", lambda *_, **__: None)
        network = inception.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    torch.save(network.state_dict(), path)
    return path


def test_inception_takes_weights_by_path_and_grey_images(inception_weights):
    extractor = TorchFidelityExtractor("inception-v3-compat", inception_weights)
    grey = pictures(3)
    found = extractor.extract(grey, batch=2)
    assert found.features.shape == (3, 2048)
    assert found.logits.shape == (3, 1008)
    colour = extractor.extract(grey.repeat(3, axis=3), batch=3)
    np.testing.assert_allclose(found.features, colour.features, rtol=1e-4, atol=1e-6)
    assert len(extractor.sha256) == 64


def test_weights_that_cannot_be_downloaded_say_how_to_supply_them(monkeypatch):
    def unreachable(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(inception, "load_state_dict_from_url", unreachable)
    with pytest.raises(InputError, match=r"no route to host.*give the file's path"):
        TorchFidelityExtractor("inception-v3-compat")


class Payload:
    """What a pickle may do when it is loaded."""

    def __reduce__(self):
        return (print, ("code in the weights was run",))


def test_weights_that_are_wrong_are_refused_and_never_run(tmp_path, capsys):
    missing, text, code, other = (tmp_path / name for name in ("a", "b.pth", "c.pth", "d.pth"))
    text.write_text("no weights")
    torch.save({"x": Payload()}, code)
    torch.save({"x": torch.zeros(1)}, other)
    for path, message in (
        (missing, "cannot read"),
        (text, "is not a plain PyTorch state dict"),
        (code, "is not a plain PyTorch state dict"),
        (other, "does not fit inception-v3-compat"),
    ):
        with pytest.raises(InputError, match=message):
            TorchFidelityExtractor("inception-v3-compat", path)
    assert "code in the weights" not in capsys.readouterr().out
    with pytest.raises(InputError, match="takes no weights by path"):
        TorchFidelityExtractor("dinov2-vit-s-14", other)


def test_metrics_on_arrays_need_no_torch():
    code = (
        "import sys, numpy as np; from ganstudy.metrics import frechet_distance;"
        "frechet_distance(np.eye(3), np.eye(3)); sys.exit('torch' in sys.modules)"
    )
    source = str(Path(ganstudy.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, check=False)
    assert done.returncode == 0
