"""The command line: one Typer command a stage. Heavy imports are inside the commands."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganstudy import layout
from ganstudy.errors import InputError

app = typer.Typer(
    help="The reproducible study of generative adversarial networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _runs(incomplete: str) -> list[str]:
    """Keys of the study's runs, for the shell to complete."""
    from ganstudy import params

    try:
        return [key for key in params.load().run_keys() if key.startswith(incomplete)]
    except InputError:  # a study that cannot be read has no runs to name
        return []


Out = Annotated[Path, typer.Option(help="Where the result goes.")]
Run = Annotated[
    str,
    typer.Option(help="A run's key, <model>-<loss>-<seed>, like gan-wgan-0.", autocompletion=_runs),
]


@app.callback()
def common(
    debug: Annotated[bool, typer.Option(help="Show tracebacks of errors.")] = False,
) -> None:
    """Options of every command; `__main__` reads them."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    data: Annotated[
        str, typer.Option(help="The data set, as data.name in params.yaml.")
    ] = "digits",
) -> None:
    """Lay a new study: params.yaml, dvc.yaml, git and DVC, one commit."""
    from ganstudy.stages import init as stage

    typer.echo(f"a study of {data} is in {folder}: {stage.run(folder, data)}")


@app.command()
def check(out: Annotated[Path | None, typer.Option(help="A file that says valid.")] = None) -> None:
    """Validate params.yaml as a whole: every key, loss, penalty and network, and the grid."""
    from ganstudy import params
    from ganstudy.stages import check as stage

    keys = stage.run(params.load(), Path("dvc.yaml"), out)
    typer.echo("params.yaml is valid; runs of the study: " + ", ".join(keys))


@app.command()
def plan() -> None:
    """Say what the study is about to do: runs, minutes on this machine, data, disk."""
    from ganstudy import params
    from ganstudy.stages import plan as stage

    typer.echo(stage.run(params.load()))


@app.command()
def numerics(out: Out = layout.NUMERICS) -> None:
    """Fingerprint what the code computes, so that only a changed formula retrains."""
    from ganstudy import params
    from ganstudy.stages import numerics as stage

    stage.run(params.load(), out)


@app.command()
def fetch(out: Out = layout.RAW) -> None:
    """Get the data set that params name, checksums verified."""
    from ganstudy import params
    from ganstudy.stages import fetch as stage

    stage.run(params.load(), out)


@app.command()
def prepare(out: Out = layout.PREPARED) -> None:
    """Bring images to one size and split them."""
    from ganstudy import params
    from ganstudy.stages import prepare as stage

    stage.run(params.load(), layout.RAW, out)


@app.command()
def judge(out: Out = layout.JUDGE) -> None:
    """Train the classifier that judges."""
    from ganstudy import params
    from ganstudy.stages import judge as stage

    stage.run(params.load(), layout.PREPARED, out)


@app.command()
def release(
    out: Annotated[Path, typer.Option(help="A folder of judges.")],
    commit: Annotated[str, typer.Option(help="Of the code that trained it.")],
) -> None:
    """Put this study's judge among those that come with ganstudy."""
    from ganstudy import params
    from ganstudy.stages import release as stage

    stage.run(params.load(), out, commit)


@app.command()
def train(
    run: Run, out: Annotated[Path | None, typer.Option(help="data/runs/<run>")] = None
) -> None:
    """Train one run, resuming where a killed one stopped."""
    from ganstudy import params
    from ganstudy.keys import RunKey
    from ganstudy.stages import train as stage

    stage.run(params.load(), RunKey.parse(run), out or layout.RUNS / run)


