"""The models of this process: those offered, those in memory, and those on this machine's disk."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import model
from model.errors import CheckpointError
from model.families.family import ConfigJson
from model.language_model import LanguageModel
from model.loading import checkpoint, hub
from model.loading.checkpoint import Dtype
from model.tokenizers import files

MOST_MODELS = 3  # in memory at once
LIGHT_BYTES = 64 * 1024**2  # models no larger do not count as such: shipped ones, of which a page shows several at once
MOST_LIGHT_MODELS = 16
PRECISIONS: tuple[Dtype, ...] = ("auto", "float32", "bfloat16", "float16")
KINDS = {
    "encoder": "encoder-only",
    "decoder": "decoder-only",
    "encoder-decoder": "encoder-decoder",
    "recurrent": "recurrent",
}


def named(where: str, dtype: Dtype) -> str:
    """The name of a model in the picker and in links; where a precision was chosen, it is part of the name."""
    return where if dtype == "auto" else f"{where}@{dtype}"


def parts(name: str) -> tuple[str, Dtype]:
    """(where, dtype) from a name."""
    where, _, stated = name.rpartition("@")
    dtype = next((known for known in PRECISIONS[1:] if where and known == stated), None)
    return (name, "auto") if dtype is None else (where, dtype)


def label(name: str) -> str:
    """A name as the picker shows it: of a folder only the last part of its path, and the precision."""
    where, dtype = parts(name)
    shown = Path(where).name if Path(where).is_absolute() else where
    return shown if dtype == "auto" else f"{shown} · {dtype}"


@dataclass(frozen=True, eq=False)
class Held:
    """A model in memory."""

    name: str
    device: str
    lm: LanguageModel

    @property
    def bytes(self) -> int:
        """What its parameters take; tied ones count once."""
        return sum(p.numel() * p.element_size() for p in self.lm.net.parameters())


class ModelPool:
    """The loaded models that were used last, shared by all sessions; safe to use from several threads.

    `dropped` is called with (name, device) of each model that leaves memory, so that its runs can be dropped too. At most
    `most` models stay; those of at most `light` bytes are counted apart, and MOST_LIGHT_MODELS of them stay.
    """

    def __init__(self, most: int, dropped: Callable[[str, str], None], light: int = 0) -> None:
        self.most, self._dropped, self.light = most, dropped, light
        self._held: OrderedDict[tuple[str, str], LanguageModel] = OrderedDict()
        self._opened: list[str] = []
        self.kinds: dict[str, str] = {}  # of every model that was ever loaded
        self._lock = threading.Lock()
        self._turns: dict[tuple[str, str], threading.Lock] = {}

    @property
    def opened(self) -> tuple[str, ...]:
        """The names of the models opened in this process, in the order in which they were opened."""
        return tuple(self._opened)

    @property
    def held(self) -> tuple[Held, ...]:
        """The models in memory, the least recently used first."""
        with self._lock:
            return tuple(Held(name, device, lm) for (name, device), lm in self._held.items())

    def has(self, name: str, device: str) -> bool:
        """Whether a model is in memory."""
        return (name, device) in self._held

    def get(self, name: str, device: str, progress: hub.Progress | None = None) -> LanguageModel:
        """A model, loaded if it is not in memory; several threads that ask at the same time load it once.

        Raises CheckpointError where it is neither shipped nor opened, and where it cannot be read.
        """
        key = (name, device)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._held:
                    return self._held[key]
            where, dtype = parts(name)
            if where not in model.shipped() and name not in self._opened:
                raise CheckpointError(f"the model {name} is not opened here")
            lm = model.load(where, "cuda" if device == "cuda" else "cpu", dtype, progress)
            self._keep(key, lm)
        return lm

    def _keep(self, key: tuple[str, str], lm: LanguageModel) -> None:
        with self._lock:
            self._held[key] = lm
            self.kinds[key[0]] = lm.kind
            gone = self._too_many()
            for left in gone:
                del self._held[left]
        for name, device in gone:
            self._dropped(name, device)

    def _too_many(self) -> list[tuple[str, str]]:
        """The models that must leave because there are too many, the least recently used first."""
        heavy = [key for key, lm in self._held.items() if Held(*key, lm).bytes > self.light]
        light = [key for key in self._held if key not in heavy]
        return heavy[: max(0, len(heavy) - self.most)] + light[: max(0, len(light) - MOST_LIGHT_MODELS)]

    def open(self, where: str, device: str, dtype: Dtype, progress: hub.Progress | None = None) -> str:
        """Loads a checkpoint and offers it from now on; returns its name. Nothing changes where it cannot be read."""
        name = named(where, dtype)
        known = where in model.shipped() or name in self._opened
        if not known:
            self._opened.append(name)
        try:
            self.get(name, device, progress)
        except BaseException:
            if not known:
                self._opened.remove(name)
            raise
        if where in model.shipped() and dtype != "auto" and name not in self._opened:
            self._opened.append(name)
        return name

    def unload(self, name: str, device: str) -> None:
        """Takes a model out of memory. It can still be chosen, and is then loaded again."""
        with self._lock:
            self._held.pop((name, device), None)
        self._dropped(name, device)


def address(text: str, *, from_hub: bool) -> str:
    """The place of a checkpoint that a person typed: a hub id, or the absolute path of a folder.

    Raises CheckpointError where the text is neither.
    """
    text = text.strip()
    if not text:
        raise CheckpointError("type a hub id, such as owner/name" if from_hub else "type the path of a folder")
    if from_hub:
        text = text.removeprefix(f"{hub.SITE}/").removesuffix("/")
        if not hub.is_repo(text):
            raise CheckpointError(f"{text} is no hub id: one looks like owner/name")
        if Path(text).exists():
            raise CheckpointError(f"{text} is also a folder here: open it as a folder")
        return text
    try:
        folder = Path(text).expanduser().resolve()
        if not folder.is_dir():
            raise CheckpointError(f"there is no folder {text} on the machine that Regard runs on")
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{text} is no path of a folder") from error
    return str(folder)


@dataclass(frozen=True)
class Listed:
    """A checkpoint on this machine, described by its config.json; `problem` says why it cannot be opened."""

    where: str
    place: str  # shipped, Hugging Face cache, folder
    family: str
    kind: str
    bytes: int
    problem: str = ""


def on_disk(opened: tuple[str, ...] = (), *, cache: bool = True) -> list[Listed]:
    """The checkpoints on this machine: shipped, in the local Hugging Face cache, and folders opened before.

    Without `cache` only those of the cache that were `opened` are listed.
    """
    found = [look("shipped", name, checkpoint.ZOO / name) for name in model.shipped()]
    lying = {
        repo: folder for repo, folder in hub.in_cache().items() if cache or repo in {parts(name)[0] for name in opened}
    }
    found += [look("Hugging Face cache", repo, folder) for repo, folder in lying.items()]
    known = {one.where for one in found}
    for where in dict.fromkeys(parts(name)[0] for name in opened):
        if where not in known and Path(where).is_dir():
            found.append(look("folder", where, Path(where)))
    return found


def look(place: str, where: str, folder: Path) -> Listed:
    """The line of one folder in the list, from its config.json."""
    size = sum(file.stat().st_size for file in folder.glob("*") if file.is_file())
    try:
        hf = ConfigJson(files.table(folder / "config.json"))
        family = checkpoint.family_of(hf)
        return Listed(where, place, family.title, KINDS[family.read_config(hf).kind], size)
    except CheckpointError as error:
        return Listed(where, place, "not supported", "", size, str(error))


def size(count: int) -> str:
    """A number of bytes in words: 14157496 as "14.2 MB"."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count / 1e3:,.1f} kB"
