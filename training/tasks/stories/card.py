"""The card of a model that continues stories."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.config import TransformerConfig
from training.data.story_tokenizers import MAX_POSITIONS
from training.recipe import Recipe
from training.tasks.model_card import fill
from training.tasks.results import EVALUATION
from training.tasks.stories.evaluation import Sample, StoriesResults

TEMPLATE = Path(__file__).with_name("card.md")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class ModelDescription:
    """The sentences of a card that cannot be derived from the config of its architecture."""

    family: str  # the tag on the hub
    what: str
    architecture: str
    layout: str
    module: str = "stories.py"
    sentences: str = (
        "Its sentences are mostly grammatical; its stories wander, forget what they were about, and now and then "
        "change who is who."
    )


DESCRIPTIONS = {
    "gpt-stories": ModelDescription(
        "gpt2",
        "Continues a story, with the architecture of GPT-2 (Radford et al. 2019) at small size.",
        "GPT-2: pre-norm, learned positions, GELU",
        "Hugging Face GPT-2: `GPT2LMHeadModel.from_pretrained` opens the folder",
    ),
    "bloom-stories": ModelDescription(
        "bloom",
        "Continues a story, with the architecture of [BLOOM](https://arxiv.org/abs/2211.05100) at small size.",
        "BLOOM: pre-norm, ALiBi, a norm after the embeddings, GELU",
        "Hugging Face BLOOM: `BloomForCausalLM.from_pretrained` opens the folder",
    ),
    "llama-stories": ModelDescription(
        "llama",
        "Continues a story, with the architecture of [LLaMA](https://arxiv.org/abs/2302.13971) at small size.",
        "LLaMA: pre-RMSNorm, rotary positions, SwiGLU, grouped-query heads, no biases",
        "Hugging Face LLaMA: `LlamaForCausalLM.from_pretrained` opens the folder",
    ),
    "palm-stories": ModelDescription(
        "palm",
        "Continues a story, with the architecture of [PaLM](https://arxiv.org/abs/2204.02311) at small size. No weights of "
        "PaLM were ever published.",
        "PaLM: attention and feed-forward in parallel behind one norm, one key head for all queries, rotary positions, SwiGLU, "
        "no biases",
        "Regard's own (`model/families/palm.py`), since `transformers` has no PaLM",
    ),
    "jurassic-stories": ModelDescription(
        "gpt2",
        "Continues a story, with the architecture of Jurassic-1 (Lieber et al. 2021) at small size: GPT's, over pieces that "
        "span words. Jurassic-1 is also wider and less deep than GPT-3; at three layers there is no depth to trade.",
        "Jurassic-1: GPT's, with a vocabulary of phrases",
        'Hugging Face GPT-2, marked `"regard": {"family": "jurassic"}`: `GPT2LMHeadModel.from_pretrained` opens the folder',
    ),
    "lstm-stories": ModelDescription(
        "lstm",
        "Continues a story, with what the Transformer replaced: a recurrent network of LSTM cells.",
        "LSTM (Hochreiter and Schmidhuber 1997; forget gates: Gers et al. 2000)",
        "Regard's own (`model/families/lstm.py`), since `transformers` has no LSTM language model",
        "lstm_stories.py",
        "Its phrases are grammatical and many of its sentences are not, and it forgets names, as the count above shows.",
    ),
}


def story_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = StoriesResults.read(run / EVALUATION)
    first = results.samples[0].prompt
    own = {
        "model": DESCRIPTIONS[name],
        "width": width(recipe.config),
        "positions": positions(recipe.config),
        "vocabulary": vocabulary(recipe),
        "megabytes": results.train_bytes / MEGABYTE,
        "window": MAX_POSITIONS,
        "last_seed": results.counted - 1,
        "samples": quoted(s for s in results.samples if s.prompt == first),
        "openings": quoted(s for s in results.samples if s.prompt != first),
        "position_limit": position_limit(recipe.config),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)


def quoted(samples: Iterable[Sample]) -> str:
    """A Markdown quotation for each sample: the prompt in bold, then its continuation."""
    return "\n\n".join(f"> **{s.prompt}**" + s.continuation.replace("\n", "<br>") for s in samples)


def width(c: TransformerConfig) -> str:
    """The width, the heads and the feed-forward layer, in words."""
    if not c.n_heads:
        return f"{c.d_model}, as many cells in a layer"
    shared = f" sharing {c.kv_heads} of keys and values" if c.kv_heads != c.n_heads else ""
    return f"{c.d_model}, {c.n_heads} heads of {c.d_head}{shared}, feed-forward {c.d_ff:,}"


def positions(c: TransformerConfig) -> str:
    """How positions are encoded, in words."""
    names = {
        "learned": "a learned table",
        "alibi": "ALiBi",
        "rotary": "rotary",
        "none": "none: the order of reading is the order",
    }
    return names[c.positions] + (f", up to {c.max_positions:,}" if c.max_positions else "")


def vocabulary(recipe: Recipe) -> str:
    """The size and kind of the vocabulary, in words."""
    size = f"{recipe.config.vocab_size:,} pieces, byte-level BPE"
    if recipe.word_pieces:
        spanning = recipe.config.vocab_size - recipe.word_pieces
        size += f", {spanning:,} of them phrases of two to four words"
    return size + "; input and output embeddings tied"


def position_limit(c: TransformerConfig) -> str:
    """A sentence about the longest text that the model reads."""
    if c.max_positions is None:
        return f"It reads texts of any length, but has only seen {MAX_POSITIONS} tokens at a time."
    return f"It reads up to {c.max_positions:,} tokens."
