"""The command line: one Typer command a stage. Heavy imports are inside the commands."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

import ganstudy
from ganstudy.errors import InputError
from ganstudy.study import layout

app = typer.Typer(
    help="The reproducible study of generative adversarial networks.",
    epilog="A first study:  [bold]ganstudy init my-study && cd my-study && dvc repro[/bold]",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
# The groups of --help; they stand in the order of their first command.
USE, PIPELINE, RESEARCH = "Use", "Pipeline (dvc repro calls these)", "Research"
Command = TypeVar("Command", bound=Callable[..., None])


def command(group: str, *examples: str) -> Callable[[Command], Command]:
    """A command of a group of --help, with examples of what follows its name."""

    def register(body: Command) -> Command:
        name = body.__name__
        lines = (
            f"[bold]$ {' '.join(['ganstudy', name, *line.split()])}[/bold]" for line in examples
        )
        app.command(name, rich_help_panel=group, epilog="\n\n".join(["Examples", *lines]))(body)
        return body

    return register


def _runs(incomplete: str) -> list[str]:
    """Keys of the study's runs, for the shell to complete."""
    from ganstudy import params

    try:
        return [key for key in params.load().run_keys() if key.startswith(incomplete)]
    except InputError:  # a study that cannot be read has no runs to name
        return []


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"ganstudy {ganstudy.__version__}")
        raise typer.Exit


Out = Annotated[Path, typer.Option(help="Where the result goes.")]
Run = Annotated[
    str,
    typer.Option(help="A run's key, <model>-<loss>-<seed>.", autocompletion=_runs),
]


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of every command; `__main__` reads --debug."""


# Use: what a person types.


@command(USE, "my-study", "my-study --data fashion_mnist")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    data: Annotated[
        str, typer.Option(help="The data set, as data.name in params.yaml.")
    ] = "digits",
) -> None:
    """Lay a new study: params.yaml, dvc.yaml, git and DVC, one commit."""
    from ganstudy.stages import init as stage

    typer.echo(f"a study of {data} is in {folder}: {stage.run(folder, data)}")


@command(USE, "")
def plan() -> None:
    """Say what the study is about to do: runs, minutes on this machine, data, disk."""
    from ganstudy import params
    from ganstudy.stages import plan as stage

    typer.echo(stage.run(params.load()))


@command(
    USE,
    "--run gan-non_saturating-0",
    "--run gan-non_saturating-0 --label 8 --count 100 --out bags.npz",
    "--run cyclegan-lsgan-0 --given a=my-drawings --out painted",
    '--run text_gan-non_saturating-0 --text "a small blue bag" --count 16 --out bags',
)
def sample(
    run: Run,
    count: Annotated[
        int | None,
        typer.Option(min=1, help="How many.", show_default="sample.count of params.yaml"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of the codes.", show_default="sample.seed of params.yaml"),
    ] = None,
    label: Annotated[
        int | None,
        typer.Option(min=0, help="One class, of a conditional run.", show_default="every class"),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Images to translate, or to label; NAME=FOLDER where a run has several inputs.",
            show_default="codes, or the test split",
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Words to draw, once for each text; @FILE has one a line.", show_default="none"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="An .npz, or a folder for pictures and meshes.",
            show_default="data/runs/<run>/samples.npz",
        ),
    ] = None,
) -> None:
    """Generate images with a trained run, of codes or of what it is given."""
    from ganstudy import params
    from ganstudy.stages import sample as stage

    settings = params.load()
    chosen = settings.sample.seed if seed is None else seed
    if given or text or (out is not None and not out.suffix):
        from ganstudy.stages import translate

        if out is None or label is not None or (given and (text or count is not None)):
            raise InputError(
                "--given FOLDER or --text TEXT want --out FOLDER, and no --label; images are given "
                "without --count"
            )
        if given:
            translate.of_folder(settings, run, given, out, chosen)
        elif text:
            translate.of_texts(settings, run, text, count or 16, out, chosen)
        else:
            translate.of_codes(settings, run, count or 64, out, chosen)
        return
    if label is not None and out is None:
        raise InputError("--label wants --out FILE: the study's own samples are of every class")
    stage.run(
        run,
        count or settings.sample.count,
        chosen,
        out or layout.own_samples(run),
        settings.runtime,
        label,
    )


@command(
    USE,
    "--run gan-non_saturating-0",
    "--samples theirs.npz",
    "--samples a.npz --reference b.npz --extractor inception-v3-compat --out ab.json",
)
def evaluate(
    run: Annotated[
        str | None,
        typer.Option(help="A run's key, or real.", autocompletion=_runs),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Anybody's samples: an .npz or a folder of images.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="For --samples: compare with these.", show_default="the test split"),
    ] = None,
    extractor: Annotated[
        str | None,
        typer.Option(
            help="For --samples: what makes the features.",
            show_default="evaluate.extractor of params.yaml",
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Those of --extractor.", show_default="by download")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A JSON.", show_default="reports/metrics/<run>.json; with --samples none"
        ),
    ] = None,
) -> None:
    """Measure a run, real images, or anybody's samples."""
    from ganstudy import params
    from ganstudy.stages import evaluate as stage

    others = [samples, reference, extractor, weights]
    if run is not None and not any(others):
        stage.run(params.load(), run, out or layout.METRICS / f"{run}.json")
    elif samples is not None and run is None:
        stage.run_files(stage.settings(extractor, weights), samples, reference, out)
    else:
        raise InputError(
            "evaluate wants --run RUN or --samples PATH, and --reference, --extractor and "
            "--weights for the latter alone"
        )


