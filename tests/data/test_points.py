"""Rings and grids: the modes of the papers, in equal shares, and back from disk as they were."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm

from ganstudy.data.images import load_info, load_split
from ganstudy.data.points import MIXTURES, TEST, TRAIN, Mixture
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.errors import InputError
from ganstudy.files import read_samples, write_npz
from ganstudy.params import DataParams
from ganstudy.spaces import Points, sample_space

MODES = {"ring": 8, "grid": 25}
each = pytest.mark.parametrize("name", MODES)


def test_the_centres_and_deviations_are_those_of_the_papers() -> None:
    assert set(MIXTURES) == set(MODES)
    ring, grid = MIXTURES["ring"], MIXTURES["grid"]
    np.testing.assert_allclose(np.linalg.norm(ring.centers, axis=1), 1)
    turns = np.sort(np.degrees(np.arctan2(*ring.centers.T)) % 360)
    np.testing.assert_allclose(np.diff(turns), 45)
    assert {tuple(c) for c in grid.centers} == {
        (x, y) for x in (-4.0, -2.0, 0.0, 2.0, 4.0) for y in (-4.0, -2.0, 0.0, 2.0, 4.0)
    }
    assert (ring.sigma, grid.sigma) == (0.01, 0.05)


@each
def test_every_mode_has_its_share_and_its_label(name: str) -> None:
    mixture = MIXTURES[name]
    found = mixture.draw(100_000, "a test")
    counts = np.bincount(found.labels, minlength=MODES[name])
    share = 1 / MODES[name]
    error = np.sqrt(share * (1 - share) / 100_000)
    assert counts.shape == (MODES[name],)
    assert np.abs(counts / 100_000 - share).max() < 4.5 * error
    gaps = np.linalg.norm(found.images[:, None] - mixture.centers[None], axis=2)
    assert (gaps.argmin(1) == found.labels).all()  # modes are far apart


@each
def test_points_are_gaussian_around_their_centre_in_both_directions(name: str) -> None:
    mixture = MIXTURES[name]
    found = mixture.draw(50_000, "a test")
    offsets = (found.images - mixture.centers[found.labels]) / mixture.sigma
    np.testing.assert_allclose(offsets.std(0), 1, atol=0.015)
    np.testing.assert_allclose(offsets.mean(0), 0, atol=0.02)
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 0.02
    for axis in range(2):
        assert kstest(offsets[:, axis], norm.cdf).pvalue > 1e-3


@each
def test_points_are_float32_and_the_same_each_time_and_others_for_other_purposes(name) -> None:
    one, again = (MIXTURES[name].draw(100, "training") for _ in range(2))
    assert one.images.dtype == np.float32
    assert one.labels.dtype == np.int64
    assert one.images.shape == (100, 2)
    assert one.digest() == again.digest()
    assert one.digest() != MIXTURES[name].draw(100, "test").digest()


def test_a_draw_is_seeded_by_its_purpose_and_not_by_the_mixture() -> None:
    wide = Mixture(MIXTURES["ring"].centers, 1.0).draw(50, "x").images
    narrow = Mixture(MIXTURES["ring"].centers, 0.5).draw(50, "x")
    centre = MIXTURES["ring"].centers[narrow.labels]
    np.testing.assert_allclose(wide - centre, 2 * (narrow.images - centre), atol=1e-6)


@pytest.fixture(scope="module", params=MODES)
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of points, in a folder of its name."""
    folder = tmp_path_factory.mktemp("data") / request.param
    params = DataParams.model_validate({"name": request.param})
    fetch(params, folder / "raw")
    prepare(folder / "raw", params, folder)
    return folder


def test_prepared_points_come_back_with_kind_shape_scale_and_counts(prepared: Path) -> None:
    info = load_info(prepared)
    assert (info.name, info.kind, info.shape) == (prepared.name, "points", (2,))
    assert (info.train, info.validation, info.test) == (TRAIN * 9 // 10, TRAIN // 10, TEST)
    assert len(info.classes) == MODES[prepared.name]
    # of a ring: the variance of a coordinate is r²/2 + σ²; of the grid: 8 + σ²
    variance = {"ring": 0.5 + 0.01**2, "grid": 8 + 0.05**2}[prepared.name]
    assert info.scale == pytest.approx(np.sqrt(variance), rel=0.01)
    for split, count in (("train", info.train), ("validation", info.validation)):
        part = load_split(prepared, split)
        assert part.images.dtype == np.float32
        assert part.images.shape == (count, 2)
        assert np.bincount(part.labels).min() > 0.9 * count / MODES[prepared.name]


def test_splits_share_no_point_and_the_test_split_is_the_datas_own(prepared: Path) -> None:
    parts = [load_split(prepared, name).images for name in ("train", "validation", "test")]
    rows = [{row.tobytes() for row in part} for part in parts]
    assert sum(len(r) for r in rows) == len(set.union(*rows))
    expected = MIXTURES[prepared.name].draw(TEST, "test").images
    assert np.array_equal(parts[2], expected)
    drawn = {row.tobytes() for row in MIXTURES[prepared.name].draw(TRAIN, "training").images}
    assert rows[0] | rows[1] == drawn


def test_networks_see_points_of_deviation_1_and_give_them_back_at_their_size(prepared: Path):
    info, stored = load_info(prepared), load_split(prepared, "train").images
    shape = sample_space(info.shape, info.scale)
    assert shape == Points(2, info.scale)
    seen = shape.encode(torch.from_numpy(stored))
    assert seen.std().item() == pytest.approx(1, abs=0.001)
    np.testing.assert_allclose(shape.decode(seen).numpy(), stored, atol=1e-6)


def test_points_of_the_other_mixture_are_refused(prepared: Path, tmp_path: Path) -> None:
    other = "ring" if prepared.name == "grid" else "grid"
    with pytest.raises(InputError, match=f"is of '{prepared.name}', not '{other}'"):
        prepare(prepared / "raw", DataParams.model_validate({"name": other}), tmp_path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_not_finite_are_no_samples(bad: float, tmp_path: Path) -> None:
    points = np.zeros((3, 2), np.float32)
    write_npz(tmp_path / "good.npz", points)
    assert read_samples(tmp_path / "good.npz")[0].shape == (3, 2)
    points[1, 0] = bad
    write_npz(tmp_path / "bad.npz", points)
    with pytest.raises(InputError, match="finite"):
        read_samples(tmp_path / "bad.npz")
