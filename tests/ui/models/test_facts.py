"""What the Models page says of a model follows from its config and its parameters, for every family."""

from dataclasses import fields, replace

import pytest
import torch

from model.config import TransformerConfig
from model.families import FAMILIES
from model.language_model import LanguageModel
from model.network import build
from model.pretrained import Source
from model.transformer import Transformer
from tests.model.builders import random_model, shaped
from tests.model.lstm_checkpoint import CONFIG
from ui.figures.tables import Cell, markup
from ui.models.facts import PARTS, biases, block_plan, facts, parameters_by_part, part_of
from ui.models.families import EXAMPLES, example_config
from ui.models.family_table import family_row
from ui.models.page import readable
from ui.shell.task_prefixes import prefixes, with_prefix
from viz.architecture import block_drawing
from viz.theme import LIGHT

SILENT = {
    "position_offset",
    "norm_eps",
    "norm_offset",
    "head_activation",
    "logit_bias",
    "parallel_norms",
    "d_head",
    "unplaced",
}
"""Fields of the config that the table leaves to the code: they change little that a reader would look for."""

CHANGED: dict[str, object] = {
    "vocab_size": 99, "d_model": 48, "n_heads": 6, "d_ff": 77, "max_positions": 77, "encoder_layers": 1, "decoder_layers": 5,
    "n_kv_heads": 2, "n_segments": 3, "positions": "alibi", "rotary_base": 77.0, "rotary_share": 0.5, "rotary_scale": 3.0,
    "local_rotary_base": 77.0, "relative_buckets": 9, "relative_reach": 9, "window": 7, "order": "sandwich", "norm": "rms",
    "embed_norm": True, "final_norm": False, "qk_norm": True, "qkv_bias": False, "out_bias": False, "ff_bias": False,
    "norm_bias": False, "activation": "silu", "gated": True, "attention_scale": 1.0, "embed_scale": 3.0, "logit_scale": 3.0,
    "tied": False, "head": "none", "relation": True,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({field.name for field in fields(TransformerConfig)} - SILENT))
def test_a_change_of_the_config_shows_in_its_table(name: str) -> None:
    scheme = "relative" if name.startswith("relative") else "rotary"
    before = replace(shaped("decoder"), positions=scheme, n_heads=4, n_kv_heads=0, d_head=8)  # type: ignore[arg-type]
    if name == "window_layers":
        before, after = replace(before, window=7), replace(before, window=7, window_layers=(0,))
    elif name == "rotary_llama3":
        after = replace(before, rotary_llama3=example_config("llama").rotary_llama3)
    elif name == "recurrence":
        after = CONFIG  # no other field may say what it says of a transformer
    else:
        after = replace(before, **{name: CHANGED[name]})  # type: ignore[arg-type]
    assert facts(before) != facts(after)


OF_TRANSFORMERS = sorted(set(FAMILIES) - {"regard-lstm"})  # nobody publishes the recurrent kind, and it has no blocks

PUBLISHED = {
    "bert": 110e6, "roberta": 125e6, "distilbert": 66e6, "bart": 140e6, "pegasus": 568e6, "t5": 60.5e6, "gpt2": 124.4e6,
    "jurassic": 178e9, "opt": 125e6, "gpt_neox": 70_426_624, "bloom": 559_214_592, "llama": 8_030_261_248, "mistral": 7.24e9,
    "qwen2": 0.494e9, "qwen3": 0.596e9, "gemma3_text": 1.0e9, "gemma3": 3.88e9, "palm": 8.63e9,
}  # fmt: skip
"""Parameters as the papers and model cards state them. For Marian nobody states them."""


@pytest.mark.parametrize("family", PUBLISHED)
def test_the_published_example_has_as_many_parameters_as_are_published(family: str) -> None:
    with torch.device("meta"):
        net = Transformer(example_config(family))
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(PUBLISHED[family], rel=0.015)


def test_terms_that_do_not_matter_are_left_out() -> None:
    terms = {fact.term for fact in facts(replace(shaped("decoder", "learned"), n_kv_heads=0))}
    assert not terms & {"Rotary base", "Buckets", "Window", "Key heads", "Segments", "Masked-word head"}


@pytest.mark.parametrize("family", OF_TRANSFORMERS)
def test_every_family_has_a_published_example_that_its_own_reader_takes(family: str) -> None:
    assert family in EXAMPLES, "add a published model of this family to ui/models/families.py"
    config = example_config(family)
    row = [cell.text for cell in family_row(family)]
    assert row[4] == f"{config.n_heads} / {config.kv_heads}"
    assert row[7] == ("yes" if config.tied else "no")
    assert row[8] == EXAMPLES[family].source


@pytest.mark.parametrize("family", OF_TRANSFORMERS)
def test_every_family_is_drawn(family: str) -> None:
    config = example_config(family)
    for stack in ("encoder", "decoder"):
        if config.layers(stack):
            plan = block_plan(config, stack)  # type: ignore[arg-type]
            assert (plan.layers, plan.kv_heads) == (config.layers(stack), config.kv_heads)
            assert block_drawing(plan, theme=LIGHT).layout.height > 200


