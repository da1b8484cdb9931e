"""Stage `sample`: images of a trained generator, as other evaluators read them."""

from pathlib import Path

from ganstudy import layout
from ganstudy.files import write_npz
from ganstudy.models.saved import load_generator
from ganstudy.params import RuntimeParams
from ganstudy.progress import say
from ganstudy.tracking import tracked_run
from ganstudy.training import device as devices


def run(key: str, count: int, seed: int, out: Path, runtime: RuntimeParams) -> None:
    """Writes `count` images of run `key` to `out`: npz with arr_0 uint8 (N, H, W, C), and labels
    int64 in arr_1 where the generator is conditional."""
    generator = load_generator(layout.run_folder(key), devices.choose(runtime))
    labels = generator.labels(count)
    images = generator.sample(count, seed, labels)
    write_npz(out, images, *([] if labels is None else [labels]))
    with tracked_run(key, generator.meta) as tracker:
        tracker.log_metrics({"samples": count})
    say(f"sample {key}: {count:,} images in {out}")
