"""How much memory a model needs and how much is free, before anything is read; and returning freed memory to the system."""

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch import nn

from model.errors import CheckpointError

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Bytes that a model's weights need on a device, and bytes free there."""

    needed: int
    free: int
    device: str

    def check(self) -> None:
        """Raises CheckpointError, with both numbers, where the model does not fit."""
        if self.needed > self.free:
            raise CheckpointError(
                f"this model takes {gigabytes(self.needed)} of memory, and {gigabytes(self.free)} are free on "
                f"{self.device}: close something, or choose bfloat16 (half of float32) or another device"
            )


def memory_needed(net: nn.Module, dtype: torch.dtype, device: torch.device) -> Memory:
    """The memory that a net's parameters need with this dtype. The net may be on any device, also the meta device."""
    numbers = sum(p.numel() for p in net.parameters())
    return Memory(numbers * dtype.itemsize, free_on(device), str(device))


def free_on(device: torch.device) -> int:
    """Free bytes of the GPU, or of main memory within the container's limit."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(psutil.virtual_memory().available, _container_free())


def installed() -> int:
    """Bytes of main memory that this process may use in all."""
    try:
        return min(psutil.virtual_memory().total, int((CGROUP / "memory.max").read_text()))
    except (OSError, ValueError):
        return int(psutil.virtual_memory().total)


def give_back() -> None:
    """Returns freed memory to the system, on Linux: glibc keeps it otherwise, and work over all heads of a long text frees
    gigabytes in small pieces."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def _container_free() -> int:
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        cached = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        return int(limit) - used + int(cached.get("inactive_file", 0))
    except (OSError, ValueError):  # no limit ("max"), or no cgroups here
        return 2**63 - 1


def gigabytes(size: int) -> str:
    """1234567890 as "1.2 GB", small sizes in MB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
