"""Facts about a model: its config as terms and values, its parameters by part, and the plan of its blocks."""

from dataclasses import dataclass
from typing import Literal

from model.config import TransformerConfig
from model.language_model import LanguageModel
from viz.architecture import BlockPlan

Stack = Literal["encoder", "decoder"]


@dataclass(frozen=True)
class Fact:
    """One line of the config: its term, its value, and what it means."""

    term: str
    value: str
    means: str


POSITIONS = {
    "none": "none",
    "sinusoidal": "sinusoids, added",
    "learned": "learned, added",
    "rotary": "rotary (RoPE)",
    "alibi": "ALiBi",
    "relative": "relative buckets",
}
POSITIONS_MEANING = {
    "none": "The model is told nothing about order.",
    "sinusoidal": "A fixed wave for each position is added to the embedding (Vaswani et al. 2017).",
    "learned": "A learned vector for each position is added to the embedding.",
    "rotary": "Queries and keys are turned by an angle that grows with position, so their product depends on distance "
    "(Su et al. 2021).",
    "alibi": "Attention scores fall with distance, at a slope of each head's own (Press et al. 2022).",
    "relative": "Attention scores get a learned bias for each range of distances (Raffel et al. 2020).",
}
ORDERS = {"pre": "pre-norm", "post": "post-norm", "sandwich": "sandwich", "parallel": "parallel"}
ORDERS_MEANING = {
    "pre": "Each sublayer reads a normed copy of the stream; the stream itself is never normed inside the block.",
    "post": "Each sublayer's answer is added to the stream, and the sum is normed (the order of the 2017 paper).",
    "sandwich": "Each sublayer reads a normed copy, and its answer is normed again before it is added.",
    "parallel": "Attention and feed-forward read the same stream at once, and both are added.",
}
NORMS = {"layer": "layer", "rms": "RMS"}
ACTIVATIONS = {"relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU (tanh form)", "silu": "SiLU"}


def facts(config: TransformerConfig) -> list[Fact]:
    """The terms of the config that apply to this model."""
    if config.recurrence != "none":
        return _recurrent(config)
    return [*_sizes(config), *_attention(config), *_order(config), *_inside(config), *_ends(config)]


def _recurrent(c: TransformerConfig) -> list[Fact]:
    carried = 2 * c.decoder_layers * c.d_model
    return [
        Fact(
            "Layers", f"{c.decoder_layers} LSTM", "Recurrent layers, one after the other; each reads a token at a time."
        ),
        Fact("d_model", f"{c.d_model:,}", "Numbers in each token's vector, and cells in each layer."),
        Fact("Vocabulary", f"{c.vocab_size:,} pieces", "How many different pieces text is cut into."),
        Fact("Longest text", "no limit", "It reads on for ever; what it can hold on to is another matter."),
        Fact("Heads", "none", "Nothing is looked back at."),
        Fact(
            "State",
            f"{carried:,} numbers",
            "All that is carried from one token to the next: a cell and an answer for each cell.",
        ),
        Fact("Positions", "none", "Order is the order of reading."),
        *_ends(c),
    ]


def _sizes(c: TransformerConfig) -> list[Fact]:
    layers = " + ".join(
        f"{n} {name}" for n, name in ((c.encoder_layers, "encoder"), (c.decoder_layers, "decoder")) if n
    )
    longest = "no limit in the scheme" if c.max_positions is None else f"{c.max_positions:,} tokens"
    found = [
        Fact("Layers", layers, "Blocks of attention and feed-forward, one after the other."),
        Fact("d_model", f"{c.d_model:,}", "Numbers in each token's vector, the width of the stream."),
        Fact("d_ff", f"{c.d_ff:,}", "Width of the feed-forward net inside a block."),
        Fact("Vocabulary", f"{c.vocab_size:,} pieces", "How many different pieces text is cut into."),
        Fact("Longest text", longest, "The most positions the model can read at once."),
    ]
    if c.n_segments:
        found.append(
            Fact("Segments", str(c.n_segments), "A learned vector says which of the sentences a token belongs to.")
        )
    return found


def _attention(c: TransformerConfig) -> list[Fact]:
    found = [
        Fact(
            "Heads", f"{c.n_heads} of {c.d_head}", "Attention patterns a layer, and the numbers each compares (d_head)."
        )
    ]
    if c.kv_heads != c.n_heads:
        name = "multi-query" if c.kv_heads == 1 else "grouped-query"
        means = f"Fewer heads of keys and values than of queries ({name} attention): several queries share one."
        found.append(Fact("Key heads", f"{c.kv_heads} ({name})", means))
    if abs(c.scale - c.d_head**-0.5) > 1e-9:
        means = "What each score, query times key, is multiplied by; most models use 1/√d_head."
        found.append(Fact("Score scale", f"{c.scale:.4g}", means))
    if c.qk_norm:
        found.append(Fact("Query and key norm", "yes", "Queries and keys are normed before they are compared."))
    if c.window is not None:
        layers = (
            "every layer"
            if c.window_layers is None
            else f"{len(c.window_layers)} of {sum((c.encoder_layers, c.decoder_layers))} layers"
        )
        found.append(
            Fact("Window", f"{c.window:,} tokens, {layers}", "How far back a token looks there, itself included.")
        )
    return found


