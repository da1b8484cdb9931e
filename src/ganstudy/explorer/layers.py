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
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from ganstudy.errors import InputError
from ganstudy.explorer.critics import KnownSpread
from ganstudy.networks.layers import ConditionalBatchNorm2d
from ganstudy.networks.norms import BatchNorm1d, BatchNorm2d, BatchNorm3d
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


def program(network: nn.Module, example: Tensor | None = None) -> Mapping[str, Any]:
    """`network` on the CPU, in evaluation, as `{"steps": [...]}`, of which each is a `Step` with
    `from`, the numbers of the values it takes: 0 is the input, k what step k made, from 1.

    The network takes samples, and labels where it has classes, or tokens where it reads. Where what
    it does depends on the shape of its input, that of an `example` (1, ...) is meant. Raises
    `InputError` naming a layer or function that no table has.
    """
    modules = dict(network.named_modules())
    told = any(_kind(module) is nn.Embedding for module in modules.values())
    graph = _Tracer(example).trace(network, None if told else {"y": None})
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
    """Keeps layers that a table knows whole, and all of torch's. With an `example` each value is
    computed beside, so that its shape is known."""

    def __init__(self, example: Tensor | None) -> None:
        super().__init__()
        self.example = example
        self.values: dict[fx.Node, Any] = {}

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return fx.Proxy(node, self) if self.example is None else _Shaped(node, self)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Parameters as they are: layers compute with them."""
        if self.example is not None:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    @torch.no_grad()
    def create_proxy(
        self, kind: str, target: Any, args: Any, kwargs: Any, *more: Any, **others: Any
    ) -> fx.Proxy:
        made: fx.Proxy = super().create_proxy(kind, target, args, kwargs, *more, **others)
        if self.example is not None:
            node = made.node
            given, named = fx.node.map_arg((node.args, node.kwargs), self.values.__getitem__)
            self.values[node] = self._value(kind, target, given, named)
        return made

    def _value(self, kind: str, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if kind == "placeholder":
            return self.example
        if kind == "call_module":
            return self.root.get_submodule(target).forward(*args, **kwargs)  # a call is recorded
        if kind == "call_method":
            return getattr(args[0], target)(*args[1:], **kwargs)
        return target(*args, **kwargs) if kind == "call_function" else args[0]  # the output

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return _kind(m) in MODULES or super().is_leaf_module(m, module_qualified_name)


class _Shaped(fx.Proxy):
    """A value whose shape is that of the example."""

    @property
    def shape(self) -> torch.Size:
        """As numbers, with which a network can count."""
        tracer = self.tracer
        assert isinstance(tracer, _Tracer)  # noqa: S101 - it makes these alone
        found: torch.Size = tracer.values[self.node].shape
        return found


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


def _convolution(layer: nn.Conv2d | nn.Conv3d) -> Step:
    return {"op": "convolution", "weight": half(layer.weight), **_geometry(layer)}


def _transposed(layer: nn.ConvTranspose2d | nn.ConvTranspose3d) -> Step:
    """Its kernel as a matrix of (output channel, its cells in order) by input channel."""
    if any(layer.output_padding):
        raise _unknown(f"output padding {layer.output_padding}")
    return {
        "op": "transposed",
        "weight": half(layer.weight.movedim(0, -1)),
        **_geometry(layer),
    }


def _geometry(layer: _ConvNd) -> Step:
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


def _norm(layer: BatchNorm1d | BatchNorm2d | BatchNorm3d) -> Step:
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


def _folded(norm: _BatchNorm) -> tuple[Tensor, Tensor]:
    if norm.running_mean is None or norm.running_var is None:
        raise _unknown("batch norm without running statistics")
    scale = (norm.running_var + norm.eps).rsqrt()
    return scale, -norm.running_mean * scale


def _norm_by_image(layer: nn.InstanceNorm2d) -> Step:
    """Instance norm is the same with the mean and variance of the one image that there is."""
    if layer.track_running_stats or not layer.affine:
        raise _unknown(f"layer {layer}")
    return {
        "op": "normalised",
        "epsilon": layer.eps,
        "scale": single(layer.weight),
        "shift": single(layer.bias),
    }


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
    nn.Conv3d: _convolution,
    nn.ConvTranspose2d: _transposed,
    nn.ConvTranspose3d: _transposed,
    BatchNorm1d: _norm,
    BatchNorm2d: _norm,
    BatchNorm3d: _norm,
    ConditionalBatchNorm2d: _norm_by_class,
    nn.InstanceNorm2d: _norm_by_image,
    nn.Embedding: _embedding,
    Encoder: _encoder,
    nn.ReLU: lambda layer: {"op": "leaky", "slope": 0.0},
    nn.LeakyReLU: lambda layer: {"op": "leaky", "slope": layer.negative_slope},
    nn.Tanh: lambda layer: {"op": "tanh"},
    nn.Sigmoid: lambda layer: {"op": "sigmoid"},
    nn.Unflatten: _unflatten,
    nn.Flatten: lambda layer: _FLAT,
    KnownSpread: lambda layer: {"op": "append", "value": layer.spread},
}


# Functions and methods


def _interpolate(node: fx.Node) -> Step:
    size, mode = node.kwargs["size"], node.kwargs["mode"]
    otherwise = node.kwargs["antialias"] or node.kwargs["align_corners"]
    if isinstance(size, list | tuple) and mode in RESIZED and not otherwise:
        return {"op": mode, "sides": list(size)}
    if node.kwargs["scale_factor"] != 2 or mode != "nearest":
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


RESIZED = {"nearest", "bicubic"}  # modes by which maps are brought to a size, as steps are called
FUNCTIONS: Mapping[Any, Callable[[fx.Node], Step | None]] = {
    functional.relu: lambda node: {"op": "leaky", "slope": 0.0},
    functional.leaky_relu: lambda node: {"op": "leaky", "slope": node.kwargs["negative_slope"]},
    functional.interpolate: _interpolate,
    functional.avg_pool2d: _average,
    torch.cat: _along_channels("joined"),
    torch.tanh: lambda node: {"op": "tanh"},
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