def test_families_known_for_a_difference_show_it() -> None:
    def texts(family: str) -> str:
        return " | ".join(cell.text for cell in family_row(family))

    assert "ALiBi" in texts("bloom")
    assert "16 / 1" in texts("palm")
    assert "32 / 8" in texts("llama")
    assert "window 4,096" in texts("mistral")
    assert "q, k, v" in texts("qwen2")
    assert "RMS, sandwich + q, k" in texts("gemma3_text")
    assert "parallel" in texts("gpt_neox")
    assert "layer, post-norm" in texts("bert")


def test_the_encoder_of_an_encoder_decoder_is_read_and_predicts_nothing() -> None:
    config = shaped("encoder-decoder")
    encoder, decoder = block_plan(config, "encoder"), block_plan(config, "decoder")
    assert (encoder.read_by_decoder, encoder.cross, encoder.causal) == (True, False, False)
    assert (decoder.read_by_decoder, decoder.cross, decoder.causal) == (False, True, True)


@pytest.mark.parametrize("kind", ["encoder", "decoder", "encoder-decoder"])
@pytest.mark.parametrize("scheme", ["learned", "relative", "rotary"])
def test_the_parts_add_up_to_all_parameters(kind: str, scheme: str) -> None:
    lm = random_model(shaped(kind, scheme))  # type: ignore[arg-type]
    parts = parameters_by_part(lm)
    assert sum(count for _, count in parts) == lm.parameters
    assert [part for part, _ in parts] == [part for part in PARTS if part in dict(parts)]
    assert ("Positions" in dict(parts)) == (scheme != "rotary")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("tokens.weight", "Embedding"),
        ("encoder.segments.weight", "Embedding"),
        ("decoder.positions.table.weight", "Positions"),
        ("decoder.blocks.0.self_attn.q.weight", "Attention"),
        ("decoder.blocks.0.cross_attn.o.bias", "Attention"),
        ("decoder.blocks.0.self_attn.q_norm.weight", "Norms"),
        ("decoder.blocks.0.self_after.weight", "Norms"),
        ("decoder.blocks.0.feed_forward_norm.weight", "Norms"),
        ("decoder.blocks.0.feed_forward.up.weight", "Feed-forward"),
        ("encoder.embed_norm.bias", "Norms"),
        ("head.norm.weight", "Output head"),
        ("relation.out.weight", "Output head"),
    ],
)
def test_a_parameter_belongs_to_the_part_its_name_says(name: str, part: str) -> None:
    assert part_of(name) == part


def test_biases_are_named_where_only_some_maps_have_them() -> None:
    config = shaped("decoder")
    assert biases(config) == "all"
    assert biases(replace(config, ff_bias=False, norm_bias=False)) == "q, k, v, attention output"
    assert biases(replace(config, norm="rms", qkv_bias=False, out_bias=False, ff_bias=False)) == "none"


T5 = {"task_specific_params": {"de": {"prefix": "translate English to German: "}, "sum": {"prefix": "summarize: "}}}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"task_specific_params": None},
        {"task_specific_params": []},
        {"task_specific_params": {"a": 1, "b": {"prefix": 3}}},
    ],
)
def test_a_config_without_prefixes_offers_none(config: dict[str, object]) -> None:
    assert prefixes(config) == {}


def test_a_prefix_is_put_before_the_text_once_and_another_takes_its_place() -> None:
    known = prefixes(T5)
    once = with_prefix("Hello.", known["sum"], known)
    assert once == "summarize: Hello."
    assert with_prefix(once, known["sum"], known) == once
    assert with_prefix(once, known["de"], known) == "translate English to German: Hello."


def test_a_card_keeps_its_text_and_loses_html_pictures_and_front_matter() -> None:
    card = (
        "---\nlicence: mit\n---\n# Title\n<script>alert(1)</script><img src=x onerror=y>\n![logo](http://e.org/a.png) "
        "![b][c] [link](http://e.org) <!-- <b>x</b> -->2 < 3 and 4 > 1\n<details open>more</details>"
    )
    text = readable(card)
    assert text.startswith("# Title")
    assert "[link](http://e.org)" in text
    assert "2 < 3 and 4 > 1" in text
    assert "more" in text
    for gone in ("licence", "script", "alert", "img", "png", "![", "<b>", "details"):
        assert gone not in text


def test_a_cell_is_text_and_nothing_else() -> None:
    drawn = markup([Cell("<i>", 'a"b')], [[Cell("<script>x</script>", "'>")]], label='"><b>')
    assert "<script" not in drawn
    assert "<i>" not in drawn
    assert "<b>" not in drawn
    assert 'title="a&quot;b"' in drawn


def test_a_row_has_a_cell_for_each_heading() -> None:
    with pytest.raises(ValueError, match="2 cells does not fit 1"):
        markup([Cell("a")], [[Cell("b"), Cell("c")]], label="x")


def test_a_recurrent_model_is_told_by_its_state() -> None:
    told = {fact.term: fact.value for fact in facts(CONFIG)}
    assert told["Layers"] == "3 LSTM"
    assert told["State"] == f"{2 * CONFIG.decoder_layers * CONFIG.d_model:,} numbers"
    assert told["Heads"] == "none"


def test_the_parts_of_a_recurrent_model_hold_all_its_parameters() -> None:
    lm = LanguageModel(build(CONFIG), None, Source("tiny", "regard-lstm", ""))
    parts = dict(parameters_by_part(lm))
    assert set(parts) == {"Embedding", "LSTM layers"}
    assert sum(parts.values()) == lm.parameters