def _order(c: TransformerConfig) -> list[Fact]:
    found = [Fact("Positions", POSITIONS[c.positions], POSITIONS_MEANING[c.positions])]
    if c.positions == "rotary":
        found.append(
            Fact(
                "Rotary base", f"{c.rotary_base:,.0f}", "The larger, the slower the slowest pairs of coordinates turn."
            )
        )
        if c.rotary_share != 1:
            found.append(
                Fact(
                    "Rotary share", f"{c.rotary_share:.0%} of a head", "The part of each head's coordinates that turns."
                )
            )
        if c.rotary_scale != 1:
            found.append(
                Fact("Rotary scaling", f"÷ {c.rotary_scale:g}", "Positions are divided by this, to reach longer texts.")
            )
        if c.rotary_llama3 is not None:
            means = "Slow rotations are slowed further, fast ones kept, to reach longer texts (Llama 3.1)."
            found.append(Fact("Rotary scaling", f"× {c.rotary_llama3.factor:g} (Llama 3)", means))
        if c.local_rotary_base is not None:
            means = "Layers with a window turn at another base."
            found.append(Fact("Rotary base, windows", f"{c.local_rotary_base:,.0f}", means))
    if c.positions == "relative":
        means = "Ranges of distance that share one bias; beyond the reach all distances are alike."
        found.append(Fact("Buckets", f"{c.relative_buckets}, reach {c.relative_reach}", means))
    return found


def _inside(c: TransformerConfig) -> list[Fact]:
    norm = Fact("Norm", f"{NORMS[c.norm]}, {ORDERS[c.order]}", ORDERS_MEANING[c.order])
    return [
        norm,
        Fact("Norm at the end", "yes" if c.final_norm else "no", "Whether the stream is normed after the last block."),
        Fact(
            "Norm of embeddings",
            "yes" if c.embed_norm else "no",
            "Whether the sum of embeddings is normed before the first block.",
        ),
        Fact(
            "Activation",
            ACTIVATIONS[c.activation] + (", gated" if c.gated else ""),
            "What bends the widened vector; gated: a second map decides how much passes.",
        ),
        Fact("Biases", biases(c), "Which linear maps add a learned vector."),
    ]


def _ends(c: TransformerConfig) -> list[Fact]:
    found = []
    if c.embed_scale != 1:
        found.append(
            Fact(
                "Embedding scale", f"× {c.embed_scale:.4g}", "Token embeddings are multiplied by this as they are read."
            )
        )
    if c.head == "none":
        found.append(Fact("Output head", "none", "This checkpoint predicts no tokens."))
    else:
        means = "Whether the output compares with the very table that embeds the tokens."
        found.append(Fact("Output head", "tied to the embedding" if c.tied else "a table of its own", means))
    if c.head == "masked_lm":
        found.append(
            Fact(
                "Masked-word head",
                "one more layer",
                "The last vector passes one more layer and norm before the output.",
            )
        )
    if c.logit_scale != 1:
        found.append(
            Fact("Logit scale", f"× {c.logit_scale:.4g}", "Vectors are multiplied by this before the output table.")
        )
    if c.relation:
        found.append(
            Fact("Sentence relation", "yes", "A second head judges whether the second sentence follows the first.")
        )
    return found


def biases(c: TransformerConfig) -> str:
    """Which maps have biases: "all", "none", or their names."""
    places = {"q, k, v": c.qkv_bias, "attention output": c.out_bias, "feed-forward": c.ff_bias}
    if c.norm == "layer":
        places["norms"] = c.norm_bias
    names = [name for name, there in places.items() if there]
    return "all" if len(names) == len(places) else ", ".join(names) or "none"


def block_plan(c: TransformerConfig, stack: Stack) -> BlockPlan:
    """The plan from which a stack's block is drawn."""
    layers, both = c.layers(stack), c.kind == "encoder-decoder"
    return BlockPlan(
        title=f"{stack.capitalize()} block",
        layers=layers,
        order=c.order,
        norm=c.norm,
        positions=c.positions,
        vocab_size=c.vocab_size,
        d_model=c.d_model,
        d_head=c.d_head,
        d_ff=c.d_ff,
        n_heads=c.n_heads,
        kv_heads=c.kv_heads,
        activation=c.activation,
        gated=c.gated,
        causal=stack == "decoder",
        cross=both and stack == "decoder",
        read_by_decoder=both and stack == "encoder",
        parallel_norms=c.parallel_norms,
        qk_norm=c.qk_norm,
        embed_norm=c.embed_norm,
        final_norm=c.final_norm,
        segments=c.n_segments,
        window=c.window if any(c.layer_window(i) for i in range(layers)) else None,
        window_layers=None if c.window_layers is None else sum(i < layers for i in c.window_layers),
        max_positions=c.max_positions,
        output=c.head != "none",
        tied=c.tied,
    )


PARTS = ("Embedding", "Positions", "LSTM layers", "Attention", "Feed-forward", "Norms", "Output head")


def part_of(name: str) -> str:
    """The part of the model a parameter belongs to, by its name in `Transformer` or `Recurrent`."""
    steps = name.split(".")
    if steps[0] == "layers":
        return "LSTM layers"
    if steps[0] == "tokens" or "segments" in steps:
        return "Embedding"
    if steps[0] in ("head", "relation"):
        return "Output head"
    if "positions" in steps:
        return "Positions"
    if any(step.endswith("norm") or step.endswith("_after") for step in steps):
        return "Norms"
    return "Feed-forward" if "feed_forward" in steps else "Attention"


def parameters_by_part(lm: LanguageModel) -> list[tuple[str, int]]:
    """(part, number of parameters) of each part the model has; tied parameters count once, as the embedding."""
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in lm.net.named_parameters():
        counts[part_of(name)] += parameter.numel()
    return [(part, count) for part, count in counts.items() if count]