@app.command()
def sample(
    run: Run,
    count: Annotated[int | None, typer.Option(min=1, help="How many; params by default.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the codes; params by default.")
    ] = None,
    label: Annotated[
        int | None, typer.Option(min=0, help="One class only, of a conditional run.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="An .npz; data/runs/<run>/samples.npz")] = None,
) -> None:
    """Generate images with a trained run."""
    from ganstudy import params
    from ganstudy.stages import sample as stage

    settings = params.load()
    if label is not None and out is None:
        raise InputError("--label wants --out FILE: the study's own samples are of every class")
    stage.run(
        run,
        count or settings.sample.count,
        settings.sample.seed if seed is None else seed,
        out or layout.RUNS / run / "samples.npz",
        settings.runtime,
        label,
    )


@app.command()
def evaluate(
    run: Annotated[
        str | None,
        typer.Option(help="A run's key, or real.", autocompletion=_runs),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Anybody's samples: an .npz or a folder of images.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="For --samples: compare with these, not the test split.")
    ] = None,
    extractor: Annotated[
        str | None,
        typer.Option(help="For --samples: judge, or another by name; evaluate.extractor."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Those of --extractor; by download where there are none.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A JSON; reports/metrics/<run>.json")] = None,
) -> None:
    """Measure a run, real images, or anybody's samples."""
    from ganstudy import params
    from ganstudy.stages import evaluate as stage

    others = [samples, reference, extractor, weights]
    if run is not None and not any(others):
        stage.run(params.load(), run, out or layout.METRICS / f"{run}.json")
    elif samples is not None and run is None and out is not None:
        stage.run_files(stage.settings(extractor, weights), samples, reference, out)
    else:
        raise InputError(
            "evaluate wants --run RUN, or --samples PATH with --out FILE, and --reference, "
            "--extractor and --weights for these alone"
        )


@app.command()
def compare(
    out: Out = layout.REPORTS,
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave out runs that are not there yet, and say so.")
    ] = False,
) -> None:
    """Write the report over all runs of the study."""
    from ganstudy import params
    from ganstudy.stages import compare as stage

    stage.run(params.load(), out, partial=partial)


@app.command(hidden=True)
def redraw(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the report that is there.")
    ] = False,
) -> None:
    """Draw the report of this folder's study from what git keeps: bin/reports, bin/gate."""
    from ganstudy import params
    from ganstudy.stages import redraw as stage

    (stage.check if check else stage.run)(params.load(), layout.REPORTS)


@app.command()
def explore(
    run: Annotated[
        list[str] | None,
        typer.Option(
            help="A run's key, once for each; those of the first seed by default.",
            autocompletion=_runs,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page.")] = layout.REPORTS / "explorer.html",
) -> None:
    """Write a page in which trained generators run themselves: sliders, codes, D's scores."""
    from ganstudy import params
    from ganstudy.stages import explore as stage

    stage.run(params.load(), run or [], out)


@app.command()
def export(
    run: Run,
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    format_: Annotated[
        Literal["safetensors", "onnx"], typer.Option("--format", help="Of the weights.")
    ] = "safetensors",
) -> None:
    """Write a run to give away: weights, config.json, a model card, a picture."""
    from ganstudy import params
    from ganstudy.stages import export as stage

    stage.run(params.load(), run, format_, out)


@app.command()
def trial(
    variant: Annotated[str, typer.Option(help="A row of the table of variants.")],
    variants: Annotated[Path, typer.Option(help="The table.")] = layout.VARIANTS,
    out: Annotated[Path | None, typer.Option(help="A JSON; trials/<variant>.json")] = None,
) -> None:
    """Train one variant of a recipe and measure it on validation images."""
    from ganstudy.stages import train
    from ganstudy.stages import trial as stage

    stage.run(variant, variants, out or variants.parent / "trials" / f"{variant}.json", train.run)


@app.command()
def trials(
    variants: Annotated[Path, typer.Option(help="The table of variants.")] = layout.VARIANTS,
) -> None:
    """Write the report of all trials beside their table."""
    from ganstudy.stages import trials as stage

    stage.run(variants)


@app.command()
def theory(
    play: Annotated[
        str | None, typer.Option(metavar="PART", help="Play parallel, optimal, planted or a loss.")
    ] = None,
    numerics: Annotated[
        bool, typer.Option("--numerics", help="Fingerprint what the games compute.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the report with what evidence draws.")
    ] = False,
) -> None:
    """Draw the report of games whose answer is known from their evidence; or play one of them."""
    from ganstudy.stages import theory as stage

    if (play is not None) + numerics + check > 1:
        raise InputError("theory wants one of --play, --numerics and --check, or none of them")
    if play is not None:
        stage.play(play, layout.EVIDENCE / play)
    elif numerics:
        stage.numerics(layout.NUMERICS)
    else:
        (stage.check if check else stage.draw)(layout.REPORTS)


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 5050,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve MLflow's pages on this machine and say which one compares the study's runs."""
    from ganstudy import ui as pages

    pages.run(port, show=show)


@app.command()
def sync() -> None:
    """Complete MLflow from the files, after cached stages or an outage."""
    from ganstudy import params
    from ganstudy.stages import sync as stage

    stage.run(params.load())
