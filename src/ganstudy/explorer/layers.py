"""A network as plain data that a script can compute: what kind of layer or function is which step.

The network is traced (Reed et al. 2022, "torch.fx"), so that a family of networks needs nothing
here: a layer or function that is new is one row of `MODULES`, `FUNCTIONS` or `METHODS`, beside its
few lines in `web/engine.js`. Steps work on one sample, without the dimension of the batch.

Weights of matrices and kernels are float16; what there is few of, biases, norms and tables of
classes, is float32.
"""

import base64
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from ganstudy.errors import InputError
from ganstudy.explorer.critics import KnownSpread
from ganstudy.networks.layers import ConditionalBatchNorm2d
from ganstudy.networks.norms import BatchNorm1d, BatchNorm2d
from ganstudy.networks.text import Encoder

Step = dict[str, Any]  # "op", a function of engine.js, and what it needs beside its inputs


def half(values: Tensor) -> Mapping[str, str]:
    """Little-endian float16 in base64; float32 where a value is beyond float16's largest."""
    array = values.detach().numpy()
    with np.errstate(over="ignore"):
        small = array.astype("<f2")
    return _packed("f2", small) if np.isfinite(small).all() else single(values)


def single(values: Tensor) -> Mapping[str, str]:
    """Little-endian float32 in base64."""
    return _packed("f4", values.detach().numpy().astype("<f4"))


def program(network: nn.Module) -> Mapping[str, Any]:
    """`network` on the CPU, in evaluation, as `{"steps": [...]}`, of which each is a `Step` with
    `from`, the numbers of the values it takes: 0 is the input, k what step k made, from 1.

    The network takes samples, and labels where it has classes, or tokens where it reads. Raises
    `InputError` naming a layer or function that no table has.
    """
    modules = dict(network.named_modules())
    told = any(_kind(module) is nn.Embedding for module in modules.values())
    graph = _Tracer().trace(network, None if told else {"y": None})
    source, *others = [node for node in graph.nodes if node.op == "placeholder"]
    values: dict[fx.Node, int | None] = {source: 0, **dict.fromkeys(others)}
    steps: list[Step] = []
    for node in _needed(graph):
        inputs = [values[n] for n in _nodes(node) if values.get(n) is not None]
        for step in _steps(node, modules):
            steps.append({**step, "from": inputs})
            inputs = [len(steps)]
        values[node] = inputs[0] if inputs else None  # without a step: nothing that a script sees
    return {"steps": steps}


