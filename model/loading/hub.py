"""Checkpoints of the Hugging Face hub: those in the local cache, and downloading others."""

import re
from collections.abc import Callable
from pathlib import Path

from model.errors import CheckpointError, first_line
from model.loading.weight_files import PICKLED, PICKLED_INDEX, SAFE, SAFE_INDEX
from model.tokenizers.files import table

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is in all (0 and 0 where that is not known)."""

DESCRIPTIONS = (
    "config.json", "generation_config.json", "README.md",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "vocab.txt", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model",
    "source.spm", "target.spm",
)  # fmt: skip
SHARD = re.compile(r"(model|pytorch_model)-\d+-of-\d+\.(safetensors|bin)")
REPO = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
SITE = "https://huggingface.co"
LARGE = 4e6  # bytes: smaller files come at once


def is_repo(where: str) -> bool:
    """Whether a text has the form of a hub id: a name, or an owner and a name."""
    return REPO.fullmatch(where) is not None and ".." not in where and "--" not in where


def cached(repo: str) -> Path | None:
    """The folder of a repository in the local cache; None where it, or one of its weight files, is missing."""
    import huggingface_hub

    try:
        found = huggingface_hub.try_to_load_from_cache(repo, "config.json")
    except (OSError, ValueError):  # no name a repository can have, or a cache that cannot be read
        return None
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    return folder if complete(folder) else None


def complete(folder: Path) -> bool:
    """Whether all weight files are there; a download of several files may have stopped half-way."""
    if (folder / SAFE).exists() or (folder / PICKLED).exists():
        return True
    index = next((folder / name for name in (SAFE_INDEX, PICKLED_INDEX) if (folder / name).exists()), None)
    if index is None:
        return False
    try:
        placed = table(index).get("weight_map")
    except CheckpointError:
        return False
    return isinstance(placed, dict) and all((folder / str(file)).exists() for file in placed.values())


def in_cache() -> dict[str, Path]:
    """The complete repositories in the local cache: {hub id: folder}."""
    from huggingface_hub import constants

    names = [folder.name for folder in sorted(Path(constants.HF_HUB_CACHE).glob("models--*"))]
    repos = [name.removeprefix("models--").replace("--", "/") for name in names]
    held = {repo: cached(repo) for repo in repos if is_repo(repo)}
    return {repo: folder for repo, folder in held.items() if folder is not None}


def fetch(repo: str, progress: Progress | None = None) -> Path:
    """The repository's folder in the local cache. Files that loading needs are downloaded where they are missing.

    Raises CheckpointError where the hub cannot be reached, and says how to get the files by hand.
    """
    from httpx2 import HTTPError
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    if (folder := cached(repo)) is not None:
        return folder
    file = None
    try:
        files = wanted(listed(repo))
        for i, file in enumerate(files):
            if progress is not None:
                progress(file, i, len(files))
            path = Path(hf_hub_download(repo, file, tqdm_class=megabytes(file, progress)))
    except GatedRepoError as error:
        raise CheckpointError(
            f"{repo} is given out on request: accept its terms at {SITE}/{repo}, then run `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"the hub has no model {repo}, or it is private: look at {SITE}/{repo}") from error
    except HfHubHTTPError as error:
        raise CheckpointError(f"the hub did not give out {repo}: {first_line(error)}") from error
    except (HTTPError, OSError) as error:
        raise CheckpointError(unreachable(repo) if file is None else broken_off(repo, file, error)) from error
    return path.parent


def unreachable(repo: str) -> str:
    """The sentence for a hub that cannot be reached: what to do without a network."""
    return (
        f"{repo} is not in the local Hugging Face cache, and the hub cannot be reached from here; to get it by hand, download "
        f"config.json, the weights (model.safetensors or pytorch_model.bin) and the tokenizer files from {SITE}/{repo}/tree/main "
        "into a folder elsewhere, bring it here and open the folder"
    )


def broken_off(repo: str, file: str, error: Exception) -> str:
    """The sentence for a download that stopped half-way."""
    return f"the download of {file} of {repo} broke off ({first_line(error)}); opened again, it goes on with that file"


def megabytes(file: str, progress: Progress | None) -> type:
    """A progress bar class for huggingface_hub that draws nothing and reports the megabytes of a large file to `progress`."""
    from tqdm import tqdm

    class Told(tqdm):
        def __init__(self, *args: object, total: float | None = None, initial: float = 0, **kwargs: object) -> None:
            super().__init__(disable=True)
            self.come, self.whole = float(initial), float(total or 0)

        def update(self, n: float | None = 1) -> None:
            self.come += n or 0
            if progress is not None and self.whole > LARGE:
                progress(f"{file}, MB", int(min(self.come, self.whole) / 1e6), int(self.whole / 1e6))

    return Told


def listed(repo: str) -> list[str]:
    """The names of a repository's files, from one request, which fails at once without a network."""
    from huggingface_hub import HfApi

    return [file.rfilename for file in HfApi().model_info(repo, timeout=10).siblings or []]


def wanted(files: list[str]) -> list[str]:
    """The files to download: configs and tokenizer files, and the weights in one format, safetensors if there are any."""
    if "config.json" not in files:
        raise CheckpointError("the hub holds no config.json for this model: it is not in Hugging Face layout")
    shards = [name for name in files if SHARD.fullmatch(name)]
    for single, index in ((SAFE, SAFE_INDEX), (PICKLED, PICKLED_INDEX)):
        if single in files:
            weights = [single]
        elif index in files:
            weights = [index, *(name for name in shards if name.endswith(Path(single).suffix))]
        else:
            continue
        return [*(name for name in DESCRIPTIONS if name in files), *weights]
    raise CheckpointError("the hub holds no weights for this model as safetensors or pytorch_model.bin")
