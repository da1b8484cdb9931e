"""What is kept of a course of training: few rows that say what all of them say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganstudy.errors import InputError
from ganstudy.evidence import history, limits
from ganstudy.evidence.identity import identity
from ganstudy.models import latent_traversal
from ganstudy.reports import plots
from training.tiny import params


def course(rows: int, images: int = 6000) -> pd.DataFrame:
    shown = np.linspace(images / rows, images, rows)
    lazy = np.where(np.arange(rows) % 3 == 0, 1.0, np.nan)
    return pd.DataFrame(
        {"round": np.arange(rows) + 1.0, "images": shown, "g/loss": shown / 7, "d/r1": lazy}
    )


def test_a_thinned_course_has_the_means_of_its_parts() -> None:
    whole = course(600)
    thin = history.thinned(whole, 6000, rows=10)
    assert thin["images"].tolist() == [600.0 * (part + 1) for part in range(10)]
    assert thin["round"].tolist() == [60.0 * (part + 1) for part in range(10)]
    wanted = [whole["g/loss"][part * 60 : part * 60 + 60].mean() for part in range(10)]
    assert thin["g/loss"].tolist() == pytest.approx(wanted)
    assert thin["d/r1"].tolist() == [1.0] * 10


def test_a_course_that_ended_early_keeps_its_place_in_the_budget() -> None:
    thin = history.thinned(course(60, 3000), 6000, rows=10)
    assert thin["images"].tolist() == [600.0, 1200.0, 1800.0, 2400.0, 3000.0]


def test_a_short_course_loses_no_row() -> None:
    whole = course(12)
    assert history.thinned(whole, 6000, rows=128).equals(whole)


def test_a_page_draws_no_finer_course_than_is_kept() -> None:
    assert plots.POINTS <= limits.ROWS


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    whole = course(50, images=9_876_500)
    path.write_text(history.text(whole), encoding="utf-8")
    found = history.read(path)
    assert found["images"].tolist() == whole["images"].astype(int).tolist()
    assert found["g/loss"].tolist() == pytest.approx(whole["g/loss"].tolist(), rel=1e-5)
    assert found["d/r1"].isna().tolist() == whole["d/r1"].isna().tolist()
    assert history.text(found) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "round,images\n", "a,b\n1,2\n", '"'])
def test_what_is_no_history_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"history\.csv"):
        history.read(path)


def test_identity_sees_how_much_is_kept_walks_and_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity(params())
    assert set(before["alarms"]) == {"D too strong", "D too weak", "D is constant", "collapse"}
    for place, name in ((limits, "KEPT"), (limits, "VERSION"), (latent_traversal, "STEPS")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, getattr(place, name) + 1)
            assert identity(params()) != before, name
    assert identity(params()) == before
