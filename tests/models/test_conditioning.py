"""The condition: a generator that ignores y is caught by the judge, and `--label` is obeyed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evaluation.prepared import study, workspace
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import InputError
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.evaluation.judging import load_judge
from ganstudy.files import read_npz
from ganstudy.models.saved import SavedGenerator, save_model
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.params import RuntimeParams
from ganstudy.spaces import Image
from ganstudy.stages import sample
from ganstudy.study import layout

CPU = torch.device("cpu")
CLASSES, COUNT = 10, 350
LATENT = 4


@pytest.fixture(scope="module")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuringProtocol]:
    """The protocol of prepared digits, with a judge trained in seconds."""
    with workspace(tmp_path_factory.mktemp("digits"), study("digits", COUNT)) as chosen:
        yield PROTOCOLS["images"](chosen, CPU)


@pytest.fixture(scope="module")
def real(protocol: MeasuringProtocol) -> Split:
    """Digits that the judge has not seen, with their labels."""
    return load_split(layout.PREPARED, "test")


class Archive(nn.Module):
    """A G that answers with real images: of the class it is told, or whatever it is told."""

    def __init__(self, real: Split, *, obeys: bool) -> None:
        super().__init__()
        images = Image(1, 8, 8).encode(torch.from_numpy(real.images))
        self.images = nn.Parameter(images, requires_grad=False)
        self.rows = [torch.from_numpy(np.flatnonzero(real.labels == c)) for c in range(CLASSES)]
        self.obeys = obeys

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        draws = (z[:, 0].abs() * 1e6).long()
        if not self.obeys:
            return self.images[draws % len(self.images)]
        picked = [
            rows[draw % len(rows)]
            for draw, rows in ((d, self.rows[int(c)]) for d, c in zip(draws, y, strict=True))
        ]
        return self.images[torch.stack(picked)]


def archive(real: Split, *, obeys: bool) -> SavedGenerator:
    spec = generator_spec("mlp", (8, 8, 1), 1.0, LATENT, 4, "none", CLASSES)
    return SavedGenerator(Archive(real, obeys=obeys), spec, {})


def accuracy(protocol: MeasuringProtocol, images: np.ndarray, labels: np.ndarray) -> float:
    found: float = protocol.measure(Split(images, labels), None)["class_accuracy"]
    return found


def test_real_images_with_their_own_labels_obey_and_with_shuffled_ones_do_not(
    protocol: MeasuringProtocol, real: Split
) -> None:
    assert accuracy(protocol, real.images, real.labels) > 0.9
    shuffled = np.random.default_rng(0).permutation(real.labels)
    assert accuracy(protocol, real.images, shuffled) == pytest.approx(0.1, abs=0.06)


def test_accuracy_is_the_share_of_images_that_the_judge_finds_in_their_class(protocol, real):
    judge, _ = load_judge(layout.JUDGE, CPU)
    told = judge.extract(real.images).logits.argmax(1)
    assert accuracy(protocol, real.images, told) == 1
    wrong = np.where(np.arange(len(told)) % 4 == 0, (told + 1) % CLASSES, told)
    share = (np.arange(len(told)) % 4 != 0).mean()
    assert accuracy(protocol, real.images, wrong) == pytest.approx(share)


def test_a_generator_that_obeys_is_told_from_one_that_ignores_its_label(protocol, real) -> None:
    values = {}
    for obeys in (True, False):
        generator = archive(real, obeys=obeys)
        labels = generator.labels(COUNT)
        images = generator.sample(COUNT, seed=0, labels=labels)
        values[obeys] = protocol.measure(Split(images, labels), None)
    assert values[True]["class_accuracy"] > 0.9
    assert values[False]["class_accuracy"] == pytest.approx(0.1, abs=0.06)
    # All else says that both are well: only this one sees it.
    for key in ("precision", "recall", "class_tv"):
        assert values[False][key] == pytest.approx(values[True][key], abs=0.15), key
    assert values[False]["classes_captured"] == values[True]["classes_captured"] == CLASSES


def test_without_labels_there_is_no_condition_to_obey(protocol, real) -> None:
    assert "class_accuracy" not in protocol.measure(Split(real.images, None), None)


def test_a_real_archive_is_balanced_over_the_classes_it_draws_in_turn(real: Split) -> None:
    assert np.bincount(archive(real, obeys=True).labels(COUNT)).tolist() == [35] * CLASSES


# --label


RUN = "gan-wgan-0"


def sampled(count: int, label: int | None) -> list[np.ndarray]:
    """The arrays that the stage writes for the run in this folder."""
    runtime = RuntimeParams.model_validate({"device": "cpu", "threads": 1})
    sample.run(RUN, count, 0, Path("samples.npz"), runtime, label=label)
    return read_npz(Path("samples.npz"))


def saved(folder: Path, classes: int) -> SavedGenerator:
    """An untrained generator in a run's folder."""
    spec = generator_spec("mlp", (8, 8, 1), 1.0, LATENT, 8, "none", classes)
    companion = discriminator_spec("mlp", (8, 8, 1), 1.0, 4, "none", classes)
    network = spec.build().eval()
    meta = {"key": f"k{classes}", "params": {"run": RUN}, "data": "digits", "data_sha256": "0"}
    networks = {"generator": network, "discriminator": companion.build()}
    save_model(folder, networks, {"generator": spec, "discriminator": companion}, meta)
    return SavedGenerator(network, spec, meta)


def test_a_label_is_refused_where_there_are_no_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(layout.RUNS / RUN, 0)
    assert len(sampled(5, None)) == 1
    with pytest.raises(InputError, match=r"--label: gan-wgan-0 knows no classes"):
        sampled(5, 0)


@pytest.mark.parametrize("label", [3, 99])
def test_a_label_out_of_range_is_refused_naming_the_range(
    label: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(layout.RUNS / RUN, 3)
    with pytest.raises(InputError, match=rf"--label {label}: gan-wgan-0 knows the classes 0 to 2"):
        sampled(5, label)


def test_the_stage_writes_images_of_that_class_with_their_labels(protocol) -> None:
    assert load_info(layout.PREPARED).name == "digits"  # in the folder of the protocol's project
    generator = saved(layout.RUNS / RUN, 3)
    images, labels = sampled(6, 2)
    assert labels.tolist() == [2] * 6
    assert np.array_equal(images, generator.sample(6, 0, np.full(6, 2)))
    in_turn, labels = sampled(6, None)
    assert labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(in_turn[[2, 5]], images[[2, 5]])  # the same codes
    assert not np.array_equal(in_turn[0], images[0])
    with pytest.raises(InputError, match="knows the classes 0 to 2"):
        sampled(6, 3)
    assert read_npz(Path("samples.npz"))[1].tolist() == [0, 1, 2, 0, 1, 2]  # left as it was
