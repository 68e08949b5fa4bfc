"""The weight files of a checkpoint. They are read tensor by tensor, and nothing in them is executed."""

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from model.errors import CheckpointError
from model.loading.git_lfs import refuse_pointer

SAFE, SAFE_INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"


def as_stored(name: str) -> str:
    """The name as it is in the file."""
    return name


@dataclass(frozen=True, eq=False)
class Weights:
    """All tensors of a folder, by name. Only one file is open at a time."""

    folder: Path
    file_of: Mapping[str, str]  # name: file, by the names in the files
    rename: Callable[[str], str] = as_stored
    stored: Mapping[str, str] = field(init=False)  # new name: name in the files

    def __post_init__(self) -> None:
        object.__setattr__(self, "stored", {self.rename(name): name for name in self.file_of})
        if len(self.stored) < len(self.file_of):
            twice = next(name for name in self.file_of if self.stored[self.rename(name)] != name)
            raise CheckpointError(f"the tensor {twice} is stored twice, with and without the base model's prefix")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.stored)

    def get(self, name: str) -> Tensor:
        """One tensor, on the CPU, as stored."""
        name = self.stored[name]
        file = self.folder / self.file_of[name]
        for found, tensor in read(file, [name]):
            if found == name:
                return tensor
        raise CheckpointError(f"{file.name} lacks the tensor {name}")

    def __iter__(self) -> Iterator[tuple[str, Tensor]]:
        """(name, tensor), file after file."""
        renamed = {original: name for name, original in self.stored.items()}
        for file in sorted(set(self.file_of.values())):
            wanted = [name for name, where in self.file_of.items() if where == file]
            for name, tensor in read(self.folder / file, wanted):
                yield renamed[name], tensor


def find(folder: Path, rename: Callable[[str], str] = as_stored) -> Weights:
    """The weights of a folder: safetensors, in one file or several; where there are none, files of torch.save."""
    for single, index in ((SAFE, SAFE_INDEX), (PICKLED, PICKLED_INDEX)):
        if (folder / single).is_file():
            placed = dict.fromkeys(names_in(folder / single), single)
        elif (folder / index).is_file():
            placed = sharded(folder, index)
        else:
            continue
        if not placed:
            raise CheckpointError(f"{single if (folder / single).is_file() else index} holds no tensors")
        return Weights(folder, placed, rename)
    raise CheckpointError(
        f"{folder} holds no weights: {SAFE} is missing, and so are {SAFE_INDEX}, {PICKLED} and {PICKLED_INDEX}"
    )


def sharded(folder: Path, index: str) -> dict[str, str]:
    """{tensor: file} of an index. Raises CheckpointError where a listed file or tensor is missing."""
    refuse_pointer(folder / index)
    try:
        placed = json.loads((folder / index).read_text(encoding="utf-8"))["weight_map"]
        promised = {str(name): str(file) for name, file in placed.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index} cannot be read as an index of weights") from error
    for file in sorted(set(promised.values())):
        if Path(file).name != file:
            raise CheckpointError(f"{index} points outside its folder, to {file}")
        if not (folder / file).is_file():
            raise CheckpointError(f"{folder} lacks {file}, which {index} lists as holding weights")
        here = names_in(folder / file)
        missing = sorted(name for name, where in promised.items() if where == file and name not in here)
        if missing:
            raise CheckpointError(f"{file} lacks the tensor {missing[0]}, which {index} says it holds")
    return promised


def names_in(path: Path) -> set[str]:
    """The names of a file's tensors."""
    refuse_pointer(path)
    if path.suffix == ".safetensors":
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                return set(file.keys())
        except (safetensors.SafetensorError, OSError) as error:
            raise CheckpointError(damaged(path, error)) from error
    return set(unpickled(path))


def read(path: Path, names: list[str]) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of the chosen names."""
    if path.suffix == ".safetensors":
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                for name in names:
                    yield name, file.get_tensor(name)
        except (safetensors.SafetensorError, OSError) as error:
            raise CheckpointError(damaged(path, error)) from error
    else:
        held = unpickled(path)
        for name in names:
            yield name, held[name]


def unpickled(path: Path) -> dict[str, Tensor]:
    """The tensors of a torch.save file, loaded with `weights_only`; memory-mapped where possible."""
    try:
        try:
            held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # files from before torch 1.6 cannot be mapped
            held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(f"{path.name} holds more than tensors, and reading it would run code: refused") from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(damaged(path, error)) from error
    if not isinstance(held, dict):
        raise CheckpointError(f"{path.name} holds no table of tensors")
    return {str(name): x for name, x in held.items() if isinstance(x, Tensor)}


def damaged(path: Path, error: Exception) -> str:
    """The error for a file that cannot be read, with the first line of the reason."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return f"{path.name} is damaged or cut short: {reason}"
