"""Writes reports/benchmarks.md: what training and everything around it costs, in time and memory.

make bench                          after `make study`, with nothing else running
make bench PARTS="threads that wait"     one part of the page alone, or several, with commas between
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import compiled
import memory
import processes
import resolutions
import startup
import systems
import torch
import waiting
from tabular import table, wanted_of, write_page

import training
from ganstudy.keys import RunKey
from ganstudy.params import Params, load
from ganstudy.progress import log
from ganstudy.training import device as devices

PAGE = Path("reports/benchmarks.md")
LINKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}


def main() -> None:
    params = load()
    device = devices.choose(params.runtime)
    place = ", ".join(f"{name} {value}" for name, value in devices.describe(device).items())
    lines = [
        "# Speed and memory, measured",
        "",
        f"By `make bench` on {place}. Seconds are of processes with nothing else running; read the",
        "ratios, which hold elsewhere too. Medians of turns in which what is compared alternates.",
        "",
    ]
    rates = cache(partial(training.rates, params, device))
    sections: Mapping[str, Callable[[], Iterable[str]]] = {
        "training": lambda: page_training(params, rates()),
        "models of the studies": lambda: page_systems(systems.costs()),
        "a plain loop": lambda: page_plain(
            [training.compare(params, pair) for pair in training.PAIRS]
        ),
        "a compiler": lambda: page_compiled(
            params, [compiled.compare(params, pair) for pair in training.PAIRS]
        ),
        "the default study": lambda: page_study(params, memory.of_default_study(), rates()),
        "a million images": lambda: page_many(memory.of_many_images()),
        "start-up": lambda: page_startup(startup.of_stages(), startup.of_nothing_to_do()),
        "resolutions": lambda: page_resolutions(resolutions.costs(params, device)),
        "several processes": lambda: page_processes(
            params, processes.measure(params.train.batch * 2)
        ),
        "threads that wait": lambda: page_waiting(waiting.measure()),
        "a GPU": lambda: page_gpu(params, device),
    }
    wanted = wanted_of(sections)
    began = time.monotonic()
    parts: dict[str, list[str]] = {}
    for number, name in enumerate(wanted or sections, 1):
        log(f"bench: {name} (part {number}), {time.monotonic() - began:.0f} s so far")
        parts[name] = [*sections[name]()]
    write_page(PAGE, lines, parts, place if wanted else "")


def page_training(params: Params, rates: Mapping[str, float]) -> Iterable[str]:
    train = params.train
    yield "## Training"
    yield ""
    yield (
        f"28×28 grey images, {params.network.name}, batch {train.batch}, {train.precision}, "
        f"penalties and critic steps of each recipe; the judge in batches of its own."
    )
    yield ""
    rows = [[family, f"{rate:,.0f}"] for family, rate in rates.items()]
    yield from table(["", "images/s"], rows)


def page_systems(found: Sequence[systems.Cost]) -> Iterable[str]:
    yield "## Models of the studies"
    yield ""
    yield "Each by the recipe of its study, on noise in the shape of its data. *Round over passes*:"
    yield "a round without penalties, which are passes of their own, over the forward and backward"
    yield "passes of its networks in it; the rest is losses, optimisers, averages, data. GiB are of"
    yield "the whole process, PyTorch in it. What a model computes by other ways than a network's"
    yield "forward counts as rest; steps along E's gradient count as passes of their own."
    yield ""
    yield from table(
        ["", "rows/s", "ms/round", "round over passes", "peak, GiB"],
        [
            [
                one.family,
                f"{one.rate:,.0f}",
                f"{1000 * one.round:.1f}",
                f"{one.round / one.passes:.2f}",
                f"{one.gibibytes:.2f}",
            ]
            for one in found
        ],
    )


def page_waiting(found: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    yield "## Threads that wait"
    yield ""
    yield "The default GAN, images/s in all, by `OMP_WAIT_POLICY`: not set, threads spin for a"
    yield "moment before they give their core away; active, they spin on; passive, they sleep at"
    yield "once, and waking them takes long on a virtual machine. The commands leave it to you."
    yield ""
    yield from table(
        ["", *waiting.POLICIES],
        [
            [situation, *(f"{rates[policy]:,.0f}" for policy in waiting.POLICIES)]
            for situation, rates in found.items()
        ],
    )


def page_plain(found: Sequence[training.Compared]) -> Iterable[str]:
    yield "## Against a plain loop"
    yield ""
    yield "gan-non_saturating on the CPU: the trainer, and on the same networks, with the same"
    yield "penalty at the same cadence, a loop as people write it"
    yield "([benchmarks/plain.py](../benchmarks/plain.py): DataLoader, float32, an optimiser that"
    yield "goes from tensor to tensor, fresh samples for G). *Outside* is the share of a round that"
    yield "is neither a pass of a network nor an optimiser's step nor the drawing of codes: data,"
    yield "seeds, terms of the report, the moving average. What is done once a row of history (of"
    yield "400 in a training: means, a check that weights are finite) is not in it."
    yield ""
    yield from table(
        ["networks", "trainer, images/s", "plain loop, images/s", "ratio", "outside"],
        [
            [
                one.pair,
                f"{one.trainer:,.0f}",
                f"{one.plain:,.0f}",
                f"**{one.trainer / one.plain:.1f}×**",
                f"{one.outside:.1%}",
            ]
            for one in found
        ],
    )


def page_compiled(params: Params, found: Sequence[compiled.Compiled | None]) -> Iterable[str]:
    yield "### What a compiler would add"
    yield ""
    yield "The same round as one graph of torch.compile, both optimisers and the moving average in"
    yield "it ([benchmarks/compiled.py](../benchmarks/compiled.py)). *Pays after*: images shown"
    yield "until what compiling took is won back."
    yield ""
    there = [one for one in found if one is not None]
    if not there:
        yield "**Not measured**, for want of a C++ compiler."
        yield ""
        return
    yield from table(
        [
            "networks",
            "trainer, ms/round",
            "compiled, ms/round",
            "ratio",
            "compiling, s",
            "pays after",
        ],
        [
            [
                one.pair,
                f"{1000 * one.trainer:.2f}",
                f"{1000 * one.compiled:.2f}",
                f"{one.trainer / one.compiled:.1f}×",
                f"{one.compiling:.0f}",
                f"{one.pays_after(params.train.batch):,.0f} images",
            ]
            for one in there
        ],
    )


def page_study(
    params: Params, peaks: Mapping[str, memory.Peak], rates: Mapping[str, float]
) -> Iterable[str]:
    yield "## The default study, command by command"
    yield ""
    yield "With trainings cut to 1,280 images, which changes no peak: what is left of `train` and"
    yield "`judge` is their start, their pictures and their files. A peak below that of the"
    yield "benchmark's own process, which the system hands on to its children, reads as that one."
    yield ""
    yield from table(
        ["", "seconds", "peak, GiB"],
        [[name, f"{p.seconds:.1f}", f"{p.gibibytes:.2f}"] for name, p in peaks.items()],
    )
    yield from page_whole(params, sum(peak.seconds for peak in peaks.values()), rates)


def page_whole(params: Params, rest: float, rates: Mapping[str, float]) -> Iterable[str]:
    """What of the study is training, at `rates` in images/s by family, and what is the `rest`. Its
    judge is the released one."""
    runs = [RunKey.parse(key) for key in params.run_keys()]
    trained = sum(params.train.images / rates[f"{run.model}-{run.loss}"] for run in runs)
    yield "At full budget, by the rates of training above:"
    yield ""
    yield from table(
        ["", "seconds"],
        [
            [f"training {len(runs)} runs, {params.train.images:,} images each", f"{trained:.0f}"],
            ["everything else, the commands above", f"{rest:.0f}"],
        ],
    )
    yield f"**{rest / (rest + trained):.0%}** of the whole is not training."
    yield ""


def page_many(peaks: Mapping[str, memory.Peak]) -> Iterable[str]:
    yield f"## {memory.MANY:,} images of {memory.SIDE}×{memory.SIDE}"
    yield ""
    yield from table(
        ["", "seconds", "peak, GiB"],
        [[name, f"{p.seconds:.1f}", f"{p.gibibytes:.2f}"] for name, p in peaks.items()],
    )


def page_startup(stages: Mapping[str, float], nothing: float | None) -> Iterable[str]:
    yield "## Start-up"
    yield ""
    yield "Seconds until a command's code is loaded."
    yield ""
    yield from table(["", "seconds"], [[name, f"{taken:.2f}"] for name, taken in stages.items()])
    said = "not measured: the study is not up to date" if nothing is None else f"{nothing:.2f} s"
    yield f"`make study` where nothing changed: {said}."
    yield ""


def page_resolutions(costs: Iterable[resolutions.Cost]) -> Iterable[str]:
    yield "## Cost against resolution"
    yield ""
    yield "The default pair in colour, on generated images; the finest maps keep their width and"
    yield "each doubling adds a level."
    yield ""
    yield from table(
        ["pixels", "weights", "images/s", "ms/image", "GFLOP/image", "GFLOP/s"],
        [
            [
                f"{cost.side}×{cost.side}",
                f"{cost.weights:,}",
                f"{cost.images_per_second:,.1f}",
                f"{1000 / cost.images_per_second:.2f}",
                f"{cost.gigaflops:.2f}",
                f"{cost.gigaflops * cost.images_per_second:,.0f}",
            ]
            for cost in costs
        ],
    )


def page_processes(params: Params, found: Sequence[processes.Scaled]) -> Iterable[str]:
    exchanged = processes.bytes_per_round(params)
    yield "## Several processes"
    yield ""
    yield f"`torchrun` with gloo, one machine, global batch {found[0].batch}."
    yield ""
    yield from table(
        ["processes", "threads each", "ms/round", "images/s"],
        [
            [
                str(one.processes),
                str(one.threads),
                f"{1000 * one.seconds:.1f}",
                f"{one.images_per_second:,.0f}",
            ]
            for one in found
        ],
    )
    yield (
        f"Beyond one machine, modelled: a round exchanges {exchanged / 1e6:.1f} MB of gradients "
        "for each process (a ring: twice their size)."
    )
    yield "Beside the computing of one process with one thread at this batch, that takes:"
    yield ""
    computing = next(one.seconds for one in found if (one.processes, one.threads) == (1, 1))
    yield from table(
        ["link", "ms/round", "of the computing"],
        [
            [link, f"{1000 * exchanged / rate:.1f}", f"{exchanged / rate / computing:.1%}"]
            for link, rate in LINKS.items()
        ],
    )


def page_gpu(params: Params, device: torch.device) -> Iterable[str]:
    yield "## On a GPU"
    yield ""
    if device.type != "cuda":
        yield "Eager against recorded rounds (CUDA graphs): **not measured**, for want of a GPU."
        yield ""
        return
    runtime = params.runtime.model_copy(update={"graphs": False})
    ways = {"eager": params.model_copy(update={"runtime": runtime}), "recorded": params}
    rates = training.in_turn(
        {
            name: training.make_play(training.make_trainer(chosen, training.GAN, device))
            for name, chosen in ways.items()
        },
        device,
    )
    yield from table(
        ["rounds", "ms/round", "images/s"],
        [
            [name, f"{1000 * taken:.2f}", f"{params.train.batch / taken:,.0f}"]
            for name, taken in rates.items()
        ],
    )
    yield f"Recorded rounds are {rates['eager'] / rates['recorded']:.1f}× as fast."
    yield ""


if __name__ == "__main__":
    main()
