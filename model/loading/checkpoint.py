"""Loads a LanguageModel from a folder, a shipped name or a hub id. Everything is read at once; the folder may be deleted after."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeGuard

import torch
from torch import Tensor

from model.config import TransformerConfig
from model.errors import CheckpointError, first_line
from model.families import FAMILIES, of_class
from model.families.conversion import fill
from model.families.family import ConfigJson, Family, shortened
from model.language_model import LanguageModel
from model.loading import hub, memory, weight_files
from model.loading.generation_config import rules_of
from model.network import Network, build
from model.positions import build_positions
from model.pretrained import Constraints, Source, SpecialIds
from model.tokenizers import files
from model.tokenizers.tokens import Tokenizer
from model.weight_layout import lay_out

ZOO = Path(__file__).parents[1] / "zoo"
Device = Literal["auto", "cpu", "cuda", "mps"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
DTYPES: Mapping[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def shipped() -> dict[str, str]:
    """The checkpoints in model/zoo: {name: one sentence about it}."""
    return {
        folder.name: _description(folder) for folder in sorted(ZOO.glob("*/")) if (folder / "config.json").is_file()
    }


def load(
    where: str | Path,
    device: Device | torch.device = "auto",
    dtype: Dtype | torch.dtype = "auto",
    progress: hub.Progress | None = None,
) -> LanguageModel:
    """The model of a shipped name, of a folder in Hugging Face layout, or of a hub id.

    device "auto" is CUDA where there is one, else MPS, else the CPU; dtype "auto" is float32, but bfloat16 on CUDA.
    `progress` is called with (what, done, all), first for files downloaded, then for tensors read,
    and once with done equal to all, when only the tokenizer is left.
    Raises CheckpointError, naming the file, tensor or key, where the checkpoint cannot be read exactly.
    """
    folder, name = locate(where, progress)
    on = pick_device(device)
    kind = pick_dtype(dtype, on)
    config_json = files.table(folder / "config.json")
    hf = ConfigJson(config_json)
    family = family_of(hf)
    stored = weight_files.find(folder, family.plain_name)
    config = family.read_config(hf, stored)
    net = sketch(config, len(stored.names)).to(kind)
    memory.memory_needed(net, kind, on).check()
    net = _placed(net, on)
    unused = fill(net, _counted(stored, progress), family.weights, config)
    net.requires_grad_(False)
    special, constraints, others = special_ids(hf, folder, family, config.vocab_size)
    card = folder / "README.md"
    pieces, fault = readable_tokenizer(folder, family.name)
    source = Source(
        name=name,
        family=family.name,
        path=str(folder),
        unused_keys=hf.unused(),
        unused_tensors=tuple(unused),
        config_json=config_json,
        card=card.read_text(encoding="utf-8", errors="replace") if card.is_file() else "",
        rules_not_applied=others,
        tokenizer_fault=fault,
    )
    if pieces is not None and special.mask is None:
        special = replace(special, mask=files.mask_token(folder, pieces.pipeline))
    return LanguageModel(net, pieces, source, special, constraints)


def locate(where: str | Path, progress: hub.Progress | None = None) -> tuple[Path, str]:
    """(folder, name) for a shipped name, a folder or a hub id, tried in this order; a hub id may be downloaded."""
    if isinstance(where, str) and where in shipped():
        return ZOO / where, where
    try:
        folder = Path(where).expanduser()
        there, described = folder.exists(), (folder / "config.json").is_file()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such home, a null character, not allowed
        raise CheckpointError(f"{str(where)[:80]} cannot be read as a folder: {first_line(error)}") from error
    if not there:
        return _from_hub(where, progress)
    if not described:
        raise CheckpointError(f"{folder} is no checkpoint: it holds no config.json")
    return folder, folder.resolve().name


def _from_hub(where: str | Path, progress: hub.Progress | None) -> tuple[Path, str]:
    known = ", ".join(shipped()) or "none"
    missing = f"there is no folder {where}, and no shipped model of that name (shipped: {known})"
    if isinstance(where, Path) or not hub.is_repo(where):
        raise CheckpointError(missing)
    try:
        return hub.fetch(where, progress), where
    except CheckpointError as error:
        raise CheckpointError(str(error) if "/" in where else f"{missing}; as a hub id: {error}") from error


def pick_device(device: Device | torch.device) -> torch.device:
    """The device for a setting. Raises CheckpointError where this machine has no such device."""
    if isinstance(device, torch.device):
        return device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise CheckpointError("this machine has no CUDA device: choose cpu")
    return torch.device(device)


def pick_dtype(dtype: Dtype | torch.dtype, device: torch.device) -> torch.dtype:
    """The dtype for a setting; "auto" is bfloat16 on CUDA and float32 elsewhere."""
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if dtype not in DTYPES:
        raise CheckpointError(f"dtype is one of auto, {', '.join(DTYPES)}, not {dtype!r}")
    return DTYPES[dtype]


def family_of(hf: ConfigJson) -> Family:
    """The family of a config.json: its `model_type`, or `regard.family` where that is given."""
    if hf.value("quantization_config") is not None:
        raise CheckpointError("config.json has a quantization_config: quantised weights are not supported")
    stated = hf.text("model_type", _type_by_class(hf))
    ours = hf.part("regard")
    name = stated if ours is None else ours.text("family", stated)
    if name not in FAMILIES:
        key = "model_type" if name == stated else "regard.family"
        known = ", ".join(sorted(FAMILIES))
        raise CheckpointError(f"config.json has {key}={shortened(name)}, which is not supported; supported are {known}")
    return FAMILIES[name]


def _type_by_class(hf: ConfigJson) -> str | None:
    """The model_type that config.json's `architectures` imply; None where they imply none."""
    listed = hf.value("architectures")
    named = [of_class(name) for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    return next((found for found in named if found is not None), None)


def memory_needed(
    where: str | Path, device: Device | torch.device = "auto", dtype: Dtype | torch.dtype = "auto"
) -> memory.Memory:
    """The memory that loading would take and the memory that is free, from config.json and the tensors' names alone."""
    folder, _ = locate(where)
    on = pick_device(device)
    hf = ConfigJson(files.table(folder / "config.json"))
    family = family_of(hf)
    stored = weight_files.find(folder, family.plain_name)
    return memory.memory_needed(sketch(family.read_config(hf, stored), len(stored.names)), pick_dtype(dtype, on), on)


def sketch(config: TransformerConfig, stored: int) -> Network:
    """The net of a config on the meta device, where parameters take no memory; `stored` is the number of stored tensors.

    Raises CheckpointError for more layers than tensors, and for sizes no machine can address.
    """
    layers = config.encoder_layers + config.decoder_layers
    if layers > stored:
        raise CheckpointError(f"config.json asks for {layers:,} layers, and {stored:,} tensors are stored")
    try:
        with torch.device("meta"):
            return build(config)
    except (RuntimeError, OverflowError, TypeError, ValueError) as error:
        raise CheckpointError(f"config.json describes no possible model: {first_line(error)}") from error


def _placed(net: Network, device: torch.device) -> Network:
    """The net with memory on a device: its computed tables are filled, its parameters are not."""
    try:
        net = net.to_empty(device=device)
        net.tie()
        lay_out(net)
        _fill_tables(net, device)
    except (RuntimeError, MemoryError) as error:
        raise CheckpointError(f"the model could not be placed on {device}: {first_line(error)}") from error
    return net


def tokenizer(folder: Path, family: str) -> Tokenizer | None:
    """The folder's tokenizer; None where it has none."""
    pipeline = files.find(folder, family)
    return None if pipeline is None else Tokenizer(pipeline)


def readable_tokenizer(folder: Path, family: str) -> tuple[Tokenizer | None, str]:
    """(the folder's tokenizer, ""); where there is none, or none that can be read, (None, why not)."""
    try:
        return tokenizer(folder, family), ""
    except CheckpointError as error:
        return None, str(error)


def special_ids(
    hf: ConfigJson, folder: Path, family: Family, vocab: int
) -> tuple[SpecialIds, Constraints, dict[str, object]]:
    """The special ids and rules that config.json and generation_config.json state, and the rules that are not applied."""
    path = folder / "generation_config.json"
    generation = ConfigJson(files.table(path)) if path.is_file() else ConfigJson({})

    def is_id(i: object) -> TypeGuard[int]:
        return isinstance(i, int) and not isinstance(i, bool) and 0 <= i < vocab

    def in_range(sequence: object) -> tuple[int, ...]:
        """A sequence of ids; empty where one of them is not in the vocabulary, since it can never be generated then."""
        whole = isinstance(sequence, list) and all(is_id(i) for i in sequence)
        return tuple(sequence) if whole and isinstance(sequence, list) else ()

    def ids(key: str) -> tuple[int, ...]:
        value = generation.value(key) if generation.value(key) is not None else hf.value(key)
        listed = value if isinstance(value, list) else [value]
        return tuple(i for i in listed if is_id(i))

    def one(key: str) -> int | None:
        return next(iter(ids(key)), None)

    start = one("decoder_start_token_id")
    if start is None:
        start = one("pad_token_id") if family.start_is_pad else one("bos_token_id")
    stated = generation.value("bad_words_ids") or hf.value("bad_words_ids") or []
    sequences = [s for s in map(in_range, stated if isinstance(stated, list) else []) if s]
    ends = ids("eos_token_id")
    older = Constraints(
        forced_first=one("forced_bos_token_id"),
        never=ids("suppress_tokens"),
        never_sequences=tuple(s for s in sequences if len(s) > 1 or s[0] not in ends),
        never_first=ids("begin_suppress_tokens"),
    )
    rules, others = rules_of(generation if path.is_file() else None, hf, older, ends, vocab)
    return SpecialIds(start, ends, one("pad_token_id"), one("mask_token_id")), rules, others


def _counted(stored: weight_files.Weights, progress: hub.Progress | None) -> Iterator[tuple[str, Tensor]]:
    for i, (name, tensor) in enumerate(stored):
        if progress is not None:
            progress(name, i, len(stored.names))
        yield name, tensor
    if progress is not None:
        progress("weights read; the tokenizer is next", len(stored.names), len(stored.names))


def _fill_tables(net: Network, device: torch.device) -> None:
    """Fills the computed tables (sinusoids, slopes, rotary frequencies), which `to_empty` left uninitialised."""
    for stack in (net.encoder, net.decoder):
        if stack is not None and next(stack.positions.buffers(), None) is not None:
            with torch.device("cpu"):
                fresh = build_positions(net.config, bidirectional=not stack.causal)
            for name, table in fresh.named_buffers(remove_duplicate=False):
                stack.positions.register_buffer(name, table.to(device), persistent=False)


def _description(folder: Path) -> str:
    """The first sentence of a model card."""
    card = folder / "README.md"
    if not card.is_file():
        return ""
    lines = card.read_text(encoding="utf-8", errors="replace").split("---", 2)[-1].splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
