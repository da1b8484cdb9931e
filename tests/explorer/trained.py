"""Small studies of digits whose runs are trained for some rounds, and their pages."""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from playwright.sync_api import Page

from ganstudy.data.fields import load_dataset
from ganstudy.files import Images, read_npz
from ganstudy.keys import RunKey
from ganstudy.models import build
from ganstudy.models.base import encoded, must_be_given, recompute_bn_statistics
from ganstudy.models.playing import make_trainer, seen
from ganstudy.models.saved import save_model
from ganstudy.params import parse
from ganstudy.stages import explore, fetch, prepare, sample
from ganstudy.study import layout
from ganstudy.training.trainer import Callbacks
from training.tiny import ADAM, CPU, content

GAN, VAE = "gan-non_saturating-0", "vae-elbo-0"
COUNT = 64
DCGAN = {
    "network__name": "dcgan", "network__latent": 8, "network__generator_width": 8,
    "network__generator_norm": "batch", "train__images": 640, "train__batch": 16,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "dcgan": DCGAN,
    "mlp": DCGAN | {"network__name": "mlp", "network__generator_width": 32},
    "conditional": DCGAN | {"train__conditional": True},
    "resnet": DCGAN | {"network__name": "resnet"},
}


def study(folder: Path, **changes: Any) -> Path:
    """A study in `folder`, its GAN and VAE trained; `changes` as `tiny.content` takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(content(**changes)))
    params = parse(content(**changes), "params.yaml")
    with chdir(folder):
        fetch.run(params, layout.RAW)
        prepare.run(params, layout.RAW, layout.PREPARED)
        whole = load_dataset(layout.PREPARED, "train")
        for key in params.run_keys():
            data = seen(params, RunKey.parse(key), whole)
            model = build(params, RunKey.parse(key), data.spaces)
            trainer = make_trainer(params, RunKey.parse(key), model, data, CPU)
            trainer.fit(None, Callbacks())
            networks = trainer.networks()
            wanted = must_be_given(model.inputs(model.specs))
            given = encoded(load_dataset(layout.PREPARED, "validation"), wanted) if wanted else None
            recompute_bn_statistics(type(model), networks, model.specs, 0, 4, given)
            save_model(
                layout.RUNS / key, networks, model.specs, {"key": key, "params": {"run": key}}
            )
    return folder


def text_study(folder: Path, pictures: Path) -> Path:
    """The same of a folder of captioned pictures: a GAN that reads, and one that reads in two
    stages."""
    return study(
        folder,
        **{name: value for name, value in DCGAN.items() if name != "network__name"},
        network__discriminator_width=8,
        data={"name": "captions", "folder": str(pictures), "resolution": 16, "channels": 3},
        train__model="text_gan",
        losses={"non_saturating": {"generator": ADAM, "discriminator": ADAM}},
        models={"text_gan": {}, "stackgan": {}},
        vae=None,
        ae=None,
        study__losses=["non_saturating"],
        study__baselines=["stackgan-non_saturating"],
    )


def page_of(folder: Path, keys: Sequence[str] = ()) -> Path:
    """The page of a study's runs."""
    out = folder / "reports/explorer.html"
    with chdir(folder):
        params = parse(yaml.safe_load(Path("params.yaml").read_text()), "params.yaml")
        explore.run(params, keys, out)
    return out


def sampled(folder: Path, key: str, label: int | None = None) -> Images:
    """What `ganstudy sample --seed 0` makes of a run."""
    out = folder / f"{key}-{label}.npz"
    with chdir(folder):
        params = parse(yaml.safe_load(Path("params.yaml").read_text()), "params.yaml")
        sample.run(key, COUNT, 0, out, params.runtime, label)
    return np.asarray(read_npz(out)[0])


def settled(page: Page) -> None:
    """Waits until what was asked for is drawn."""
    page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")


READ = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, [...data]];
}"""


def pixels(page: Page, slot: int = 0) -> np.ndarray:
    """The image of a generator, (H, W, 3), as the page shows it."""
    settled(page)
    height, width, values = page.locator(".view canvas").nth(slot).evaluate(READ)
    return np.array(values, np.int64).reshape(height, width, 4)[..., :3]


# Types each number into the field, as a hand would, and reads what is then shown.
EVERY = """([slot, count]) => Array.from({ length: count }, (_, number) => {
  const field = document.getElementById("number");
  field.value = number;
  field.dispatchEvent(new Event("change"));
  const canvas = document.querySelectorAll(".view canvas")[slot];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [[...data], Number(document.querySelectorAll(".value")[slot].dataset.score)];
})"""


def every(page: Page, slot: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The images (64, pixels, 3) of the codes 0 to 63 as the page shows them, and D's scores."""
    images, scores = zip(*page.evaluate(EVERY, [slot, COUNT]), strict=True)
    return np.array(images, np.int64).reshape(COUNT, -1, 4)[..., :3], np.array(scores, float)


def differences(page: Page, images: Images, slot: int = 0) -> np.ndarray:
    """How far, in grey levels, each code's image is from that in `images`, at its worst pixel."""
    wanted = images.reshape(COUNT, -1, images.shape[3]).astype(np.int64)
    return np.abs(every(page, slot)[0] - wanted).max((1, 2))
