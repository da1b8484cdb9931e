"""Points through their protocol: what a perfect, a collapsed and a bridging sampler score."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.prepared import study, workspace
from ganstudy import metrics
from ganstudy.data.images import Split, load_split
from ganstudy.data.points import MIXTURES
from ganstudy.errors import InputError
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.evaluation.points import PointProtocol
from ganstudy.files import read_json, write_npz
from ganstudy.study import layout

COUNT = 2500
MODES = {"ring": 8, "grid": 25}


@pytest.fixture(scope="module", params=MODES)
def name(request: pytest.FixtureRequest) -> str:
    """The mixture."""
    mixture: str = request.param
    return mixture


@pytest.fixture(scope="module")
def protocol(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuringProtocol]:
    """The protocol of the prepared mixture."""
    with workspace(tmp_path_factory.mktemp(name), study(name, COUNT)) as chosen:
        yield PROTOCOLS["points"](chosen, torch.device("cpu"))


def measured(protocol: MeasuringProtocol, points: np.ndarray) -> dict:
    return protocol.measure(Split(points.astype(np.float32), None), None)


def test_a_perfect_sampler(name: str, protocol: MeasuringProtocol) -> None:
    found = measured(protocol, MIXTURES[name].draw(COUNT, "another draw").images)
    assert found["high_quality"] == pytest.approx(0.989, abs=0.006)  # 1 - exp(-9/2)
    assert found["modes"] == found["modes_captured"] == found["modes_captured_strict"]
    assert found["modes"] == MODES[name]
    assert found["mode_kl"] < 0.012
    assert found["within_mode_variance"] == pytest.approx(1, abs=0.08)


def test_real_points_are_measured_like_a_perfect_sampler(name, protocol) -> None:
    found = protocol.measure_real()
    assert found["samples"] == COUNT
    assert found["high_quality"] == pytest.approx(0.989, abs=0.006)
    assert found["modes_captured_strict"] == MODES[name]
    assert found["mode_kl"] < 0.012


def test_a_sampler_of_one_mode(name: str, protocol: MeasuringProtocol) -> None:
    mixture, rng = MIXTURES[name], np.random.default_rng(0)
    found = measured(protocol, mixture.centers[3] + mixture.sigma * rng.normal(size=(COUNT, 2)))
    assert found["modes_captured"] == found["modes_captured_strict"] == 1
    assert found["high_quality"] == pytest.approx(0.989, abs=0.006)  # quality alone hides it
    assert found["mode_kl"] == pytest.approx(np.log(MODES[name]))


def test_a_sampler_of_the_centres_themselves_has_no_variance_inside_modes(name, protocol) -> None:
    centers = MIXTURES[name].centers
    found = measured(protocol, centers[np.arange(COUNT) % len(centers)])
    assert found["high_quality"] == 1
    assert found["modes_captured_strict"] == MODES[name]
    assert found["within_mode_variance"] < 1e-6


def test_a_sampler_that_bridges_two_modes_is_of_low_quality(name, protocol) -> None:
    mixture, rng = MIXTURES[name], np.random.default_rng(0)
    share = rng.uniform(size=(COUNT, 1))
    bridge = (1 - share) * mixture.centers[0] + share * mixture.centers[1]
    found = measured(protocol, bridge)
    length = np.linalg.norm(mixture.centers[1] - mixture.centers[0])
    # within 3 sigma of one of the ends
    assert found["high_quality"] == pytest.approx(6 * mixture.sigma / length, abs=0.03)
    assert found["modes_captured"] == 2
    assert found["mode_kl"] == pytest.approx(np.log(MODES[name] / 2), abs=0.05)


def test_a_few_points_on_a_mode_capture_it_for_the_papers_alone(name, protocol) -> None:
    mixture, count = MIXTURES[name], COUNT
    points = np.repeat(mixture.centers[:1], count, axis=0)
    points[:10] = mixture.centers[1]  # less than a quarter of its weight
    found = measured(protocol, points)
    assert (found["modes_captured"], found["modes_captured_strict"]) == (2, 1)


def test_points_far_away_capture_nothing_and_have_the_greatest_kl(name, protocol) -> None:
    found = measured(protocol, np.full((COUNT, 2), 40.0))
    assert found["modes_captured"] == found["high_quality"] == 0
    assert found["mode_kl"] == pytest.approx(np.log(MODES[name]))


def test_only_as_many_points_as_asked_are_measured(name, protocol) -> None:
    good = MIXTURES[name].draw(COUNT, "another draw").images
    found = measured(protocol, np.concatenate([good, np.full((COUNT, 2), 40.0)]))
    assert found["samples"] == COUNT
    assert found["high_quality"] > 0.98


def test_the_growth_of_a_snapshot_is_its_measure(name, protocol) -> None:
    snapshot = Split(MIXTURES[name].draw(COUNT, "a snapshot").images, None)
    assert protocol.snapshot_metrics(snapshot) == protocol.measure(snapshot, None)


def test_the_mixture_is_the_judge_and_says_so(name, protocol) -> None:
    found = protocol.measure_real()
    assert found["judge"] == f"mixture-{name}"
    assert found["judge_accuracy"] == 1
    assert found["reference_sha256"] == load_split(layout.PREPARED, "test").digest()
    stored = read_json(layout.JUDGE / "judge.json")
    assert (stored["task"], stored["data"]) == ("mixture", name)


def test_points_are_read_back_as_written(name, protocol, tmp_path: Path) -> None:
    points = MIXTURES[name].draw(50, "a file")
    write_npz(tmp_path / "samples.npz", points.images)
    assert np.array_equal(protocol.read(tmp_path / "samples.npz").images, points.images)
    with pytest.raises(InputError, match="points are an"):
        protocol.read(tmp_path)


@pytest.mark.parametrize("shape", [(30, 3), (30, 8, 8, 1)], ids=str)
def test_what_is_not_points_on_a_plane_is_refused(protocol, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"points \(N, 2\)"):
        protocol.measure(Split(np.zeros(shape, np.float32), None), None)


def test_a_density_is_measured_by_the_mixture(name: str, protocol: PointProtocol) -> None:
    centers, sigma = MIXTURES[name].centers, MIXTURES[name].sigma

    def kl(width: float) -> float:
        found = protocol.density(
            lambda points: metrics.mixture_log_density(points, centers, width * sigma) + 7
        )
        return found["density_kl"]

    assert kl(1.0) == pytest.approx(0, abs=1e-9)
    # Of one Gaussian to one that is 1.3 times as wide, in two dimensions.
    assert kl(1.3) == pytest.approx(np.log(1.3**2) + 1 / 1.3**2 - 1, abs=0.01)
