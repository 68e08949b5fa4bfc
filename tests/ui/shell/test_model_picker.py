"""The model picker: models in groups, each with what it reads and writes."""

import pytest

from ui.runs import model_pool, purposes, runner
from ui.shell import model_picker
from ui.shell.model_picker import Group


def test_every_shipped_model_stands_under_its_kind_with_what_it_reads_and_writes() -> None:
    names = runner.offered()
    under: dict[str, str] = {}
    group = ""
    for option in model_picker.options(names):
        if isinstance(option, Group):
            group = option.key
        else:
            under[option] = group
    assert list(dict.fromkeys(under.values())) == ["encoder-decoder", "encoder", "decoder", "recurrent"]
    assert sorted(under) == sorted(names)
    for name, kind in under.items():
        assert kind == runner.load(name, "cpu").kind
        shown = model_picker.as_shown(name)
        assert shown.strip().startswith(f"{name} · ")
        assert purposes.purpose(name).does.startswith("reads ")


def test_an_opened_model_has_a_group_of_its_own_and_the_words_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = model_pool.ModelPool(3, lambda name, device: None)
    monkeypatch.setattr(runner, "model_pool", lambda: pool)
    opened = pool.open("gpt-stories", "cpu", "bfloat16")
    groups = purposes.grouped(["transformer-fr-en", opened], pool.opened)
    assert groups == {"encoder-decoder": ["transformer-fr-en"], "opened": [opened]}
    pool.kinds["/somewhere/else"] = "encoder"
    assert "gives each token a vector" in purposes.purpose("/somewhere/else").does


def test_every_group_has_a_name() -> None:
    assert set(purposes.OF_KIND) < set(purposes.GROUPS)
    assert model_picker.as_shown(Group("encoder", "x")) == "ENCODER"
