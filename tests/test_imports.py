"""Imports run one way, so that a metric knows no model and a trainer no tracker."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
FILES = sorted(SOURCE.rglob("*.py"))

# Who may import whom, of the parts directly under ganstudy. A part may always import itself.
BASE = {
    *("dataset", "distributed", "errors", "files", "keys", "params"),
    *("progress", "seeding", "spaces", "study"),
}
GAME = {"networks", "objectives", "training"}
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "seeding": set(),
    "distributed": {"errors"},
    "progress": set(),
    "files": {"errors"},
    "keys": {"errors"},
    "spaces": {"errors"},
    "dataset": {"files", "spaces"},
    "claims": {"errors", "files", "keys"},
    "params": {"errors", "keys"},
    "study": {"errors", "files", "keys"},
    "data": BASE - {"study"} | {"metrics"},
    "networks": {"distributed", "errors", "spaces"},
    "objectives": {"distributed", "errors"},
    "training": BASE - {"study"} | {"networks", "objectives"},
    "models": BASE - {"study"} | GAME | {"data"},
    "metrics": {"distributed", "errors", "files", "seeding"},
    "evidence": BASE | GAME | {"data", "evaluation", "models"},
    "theory": BASE | GAME | {"claims", "data", "fingerprints", "metrics", "models", "reports"},
    "template": {"errors", "params"},
    "tracking": {"errors", "files", "keys", "models", "progress", "reports", "study"},
    "judges": {"errors", "files"},
    "evaluation": BASE | {"data", "judges", "metrics", "models", "networks", "training"},
    "fingerprints": BASE | GAME | {"data", "evaluation", "evidence", "judges", "models"},
    "reports": BASE | {"claims", "data", "evidence"},
    "explorer": {"data", "dataset", "errors", "files", "models", "networks", "spaces"},
    "exporting": {"data", "errors", "files", "models", "params", "reports", "study"},
    "stages": BASE
    | GAME
    | {
        "data",
        "evaluation",
        "evidence",
        "explorer",
        "exporting",
        "fingerprints",
        "judges",
        "models",
        "metrics",
        "tracking",
        "reports",
        "template",
        "theory",
    },
    "ui": {"errors", "progress", "tracking"},
    "cli": {"__init__", "errors", "keys", "params", "stages", "study", "ui"},
    "__main__": {"cli", "errors"},
}


def part_of(module: str) -> str:
    """The part that `ganstudy.x.y` belongs to."""
    return [*module.split("."), "__init__"][1]


def module_of(path: Path) -> str:
    """The dotted name of a source file."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, also inside functions and for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports escape this test"
            assert node.module is not None
            # `from ganstudy import layout` imports the module layout
            parent = (SOURCE / node.module.replace(".", "/")).is_dir()
            names = [f"{node.module}.{alias.name}" for alias in node.names] if parent else []
            yield from names or [node.module]
            if node.module.count(".") and parent:
                yield node.module


def ours(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "ganstudy"}


def test_there_is_something_to_hold_to_the_rules() -> None:
    assert len(FILES) > 30
    found = set.union(*(ours(path) for path in FILES))
    assert {"ganstudy.objectives.adversarial", "ganstudy.stages.train"} <= found


def test_every_part_has_its_place() -> None:
    parts = {part_of(module_of(path)) for path in FILES}
    assert parts == set(ALLOWED)


def test_the_rules_themselves_have_no_circle() -> None:
    settled: set[str] = set()
    while settled != set(ALLOWED):
        ready = {part for part, allowed in ALLOWED.items() if allowed <= settled} - settled
        assert ready, sorted(set(ALLOWED) - settled)
        settled |= ready


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_imports_only_what_is_below_it(path: Path) -> None:
    part = part_of(module_of(path))
    wrong = {name for name in ours(path) if part_of(name) not in ALLOWED[part] | {part}}
    assert not wrong


@pytest.mark.parametrize("path", sorted((SOURCE / "ganstudy/stages").glob("*.py")), ids=module_of)
def test_a_stage_imports_no_other_stage(path: Path) -> None:
    assert not {name for name in ours(path) if part_of(name) == "stages"}


def test_only_tracking_knows_mlflow_and_nobody_a_pickle() -> None:
    users: dict[str, set[str]] = {}
    for path in FILES:
        for name in imports(path):
            users.setdefault(name.split(".")[0], set()).add(part_of(module_of(path)))
    assert users["mlflow"] == {"tracking"}
    for name in ("pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "wandb"):
        assert name not in users, users[name]


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_what_is_loaded_can_run_no_code(path: Path) -> None:
    for name, call in calls(path):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name == "torch.load":
            assert given.get("weights_only") == "True"
        if name in ("np.load", "numpy.load"):
            assert given.get("allow_pickle") == "False"
        if name.endswith("read_array"):
            assert given.get("allow_pickle", "False") == "False"
        if name == "yaml.load":
            assert ast.unparse(call.args[1]) == "_Loader"  # which is a SafeLoader
        assert name not in ("eval", "exec", "yaml.unsafe_load", "yaml.full_load", "torch.save")
        assert given.get("shell", "False") == "False"


def test_networks_own_no_optimiser_and_losses_never_step() -> None:
    for path in FILES:
        part = part_of(module_of(path))
        names = {name.rsplit(".")[-1] for name, _ in calls(path)}
        if part in ("networks", "objectives", "models"):
            assert not names & {"backward", "step", "zero_grad", "AdamW"}, path
            assert not {n for n in imports(path) if n.startswith("torch.optim")}, path


def test_the_trainer_compares_no_names() -> None:
    tree = ast.parse((SOURCE / "ganstudy/training/trainer.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            texts = [c for c in [node.left, *node.comparators] if isinstance(c, ast.Constant)]
            words = {c.value for c in texts if isinstance(c.value, str)}
            assert words <= {"/"}, f"line {node.lineno} compares with {words}"
