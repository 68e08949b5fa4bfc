"""What ships: transformers opens it with the same logits, Regard loads it, and the card states what was measured."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, MarianMTModel

import model
from model.transformer import Transformer
from training.data.translation_pairs import LEXICON, read_pairs
from training.data.translation_tokenizer import save_tokenizer
from training.data.typing_variants import FORMS
from training.export import export
from training.recipe import Recipe
from training.tasks.results import EVALUATION
from training.tasks.translation.card import translation_card
from training.tasks.translation.evaluation import Demonstration, Example, Score, TranslationResults, bleu
from training.tasks.translation.translate import length_limit, translate
from training.trainer.checkpoints import Average, Progress, save_checkpoint, trained
from training.trainer.initialisation import build

TEXTS = [pair.french for pair in read_pairs(LEXICON)[:12]]


@pytest.fixture(scope="module")
def run(recipe: Recipe, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    net = build(recipe)
    with torch.no_grad():
        assert net.head is not None
        net.head.out.bias.normal_()
    save_tokenizer(tokenizer, folder)
    optimizer = torch.optim.AdamW(net.parameters())
    save_checkpoint(folder, net, Average(net, 0.9), optimizer, Progress(step=7, seconds=60.0))
    return folder


@pytest.fixture(scope="module")
def measured() -> TranslationResults:
    score = Score(bleu=12.3, pairs=4, signature="nrefs:1")
    return TranslationResults(
        step=7,
        epochs=1.5,
        seconds=3_600.0,
        train_pairs=170_000,
        lexicon_pairs=1_000,
        scores=dict.fromkeys(FORMS, score),
        lexicon=score,
        demonstrations=(Demonstration("J'adore ça", "I love it", right=False),),
        examples=(Example("a | b", "c", "d"),),
        examples_every=9,
    )


@pytest.fixture(scope="module")
def folder(run: Path, recipe: Recipe, measured: TranslationResults, tmp_path_factory: pytest.TempPathFactory) -> Path:
    measured.write(run / EVALUATION)
    out = tmp_path_factory.mktemp("zoo") / "tiny"
    export("transformer-fr-en", recipe, run, out)
    return out


def half(run: Path, recipe: Recipe) -> Transformer:
    """The run's network with its weights rounded as they ship."""
    net = trained(recipe, run / "step-0000007.pt", torch.device("cpu"))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(p.half())
    return net


def test_transformers_opens_the_folder_with_nothing_missing_or_left_over(folder: Path) -> None:
    _, info = MarianMTModel.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]


def test_transformers_computes_the_same_logits(folder: Path, run: Path, recipe: Recipe, tokenizer: Tokenizer) -> None:
    theirs = MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
    ours = half(run, recipe)
    assert ours.head is not None
    with torch.inference_mode():
        for text in TEXTS:
            source = torch.tensor([tokenizer.encode(text).ids])
            target = torch.tensor([[2, 300, 40, 500]])
            expected = theirs(input_ids=source, decoder_input_ids=target).logits
            torch.testing.assert_close(ours.head(ours(target, source)), expected, atol=1e-4, rtol=1e-4)


def test_transformers_writes_the_same_greedy_translation(folder: Path, run: Path, recipe: Recipe) -> None:
    theirs, tokens = (
        MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    ours = translate(half(run, recipe), Tokenizer.from_file(str(folder / "tokenizer.json")), TEXTS)
    for text, translation in zip(TEXTS, ours, strict=True):
        source = tokens(text, return_tensors="pt")["input_ids"]
        written = theirs.generate(source, max_new_tokens=length_limit(source.shape[1]))
        assert tokens.decode(written[0], skip_special_tokens=True) == translation


def test_regard_loads_the_folder(folder: Path, tokenizer: Tokenizer) -> None:
    lm = model.load(folder, device="cpu")
    assert lm.kind == "encoder-decoder"
    assert lm.tokenizer is not None
    assert lm.tokenizer.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0]).ids


def test_no_translation_outgrows_its_source(run: Path, recipe: Recipe, tokenizer: Tokenizer) -> None:
    net = half(run, recipe)
    assert net.head is not None
    with torch.no_grad():
        net.head.out.bias[1] = -1e4  # the end never comes
    for text, translation in zip(TEXTS, translate(net, tokenizer, TEXTS), strict=True):
        assert len(tokenizer.encode(translation).ids) <= 8 * length_limit(len(tokenizer.encode(text).ids))


def test_the_folder_holds_half_precision(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert json.loads((folder / "config.json").read_text())["model_type"] == "marian"


def test_the_card_states_what_was_measured_and_whom_to_attribute(
    recipe: Recipe, measured: TranslationResults, tmp_path: Path
) -> None:
    measured.write(tmp_path / EVALUATION)
    text = translation_card("tiny", recipe, tmp_path, parameters=5_500_000)
    for said in (
        "12.3",
        "170,000",
        "1.5 epochs",
        "tatoeba.org",
        "manythings.org/anki",
        "CC BY 2.0 FR",
        "a \\| b",
        "5.5 million",
    ):
        assert said in text


def test_measured_figures_read_back(measured: TranslationResults, tmp_path: Path) -> None:
    measured.write(tmp_path / EVALUATION)
    assert TranslationResults.read(tmp_path / EVALUATION) == measured


def test_a_perfect_translation_scores_100() -> None:
    references = ["I study machine learning every day.", "The network reads the whole sentence."]
    assert bleu(references, references).bleu == 100.0
    assert bleu(["Something else entirely is said here.", "Nothing."], references).bleu < 10.0


def test_a_checkpoint_of_another_shape_is_refused(run: Path, recipe: Recipe) -> None:
    from dataclasses import replace

    wider = replace(recipe, config=replace(recipe.config, decoder_layers=2))
    with pytest.raises(ValueError, match="does not fit the recipe"):
        trained(wider, run / "step-0000007.pt", torch.device("cpu"))
