"""Models of a process: named with their precision, loaded once, unloaded with their runs, and never opened by a link."""

import json
import threading
from pathlib import Path

import pytest
import torch

import model
from model import CheckpointError
from model.language_model import LanguageModel
from tests.model.builders import random_model, shaped
from tests.model.small_checkpoint import small_checkpoint
from ui.runs import model_pool
from ui.runs.model_pool import ModelPool, address, label, look, named, on_disk, parts, size


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(small_checkpoint(tmp_path))


@pytest.fixture
def gone() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def shelf(gone: list[tuple[str, str]]) -> ModelPool:
    return ModelPool(2, lambda name, device: gone.append((name, device)))


@pytest.mark.parametrize("dtype", model_pool.PRECISIONS)
@pytest.mark.parametrize("where", ["a", "owner/name", "/a/b@c", "/a/b@bfloat"])
def test_a_name_holds_where_a_model_lies_and_its_precision(where: str, dtype: model_pool.Dtype) -> None:
    assert parts(named(where, dtype)) == (where, dtype)


@pytest.mark.parametrize("name", ["", "@float32", "a@auto", "a@float64"])
def test_what_names_no_precision_is_a_place(name: str) -> None:
    assert parts(name) == (name, "auto")


def test_a_folder_is_shown_by_its_own_name_and_a_hub_id_whole() -> None:
    assert label("/models/tiny@bfloat16") == "tiny · bfloat16"
    assert label("owner/name") == "owner/name"


def test_a_model_nobody_opened_is_not_read(shelf: ModelPool, folder: str) -> None:
    with pytest.raises(CheckpointError, match="not opened here"):
        shelf.get(folder, "cpu")
    assert shelf.held == ()


def test_an_opened_folder_is_offered_and_held_with_its_bytes(shelf: ModelPool, folder: str) -> None:
    name = shelf.open(folder, "cpu", "auto")
    assert (name, shelf.opened) == (folder, (folder,))
    (held,) = shelf.held
    assert held.bytes == 4 * held.lm.parameters
    assert shelf.get(folder, "cpu") is held.lm


def test_two_precisions_of_a_model_stand_beside_each_other(shelf: ModelPool, folder: str) -> None:
    whole, half = shelf.open(folder, "cpu", "float32"), shelf.open(folder, "cpu", "bfloat16")
    assert shelf.get(whole, "cpu").dtype == torch.float32
    assert shelf.get(half, "cpu").dtype == torch.bfloat16
    assert shelf.held[1].bytes * 2 == shelf.held[0].bytes


def test_a_shipped_model_at_another_precision_is_offered_under_a_name_of_its_own(shelf: ModelPool) -> None:
    (shipped, *_) = model.shipped()
    assert shelf.open(shipped, "cpu", "auto") == shipped
    assert shelf.opened == ()
    assert shelf.open(shipped, "cpu", "bfloat16") == f"{shipped}@bfloat16"
    assert shelf.opened == (f"{shipped}@bfloat16",)


def test_light_models_stay_beside_the_others(gone: list[tuple[str, str]], folder: str) -> None:
    shelf = ModelPool(1, lambda name, device: gone.append((name, device)), light=10**9)
    for dtype in ("float32", "bfloat16", "float16"):
        shelf.open(folder, "cpu", dtype)
    assert len(shelf.held) == 3
    assert gone == []


def test_a_damaged_checkpoint_is_not_offered_and_what_was_held_stays(
    shelf: ModelPool, folder: str, tmp_path: Path
) -> None:
    shelf.open(folder, "cpu", "auto")
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "config.json").write_text('{"model_type": "no such family"}')
    with pytest.raises(CheckpointError, match="no such family"):
        shelf.open(str(bad), "cpu", "auto")
    assert shelf.opened == (folder,)
    assert [held.name for held in shelf.held] == [folder]


def test_the_model_used_least_recently_leaves_and_that_is_told(
    shelf: ModelPool, gone: list[tuple[str, str]], folder: str
) -> None:
    first = shelf.open(folder, "cpu", "float32")
    second = shelf.open(folder, "cpu", "bfloat16")
    shelf.get(first, "cpu")
    third = shelf.open(folder, "cpu", "float16")
    assert gone == [(second, "cpu")]
    assert [held.name for held in shelf.held] == [first, third]
    assert second in shelf.opened


def test_an_unloaded_model_stays_on_offer_and_is_read_again(
    shelf: ModelPool, gone: list[tuple[str, str]], folder: str
) -> None:
    name = shelf.open(folder, "cpu", "auto")
    before = shelf.get(name, "cpu")
    shelf.unload(name, "cpu")
    assert (shelf.held, gone, shelf.opened) == ((), [(name, "cpu")], (name,))
    assert shelf.get(name, "cpu") is not before


def test_a_model_is_loaded_once_however_many_ask(shelf: ModelPool, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    begun = threading.Event()

    def load(*asked: object) -> LanguageModel:
        loads.append(str(asked[0]))
        begun.wait(2)
        return random_model(shaped("decoder"))

    (shipped, *_) = model.shipped()
    monkeypatch.setattr(model, "load", load)
    found: list[LanguageModel] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.get(shipped, "cpu"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert loads == [shipped]
    assert len({id(lm) for lm in found}) == 1


@pytest.mark.parametrize("text", ["", "   ", "no/such/folder", "/etc/hostname", "~nobody-of-that-name/x", "x" * 5000])
def test_what_is_no_folder_is_refused_in_words(text: str) -> None:
    with pytest.raises(CheckpointError, match="folder"):
        address(text, from_hub=False)


@pytest.mark.parametrize("text", ["", "a b", "../x", "a/b/c", "/a", "http://example.org/a"])
def test_what_is_no_hub_id_is_refused_in_words(text: str) -> None:
    with pytest.raises(CheckpointError, match="hub id"):
        address(text, from_hub=True)


def test_a_hub_address_is_taken_for_its_id(folder: str) -> None:
    assert address(" https://huggingface.co/owner/name/ ", from_hub=True) == "owner/name"
    assert address(f" {folder}/../checkpoint ", from_hub=False) == folder


def test_a_hub_id_that_is_also_a_folder_is_not_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="also a folder"):
        address("owner/name", from_hub=True)


def test_the_list_holds_shipped_and_opened_models_with_what_they_are(folder: str) -> None:
    listed = {one.where: one for one in on_disk((folder, f"{folder}@bfloat16"))}
    assert set(model.shipped()) <= set(listed)
    assert (listed[folder].family, listed[folder].kind, listed[folder].place) == ("PaLM", "decoder-only", "folder")
    assert listed[folder].bytes == sum(file.stat().st_size for file in Path(folder).iterdir())


@pytest.mark.parametrize("config", ["{", "[]", json.dumps({"model_type": "unheard-of"})])
def test_a_folder_that_cannot_be_opened_is_listed_with_the_reason(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    listed = look("folder", "x", tmp_path)
    assert listed.family == "not supported"
    assert listed.problem


@pytest.mark.parametrize(("count", "text"), [(14_157_496, "14.2 MB"), (3_000_000_000, "3.0 GB"), (96_000, "96.0 kB")])
def test_bytes_are_written_for_people(count: int, text: str) -> None:
    assert size(count) == text
