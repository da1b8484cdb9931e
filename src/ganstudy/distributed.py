"""The processes that share a training: the only file that knows torch.distributed.

`torchrun` starts them, one a device, and gives each its rank. All hold the same networks, and each
plays its own rows of every batch. What mixes the samples of a batch (a mean over it, a draw for it)
is taken over the whole batch through this file, so N processes compute what one would, to rounding.
In a single process every function here is what its plain counterpart is, bit for bit.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from ganstudy.errors import InputError

PATIENCE = timedelta(minutes=30)  # the leader may be writing, or measuring a snapshot


def size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if _joined() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if _joined() else 0


def is_main() -> bool:
    """Whether this is the process that writes, tracks and tells: rank 0."""
    return int(os.environ.get("RANK", "0")) == 0 or not started()


def started() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def local_rank() -> int:
    """The number of this process on its machine: which of its devices is its own."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Inside, the processes that torchrun started are joined: by NCCL on CUDA, else by gloo. Where
    there is one process, nothing happens."""
    if not started():
        yield
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    yield
    wait()
    dist.destroy_process_group()  # not after an error: the others may be waiting for this one


@contextmanager
def no_sync() -> Iterator[None]:
    """Inside, this process is alone: for work on equal inputs that every process does alike."""
    token = _APART.set(True)
    try:
        yield
    finally:
        _APART.reset(token)


def wait() -> None:
    """Returns when every process is here."""
    if size() > 1:
        dist.barrier()


def share_of(batch: int) -> int:
    """How many samples of a batch are this process's. Raises `InputError` where they do not divide
    evenly."""
    if batch % size():
        below = batch // size() * size()
        raise InputError(
            f"a batch of {batch} does not divide among {size()} processes; near it: "
            f"{' or '.join(str(n) for n in (below, below + size()) if n)}"
        )
    return batch // size()


def shard(whole: Tensor) -> Tensor:
    """This process's rows of a tensor (N, ...) that all have: the rank-th of equal parts."""
    return whole if size() == 1 else whole.chunk(size())[rank()]


def draw_sharded(draw: Callable[[int], Tensor], count: int) -> Tensor:
    """This process's `count` rows of what `draw(n)` draws for the n rows of a whole batch."""
    return draw(count) if size() == 1 else shard(draw(count * size()))


def mean(local: Tensor) -> Tensor:
    """The mean of each element over the processes, differentiable any number of times.

    Of means over this process's rows it makes means over the whole batch. Its gradient is that of
    the sum of all processes' losses, which `average_gradients` turns into that of their mean.
    """
    return local if size() == 1 else _Sum.apply(local) / size()


def gathered(local: Tensor) -> Tensor:
    """All rows (N, ...) of which this process has its equal part; without gradient."""
    if size() == 1:
        return local
    parts = [torch.empty_like(local, memory_format=torch.contiguous_format) for _ in range(size())]
    dist.all_gather(parts, local.detach().contiguous())
    return torch.cat(parts)


def in_turns(total: int, batch: int, work: Callable[[slice], Tensor]) -> Tensor:
    """`work(rows)` (n, ...) over `total` rows, `batch` at a time, on the CPU: (total, ...). The
    processes share the batches, and all get the whole."""
    batches = [slice(start, min(start + batch, total)) for start in range(0, total, batch)]
    if size() == 1:
        first = work(batches[0]).cpu()
        whole = first.new_empty(total, *first.shape[1:])
        whole[batches[0]] = first
        for rows in batches[1:]:
            whole[rows] = work(rows).cpu()
        return whole
    each = -(-len(batches) // size())
    # One without a batch of its own does the last again: it must know what a row looks like.
    own = batches[rank() * each : (rank() + 1) * each] or batches[-1:]
    done = torch.cat([work(rows) for rows in own])
    room = done.new_zeros(each * batch, *done.shape[1:])
    room[: len(done)] = done
    parts = gathered(room).cpu().chunk(size())
    counts = [min(total, (r + 1) * each * batch) - r * each * batch for r in range(size())]
    return torch.cat([part[: max(0, n)] for part, n in zip(parts, counts, strict=True)])


def agreed(leaders: bool) -> bool:
    """What the leader says, for all."""
    if size() == 1:
        return leaders
    said = torch.tensor([leaders], dtype=torch.uint8)
    if dist.get_backend() == "nccl":
        said = said.cuda()
    dist.broadcast(said, 0)
    return bool(said.item())


def average_gradients(weights: Sequence[Tensor]) -> None:
    """Replaces the gradients of `weights` by their mean over the processes: one flat all-reduce."""
    if size() == 1:
        return
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= size()
    parts = flat.split_with_sizes([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


class _Sum(torch.autograd.Function):
    """The sum over the processes. Its gradient is the sum of theirs, by the same function, so that
    penalties on gradients pass through it."""

    @staticmethod
    def forward(ctx: Any, local: Tensor) -> Tensor:
        total = local.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total: Tensor = _Sum.apply(gradient)
        return total


# Of the thread that set it: one that reads batches meanwhile is not meant.
_APART = ContextVar("apart", default=False)


def _joined() -> bool:
    return not _APART.get() and dist.is_available() and dist.is_initialized()
