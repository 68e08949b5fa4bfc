"""The card of a model that continues stories."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.config import TransformerConfig
from training.data.story_tokenizers import MAX_POSITIONS
from training.recipe import OPTIMIZERS, Recipe
from training.tasks.stories.evaluation import Sampled, StoriesMeasured

TEMPLATE = Path(__file__).with_name("card.md")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Said:
    """What a card says of one architecture that its config does not."""

    family: str  # the tag on the hub
    what: str
    architecture: str
    layout: str
    module: str = "stories.py"
    sentences: str = (
        "Its sentences are mostly grammatical; its stories wander, forget what they were about, and now and then "
        "change who is who."
    )


SAID = {
    "gpt-stories": Said(
        "gpt2",
        "Continues a story, with the architecture of GPT-2 (Radford et al. 2019) at small size.",
        "GPT-2: pre-norm, learned positions, GELU",
        "Hugging Face GPT-2: `GPT2LMHeadModel.from_pretrained` opens the folder",
    ),
    "bloom-stories": Said(
        "bloom",
        "Continues a story, with the architecture of [BLOOM](https://arxiv.org/abs/2211.05100) at small size.",
        "BLOOM: pre-norm, ALiBi, a norm after the embeddings, GELU",
        "Hugging Face BLOOM: `BloomForCausalLM.from_pretrained` opens the folder",
    ),
    "llama-stories": Said(
        "llama",
        "Continues a story, with the architecture of [LLaMA](https://arxiv.org/abs/2302.13971) at small size.",
        "LLaMA: pre-RMSNorm, rotary positions, SwiGLU, grouped-query heads, no biases",
        "Hugging Face LLaMA: `LlamaForCausalLM.from_pretrained` opens the folder",
    ),
    "palm-stories": Said(
        "palm",
        "Continues a story, with the architecture of [PaLM](https://arxiv.org/abs/2204.02311) at small size. No weights of "
        "PaLM were ever published.",
        "PaLM: attention and feed-forward in parallel behind one norm, one key head for all queries, rotary positions, SwiGLU, "
        "no biases",
        "Regard's own (`model/families/palm.py`), since `transformers` has no PaLM",
    ),
    "jurassic-stories": Said(
        "gpt2",
        "Continues a story, with the architecture of Jurassic-1 (Lieber et al. 2021) at small size: GPT's, over pieces that "
        "span words. Jurassic-1 is also wider and less deep than GPT-3; at three layers there is no depth to trade.",
        "Jurassic-1: GPT's, with a vocabulary of phrases",
        'Hugging Face GPT-2, marked `"regard": {"family": "jurassic"}`: `GPT2LMHeadModel.from_pretrained` opens the folder',
    ),
    "lstm-stories": Said(
        "lstm",
        "Continues a story, with what the Transformer replaced: a recurrent network of LSTM cells.",
        "LSTM (Hochreiter and Schmidhuber 1997; forget gates: Gers et al. 2000)",
        "Regard's own (`model/families/lstm.py`), since `transformers` has no LSTM language model",
        "lstm_stories.py",
        "Its phrases are grammatical and many of its sentences are not, and it forgets names, as the count above shows.",
    ),
}


def story_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, but for the section about heads. `parameters` counts the numbers a training step changes."""
    said, c = SAID[name], recipe.config
    measured = StoriesMeasured.read(run / "evaluation.json")
    first = measured.samples[0].prompt
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        family=said.family,
        what=said.what,
        architecture=said.architecture,
        layout=said.layout,
        module=said.module,
        sentences=said.sentences,
        layers=c.decoder_layers,
        width=width(c),
        positions=positions(c),
        vocabulary=vocabulary(recipe),
        parameters=parameters / 1e6,
        train_stories=measured.train_stories,
        megabytes=measured.train_bytes / MEGABYTE,
        steps=measured.step,
        batch_tokens=recipe.batch_tokens,
        epochs=measured.epochs,
        hours=measured.seconds / 3600,
        optimizer=OPTIMIZERS[recipe.optimizer],
        rate=recipe.peak_rate,
        warmup=recipe.warmup_steps,
        decay=recipe.weight_decay,
        clip=recipe.clip_norm,
        ema=recipe.ema_decay,
        seed=recipe.seed,
        bits=measured.bits_per_byte,
        test_stories=measured.test_stories,
        test_bytes=measured.test_bytes,
        test_tokens=measured.test_tokens,
        window=MAX_POSITIONS,
        counted=measured.counted,
        last_seed=measured.counted - 1,
        kept=measured.name_kept,
        circling=measured.circling,
        samples=quoted(s for s in measured.samples if s.prompt == first),
        openings=quoted(s for s in measured.samples if s.prompt != first),
        position_limit=position_limit(c),
    )


def quoted(samples: Iterable[Sampled]) -> str:
    """Prompt in bold, continuation after it, one quotation a sample."""
    return "\n\n".join(f"> **{s.prompt}**{one_line(s.continuation)}" for s in samples)


def one_line(text: str) -> str:
    """Line ends as Markdown shows them inside a quotation."""
    return text.replace("\n", "<br>")


def width(c: TransformerConfig) -> str:
    """Sizes in a phrase."""
    if not c.n_heads:
        return f"{c.d_model}, as many cells in a layer"
    shared = f" sharing {c.kv_heads} of keys and values" if c.kv_heads != c.n_heads else ""
    return f"{c.d_model}, {c.n_heads} heads of {c.d_head}{shared}, feed-forward {c.d_ff:,}"


def positions(c: TransformerConfig) -> str:
    """The scheme in a phrase."""
    names = {
        "learned": "a learned table",
        "alibi": "ALiBi",
        "rotary": "rotary",
        "none": "none: the order of reading is the order",
    }
    return names[c.positions] + (f", up to {c.max_positions:,}" if c.max_positions else "")


def vocabulary(recipe: Recipe) -> str:
    """The pieces in a phrase."""
    size = f"{recipe.config.vocab_size:,} pieces, byte-level BPE"
    if recipe.word_pieces:
        spanning = recipe.config.vocab_size - recipe.word_pieces
        size += f", {spanning:,} of them phrases of two to four words"
    return size + "; input and output embeddings tied"


def position_limit(c: TransformerConfig) -> str:
    """How far it reads."""
    if c.max_positions is None:
        return f"It reads texts of any length, but has only seen {MAX_POSITIONS} tokens at a time."
    return f"It reads up to {c.max_positions:,} tokens."
