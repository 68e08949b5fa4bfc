"""Hub ids: what the local cache holds, what is fetched, and what is said where there is no network."""

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

import model
from model import CheckpointError
from model.loading import hub
from tests.model.loading.hub_server import COMMIT, Hub, serving
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


@pytest.fixture
def site(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine, asked by huggingface_hub itself, and the empty cache it fills."""
    from huggingface_hub import constants

    with serving() as hub:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def test_a_model_is_fetched_once_by_huggingface_hub_and_loads_from_its_cache_afterwards(
    site: Hub, folder: Path, cache: Path
) -> None:
    """Over HTTP, into blobs, links and a snapshot as the library lays them out."""
    (folder / "tf_model.h5").write_bytes(b"never asked for")
    site.folders["someone/tiny-palm"] = folder
    told: list[tuple[str, int, int]] = []
    lm = model.load("someone/tiny-palm", "cpu", progress=lambda what, done, all: told.append((what, done, all)))
    assert told[:2] == [("config.json", 0, 2), ("model.safetensors", 1, 2)]
    assert Path(lm.source.path) == cache / "models--someone--tiny-palm" / "snapshots" / COMMIT
    assert (Path(lm.source.path) / "config.json").is_symlink()
    assert not any("h5" in line for line in site.asked)
    assert list(hub.in_cache()) == ["someone/tiny-palm"]
    asked = len(site.asked)
    again = model.load("someone/tiny-palm", "cpu")
    assert len(site.asked) == asked
    assert again.fingerprint == lm.fingerprint == model.load(folder, "cpu").fingerprint


def test_shards_come_from_a_hub_too(site: Hub, folder: Path) -> None:
    expected = model.load(folder, "cpu").fingerprint
    shard(folder, "safetensors")
    site.folders["someone/sharded"] = folder
    assert model.load("someone/sharded", "cpu").fingerprint == expected
    assert sum(line.startswith("GET") and "-of-00002" in line for line in site.asked) == 2


def test_a_large_file_tells_how_much_of_it_has_come(site: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / "model.safetensors").stat().st_size
    monkeypatch.setattr(hub, "LARGE", size - 1)
    site.folders["someone/large"] = folder
    told: list[str] = []
    model.load("someone/large", "cpu", progress=lambda what, done, all: told.append(what))
    assert "model.safetensors, MB" in told
    assert "config.json, MB" not in told


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "GatedRepo", "is given out on request: accept its terms at https://huggingface.co/someone/shut"),
        (401, "RepoNotFound", "the hub has no model someone/shut, or it is private"),
        (404, "RepoNotFound", "the hub has no model someone/shut, or it is private"),
        (500, "", "the hub did not give out someone/shut: .*500"),
    ],
)
def test_what_the_hub_refuses_is_said_as_it_is(site: Hub, status: int, code: str, said: str) -> None:
    site.refuses["someone/shut"] = (status, code)
    with pytest.raises(CheckpointError, match=said):
        model.load("someone/shut")
    assert hub.in_cache() == {}


def test_a_download_that_breaks_off_is_no_model_and_goes_on_when_opened_again(
    site: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import file_download

    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)
    site.folders["someone/half"], site.breaks_off = folder, "model.safetensors"
    with pytest.raises(CheckpointError, match=r"the download of model.safetensors of someone/half broke off"):
        model.load("someone/half")
    assert hub.in_cache() == {}
    site.breaks_off = ""
    before = len(site.asked)
    assert model.load("someone/half", "cpu").name == "someone/half"
    assert not any(line.startswith("GET") and "config.json" in line for line in site.asked[before:])


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


def test_a_damaged_cache_hides_no_other_model(folder: Path, cache: Path, tmp_path: Path) -> None:
    put(cache, "someone/whole", folder)
    (tmp_path / "other").mkdir()
    other = small_checkpoint(tmp_path / "other")
    shard(other, "safetensors")
    (other / "model.safetensors.index.json").write_text("{")
    put(cache, "someone/damaged", other)
    (cache / f"models--{'x' * 120}").mkdir()
    (cache / "models--a--b--c").mkdir()
    (cache / "models--a--file").write_text("no folder")
    assert list(hub.in_cache()) == ["someone/whole"]


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

    def download(repo: str, file: str, tqdm_class: object) -> str:
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