class _Tracer(fx.Tracer):
    """Keeps layers that a table knows whole, and all of torch's."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return _kind(m) in MODULES or super().is_leaf_module(m, module_qualified_name)


def _kind(module: nn.Module) -> type[nn.Module]:
    """The kind of a layer; of one under spectral norm, whose weight is read as that norm makes it,
    the kind it was."""
    return parametrize.type_before_parametrizations(module)


def _needed(graph: fx.Graph) -> Iterator[fx.Node]:
    """The nodes that the output depends on, in order; neither inputs nor the output."""
    (output,) = [node for node in graph.nodes if node.op == "output"]
    needed: set[fx.Node] = set()
    open_ = list(output.all_input_nodes)
    while open_:
        node = open_.pop()
        if node not in needed:
            needed.add(node)
            open_ += node.all_input_nodes
    return (node for node in graph.nodes if node in needed and node.op != "placeholder")


def _nodes(node: fx.Node) -> Iterator[fx.Node]:
    """The nodes that a node takes, in order, one that it takes twice also twice."""
    for argument in node.args:
        for one in argument if isinstance(argument, list | tuple) else [argument]:
            if isinstance(one, fx.Node):
                yield one


def _steps(node: fx.Node, modules: Mapping[str, nn.Module]) -> Sequence[Step]:
    """What a node does, one step after the other; most are one."""
    if node.op == "call_module":
        module = modules[str(node.target)]
        if (make := MODULES.get(_kind(module))) is None:
            raise _unknown(f"layer {_kind(module).__name__} ({node.target})")
        made = make(module)
        return made if isinstance(made, list) else [made]
    if row := _OPERATIONS.get(node.op, {}).get(node.target):
        step = row(node)
        return [] if step is None else [step]
    raise _unknown(f"operation {getattr(node.target, '__name__', node.target)}")


def _unknown(what: str) -> InputError:
    known = ", ".join(sorted({kind.__name__ for kind in MODULES}))
    return InputError(f"the explorer cannot compute the {what} of this network; it knows {known}")


# Layers


def _linear(layer: nn.Linear) -> Step:
    return {"op": "linear", "weight": half(layer.weight), "bias": _bias(layer.bias)}


def _convolution(layer: nn.Conv2d) -> Step:
    return {"op": "convolution", "weight": half(layer.weight), **_geometry(layer)}


def _transposed(layer: nn.ConvTranspose2d) -> Step:
    """Its kernel as a matrix of (output channel, row, column) by input channel."""
    if any(layer.output_padding):
        raise _unknown(f"output padding {layer.output_padding}")
    return {
        "op": "transposed",
        "weight": half(layer.weight.permute(1, 2, 3, 0)),
        **_geometry(layer),
    }


def _geometry(layer: nn.Conv2d | nn.ConvTranspose2d) -> Step:
    if layer.groups != 1 or set(layer.dilation) != {1} or isinstance(layer.padding, str):
        raise _unknown(f"layer {layer}")
    return {
        "bias": _bias(layer.bias),
        "outputs": layer.out_channels,
        "kernel": list(layer.kernel_size),
        "stride": list(layer.stride),
        "padding": list(layer.padding),
    }


def _bias(bias: Tensor | None) -> Mapping[str, str] | None:
    return None if bias is None else single(bias)


def _norm(layer: BatchNorm1d | BatchNorm2d | nn.BatchNorm1d | nn.BatchNorm2d) -> Step:
    """Batch norm in evaluation is γ (x − μ) / √(σ² + ε) + β: a scale and a shift a channel."""
    scale, shift = _folded(layer)
    if layer.affine:
        scale, shift = scale * layer.weight, shift * layer.weight + layer.bias
    return {"op": "affine", "scale": single(scale), "shift": single(shift)}


def _norm_by_class(layer: ConditionalBatchNorm2d) -> Step:
    """The same with a row for each class."""
    scale, shift = _folded(layer.norm)
    gain = layer.gain.weight
    return {
        "op": "affine",
        "scale": single(scale * gain),
        "shift": single(shift * gain + layer.shift.weight),
    }


def _folded(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    if norm.running_mean is None or norm.running_var is None:
        raise _unknown("batch norm without running statistics")
    scale = (norm.running_var + norm.eps).rsqrt()
    return scale, -norm.running_mean * scale


def _embedding(layer: nn.Embedding) -> Step:
    return {"op": "embedding", "table": single(layer.weight), "size": layer.embedding_dim}


def _encoder(layer: Encoder) -> list[Step]:
    """The mean of words' vectors, of which the first layer makes the mean of what it makes of each:
    the table has that."""
    first, last = (part for part in layer.body if isinstance(part, nn.Linear))
    table = layer.table.weight @ first.weight.T + first.bias
    words = {"op": "words", "table": half(table), "size": first.out_features}
    return [words, {"op": "leaky", "slope": 0.0}, _linear(last)]


def _unflatten(layer: nn.Unflatten) -> Step:
    return {"op": "shaped", "shape": [int(size) for size in layer.unflattened_size]}


_FLAT: Step = {"op": "shaped", "shape": [-1]}
MODULES: Mapping[type[nn.Module], Callable[[Any], Step | list[Step]]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.ConvTranspose2d: _transposed,
    BatchNorm1d: _norm,
    BatchNorm2d: _norm,
    ConditionalBatchNorm2d: _norm_by_class,
    nn.Embedding: _embedding,
    Encoder: _encoder,
    nn.ReLU: lambda layer: {"op": "leaky", "slope": 0.0},
    nn.LeakyReLU: lambda layer: {"op": "leaky", "slope": layer.negative_slope},
    nn.Tanh: lambda layer: {"op": "tanh"},
    nn.Unflatten: _unflatten,
    nn.Flatten: lambda layer: _FLAT,
    KnownSpread: lambda layer: {"op": "append", "value": layer.spread},
}


# Functions and methods


def _interpolate(node: fx.Node) -> Step:
    if node.kwargs["scale_factor"] != 2 or node.kwargs["mode"] != "nearest":
        raise _unknown(f"interpolation {dict(node.kwargs)}")
    return {"op": "double"}


def _average(node: fx.Node) -> Step:
    if node.args[1:] != (2,) or node.kwargs:
        raise _unknown(f"average pooling {node.args[1:]}")
    return {"op": "halve"}


def _along_channels(op: str) -> Callable[[fx.Node], Step]:
    """A row of what works along the dimension 1 of a batch, channels or features."""

    def row(node: fx.Node) -> Step:
        if node.args[1:] != (1,):
            raise _unknown(f"operation {node.target} over {node.args[1:]}")
        return {"op": op}

    return row


def _mean(node: fx.Node) -> Step:
    if node.args[1:] != ((2, 3),):
        raise _unknown(f"mean over {node.args[1:]}")
    return {"op": "mean"}


FUNCTIONS: Mapping[Any, Callable[[fx.Node], Step | None]] = {
    functional.relu: lambda node: {"op": "leaky", "slope": 0.0},
    functional.leaky_relu: lambda node: {"op": "leaky", "slope": node.kwargs["negative_slope"]},
    functional.interpolate: _interpolate,
    functional.avg_pool2d: _average,
    torch.cat: _along_channels("joined"),
    operator.add: lambda node: {"op": "added"},
    operator.mul: lambda node: {"op": "multiplied"},
    getattr: lambda node: None,  # a dtype
}
METHODS: Mapping[Any, Callable[[fx.Node], Step | None]] = {
    "tanh": lambda node: {"op": "tanh"},
    "flatten": lambda node: _FLAT,
    "squeeze": lambda node: None,  # one score stays one number
    "sum": _along_channels("sum"),
    "mean": _mean,
    "to": lambda node: None,  # all is float32
}

_OPERATIONS: Mapping[str, Mapping[Any, Callable[[fx.Node], Step | None]]] = {
    "call_function": FUNCTIONS,
    "call_method": METHODS,
}


def _packed(kind: str, array: np.ndarray[Any, Any]) -> Mapping[str, str]:
    return {kind: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}
