"""Hub ids: what the local cache holds, what is fetched, and what is said where there is no network."""

from pathlib import Path

import huggingface_hub
import pytest

import model
from model import CheckpointError, hub
from tests.model.small_checkpoint import shard, small_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def put(cache: Path, repo: str, folder: Path) -> Path:
    """A folder moved into the cache as huggingface_hub lays it out."""
    home = cache / f"models--{repo.replace('/', '--')}"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("abc")
    (home / "snapshots").mkdir()
    return folder.rename(home / "snapshots" / "abc")


def test_a_hub_id_in_the_cache_loads_without_a_network(folder: Path, cache: Path) -> None:
    put(cache, "someone/tiny-palm", folder)
    lm = model.load("someone/tiny-palm", device="cpu")
    assert lm.name == "someone/tiny-palm"
    assert list(hub.in_cache()) == ["someone/tiny-palm"]


def test_a_broken_off_download_does_not_count_as_cached(folder: Path, cache: Path) -> None:
    shard(folder, "safetensors")
    there = put(cache, "someone/tiny-palm", folder)
    assert hub.cached("someone/tiny-palm") == there
    next(there.glob("*-00002-of-*")).unlink()
    assert hub.cached("someone/tiny-palm") is None
    assert hub.in_cache() == {}


def test_without_a_network_the_error_says_what_to_bring(cache: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"cannot be reached from here; to get it by hand, download config.json"
    ) as e:
        model.load("someone/elsewhere")
    assert "https://huggingface.co/someone/elsewhere" in str(e.value)


@pytest.mark.parametrize("where", ["no such folder", "/nowhere/at/all", "../up", Path("someone/elsewhere")])
def test_what_is_no_hub_id_is_only_looked_for_as_a_folder(cache: Path, where: str | Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no folder .* and no shipped model of that name") as e:
        model.load(where)
    assert "hub" not in str(e.value)


def test_only_what_is_read_is_fetched(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "tokenizer.json", "run.py"]
    there, fetched = put(cache, "someone/new", folder), []
    told: list[tuple[str, int, int]] = []

    def download(repo: str, file: str) -> str:
        fetched.append(file)
        return str(there / file)

    monkeypatch.setattr(hub, "cached", lambda repo: None)
    monkeypatch.setattr(hub, "listed", lambda repo: offered)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    lm = model.load("someone/new", "cpu", progress=lambda what, done, all: told.append((what, done, all)))
    assert fetched == ["config.json", "tokenizer.json", "model.safetensors"]
    assert told[0] == ("config.json", 0, 3)
    assert lm.family == "palm"


def test_shards_are_fetched_in_one_format() -> None:
    shards = [
        f"{stem}-0000{i}-of-00002.{suffix}"
        for stem, suffix in (("model", "safetensors"), ("pytorch_model", "bin"))
        for i in (1, 2)
    ]
    offered = ["config.json", "model.safetensors.index.json", "pytorch_model.bin.index.json", *shards]
    assert hub.wanted(offered) == ["config.json", "model.safetensors.index.json", *shards[:2]]
    assert hub.wanted([x for x in offered if "safetensors" not in x])[1:] == [
        "pytorch_model.bin.index.json",
        *shards[2:],
    ]
    with pytest.raises(CheckpointError, match=r"no config.json"):
        hub.wanted(["model.safetensors"])
    with pytest.raises(CheckpointError, match="no weights"):
        hub.wanted(["config.json", "tf_model.h5"])