@command(USE, "", "--run gan-wgan-0 --run gan-hinge-0 --out two.html")
def explore(
    run: Annotated[
        list[str] | None,
        typer.Option(
            help="A run's key, once for each.",
            show_default="those of the first seed",
            autocompletion=_runs,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page.")] = layout.REPORTS / "explorer.html",
) -> None:
    """Write a page in which trained networks run: codes and sliders, or your own pictures."""
    from ganstudy import params
    from ganstudy.stages import explore as stage

    stage.run(params.load(), run or [], out)


@command(USE, "--run gan-non_saturating-0 --out my-model")
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


@command(USE, "--run gan-non_saturating-0", "--run gan-non_saturating-0 --name shirts")
def register(
    run: Run,
    name: Annotated[
        str | None, typer.Option(help="In the registry.", show_default="ganstudy-<data>")
    ] = None,
) -> None:
    """Put a run's generator into MLflow's registry, and say how it is served."""
    from ganstudy.stages import register as stage

    stage.run(run, name)


@command(USE, "", "--port 5051 --open")
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 5050,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve MLflow's pages on this machine and say which one compares the study's runs."""
    from ganstudy import ui as pages

    pages.run(port, show=show)


# Pipeline: the stages of dvc.yaml, and what belongs to them.


@command(PIPELINE, "")
def check(
    out: Annotated[
        Path | None, typer.Option(help="A file that says valid.", show_default="none")
    ] = None,
) -> None:
    """Validate params.yaml as a whole: every key, loss, penalty and network, and the grid."""
    from ganstudy import params
    from ganstudy.stages import check as stage

    keys = stage.run(params.load(), Path("dvc.yaml"), out)
    typer.echo("params.yaml is valid; runs of the study: " + ", ".join(keys))


@command(PIPELINE, "")
def numerics(out: Out = layout.NUMERICS) -> None:
    """Fingerprint what the code computes, so that only a changed formula retrains."""
    from ganstudy import params
    from ganstudy.stages import numerics as stage

    stage.run(params.load(), out)


@command(PIPELINE, "")
def fetch(out: Out = layout.RAW) -> None:
    """Get the data set that params name, checksums verified."""
    from ganstudy import params
    from ganstudy.stages import fetch as stage

    stage.run(params.load(), out)


@command(PIPELINE, "")
def prepare(out: Out = layout.PREPARED) -> None:
    """Bring images to one size and split them."""
    from ganstudy import params
    from ganstudy.stages import prepare as stage

    stage.run(params.load(), layout.RAW, out)


@command(PIPELINE, "")
def judge(out: Out = layout.JUDGE) -> None:
    """Train the classifier that judges."""
    from ganstudy import params
    from ganstudy.stages import judge as stage

    stage.run(params.load(), layout.PREPARED, out)


@command(PIPELINE, "--run gan-wgan-0")
def train(
    run: Run,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder.", show_default="data/runs/<run>")
    ] = None,
) -> None:
    """Train one run, resuming where a killed one stopped."""
    from ganstudy import params
    from ganstudy.keys import RunKey
    from ganstudy.stages import train as stage

    stage.run(params.load(), RunKey.parse(run), out or layout.RUNS / run)


@command(PIPELINE, "", "--partial --out data/so-far")
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


@command(PIPELINE, "")
def sync() -> None:
    """Complete MLflow from the files, after cached stages or an outage."""
    from ganstudy import params
    from ganstudy.stages import sync as stage

    stage.run(params.load())


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


@app.command(hidden=True)
def catalogue(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the page that is there.")
    ] = False,
) -> None:
    """Draw the page of all studies of this project: bin/reports, bin/gate."""
    from ganstudy.stages import redraw as stage

    stage.catalogue(Path(), compare=check)


# Research: studies of recipes and judges.


@command(RESEARCH, "--variant conditional-0")
def trial(
    variant: Annotated[
        str | None,
        typer.Option(help="A row of the table of variants.", show_default="all not tried yet"),
    ] = None,
    variants: Annotated[Path, typer.Option(help="The table.")] = layout.VARIANTS,
) -> None:
    """Train one variant of a recipe, or each, and measure it on validation images."""
    from ganstudy.stages import train
    from ganstudy.stages import trial as stage

    for name in [variant] if variant else stage.untried(variants):
        stage.run(name, variants, train.run)


@command(RESEARCH, "")
def trials(
    variants: Annotated[Path, typer.Option(help="The table of variants.")] = layout.VARIANTS,
) -> None:
    """Write the report of all trials beside their table."""
    from ganstudy.stages import trials as stage

    stage.run(variants)


@command(RESEARCH, "", "--play wgan", "--check")
def theory(
    play: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Play parallel, optimal, planted or a loss.",
            show_default="draw the report",
        ),
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


@command(RESEARCH, "--out my-judges --commit 0a1b2c3")
def release(
    out: Annotated[Path, typer.Option(help="A folder of judges.")],
    commit: Annotated[str, typer.Option(help="Of the code that trained it.")],
) -> None:
    """Put this study's judge among those that come with ganstudy."""
    from ganstudy import params
    from ganstudy.stages import release as stage

    stage.run(params.load(), out, commit)
