"""The stages of a transformer in order, each with its words, its figure and the page that shows more of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from model.config import TransformerConfig
from model.tap import StackName
from ui.maps.attention import KINDS
from ui.overview import stage_figures, words
from ui.overview.stage_figures import Part, StageFigure
from ui.runs.store import Run
from ui.shell.masks import predicted_at


@dataclass(frozen=True)
class Link:
    """A page, what the link says, and what it opens there."""

    page: str
    says: str
    opens: Mapping[str, str] = field(default_factory=dict)  # for the address


@dataclass(frozen=True)
class Stage:
    """One stage: what happens in it, its figure with the help for it, and the page that shows more of it."""

    title: str
    says: str
    explained: str
    draw: Callable[[Run], StageFigure]
    link: Link


PARTS: dict[tuple[StackName, Part], str] = {kind.place: kind.short for kind in KINDS.values()}
"""The kinds of attention as the bound picker writes them into the address."""


def head_link(run: Run, stack: StackName, part: Part, says: str) -> Link:
    """The attention page on this attention, at the sharpest head of the last layer."""
    layer, head = stage_figures.last_layer(run, stack), stage_figures.sharpest_head(run, stack, part)
    opens = {"part": PARTS[stack, part], "layer": str(layer), "head": str(head)}
    return Link("pages/attention.py", f"{says} layer {layer}, head {head}", opens)


def embeddings_link(run: Run, says: str) -> Link:
    return Link("pages/embeddings.py", says, {"stack": run.reader} if len(run.stacks) > 1 else {})


def logits_link(run: Run, says: str) -> Link:
    """The logits page at the position of the figure."""
    at = predicted_at(run) if run.lm.kind == "encoder" else len(run.trace.tokens("decoder")) - len(run.steps)
    return Link("pages/logits.py", says, {"position": str(max(at, 0))})


def stages(run: Run) -> list[Stage]:
    """The stages of this model in order; the pieces, which come first, are left out."""
    config = run.lm.config
    story = [
        Stage(
            "Embedding",
            f"Each id picks a learned vector of {config.d_model} values{words.scaled(config)}.",
            words.HELP["embedding"],
            stage_figures.embedding,
            embeddings_link(run, "Embeddings, neighbours, map"),
        ),
        Stage(
            "Plus position" if config.positions in ("sinusoidal", "learned") else "Position",
            words.POSITIONS[config.positions],
            words.HELP["position"],
            stage_figures.first_input,
            embeddings_link(run, "How it knows the order"),
        ),
    ]
    if config.encoder_layers:
        story += _encoder(run)
    if config.decoder_layers:
        story += _decoder(run)
    return story


def _encoder(run: Run) -> list[Stage]:
    config = run.lm.config
    story = [
        Stage(
            "Self-attention",
            f"{words.QKV} In each of {config.encoder_layers} layers, counted from 0, {config.n_heads} heads let every token attend "
            "to every token. Here: the mean of the last layer's heads.",
            words.HELP["attention"],
            lambda r: stage_figures.mean_attention(r, "encoder", "self"),
            head_link(run, "encoder", "self", "Exactly:"),
        ),
        _feed_forward(config),
    ]
    if config.decoder_layers:
        story.append(
            Stage(
                "The deep representation",
                "What leaves the last encoder layer: each token as it is meant in this sentence. The decoder reads it at every "
                "step.",
                words.HELP["output"],
                stage_figures.encoder_output,
                head_link(run, "decoder", "cross", "Read by"),
            )
        )
    elif config.head != "none":
        story.append(_logits(run, words.at_one_place(run), "Every position, and masks"))
    return story


def _feed_forward(config: TransformerConfig) -> Stage:
    """The stage that follows attention in a layer."""
    after = {"post": " and normed", "parallel": ", beside what"}.get(config.order, "")
    then = (
        " a feed-forward net makes of each token by itself"
        if config.order == "parallel"
        else "; then a feed-forward net works on each token by itself"
    )
    return Stage(
        "Add, norm, feed-forward",
        f"A token's vector on its way through the layers is called the residual stream. What the heads found is added to it{after}"
        f"{then}. Here: the length (L2 norm) of each token's vector, layer by layer.",
        words.HELP["norms"],
        stage_figures.vector_lengths,
        Link("pages/models.py", "How a layer is built"),
    )


def _decoder(run: Run) -> list[Stage]:
    config = run.lm.config
    first = "" if config.encoder_layers else f"{words.QKV} "
    story = [
        Stage(
            "Masked self-attention",
            f"{first}In each of {config.decoder_layers} decoder layers, counted from 0, a token attends to itself and to what was "
            "written before it, never ahead. Here: the mean of the last layer's heads.",
            words.HELP["attention"],
            lambda r: stage_figures.mean_attention(r, "decoder", "self"),
            head_link(run, "decoder", "self", "Exactly:"),
        )
    ]
    if config.kind == "encoder-decoder":
        story.append(
            Stage(
                "Cross-attention",
                "Every token of the target attends to the source: the model learned this alignment from its training texts alone. "
                "Here: the mean of the last layer's heads.",
                words.HELP["attention"],
                lambda r: stage_figures.mean_attention(r, "decoder", "cross"),
                head_link(run, "decoder", "cross", "Exactly:"),
            )
        )
    else:
        story.append(_feed_forward(config))
    if config.head != "none":
        story.append(_logits(run, words.first_token(run), "Every position, any temperature"))
    return story


def _logits(run: Run, says: str, more: str) -> Stage:
    return Stage("Logits and softmax", says, words.HELP["logits"], stage_figures.softmax, logits_link(run, more))
